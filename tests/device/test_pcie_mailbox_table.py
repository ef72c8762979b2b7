"""Every transition of a DOE mailbox, through its registers.

Expected is what PCIe 6.2, 6.30 asks for as far as public sources tell: Busy while an object is
answered and while an abort takes time; Ready until the last DW is taken; objects of a wrong length
or an unknown type silently dropped; Error, where a switch asks for it, until an abort.
"""

import pytest
from device.mailbox_host import (
    BUSY,
    DISCOVER_0,
    ERROR,
    GET_VERSION,
    INTERRUPT,
    INTERRUPT_ENABLE,
    READ,
    READY,
    STATUS,
    UNKNOWN,
    VERSION,
    WRITE,
    Host,
    layout,
)

from responder.core.ownership import Reset
from responder.device.pcie.interfaces import DataObjectAbandoned, DataObjectReceived, Interrupt
from responder.device.pcie.mailbox_table import TABLE, Misuse

LARGEST = 4  # DWs
DELAYS = {"discovery_delay": 200_000, "abort_delay": 500_000}
LENIENT = DELAYS | {"unread_answer": "replace"}
STRICT = DELAYS | {misuse.value: "error" for misuse in Misuse}


def idle(host):
    pass


def busy(host):
    host.go(GET_VERSION)


def discovering(host):
    host.go(DISCOVER_0)


def ready(host):
    host.go(GET_VERSION)
    host.answer(VERSION)


def last(host):
    ready(host)
    for _ in range(3):
        host.write(READ, 0)


def error(host):
    """Only where a switch makes an error of that."""
    host.go(UNKNOWN)


def aborting(host):
    host.abort()


EVENTS = {
    "WRITE": lambda host: host.write(WRITE, 0x10001),
    "OVERFLOW": lambda host: host.put(bytes(4 * LARGEST + 4)),
    "GO_EMPTY": lambda host: host.go(),
    "GO_MALFORMED": lambda host: host.go(GET_VERSION[:8]),
    "GO_UNKNOWN": lambda host: host.go(UNKNOWN),
    "GO_DISCOVERY": lambda host: host.go(DISCOVER_0),
    "GO_OBJECT": lambda host: host.go(GET_VERSION),
    "PEEK": lambda host: host.read(READ),
    "POP": lambda host: host.write(READ, 0),
    "POP_LAST": lambda host: host.write(READ, 0),
    "ANSWERED": lambda host: host.answer(VERSION),
    "UNANSWERED": lambda host: host.answer(None),
    "ELAPSED": lambda host: host.wait(0.5),
    "ABORT": lambda host: host.abort(),
    "RESET": lambda host: host.effects.extend(host.mailbox.reset(Reset.FUNCTION_LEVEL, host.now)),
}
OBJECT = DataObjectReceived(0, 1, GET_VERSION)
SECOND = DataObjectReceived(0, 2, GET_VERSION)
GIVEN_UP = DataObjectAbandoned(0, 1)
SIGNAL = Interrupt(5)
FIRST = int.from_bytes(VERSION[:4], "little")
NEXT = int.from_bytes(VERSION[4:8], "little")
FAILS = (ERROR, [SIGNAL], 0)
# A state and what happens in it; then the status without that of interrupts, the effects, and what
# the read mailbox shows; and the same with all switches at Error, where that differs.
ROWS = [
    (idle, "WRITE", (0, [], 0)),
    (idle, "OVERFLOW", (0, [], 0), FAILS),
    (idle, "GO_EMPTY", (0, [], 0)),
    (idle, "GO_MALFORMED", (0, [], 0)),
    (idle, "GO_UNKNOWN", (0, [], 0), FAILS),
    (idle, "GO_DISCOVERY", (BUSY, [], 0)),
    (idle, "GO_OBJECT", (BUSY, [OBJECT], 0)),
    (idle, "PEEK", (0, [], 0), FAILS),
    (idle, "POP", (0, [], 0), FAILS),
    (idle, "ABORT", (BUSY, [], 0)),
    (idle, "RESET", (0, [], 0)),
    (busy, "WRITE", (BUSY, [], 0), (ERROR, [GIVEN_UP, SIGNAL], 0)),
    (busy, "GO_EMPTY", (BUSY, [], 0), (ERROR, [GIVEN_UP, SIGNAL], 0)),
    (busy, "PEEK", (BUSY, [], 0), (ERROR, [GIVEN_UP, SIGNAL], 0)),
    (busy, "POP", (BUSY, [], 0), (ERROR, [GIVEN_UP, SIGNAL], 0)),
    (busy, "ANSWERED", (READY, [SIGNAL], FIRST)),
    (busy, "UNANSWERED", (0, [], 0)),
    (busy, "ABORT", (BUSY, [GIVEN_UP], 0)),
    (busy, "RESET", (0, [GIVEN_UP], 0)),
    (discovering, "ELAPSED", (READY, [SIGNAL], 1)),
    (ready, "WRITE", (READY, [], FIRST)),
    (ready, "OVERFLOW", (READY, [], FIRST), FAILS),
    (ready, "GO_EMPTY", (READY, [], FIRST)),
    (ready, "GO_MALFORMED", (READY, [], FIRST)),
    (ready, "GO_UNKNOWN", (READY, [], FIRST), FAILS),
    (ready, "GO_DISCOVERY", (BUSY, [], 0), FAILS),
    (ready, "GO_OBJECT", (BUSY, [SECOND], 0), FAILS),
    (ready, "PEEK", (READY, [], FIRST)),
    (ready, "POP", (READY, [], NEXT)),
    (last, "POP_LAST", (0, [], 0)),
    (ready, "ABORT", (BUSY, [], 0)),
    (ready, "RESET", (0, [], 0)),
    (error, "WRITE", (ERROR, [], 0)),
    (error, "GO_EMPTY", (ERROR, [], 0)),
    (error, "PEEK", (ERROR, [], 0)),
    (error, "POP", (ERROR, [], 0)),
    (error, "ABORT", (BUSY, [], 0)),
    (error, "RESET", (0, [], 0)),
    (aborting, "WRITE", (BUSY, [], 0)),
    (aborting, "GO_EMPTY", (BUSY, [], 0)),
    (aborting, "PEEK", (BUSY, [], 0)),
    (aborting, "POP", (BUSY, [], 0)),
    (aborting, "ELAPSED", (0, [], 0)),
    (aborting, "ABORT", (BUSY, [], 0)),
    (aborting, "RESET", (0, [], 0)),
]
SAME_STATE = {"discovering": "BUSY", "last": "READY"}


def after(arrange, event, policy):
    """Status, effects and what the read mailbox shows, once the event has come in that state."""
    host = Host(layout(max_object=LARGEST, policy=policy), enables=INTERRUPT_ENABLE)
    arrange(host)
    host.write(STATUS, INTERRUPT)
    before = len(host.effects)
    EVENTS[event](host)
    host.wait(0)
    return host.status & ~INTERRUPT, host.effects[before:], host.read(READ)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].__name__}-{row[1]}")
def test_a_row_with_every_switch_lenient(row):
    arrange, event, expected, *_ = row
    policy = STRICT if arrange is error else LENIENT
    assert after(arrange, event, policy) == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].__name__}-{row[1]}")
def test_a_row_with_every_switch_at_error(row):
    arrange, event, *expected = row
    assert after(arrange, event, STRICT) == expected[-1]


def test_the_rows_here_are_all_there_are():
    here = {(SAME_STATE.get(row[0].__name__, row[0].__name__.upper()), row[1]) for row in ROWS}
    assert here == {(state.name, event.name) for state, event in TABLE}
    assert len(ROWS) == len(here)


@pytest.mark.parametrize("misuse", Misuse, ids=lambda misuse: misuse.value)
def test_each_switch_makes_an_error_of_its_own_misuse_only(misuse):
    policy = LENIENT | {misuse.value: "error"}
    failed = {
        TABLE[state, event].misuse
        for row in ROWS
        for state, event in TABLE
        if row[0] is not error
        and event.name == row[1]
        and state.name == SAME_STATE.get(row[0].__name__, row[0].__name__.upper())
        and after(row[0], row[1], policy)[0] == ERROR
    }
    assert failed == {misuse}
