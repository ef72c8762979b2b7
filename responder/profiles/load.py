"""Loads profiles."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from responder.core.hooks import Hooks
from responder.core.interfaces import ResponderPolicy
from responder.device.emulated import EmulatedDevice
from responder.errors import data_root
from responder.faults.engine import DeviceMemory, FaultEngine
from responder.faults.rule import FaultSpec
from responder.profiles.consistency import contradictions
from responder.profiles.device import build_device
from responder.profiles.faults import check_faults
from responder.profiles.lookup import Lookup
from responder.profiles.policy import build_policy
from responder.profiles.schema import ProfileSpec, ServerSection
from responder.profiles.source import Source, list_profiles, open_source
from responder.profiles.validate import validate

if TYPE_CHECKING:
    from responder.crypto.random_tree import RandomTree

__all__ = ["Profile", "list_profiles", "load_profile"]

_SHIPPED_ROOTS = "shipped"


class Profile(msgspec.Struct, frozen=True):
    """A device ready to be served.

    Attributes:
        name: the profile's name: its file without folder and ``.toml``.
        path: the file.
        device: what is emulated.
        policy: what the responder claims and chooses.
        faults: what goes wrong.
        server: how the server treats its peers.
        requester_roots: files of root certificates that requesters may present.
        spec: the whole profile, merged with what it extends.
        memory: what its faults remember from connection to connection, by field name.
    """

    name: str
    path: Path
    device: EmulatedDevice
    policy: ResponderPolicy
    faults: tuple[FaultSpec, ...]
    server: ServerSection
    requester_roots: tuple[Path, ...]
    spec: ProfileSpec
    memory: DeviceMemory = msgspec.field(default_factory=DeviceMemory)

    def hooks(self, random: "RandomTree") -> Hooks:
        """The hooks of one more endpoint: the faults at work, or nothing."""
        del random
        if not self.faults:
            return Hooks()
        return FaultEngine(self.faults, self.memory)


def load_profile(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Profile:
    """Load a shipped profile by name, or a TOML file.

    Args:
        name_or_path: a name, or a path that ends in ``.toml`` or has a separator.
        overrides: nested tables that change it as an extending profile would.

    Raises:
        ConfigError: something in it is wrong; ``where`` is ``file:line``.
    """
    source = open_source(name_or_path, overrides)
    spec = validate(source)
    lookup = Lookup(source)
    policy = build_policy(spec, lookup)
    device, slots = build_device(spec, lookup)
    check_faults(spec.fault, lookup)
    roots = _requester_roots(spec, source)
    if not spec.spdm.allow_inconsistent:
        for path, reason in contradictions(policy, slots, public_key=spec.public_key is not None):
            raise source.error(path, f"{reason}; spdm.allow_inconsistent = true keeps it")
    return Profile(
        name=source.path.stem,
        path=source.path,
        device=device,
        policy=policy,
        faults=tuple(spec.fault),
        server=spec.server,
        requester_roots=roots,
        spec=spec,
    )


def _requester_roots(spec: ProfileSpec, source: Source) -> tuple[Path, ...]:
    here = ("trust", "requester_roots")
    files: list[Path] = []
    for position, name in enumerate(spec.trust.requester_roots):
        if name == _SHIPPED_ROOTS:
            every = sorted((data_root("certs") / "roots").glob("*.pem"))
            files += [file for file in every if not file.name.endswith(".key.pem")]
            continue
        file = source.file((*here, position), name)
        if not file.is_file():
            raise source.error((*here, position), f"no such certificate file: {file}")
        files.append(file)
    return tuple(files)
