"""The wire, read from a journal."""

import pytest

from responder.campaign.conversation import converse
from responder.campaign.settings import SETTINGS
from responder.campaign.wire import MAX_EXCHANGES, wire_of_journal, wire_of_run
from responder.core.events import FaultFired, FaultMissed, RequestReceived, ResponseSent
from responder.faults import catalogue
from responder.observe.entry import Entry
from responder.server.events import PeerLeft

VERSION, CAPABILITIES, DIGESTS = b"\x10\x84\0\0", b"\x12\xe1\0\0", b"\x12\x81\0\0"
END, RETRY_LATER = b"\x12\xec\0\0", b"\x12\xff\0\0"


def asked(message, connection=1):
    return Entry(0.0, connection, RequestReceived(message[1], message))


def answered(message, connection=1):
    return Entry(0.0, connection, ResponseSent(message[1], message))


def fired(connection=1, hook="draft"):
    return Entry(0.0, connection, FaultFired("x.y", hook, "set"))


def left(connection=1):
    return Entry(0.0, connection, PeerLeft("peer", "it closed"))


def test_what_came_after_the_strike_is_the_reaction():
    entries = [asked(VERSION), answered(VERSION), asked(DIGESTS), answered(DIGESTS), fired()]
    wire = wire_of_journal([*entries, asked(DIGESTS), asked(END), left()])
    assert wire.reaction == ("retry", "END_SESSION", "close")
    assert wire.went_on == ()
    assert [one.struck for one in wire.exchanges] == [False, True, False, False]
    assert wire.strikes[0].exchange == 1


def test_progress_is_what_is_no_recovery():
    entries = [asked(VERSION), answered(VERSION), fired(), asked(RETRY_LATER), asked(DIGESTS)]
    wire = wire_of_journal(entries)
    assert wire.reaction == ("RESPOND_IF_READY", "GET_DIGESTS", "nothing")
    assert wire.went_on == ("GET_DIGESTS",)


def test_a_strike_before_any_request_is_at_the_next_one():
    wire = wire_of_journal([fired(hook="connection"), asked(VERSION), left()])
    assert wire.exchanges[0].struck
    assert wire.reaction == ("close",)


def test_connections_are_told_apart():
    entries = [asked(VERSION, 1), asked(VERSION, 2), answered(VERSION, 1), fired(1)]
    wire = wire_of_journal(entries)
    assert [(one.connection, one.struck) for one in wire.exchanges] == [(1, True), (2, False)]
    assert wire.connections == 2


def test_without_a_strike_it_is_said_what_came_nearest():
    wire = wire_of_journal([asked(VERSION)], [FaultMissed("x.y", "its hook never came")])
    assert wire.nearest == "its hook never came"
    assert wire.reaction == ()


def test_of_a_long_conversation_the_beginning_is_kept_and_all_is_counted():
    wire = wire_of_journal([asked(VERSION)] * (MAX_EXCHANGES + 5))
    assert len(wire.exchanges) == MAX_EXCHANGES
    assert wire.count == MAX_EXCHANGES + 5


@pytest.mark.parametrize("name", ["meas.sig-zero", "err.busy-once:GET_DIGESTS", "dig.all-wrong"])
def test_a_run_in_process_and_its_journal_say_the_same(name):
    run = converse(SETTINGS["attestation"], catalogue.find(name)[:1], b"wire")
    seen, read = wire_of_run(run), wire_of_journal(run.journal)
    assert [one.request for one in seen.exchanges] == [one.request for one in read.exchanges]
    assert [one.struck for one in seen.exchanges] == [one.struck for one in read.exchanges]
    assert seen.reaction[:-1] == read.reaction[:-1]


def test_times_count_from_the_first_event():
    entries = [
        Entry(7.0, 1, RequestReceived(VERSION[1], VERSION)),
        Entry(7.25, 1, ResponseSent(VERSION[1], VERSION)),
        Entry(8.0, 1, RequestReceived(DIGESTS[1], DIGESTS)),
    ]
    wire = wire_of_journal(entries)
    assert [(one.time, one.took) for one in wire.exchanges] == [(0.0, 0.25), (1.0, 0.0)]


def test_a_run_in_this_process_has_virtual_times():
    times = [one.time for one in wire_of_run(converse(SETTINGS["retry"], (), b"seed")).exchanges]
    assert times == sorted(times)
    assert times[0] == 0.0
    assert 0.03 <= times[-1] < 10


def test_a_run_in_this_process_has_sessions():
    wire = wire_of_run(converse(SETTINGS["session"], (), b"seed"))
    sessions = [one.session for one in wire.exchanges]
    assert sessions[0] is None
    assert len({one for one in sessions if one is not None}) == 1
