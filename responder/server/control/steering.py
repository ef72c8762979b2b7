"""A profile that is changed while it is served: faults, settings, measurements, slots."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from msgspec.structs import replace

from responder.errors import ConfigError, suggest, system_reason
from responder.faults.catalogue import groups
from responder.faults.engine import FaultEngine
from responder.faults.memory import FaultMemory
from responder.profiles.load import Profile, load_profile
from responder.profiles.measurements import check_new_value
from responder.profiles.overrides import parse_key, parse_override, parse_overrides
from responder.profiles.source import path_text
from responder.profiles.succession import succeeded
from responder.server.control.faults_in_force import FaultInForce, FaultsInForce
from responder.server.control.slot_table import SlotContent, slot_of
from responder.server.device_control import DeviceControl, Served

if TYPE_CHECKING:
    from responder.core.events import Event
    from responder.core.hooks import Hooks
    from responder.core.interfaces import ResponderPolicy
    from responder.crypto.random_tree import RandomTree
    from responder.device.emulated import EmulatedDevice
    from responder.device.pcie.device import PcieDevice
    from responder.faults.rule import FaultSpec
    from responder.profiles.schema import StorageSection

_WHERE = "set"
_OVERRIDE = "override "
"""How an error begins whose place is an override."""

Keys = tuple[str, ...]


class Steering:
    """A ``server.server.Emulated`` whose owner may change what it stands for.

    What is changed holds from the next connection on, unless it is said to be ``now``. All calls
    come from the loop in which the server runs, and do not block. Each does the whole of what it is
    asked for, or raises ConfigError and does nothing.
    """

    def __init__(
        self,
        profile: Profile,
        changes: Sequence[str] = (),
        faults: "Sequence[FaultSpec]" = (),
    ) -> None:
        """Begin with a profile as it was loaded.

        Args:
            profile: it.
            changes: the overrides that it was loaded with, as ``KEY=VALUE``.
            faults: the faults that it was loaded with and that are not the file's.
        """
        self._profile = profile
        self._settings: dict[Keys, str] = {}
        for text in changes:
            self._settings[tuple(parse_override(text)[0])] = text
        self._memory = profile.memory or FaultMemory()
        self._slots: dict[int, SlotContent] = {}
        self._faults = FaultsInForce(profile, faults, self._memory)
        self._engines: WeakSet[FaultEngine] = WeakSet()

    def prepare(self) -> None:
        """Read the catalogue of faults, so that adding the first does not hold up the loop.

        May be called in another thread.
        """
        groups()

    # What a server asks: Emulated.

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def device(self) -> "EmulatedDevice":
        """The device behind the endpoints that are made from now on."""
        return self._profile.device

    @property
    def policy(self) -> "ResponderPolicy":
        """What the responder claims and chooses on the next connection."""
        return self._profile.policy

    @property
    def storage(self) -> "StorageSection":
        """How the device treats storage commands."""
        return self._profile.storage

    @property
    def functions(self) -> object:
        """What devices with functions are built from."""
        return self._profile.functions

    def pcie(self, random: "RandomTree") -> "PcieDevice | None":
        """The PCI Express functions of one more device; ``None`` without any."""
        return self._profile.pcie(random)

    def hooks(self, random: "RandomTree") -> "Hooks":
        """The hooks of one more connection; those without faults wait for some to be added."""
        engine = FaultEngine(self._faults.all, self._memory, random, self._profile.read_file)
        self._engines.add(engine)
        return engine

    def missed(self) -> "Sequence[Event]":
        """An event for each fault that was in force and never struck."""
        return self._faults.missed()

    # Faults.

    def faults(self) -> list[FaultInForce]:
        """The faults that the next connection meets."""
        return self._faults.told()

    def add_faults(
        self, items: Sequence[str | Mapping[str, Any]], *, now: bool = False
    ) -> list[FaultInForce]:
        """More faults; one that has the id of another takes its place. Their counts are new.

        Args:
            items: ids or patterns of the catalogue, as for ``serve --fault``, or tables as those of
                ``[[fault]]`` in a profile.
            now: open connections meet them as well.

        Returns:
            Those that were added.

        Raises:
            ConfigError: there is no such fault, or a table is wrong.
        """
        added = self._faults.add(items)
        if now:
            for engine in self._engines:
                engine.add(added)
        return self._faults.told(added)

    def remove_faults(
        self, ids: Iterable[str] | None = None, *, now: bool = False
    ) -> list[FaultInForce]:
        """Fewer faults.

        Args:
            ids: of cases, of faults, which is all of their cases, or patterns; ``None``: all.
            now: open connections do not meet them any more.

        Returns:
            Those that were removed, with how often they had struck.

        Raises:
            ConfigError: one of them is not in force.
        """
        removed = self._faults.remove(ids)
        if now:
            gone = {fault.id for fault in removed}
            for engine in self._engines:
                engine.remove(gone)
        return removed

    # Settings.

    def settings(self) -> dict[str, Any]:
        """The keys of the profile that were changed, and their values."""
        return {path_text(key): parse_override(text)[1] for key, text in self._settings.items()}

    def set(self, changes: Sequence[str]) -> None:
        """Change keys of the profile, ``KEY=VALUE`` as for ``serve --set``.

        Raises:
            ConfigError: what comes of it is no profile, or has no place for what was written into
                the device.
        """
        wanted = dict(self._settings)
        for text in changes:
            key = tuple(parse_override(text, _WHERE)[0])
            wanted.pop(key, None)
            wanted[key] = text
        self._load(wanted)

    def unset(self, keys: Iterable[str] | None = None) -> None:
        """Let keys be as the profile has them; ``None``: all.

        Raises:
            ConfigError: one of them is not set, or as ``set``.
        """
        wanted = dict(self._settings) if keys is not None else {}
        for text in keys or ():
            key = tuple(parse_key(text, text, _WHERE))
            if key not in wanted:
                near = suggest(text, map(path_text, self._settings))
                raise ConfigError(f"{text} is not set", suggestion=near)
            del wanted[key]
        self._load(wanted)

    # The device.

    def set_measurement(self, index: int, value: bytes, *, now: bool = True) -> None:
        """A measurement changes; a hash-extend measurement is extended.

        Args:
            index: which.
            value: its raw bit stream, or of one of which only a digest is known the digest.
            now: at once, as on any device: sessions that have subscribed are told, and signed
                measurements tell of it. Else from the next connection on, and nobody is told.

        Raises:
            ConfigError: there is no such measurement, or it has no such value.
        """
        if not now:
            self._load(self._settings, anew=True)
        check_new_value(self._profile.spec.measurement, index, value)
        for device in self._profile.devices:
            device.change_measurement(index, value, here_only=not now)

    def set_slot(self, slot_id: int, content: SlotContent, *, now: bool = True) -> None:
        """A certificate slot holds something else; what a requester has written there is gone.

        Functions that have certificates of their own keep them.

        Args:
            slot_id: which.
            content: the slot whose content it gets, or keys of a ``[[slot]]`` of a profile, such as
                ``{"set": "mldsa"}``; without ``set`` and ``identity`` it is empty.
            now: at once: sessions that have subscribed are told. Else from the next connection on.

        Raises:
            ConfigError: there is no such slot, or it cannot hold that.
        """
        if not now:
            self._load(self._settings, anew=True)
        slot, device = slot_of(self._profile, slot_id, content), self._profile.device
        try:
            device.provisioning.forget_slot(slot_id)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        except OSError as error:
            reason = f"the state of the device cannot be kept: {system_reason(error)}"
            raise ConfigError(reason) from error
        device.change_slot(slot_id, slot, here_only=not now)
        self._slots.pop(slot_id, None)
        self._slots[slot_id] = content

    def device_control(self, served: Served) -> DeviceControl:
        """What can be made to happen to the devices of a server; ask for it anew each time."""
        return DeviceControl(served, self._profile.function_count)

    def _load(self, settings: dict[Keys, str], *, anew: bool = False) -> None:
        """Go on with the profile that some settings make, whose file is read again.

        Args:
            settings: the texts by their keys, in the order in which they count.
            anew: with a new description of the device even if it would be the same.
        """
        old = self._profile
        overrides = parse_overrides(list(settings.values()), _WHERE)
        try:
            profile = load_profile(str(old.path), overrides)
        except ConfigError as error:
            if not error.where.startswith(_OVERRIDE):
                raise
            where = f"{_WHERE} {error.where.removeprefix(_OVERRIDE)}"
            raise ConfigError(error.reason, where=where, suggestion=error.suggestion) from None
        _check_server(profile, old)
        session = replace(profile.policy.session, log_keys=old.policy.session.log_keys)
        profile = replace(profile, policy=replace(profile.policy, session=session))
        contents = self._slots if profile.spec.slot == old.spec.slot else {}
        slots = {slot_id: slot_of(profile, slot_id, one) for slot_id, one in contents.items()}
        profile = succeeded(profile, old, anew=anew)
        for slot_id, slot in slots.items():
            # Those that are not carried over, as their keys are of other kinds, are made anew.
            if slot_id not in profile.device.line.moved and not _written(profile, slot_id):
                profile.device.change_slot(slot_id, slot, here_only=True)
        self._profile, self._settings, self._slots = profile, settings, contents
        self._faults.use(profile)


def _check_server(new: Profile, old: Profile) -> None:
    """Raise ConfigError if settings change what a server asks for only when it starts."""
    for key in new.spec.server.__struct_fields__:
        if getattr(new.spec.server, key) != getattr(old.spec.server, key):
            raise ConfigError(
                "it is read when the server starts, and never again", where=f"{_WHERE} server.{key}"
            )


def _written(profile: Profile, slot_id: int) -> bool:
    """Whether a requester has written into a slot."""
    state = profile.device.provisioning.state
    return state.without_slot(slot_id) != state
