"""What controllers can say: each command with its arguments, as data.

The schema of the arguments, the page docs/reference/control.md and the command line of ``ctl`` are
made of these declarations.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from responder.profiles.docstrings import documented

DEFAULT_ENTRIES = 100
MAX_ENTRIES = 1000
"""Entries of the journal in one answer."""
MAX_WAIT = 600.0
"""Seconds for which a step waits, at most."""

FunctionNumber = Annotated[int, msgspec.Meta(ge=0, le=255)]
SlotNumber = Annotated[int, msgspec.Meta(ge=0, le=7)]
Ordinal = Annotated[int, msgspec.Meta(ge=1)]
ResetKind = Literal["function-level", "conventional", "power-cycle"]


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of a command."""


class FaultAdd(Arguments, frozen=True):
    """Add faults to those in force, for connections that come from now on.

    Attributes:
        faults: ids and patterns of the catalogue (`fault list`), or objects as a [[fault]] table
            of a profile.
        now: on open connections too; what their faults had counted on the connection begins anew.
    """

    faults: Annotated[list[str | dict[str, Any]], msgspec.Meta(min_length=1)]
    now: bool = False


class FaultList(Arguments, frozen=True):
    """The faults in force: how often each has struck, and what came nearest where none has."""


class FaultRemove(Arguments, frozen=True):
    """Remove faults; those of the profile too.

    Attributes:
        faults: ids in force; none means all.
        now: from open connections too.
    """

    faults: list[str] = []
    now: bool = False


class Set(Arguments, frozen=True):
    """Change keys of the profile for connections that come from now on.

    Attributes:
        changes: each KEY=VALUE as of `serve --set`, such as `spdm.ct_exponent=12`.
    """

    changes: Annotated[list[str], msgspec.Meta(min_length=1)]


class Unset(Arguments, frozen=True):
    """Take changes of keys back.

    Attributes:
        keys: as they were set, such as `spdm.ct_exponent`; none means all.
    """

    keys: list[str] = []


class QuerySettings(Arguments, frozen=True):
    """The keys of the profile that were changed."""


class MeasurementSet(Arguments, frozen=True):
    """A measurement changes; a hash-extend measurement is extended.

    Attributes:
        index: of a measurement that exists.
        value: what is measured, in hexadecimal: the raw bit stream, or the digest if no more of it
            is known.
        now: at once, and sessions that have subscribed are told; else from the next connection on.
    """

    index: Annotated[int, msgspec.Meta(ge=1, le=254)]
    value: str
    now: bool = False


class SlotSet(Arguments, frozen=True):
    """A certificate slot holds something else; what a requester has written there is gone.

    Attributes:
        slot: of a slot that exists.
        content: the slot whose content it gets, or keys of a [[slot]] table of a profile, such as
            `set=device`; it is empty without `set` and `identity`.
        now: at once, and sessions that have subscribed are told; else from the next connection on.
    """

    slot: SlotNumber
    content: SlotNumber | dict[str, Any]
    now: bool = False


class TdiError(Arguments, frozen=True):
    """The interface of a function goes to ERROR, if it is locked or runs (TDISP).

    Attributes:
        function: its number.
        reason: for events.
        connection: the ordinal of the connection whose device is meant, and not all there are.
    """

    function: FunctionNumber = 0
    reason: str = "a controller asked for it"
    connection: Ordinal | None = None


class Reset(Arguments, frozen=True):
    """The device is reset; docs/reference/resets.md says what that clears.

    Attributes:
        kind: how.
        function: of a device with functions the one that is reset; with function 0 all are.
        connection: the ordinal of the connection whose device is meant, and not all there are.
    """

    kind: ResetKind = "conventional"
    function: FunctionNumber = 0
    connection: Ordinal | None = None


class LinkDown(Arguments, frozen=True):
    """The link of a device with functions goes down and comes back.

    Attributes:
        connection: the ordinal of the connection whose device is meant, and not all there are.
    """

    connection: Ordinal | None = None


class StreamInsecure(Arguments, frozen=True):
    """An IDE stream goes insecure, as after a failed integrity check.

    Attributes:
        stream: its id.
        connection: the ordinal of the connection whose device is meant, and not all there are.
    """

    stream: Annotated[int, msgspec.Meta(ge=0, le=255)]
    connection: Ordinal | None = None


class QueryStatus(Arguments, frozen=True):
    """Who serves what since when, and whether it is paused."""


class QueryConnections(Arguments, frozen=True):
    """The connections that there are, how far each has come, and which request of it waits."""


class QueryDevice(Arguments, frozen=True):
    """The device: slots, measurements, functions and their interfaces."""


class QueryJournal(Arguments, frozen=True):
    """What happened: the latest entries that are kept, or those since a position.

    Attributes:
        since: a position, as `next` of an earlier answer; without it, the latest ones.
        limit: entries of the answer, at most.
        connection: only what belongs to the connection of this ordinal.
    """

    since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_ENTRIES)] = DEFAULT_ENTRIES
    connection: Ordinal | None = None


class QueryCounters(Arguments, frozen=True):
    """How often each thing has happened since the start."""


class QueryCommands(Arguments, frozen=True):
    """The commands, with the JSON Schema of their arguments."""


class Subscribe(Arguments, frozen=True):
    """Send what happens from now on to this controller, as lines with `event`.

    Attributes:
        kinds: names of events; none means all.
    """

    kinds: list[str] = []


class Unsubscribe(Arguments, frozen=True):
    """Send no more events to this controller."""


class Pause(Arguments, frozen=True):
    """Let requests and secured records wait from now on, each in its connection."""


class Step(Arguments, frozen=True):
    """Let one request that waits through, the oldest, and tell what came and what was answered.

    Attributes:
        connection: the ordinal of the connection to take it from.
        wait: seconds to wait for a request to arrive if none is there.
    """

    connection: Ordinal | None = None
    wait: Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT)] = 0.0


class Resume(Arguments, frozen=True):
    """Let all go on that waits, and all that comes."""


class Shutdown(Arguments, frozen=True):
    """Stop the server: answer what has arrived, then close.

    Attributes:
        now: give up what is still going on.
    """

    now: bool = False


ARGUMENTS: Mapping[str, type[Arguments]] = MappingProxyType(
    {
        "fault-add": FaultAdd,
        "fault-list": FaultList,
        "fault-remove": FaultRemove,
        "set": Set,
        "unset": Unset,
        "query-settings": QuerySettings,
        "measurement-set": MeasurementSet,
        "slot-set": SlotSet,
        "tdi-error": TdiError,
        "reset": Reset,
        "link-down": LinkDown,
        "stream-insecure": StreamInsecure,
        "query-status": QueryStatus,
        "query-connections": QueryConnections,
        "query-device": QueryDevice,
        "query-journal": QueryJournal,
        "query-counters": QueryCounters,
        "query-commands": QueryCommands,
        "subscribe": Subscribe,
        "unsubscribe": Unsubscribe,
        "pause": Pause,
        "step": Step,
        "resume": Resume,
        "shutdown": Shutdown,
    }
)
"""The commands by name."""


def summary_of(cls: type[Arguments]) -> str:
    """What a command does."""
    return documented(cls).summary


def texts_of(cls: type[Arguments]) -> dict[str, str]:
    """What each argument is."""
    return documented(cls).keys
