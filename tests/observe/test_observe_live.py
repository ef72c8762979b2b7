"""What entries come to: the state that the live view shows."""

import pytest
from observe.live_states import (
    CAPABILITIES,
    INVALID_REQUEST,
    arrived,
    asked,
    attestation,
    exchange,
    fired,
    left,
    live,
    said,
)

from responder.core.events import (
    InternalError,
    RecordDropped,
    SessionEnded,
    SessionEstablished,
    SessionStarted,
)
from responder.observe.entry import Entry
from responder.observe.live import Live, printable
from responder.server.events import (
    CommandDone,
    DeviceReset,
    EventsLost,
    FunctionNotice,
    MeasurementChanged,
    ObserverLost,
    PeerIgnored,
)


def test_a_connection_and_its_session():
    state = live(*attestation())
    (one,) = state.connections.values()
    assert (one.peer, one.version, one.phase) == ("127.0.0.1:4001", "1.2", "AUTHENTICATED")
    assert (one.requests, one.errors) == (3, 0)
    assert [(s.kind, s.established) for s in one.sessions.values()] == [("KEY", True)]
    assert (state.arrived, state.requests, state.sessions) == (1, 3, 1)
    assert one.active == pytest.approx(1.4)


def test_sessions_begin_and_end():
    state = live(arrived(), Entry(1.0, 1, SessionStarted(1, "PSK")))
    assert not state.connections[1].sessions[1].established
    state.take([Entry(1.0, 1, SessionEstablished(1)), Entry(1.0, 1, SessionStarted(2, "KEY"))])
    assert state.sessions == 2
    state.take([Entry(1.0, 1, SessionEnded(1, "END_SESSION"))])
    assert list(state.connections[1].sessions) == [2]


def test_one_that_left_is_not_open_any_more():
    state = live(*attestation(), left())
    assert (state.connections, state.sessions) == ({}, 0)
    assert [(one.ordinal, one.left) for one in state.ended] == [
        (1, "the peer closed the connection")
    ]


def test_exchanges_of_connections_that_take_turns():
    state = live(
        arrived(connection=1),
        arrived(connection=2),
        asked(1.0, b"\x10\x84\0\0", 1),
        asked(1.1, b"\x10\x84\0\0" + bytes(4), 2),
        said(1.2, b"\x10\x04" + bytes(10), 2),
        said(1.3, b"\x10\x04" + bytes(12), 1),
    )
    assert [(e.connection, e.request_size, e.response_size) for e in state.exchanges] == [
        (1, 4, 14),
        (2, 8, 12),
    ]
    assert [(e.request, e.response) for e in state.exchanges] == [("GET_VERSION", "VERSION")] * 2


def test_an_error_with_its_code_and_reason():
    state = live(
        arrived(), *exchange(1.0, CAPABILITIES, INVALID_REQUEST, reason="too\x1b[31m short")
    )
    (one,) = state.exchanges
    assert (one.response, one.error, one.reason) == ("ERROR", "InvalidRequest", "too?[31m short")
    assert (state.errors, state.connections[1].errors) == (1, 1)


@pytest.mark.parametrize(("code", "name"), [("42", "ResponseNotReady"), ("77", "0x77")])
def test_error_codes(code, name):
    error = bytes.fromhex(f"127f{code}00")
    assert live(arrived(), *exchange(1.0, CAPABILITIES, error)).exchanges[0].error == name


def test_what_is_said_unasked_is_an_exchange_of_its_own():
    state = live(
        arrived(), *exchange(1.0, CAPABILITIES, INVALID_REQUEST), said(2.0, INVALID_REQUEST)
    )
    assert [(e.time, e.request) for e in state.exchanges] == [(1.0, "GET_CAPABILITIES"), (2.0, "")]


def test_a_request_that_gets_no_answer_stays_without():
    state = live(arrived(), asked(1.0, CAPABILITIES), *exchange(2.0, CAPABILITIES, INVALID_REQUEST))
    assert [e.response for e in state.exchanges] == ["", "ERROR"]


def test_a_fault_is_counted_and_marks_the_exchange():
    state = live(*attestation(), fired(2.0), fired(3.0), faults=["ver.none", "sig.bitflip"])
    assert list(state.faults) == ["ver.none", "sig.bitflip"]
    struck = state.faults["sig.bitflip"]
    assert (struck.count, struck.time) == (2, 3.0)
    assert struck.what == "CHALLENGE_AUTH: flip 1 of 96 bytes"
    assert state.exchanges[-1].faults == ["sig.bitflip"]
    assert state.faults["ver.none"].count == 0


def test_a_fault_that_was_added_later_is_shown():
    assert list(live(arrived(), fired()).faults) == ["sig.bitflip"]


def lock(number, state, connection=1, what="tdi-state"):
    return Entry(2.0, connection, FunctionNotice(number, what, "in words", state))


def test_interfaces_of_a_device_that_a_connection_brings():
    state = live(arrived(), lock(1, "CONFIG_LOCKED"), functions=2, state="CONFIG_UNLOCKED")
    assert state.devices == {"#1": {0: "CONFIG_UNLOCKED", 1: "CONFIG_LOCKED"}}
    state.take([lock(0, "", what="reset"), left()])
    assert state.devices == {}


def test_interfaces_of_a_device_that_is_plugged_in():
    """Its functions have clients of their own, and addresses beside the first one's."""
    state = Live(functions=2, state="CONFIG_UNLOCKED")
    state.plug("vfio-user:/run/a")
    state.plug("vfio-user:/run/b")
    state.take(
        [
            arrived(connection=1, listener="vfio-user:/run/b"),
            arrived(connection=2, listener="vfio-user:/run/b.1"),
            lock(1, "RUN", connection=2),
            lock(0, "ERROR", connection=0),
            left(connection=2),
        ]
    )
    assert state.devices == {
        "vfio-user:/run/a": {0: "CONFIG_UNLOCKED", 1: "CONFIG_UNLOCKED"},
        "vfio-user:/run/b": {0: "CONFIG_UNLOCKED", 1: "RUN"},
    }


def test_a_device_that_nobody_has_is_found_if_it_is_the_only_one():
    state = Live(functions=1, state="CONFIG_LOCKED")
    state.plug("vfio-user:/run/a")
    state.take([lock(0, "ERROR", connection=0)])
    assert state.devices == {"vfio-user:/run/a": {0: "ERROR"}}


@pytest.mark.parametrize(
    ("event", "level", "text"),
    [
        (DeviceReset("conventional"), "info", "device reset: conventional"),
        (MeasurementChanged(5), "info", "measurement changed: 5"),
        (FunctionNotice(1, "ide-secure", "0"), "info", "function notice: 1, ide-secure, 0"),
        (FunctionNotice(1, "tdi-state", "function 1: to RUN", "RUN"), "info", "function 1: to RUN"),
        (PeerIgnored("noise"), "warning", "peer ignored: noise"),
        (RecordDropped("no such session", b""), "debug", "record dropped: no such session"),
        (EventsLost("mqtt", 3), "warning", "events lost: mqtt, 3"),
        (ObserverLost("journal", "disk full"), "error", "observer lost: journal, disk full"),
        (
            InternalError(1, "Traceback\n  x\nKeyError: 3\n"),
            "error",
            "a bug of this program: KeyError: 3",
        ),
    ],
)
def test_notes(event, level, text):
    (note,) = live(Entry(1.5, 0, event)).notes
    assert (note.time, note.level, note.text) == (1.5, level, text)


def test_faults_may_be_others_after_a_command():
    """Those that stay keep their counts."""
    in_force = ["ver.none", "sig.bitflip"]
    state = Live(lambda: in_force)
    state.take([arrived(), fired()])
    in_force[:] = ["sig.bitflip", "meas.total-0"]
    state.take([Entry(3.0, 0, CommandDone("fault-add"))])
    assert {name: one.count for name, one in state.faults.items()} == {
        "sig.bitflip": 1,
        "meas.total-0": 0,
    }
    assert state.notes[-1].text == "command done: fault-add"


def test_losses_are_added_up():
    state = live(*(Entry(1.0, 0, EventsLost(name, 2)) for name in ("mqtt", "log", "mqtt")))
    assert state.lost == {"mqtt": 4, "log": 2}


def test_events_of_unknown_connections_and_kinds_do_no_harm():
    """Those before may have been lost."""
    state = live(*attestation()[1:], fired(), left())
    assert (state.requests, state.arrived, state.connections) == (3, 0, {})


def test_what_is_kept_is_bounded():
    state = Live(functions=1)
    for number in range(1, 10_100):
        state.take([arrived(connection=number), *exchange(1.0, CAPABILITIES, b"\x12\x61", number)])
        state.take([Entry(1.0, number, PeerIgnored("x"))])
    assert len(state.connections) == len(state.devices) == 10_000
    assert 10_099 in state.connections
    assert len(state.exchanges) == len(state.notes) == 200


def test_printable_text_has_nothing_that_steers_a_terminal():
    assert printable("a\x1b[2J\x9b\u202e b\n") == "a?[2J?? b"
