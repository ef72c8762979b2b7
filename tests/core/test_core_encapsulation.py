"""Flows of encapsulated requests, and what a hook asks aside of them."""

from responder.core.encapsulation import Delivered, Encapsulation
from responder.wire.digests import GetDigests
from responder.wire.version import GetVersion

FIRST, SECOND, ASIDE = GetDigests(param2=1), GetDigests(param2=2), GetVersion()


def flow(got):
    got.append((yield FIRST))
    got.append((yield SECOND))
    return 3


def test_what_is_asked_aside_is_answered_to_nobody():
    got, encapsulation = [], Encapsulation()
    encapsulation.offer(flow(got), None)
    assert encapsulation.begin(None) is FIRST
    encapsulation.asked(ASIDE, None)
    assert encapsulation.aside
    assert encapsulation.awaits(1, None)
    assert encapsulation.resume() is FIRST
    encapsulation.asked(FIRST, None)
    assert encapsulation.awaits(2, None)
    answer = Delivered(b"answer", None)
    assert encapsulation.deliver(answer) == (SECOND, None)
    assert got == [answer]


def test_something_may_be_asked_where_no_flow_waits():
    encapsulation = Encapsulation()
    assert encapsulation.begin(7) is None
    encapsulation.asked(ASIDE, 7)
    assert encapsulation.in_flight
    assert encapsulation.awaits(1, 7)
    assert not encapsulation.awaits(1, None)
    assert encapsulation.resume() is None
    encapsulation.asked(None, 7)
    assert not encapsulation.in_flight
    assert not encapsulation.awaiting


def test_a_session_that_is_gone_takes_what_was_asked_in_it_along():
    encapsulation = Encapsulation()
    encapsulation.asked(ASIDE, 7)
    encapsulation.forget(8)
    assert encapsulation.awaiting
    encapsulation.forget(7)
    assert not encapsulation.awaiting


def test_a_flow_for_anywhere_begins_where_the_requester_asks_first():
    for place in (None, 7):
        encapsulation = Encapsulation()
        encapsulation.offer(flow([]), None, anywhere=True)
        assert encapsulation.begin(place) is FIRST
        assert encapsulation.awaits(1, place)
        assert not encapsulation.awaits(1, 8)
        encapsulation.end()
        assert encapsulation.begin(place) is None


def test_a_flow_for_one_place_waits_there():
    encapsulation = Encapsulation()
    encapsulation.offer(flow([]), None)
    assert encapsulation.begin(7) is None
    assert encapsulation.begin(None) is FIRST
