"""The faults of a profile that is steered: its own, those that were added, without the removed."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from responder.core.events import FaultMissed
from responder.errors import ConfigError, suggest
from responder.faults.choice import chosen
from responder.faults.memory import FaultMemory
from responder.faults.rule import FaultSpec
from responder.profiles.faults import build_faults
from responder.profiles.load import Profile
from responder.profiles.lookup import Lookup
from responder.profiles.personas import FAULT_PREFIX
from responder.profiles.source import Layer, Source


class FaultInForce(msgspec.Struct, frozen=True):
    """A fault that connections meet, and what has come of it.

    Attributes:
        id: the fault's, or the case's.
        description: one sentence.
        duty: what a conforming requester must do.
        origin: it is the profile's, or was added: on the command line or since.
        fired: how often it has struck.
        nearest: what came nearest to a strike; empty if it has struck.
    """

    id: str
    description: str
    duty: str
    origin: Literal["profile", "added"]
    fired: int
    nearest: str


class FaultsInForce:
    """Which faults the next connection meets.

    The ways of a persona are faults to the engine and none here: nobody adds or removes them.
    """

    def __init__(self, profile: Profile, added: Sequence[FaultSpec], memory: FaultMemory) -> None:
        """Begin with those of a profile; ``added`` are not from its file."""
        self._profile = profile
        self._added = {fault.id: fault for fault in added}
        self._removed: set[str] = set()
        self._gone: dict[str, FaultSpec] = {}
        self._memory = memory

    @property
    def all(self) -> tuple[FaultSpec, ...]:
        """What the engine of the next connection gets."""
        own = [fault for fault in self._profile.faults if fault.id not in self._removed]
        return tuple({fault.id: fault for fault in (*own, *self._added.values())}.values())

    def use(self, profile: Profile) -> None:
        """The profile was loaded again."""
        self._profile = profile

    def add(self, items: Sequence[str | Mapping[str, Any]]) -> list[FaultSpec]:
        """More of them; see ``Steering.add_faults``.

        Raises:
            ConfigError: there is no such fault, or a table is wrong.
        """
        found = chosen([one for one in items if isinstance(one, str)])
        found += self._written([one for one in items if not isinstance(one, str)])
        for fault in found:
            self._memory.forget(fault.id)
            self._gone.pop(fault.id, None)
            self._removed.discard(fault.id)
            self._added[fault.id] = fault
        return found

    def remove(self, ids: Iterable[str] | None) -> list[FaultInForce]:
        """Fewer of them; what had become of them. See ``Steering.remove_faults``.

        Raises:
            ConfigError: one is not in force.
        """
        here = self._ours()
        wanted = here if ids is None else [one for name in ids for one in _meant(name, here)]
        told = self.told(wanted)
        for fault in wanted:
            self._removed.add(fault.id)
            self._added.pop(fault.id, None)
            self._gone[fault.id] = fault
        return told

    def told(self, faults: Iterable[FaultSpec] | None = None) -> list[FaultInForce]:
        """These, or all of them, for whoever asks."""
        wanted = self._ours() if faults is None else faults
        return [self._told(fault) for fault in {one.id: one for one in wanted}.values()]

    def missed(self) -> list[FaultMissed]:
        """An event for each that is or was in force and never struck."""
        gone = self._memory.missed(self._gone.values())
        told = [FaultMissed(one.fault, f"removed; {one.nearest}") for one in gone]
        return [*told, *self._memory.missed(self._ours())]

    def _written(self, tables: Sequence[Mapping[str, Any]]) -> list[FaultSpec]:
        """What tables describe; errors name the place in them, such as ``fault[0].hook``."""
        path = self._profile.path
        source = Source([Layer("", path.parent, {"fault": list(tables)})], path)
        return build_faults([], tables, Lookup(source))

    def _ours(self) -> list[FaultSpec]:
        return [fault for fault in self.all if not fault.id.startswith(FAULT_PREFIX)]

    def _told(self, fault: FaultSpec) -> FaultInForce:
        fired = self._memory.fired[fault.id]
        return FaultInForce(
            fault.id,
            fault.description,
            fault.duty,
            "added" if fault.id in self._added else "profile",
            fired,
            "" if fired else self._memory.nearest_to(fault.id),
        )


def _meant(name: str, here: Sequence[FaultSpec]) -> list[FaultSpec]:
    """The faults in force that a name or pattern means."""
    found = [one for one in here if name == one.family or fnmatchcase(one.id, name)]
    if not found:
        known = {text for one in here for text in (one.id, one.family)}
        raise ConfigError(f"no fault {name!r} is in force", suggestion=suggest(name, known))
    return found
