"""Events of either side in sessions: the responder's are judged, ours listed and told."""

import pytest
from requester.cases_sessions import event, subscription
from requester.peer import code_names, converse, default_options
from requester.session_peer import OWN_FLAGS, SESSION_FLAGS, SessionPeer, session_options

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.versions import V13


def talk(peer, *steps, **changes):
    return converse(peer, default_options(**session_options(*steps, **changes)))


def test_events_are_taken_in_order_and_reported():
    own = {"offer": {"flags": OWN_FLAGS | Cap.EVENT}}
    peer = SessionPeer(versions=(V13,), flags=SESSION_FLAGS | Cap.EVENT, asks=[event(0), event(1)])
    outcome = talk(peer, "events", **own)
    assert [(e.instance, e.type) for e in outcome.report.events] == [
        (0, "certificate changed"),
        (1, "certificate changed"),
    ]
    assert [answer[1] for answer in peer.delivered] == [ResponseCode.EVENT_ACK] * 2


@pytest.mark.parametrize(
    ("first", "second", "code", "observed"),
    [
        ((7,), (9, 8), ResponseCode.EVENT_ACK, []),
        ((7,), (9,), ResponseCode.EVENT_ACK, ["events.missing"]),
        ((7,), (7,), ResponseCode.ERROR, ["encapsulated.declined"]),
    ],
)
def test_events_may_be_lost_but_do_not_come_again(first, second, code, observed):
    own = {"offer": {"flags": OWN_FLAGS | Cap.EVENT}}
    asks = [event(*first), event(*second)]
    peer = SessionPeer(versions=(V13,), flags=SESSION_FLAGS | Cap.EVENT, asks=asks)
    outcome = talk(peer, "events", **own)
    assert peer.delivered[1][1] == code
    assert outcome.observed == observed


@pytest.mark.parametrize(
    "lie",
    [{"id": 3, "vendor": b"\x01\0"}, {"event_type_id": 9}, {"event_detail": b"\0\0"}],
    ids=["registry", "type", "detail"],
)
def test_an_event_that_is_not_understood_is_declined(lie):
    own = {"offer": {"flags": OWN_FLAGS | Cap.EVENT}}
    peer = SessionPeer(versions=(V13,), flags=SESSION_FLAGS | Cap.EVENT, asks=[event(0, **lie)])
    outcome = talk(peer, "events", **own)
    assert peer.delivered[0][1] == ResponseCode.ERROR
    assert not outcome.report.events


OWN_EVENTS = {"offer": {"flags": OWN_FLAGS | Cap.EVENT}}
LIST_EVENTS = bytes.fromhex("13e20000")
LISTED = bytes.fromhex("13620100 12000000 0000 0200 0100 00000000 01000000 04000000")
"""SUPPORTED_EVENT_TYPES: of the DMTF, an event lost and a certificate changed."""


def has_events(*asks, **changes):
    return SessionPeer(versions=(V13,), flags=SESSION_FLAGS | Cap.EVENT, asks=list(asks), **changes)


def test_own_events_are_listed_subscribed_to_and_told():
    peer = has_events(LIST_EVENTS, subscription(4))
    outcome = talk(peer, "give-events", "heartbeat", **OWN_EVENTS)
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert peer.delivered == [LISTED, bytes.fromhex("13700000")]
    (told,) = [r for r in peer.requests if r[1] == RequestCode.SEND_EVENT]
    assert told.hex() == "13f1000001000000000000000000000000000400010001"
    assert outcome.observed == []


@pytest.mark.parametrize(
    "asks",
    [
        [LIST_EVENTS, subscription(1)],
        [LIST_EVENTS, subscription(4), bytes.fromhex("13f00000")],
        [LIST_EVENTS],
    ],
    ids=["of another type", "cancelled", "none"],
)
def test_events_that_nobody_wants_are_not_told(asks):
    peer = has_events(*asks)
    outcome = talk(peer, "give-events", **OWN_EVENTS)
    assert outcome.report.verdict == "attested"
    assert "SEND_EVENT" not in code_names(peer)
    assert ResponseCode.ERROR not in [answer[1] for answer in peer.delivered]


@pytest.mark.parametrize(
    "wrong",
    [
        subscription(9),
        subscription(4, attributes=1),
        subscription(4, id=3, vendor=b"\x86\x80"),
        subscription(4, event_group_version=2),
        subscription(4)[:-1],
    ],
    ids=["unlisted", "all and one", "vendor", "version", "short"],
)
def test_a_wrong_subscription_is_declined_and_changes_nothing(wrong):
    peer = has_events(subscription(attributes=1), wrong)
    outcome = talk(peer, "give-events", **OWN_EVENTS)
    assert [answer.hex() for answer in peer.delivered] == ["13700000", "137f0100"]
    assert "SEND_EVENT" in code_names(peer), "all events are wanted still"
    assert outcome.observed == ["encapsulated.declined", "encapsulated.nothing"]


@pytest.mark.parametrize("ask", [LIST_EVENTS, subscription(4)])
def test_without_the_capability_there_are_no_events(ask):
    peer = has_events(ask)
    outcome = talk(peer, "give-events")
    assert peer.delivered[0].hex() == "137f07" + ask[1:2].hex()
    assert outcome.report.verdict == "attested"


@pytest.mark.parametrize("ask", [LIST_EVENTS, subscription(4)])
def test_outside_of_sessions_there_are_no_events(ask):
    flags = SESSION_FLAGS | Cap.EVENT
    peer = SessionPeer(versions=(V13,), flags=flags, asks=[ask])
    steps = ("authenticate", "challenge", "give-endpoint-info")
    talk(peer, connection=steps, sessions=(), **OWN_EVENTS)
    assert peer.delivered[0].hex() == "137f0b00"
