"""The states of a DOE mailbox and what leads from one to another (PCIe 6.2, 6.30.2).

The table is the truth; the page ``docs/reference/mailbox.md`` is made of it. What does not stand in
it cannot happen.
"""

from enum import Enum

import msgspec

from responder.spec.doe import Status


class State(Enum):
    """What a mailbox is doing; the value says so for people."""

    IDLE = "takes the DWs of an object"
    BUSY = "an object is being answered"
    READY = "an answer is there to be read"
    ERROR = "waits for an abort"
    ABORTING = "an abort takes its time"


STATUS = {
    State.IDLE: Status(0),
    State.BUSY: Status.BUSY,
    State.READY: Status.READY,
    State.ERROR: Status.ERROR,
    State.ABORTING: Status.BUSY,
}
"""The status bits of each state; those of interrupts and asynchronous messages come beside."""

INTERRUPTS = frozenset({State.READY, State.ERROR})
"""Entering one of these from another state is a cause of an interrupt; Busy clear is none."""


class Event(Enum):
    """What happens to a mailbox; the value says so for people."""

    WRITE = "a DW into the write mailbox"
    OVERFLOW = "a DW into the write mailbox, more than the largest object has"
    GO_EMPTY = "GO, and no DW was written"
    GO_MALFORMED = "GO, and the object is not what its header says, or longer than is taken"
    GO_UNKNOWN = "GO, and the object is of a type or connection id that is not taken"
    GO_DISCOVERY = "GO with a discovery request"
    GO_OBJECT = "GO with any other object"
    PEEK = "a read of the read mailbox"
    POP = "a write to the read mailbox"
    POP_LAST = "a write to the read mailbox, at the last DW of the answer"
    ANSWERED = "the device has an answer"
    UNANSWERED = "the device says that there is no answer"
    ELAPSED = "the time of discovery or of an abort is over"
    ABORT = "ABORT"
    RESET = "a function level or conventional reset, or a power cycle"


class Action(Enum):
    """What a mailbox does; the value says so for people."""

    NOTHING = "nothing"
    STORE = "keep the DW; one too many tells that the object is too long"
    DROP = "forget what was written, silently"
    DISCOVER = "answer it after `discovery_delay`; forget an unread answer"
    HAND_ON = "hand the object to the device; forget an unread answer"
    DELIVER = "put the answer into the read mailbox"
    TAKE = "go on to the next DW"
    FAIL = "forget what was written and the answer; the device need not answer"
    ABORT = "as fail, and wait for `abort_delay`"
    RESET = "as fail; the enable bits and the interrupt status are cleared, too"


class Misuse(Enum):
    """An access that a device may ignore or take for an error: the value names the switch."""

    UNDERFLOW = "underflow"
    OVERFLOW = "overflow"
    WRITE_WHEN_BUSY = "write_when_busy"
    UNREAD_ANSWER = "unread_answer"
    UNKNOWN_OBJECT = "unknown_object"


class Step(msgspec.Struct, frozen=True):
    """A row of the table.

    Attributes:
        action: what is done.
        state: what comes after.
        misuse: instead of both comes ``FAILED`` if this switch says so.
    """

    action: Action
    state: State
    misuse: Misuse | None = None


FAILED = Step(Action.FAIL, State.ERROR)

TABLE: dict[tuple[State, Event], Step] = {
    (State.IDLE, Event.WRITE): Step(Action.STORE, State.IDLE),
    (State.IDLE, Event.OVERFLOW): Step(Action.STORE, State.IDLE, Misuse.OVERFLOW),
    (State.IDLE, Event.GO_EMPTY): Step(Action.NOTHING, State.IDLE),
    (State.IDLE, Event.GO_MALFORMED): Step(Action.DROP, State.IDLE),
    (State.IDLE, Event.GO_UNKNOWN): Step(Action.DROP, State.IDLE, Misuse.UNKNOWN_OBJECT),
    (State.IDLE, Event.GO_DISCOVERY): Step(Action.DISCOVER, State.BUSY),
    (State.IDLE, Event.GO_OBJECT): Step(Action.HAND_ON, State.BUSY),
    (State.IDLE, Event.PEEK): Step(Action.NOTHING, State.IDLE, Misuse.UNDERFLOW),
    (State.IDLE, Event.POP): Step(Action.NOTHING, State.IDLE, Misuse.UNDERFLOW),
    (State.IDLE, Event.ABORT): Step(Action.ABORT, State.ABORTING),
    (State.IDLE, Event.RESET): Step(Action.RESET, State.IDLE),
    (State.BUSY, Event.WRITE): Step(Action.NOTHING, State.BUSY, Misuse.WRITE_WHEN_BUSY),
    (State.BUSY, Event.GO_EMPTY): Step(Action.NOTHING, State.BUSY, Misuse.WRITE_WHEN_BUSY),
    (State.BUSY, Event.PEEK): Step(Action.NOTHING, State.BUSY, Misuse.UNDERFLOW),
    (State.BUSY, Event.POP): Step(Action.NOTHING, State.BUSY, Misuse.UNDERFLOW),
    (State.BUSY, Event.ANSWERED): Step(Action.DELIVER, State.READY),
    (State.BUSY, Event.UNANSWERED): Step(Action.NOTHING, State.IDLE),
    (State.BUSY, Event.ELAPSED): Step(Action.DELIVER, State.READY),
    (State.BUSY, Event.ABORT): Step(Action.ABORT, State.ABORTING),
    (State.BUSY, Event.RESET): Step(Action.RESET, State.IDLE),
    (State.READY, Event.WRITE): Step(Action.STORE, State.READY),
    (State.READY, Event.OVERFLOW): Step(Action.STORE, State.READY, Misuse.OVERFLOW),
    (State.READY, Event.GO_EMPTY): Step(Action.NOTHING, State.READY),
    (State.READY, Event.GO_MALFORMED): Step(Action.DROP, State.READY),
    (State.READY, Event.GO_UNKNOWN): Step(Action.DROP, State.READY, Misuse.UNKNOWN_OBJECT),
    (State.READY, Event.GO_DISCOVERY): Step(Action.DISCOVER, State.BUSY, Misuse.UNREAD_ANSWER),
    (State.READY, Event.GO_OBJECT): Step(Action.HAND_ON, State.BUSY, Misuse.UNREAD_ANSWER),
    (State.READY, Event.PEEK): Step(Action.NOTHING, State.READY),
    (State.READY, Event.POP): Step(Action.TAKE, State.READY),
    (State.READY, Event.POP_LAST): Step(Action.TAKE, State.IDLE),
    (State.READY, Event.ABORT): Step(Action.ABORT, State.ABORTING),
    (State.READY, Event.RESET): Step(Action.RESET, State.IDLE),
    (State.ERROR, Event.WRITE): Step(Action.NOTHING, State.ERROR),
    (State.ERROR, Event.GO_EMPTY): Step(Action.NOTHING, State.ERROR),
    (State.ERROR, Event.PEEK): Step(Action.NOTHING, State.ERROR),
    (State.ERROR, Event.POP): Step(Action.NOTHING, State.ERROR),
    (State.ERROR, Event.ABORT): Step(Action.ABORT, State.ABORTING),
    (State.ERROR, Event.RESET): Step(Action.RESET, State.IDLE),
    (State.ABORTING, Event.WRITE): Step(Action.NOTHING, State.ABORTING),
    (State.ABORTING, Event.GO_EMPTY): Step(Action.NOTHING, State.ABORTING),
    (State.ABORTING, Event.PEEK): Step(Action.NOTHING, State.ABORTING),
    (State.ABORTING, Event.POP): Step(Action.NOTHING, State.ABORTING),
    (State.ABORTING, Event.ELAPSED): Step(Action.NOTHING, State.IDLE),
    (State.ABORTING, Event.ABORT): Step(Action.NOTHING, State.ABORTING),
    (State.ABORTING, Event.RESET): Step(Action.RESET, State.IDLE),
}
