"""Loads profiles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from responder.core.hooks import Hooks
from responder.core.interfaces import ResponderPolicy
from responder.device.emulated import EmulatedDevice
from responder.profiles.consistency import contradictions
from responder.profiles.device import build_device
from responder.profiles.lookup import Lookup
from responder.profiles.personas import FAULT_PREFIX, chosen_deviations, fault_tables
from responder.profiles.policy import build_policy
from responder.profiles.schema import ProfileSpec, ServerSection, StorageSection
from responder.profiles.source import list_profiles, open_source
from responder.profiles.validate import validate

if TYPE_CHECKING:
    from responder.core.events import Event
    from responder.crypto.random_tree import RandomTree
    from responder.device.pcie.device import PcieDevice
    from responder.faults.memory import FaultMemory
    from responder.faults.rule import FaultSpec
    from responder.profiles.pcie import FunctionPlan

__all__ = ["Profile", "list_profiles", "load_profile"]


class Profile(msgspec.Struct, frozen=True):
    """A device ready to be served.

    Attributes:
        name: the profile's name: its file without folder and ``.toml``.
        path: the file.
        device: what is emulated.
        policy: what the responder claims and chooses.
        faults: what goes wrong.
        server: how the server treats its peers.
        spec: the whole profile, merged with what it extends.
        memory: what its faults remember; ``None`` without faults.
        functions: its PCI Express functions, from which devices are built; ``None`` without any.
    """

    name: str
    path: Path
    device: EmulatedDevice
    policy: ResponderPolicy
    faults: "tuple[FaultSpec, ...]"
    server: ServerSection
    spec: ProfileSpec
    memory: "FaultMemory | None" = None
    functions: "FunctionPlan | None" = None

    @property
    def storage(self) -> StorageSection:
        """How the device treats storage commands."""
        return self.spec.storage

    @property
    def devices(self) -> list[EmulatedDevice]:
        """The device, and those of functions that have certificates of their own."""
        own = () if self.functions is None else self.functions.devices
        return list({id(one): one for one in (self.device, *own)}.values())

    @property
    def function_count(self) -> int:
        """How many PCI Express functions a device has; 0 without any in the profile."""
        return 0 if self.functions is None else len(self.functions.layouts)

    def pcie(self, random: "RandomTree") -> "PcieDevice | None":
        """The PCI Express functions of one more device; ``None`` without any in the profile.

        ``random`` gives what they draw, such as the nonces of TDISP.
        """
        return self.functions.build(random) if self.functions is not None else None

    def hooks(self, random: "RandomTree") -> Hooks:
        """The hooks of one more connection: the faults at work, or nothing.

        ``random`` is the branch of the run's tree that belongs to faults, the same each time.
        """
        if self.memory is None:
            return Hooks()
        from responder.faults.engine import FaultEngine  # noqa: PLC0415 - only with faults

        return FaultEngine(self.faults, self.memory, random, self.read_file)

    def missed(self) -> "Sequence[Event]":
        """An event for each fault that never struck, with what came nearest.

        The ways of a persona are no tests: whether they showed does not matter.
        """
        if self.memory is None:
            return []
        return self.memory.missed(
            fault for fault in self.faults if not fault.id.startswith(FAULT_PREFIX)
        )

    def read_file(self, name: str) -> bytes:
        """A recorded message beside the profile, binary or hexadecimal."""
        data = (self.path.parent / name).read_bytes()
        try:
            return bytes.fromhex(data.decode("ascii"))
        except ValueError:
            return data


def _memory(faults: "Sequence[FaultSpec]") -> "FaultMemory | None":
    if not faults:
        return None
    from responder.faults.memory import FaultMemory  # noqa: PLC0415 - only with faults

    return FaultMemory()


def load_profile(
    name_or_path: str,
    overrides: Mapping[str, Any] | None = None,
    faults: "Sequence[str | FaultSpec]" = (),
) -> Profile:
    """Load a shipped profile by name, or a TOML file.

    Args:
        name_or_path: a name, or a path that ends in ``.toml`` or has a separator.
        overrides: nested tables that change it as an extending profile would.
        faults: more faults: ids of the catalogue, or faults.

    Raises:
        ConfigError: something in it is wrong; ``where`` is ``file:line``.
    """
    source = open_source(name_or_path, overrides)
    spec = validate(source)
    lookup = Lookup(source)
    policy = build_policy(spec, lookup)
    device, slots = build_device(spec, lookup)
    all_faults = _faults(spec, lookup, faults)
    if not spec.spdm.allow_inconsistent:
        for path, reason in contradictions(policy, slots, public_key=spec.public_key is not None):
            raise source.error(path, f"{reason}; spdm.allow_inconsistent = true keeps it")
    return Profile(
        name=source.path.stem,
        path=source.path,
        device=device,
        policy=policy,
        faults=all_faults,
        memory=_memory(all_faults),
        server=spec.server,
        spec=spec,
        functions=_functions(spec, device, lookup),
    )


def _functions(spec: ProfileSpec, device: EmulatedDevice, lookup: Lookup) -> "FunctionPlan | None":
    if spec.pcie is None:
        return None
    from responder.profiles.pcie import plan_functions  # noqa: PLC0415 - only with functions

    return plan_functions(spec, spec.pcie, device, lookup)


def _faults(
    spec: ProfileSpec, lookup: Lookup, more: "Sequence[str | FaultSpec]"
) -> "tuple[FaultSpec, ...]":
    ways = fault_tables(chosen_deviations(spec, lookup))
    if not (spec.fault or spec.faults or more or ways):
        return ()
    from responder.faults.choice import chosen  # noqa: PLC0415 - only with faults
    from responder.profiles.faults import build_faults  # noqa: PLC0415 - only with faults

    found = build_faults([], ways, lookup) + build_faults(spec.faults, spec.fault, lookup)
    for one in more:
        found += chosen([one]) if isinstance(one, str) else [one]
    return tuple({fault.id: fault for fault in found}.values())
