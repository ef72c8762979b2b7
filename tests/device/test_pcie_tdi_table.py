"""Every request and device event in every state, in and out of sessions, right nonce and wrong.

What is expected is written here from what is known of the specification, row by row: the next
state, or the code of the refusal. The tables of the program are not looked at, except to see that
none of their rows is missing here.
"""

from dataclasses import dataclass

import pytest
from device.pcie_ide import Session
from device.pcie_tdi import (
    ERROR,
    EVERYTHING,
    INVALID_NONCE,
    INVALID_REQUEST,
    INVALID_STATE,
    LOCKED,
    P2P,
    RUN,
    STREAM,
    UNLOCKED,
    Bench,
    error_of,
    lock,
    message,
    mmio,
    outside,
    report,
    start,
)

from responder.core.errors import ProtocolError
from responder.device.pcie.interfaces import Reset
from responder.device.pcie.tdi_table import TABLE, TdiEvent

STATES = (UNLOCKED, LOCKED, RUN, ERROR)
NAMES = ("unlocked", "locked", "run", "error")


@dataclass(frozen=True)
class Refused:
    """TDISP_ERROR of that code; the state stays."""

    code: int


NO, BAD, NONCE = Refused(INVALID_STATE), Refused(INVALID_REQUEST), Refused(INVALID_NONCE)
KEEP = (UNLOCKED, LOCKED, RUN, ERROR)
WRONG = bytes(32)
UNEXPECTED_REQUEST, SESSION_REQUIRED = 0x04, 0x0B
VDM = message(0x8B, bytes.fromhex("00 02 3412 c0ffee"))
UPDATABLE = (0x20_0000_0000 >> 12, 0x100, 0x000C, 4)


REQUESTS = {
    "GET_VERSION": message(0x81),
    "GET_CAPABILITIES": message(0x82, bytes(4)),
    "LOCK": lock(0x0F),
    "REPORT": report(),
    "STATE": message(0x85),
    "START": start(WRONG),
    "STOP": message(0x87),
    "BIND_P2P": message(0x88, bytes([P2P])),
    "UNBIND_P2P": message(0x89, bytes([P2P])),
    "SET_MMIO_ATTRIBUTE": mmio(*UPDATABLE),
    "VDM": VDM,
    "SET_CONFIG": message(0x8C, bytes(4)),
}
IN_ITS_SESSION = {
    #                     UNLOCKED  LOCKED    RUN       ERROR
    "GET_VERSION":        KEEP,
    "GET_CAPABILITIES":   KEEP,
    "LOCK":               (LOCKED,   NO,       NO,       NO),
    "REPORT":             (NO,       LOCKED,   RUN,      NO),
    "STATE":              KEEP,
    "START":              (NO,       RUN,      NO,       NO),
    "STOP":               (UNLOCKED, UNLOCKED, UNLOCKED, UNLOCKED),
    "BIND_P2P":           (NO,       NO,       RUN,      NO),
    "UNBIND_P2P":         (NO,       NO,       RUN,      NO),
    "SET_MMIO_ATTRIBUTE": (NO,       NO,       RUN,      NO),
    "VDM":                KEEP,
    "SET_CONFIG":         (UNLOCKED, NO,       NO,       NO),
}  # fmt: skip
IN_ANOTHER_SESSION = {
    "GET_VERSION":        KEEP,
    "GET_CAPABILITIES":   KEEP,
    "LOCK":               (BAD,      NO,       NO,       NO),  # its keys are not of this session
    "REPORT":             (NO,       BAD,      BAD,      BAD),
    "STATE":              KEEP,
    "START":              (NO,       BAD,      BAD,      BAD),
    "STOP":               (UNLOCKED, BAD,      BAD,      BAD),
    "BIND_P2P":           (NO,       BAD,      BAD,      BAD),
    "UNBIND_P2P":         (NO,       BAD,      BAD,      BAD),
    "SET_MMIO_ATTRIBUTE": (NO,       BAD,      BAD,      BAD),
    "VDM":                KEEP,
    "SET_CONFIG":         (UNLOCKED, NO,       NO,       NO),
}  # fmt: skip
FAILS = (UNLOCKED, ERROR, ERROR, ERROR)
BACK = (UNLOCKED, UNLOCKED, UNLOCKED, UNLOCKED)
DEVICE_EVENTS = {
    "REGISTER_WRITTEN": (FAILS, lambda bench: bench.tdi.register_written("header.bar0", 0, 1)),
    "DEVICE_FAILED": (FAILS, lambda bench: bench.tdi.fail("a test")),
    "STREAM_LOST": (FAILS, lambda bench: bench.port.integrity_failed(STREAM)),
    "SESSION_ENDED": (FAILS, lambda bench: bench.host.session_ended(bench.session)),
    "FUNCTION_RESET": (FAILS, lambda bench: bench.tdi.reset(Reset.FUNCTION_LEVEL)),
    "DEVICE_RESET": (BACK, lambda bench: bench.tdi.reset(Reset.CONVENTIONAL)),
    "DEVICE_RESET by power cycle": (BACK, lambda bench: bench.tdi.reset(Reset.POWER_CYCLE)),
    "nothing: another session ends": (KEEP, lambda bench: bench.host.session_ended(bench.other)),
    "nothing: another stream fails": (KEEP, lambda bench: bench.port.integrity_failed(P2P)),
    "nothing: GET_VERSION as a reset": (KEEP, lambda bench: bench.tdi.reset(Reset.GET_VERSION)),
    "nothing: the peer is gone": (KEEP, lambda bench: bench.tdi.reset(Reset.PEER_GONE)),
    "nothing: a register that is free": (
        KEEP, lambda bench: bench.tdi.register_written("aer.uncorrectable_mask", 0, 1)
    ),
}  # fmt: skip
in_each_state = pytest.mark.parametrize("state", STATES, ids=NAMES)


each_request = pytest.mark.parametrize("name", REQUESTS)


def at(state, *, unbind=False):
    bench = Bench(**EVERYTHING).reach(state, 0x0F)
    if unbind and state == RUN:
        bench.granted(message(0x88, bytes([P2P])))
    return bench


def asked(bench, name):
    """The request, with the nonce of the lock if there is one."""
    return start(bench.nonce or WRONG) if name == "START" else REQUESTS[name]


def check(bench, request, session, expected):
    """The answer is the request's own with the next state, or the refusal with the same one."""
    before = bench.state
    refused = error_of(bench.ask(request, session))
    if isinstance(expected, Refused):
        assert refused == (expected.code, 0)
        assert bench.state == before
    else:
        assert refused is None, f"refused with {refused}"
        assert bench.state == expected


@in_each_state
@each_request
def test_a_request_in_the_session_that_locks(name, state):
    bench = at(state, unbind=name == "UNBIND_P2P")
    check(bench, asked(bench, name), bench.session, IN_ITS_SESSION[name][state])


@in_each_state
@each_request
def test_a_request_in_another_session(name, state):
    bench = at(state, unbind=name == "UNBIND_P2P")
    check(bench, asked(bench, name), bench.other, IN_ANOTHER_SESSION[name][state])


@in_each_state
@each_request
def test_a_request_outside_of_all_sessions(name, state):
    bench = at(state, unbind=name == "UNBIND_P2P")
    assert outside(bench, asked(bench, name)) == SESSION_REQUIRED
    assert bench.state == state


@in_each_state
@each_request
def test_a_request_in_a_session_that_is_handshaking(name, state):
    bench = at(state, unbind=name == "UNBIND_P2P")
    with pytest.raises(ProtocolError) as error:
        bench.ask(asked(bench, name), Session(established=False))
    assert error.value.code == UNEXPECTED_REQUEST
    assert bench.state == state


@in_each_state
@pytest.mark.parametrize("nonce", [WRONG, bytes(31) + b"\1", None], ids=["zeros", "one", "flipped"])
def test_start_with_another_nonce(state, nonce):
    bench = at(state)
    right = bench.nonce or WRONG
    wrong = bytes([right[0] ^ 1]) + right[1:] if nonce is None else nonce
    expected = NONCE if state == LOCKED else NO
    check(bench, start(wrong), bench.session, expected)
    if state == LOCKED:
        check(bench, start(right), bench.session, RUN)


@in_each_state
def test_start_with_the_right_nonce_in_another_session(state):
    bench = at(state)
    expected = BAD if state != UNLOCKED else NO
    check(bench, start(bench.nonce or WRONG), bench.other, expected)


@in_each_state
@pytest.mark.parametrize("name", DEVICE_EVENTS)
def test_a_device_event(name, state):
    row, happens = DEVICE_EVENTS[name]
    bench = at(state)
    happens(bench)
    assert bench.tdi.state == row[state]


@in_each_state
@each_request
def test_a_request_after_its_session_has_ended(name, state):
    """What was locked is an ERROR, which whoever comes next may stop."""
    bench = at(state)
    bench.host.session_ended(bench.session)
    state = UNLOCKED if state == UNLOCKED else ERROR
    expected = BAD if name == "LOCK" and state == UNLOCKED else IN_ITS_SESSION[name][state]
    check(bench, asked(bench, name), bench.other, expected)


def test_no_event_is_missing():
    events = set(REQUESTS) | {name for name in DEVICE_EVENTS if " " not in name}
    assert events == set(TdiEvent.__members__) == {event.name for event in TABLE}
