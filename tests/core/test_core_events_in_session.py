"""Events: what is offered, who gets which, and how they are told through encapsulated requests."""

import pytest
from core.dialogue import Dialogue
from core.error_table import INVALID, SESSION_REQUIRED, UNSUPPORTED
from core.fakes import (
    CERT,
    CHAL,
    ENCAP,
    ENCRYPT,
    EVENT,
    KEY_EX,
    MAC,
    MEAS_SIG,
    VERSIONS,
    FakeDevice,
    policy,
    responder,
)
from core.in_session import InSession

from responder.core.interfaces import SessionPolicy

FLAGS = CERT | CHAL | MEAS_SIG | KEY_EX | ENCRYPT | MAC | ENCAP | EVENT
OFFER = CERT | CHAL | KEY_EX | ENCRYPT | MAC | ENCAP | EVENT
since_13 = pytest.mark.parametrize("version", VERSIONS[3:], ids="1.{0.real}".format)

GET_SUPPORTED, SUBSCRIBE, SEND = 0xE2, 0xF0, 0xF1
GET_ENCAPSULATED, DELIVER = 0xEA, 0xEB
ALL_TYPES = bytes.fromhex("00 00 0400 0100 00000000 01000000 02000000 03000000 04000000")
CHANGED_ONLY = bytes.fromhex("00 00 0100 0100 00000000 02000000")
EVERYTHING = bytes.fromhex("00 00 0000 0100 01000000")
SLOT_0 = bytes.fromhex("00 00 0400 0100 01")
"""A certificate changed, from its registry on."""
NO_PENDING_REQUESTS, REQUEST_IN_FLIGHT, INVALID_RESPONSE_CODE = 0x45, 0x08, 0x09


def meet(version, *, flags=FLAGS, offer=OFFER, wants=False, **kwargs):
    device = FakeDevice()
    sessions = SessionPolicy(wants_events=wants)
    dialogue = Dialogue(
        responder(device, policy(flags=flags, session=sessions)),
        version,
        offer={"flags": offer, **kwargs},
    )
    return InSession(dialogue.reach("negotiated")), device.events


def subscribe(version, *groups, size=None, count=None):
    listed = b"".join(groups)
    size = len(listed) if size is None else size
    count = len(groups) if count is None else count
    return bytes([version, SUBSCRIBE, count, 0]) + size.to_bytes(4, "little") + listed


def unsubscribe(version):
    return bytes([version, SUBSCRIBE, 0, 0])


def send_event(version, *events, count=None):
    count = len(events) if count is None else count
    return bytes([version, SEND, 0, 0]) + count.to_bytes(4, "little") + b"".join(events)


def event(instance_id, rest=SLOT_0):
    return instance_id.to_bytes(4, "little") + bytes(4) + rest


def get_encapsulated(version):
    return bytes([version, GET_ENCAPSULATED, 0, 0])


def deliver(version, request_id, response=None):
    answer = bytes([version, 0x71, 0, 0]) if response is None else response
    return bytes([version, DELIVER, request_id, 0]) + answer


def error(version, code, data=0):
    return bytes([version, 0x7F, code, data])


@since_13
def test_the_types_of_the_device_are_listed(version):
    session, events = meet(version)
    request = bytes([version, GET_SUPPORTED, 0, 0])
    head = bytes([version, 0x62, 1, 0])
    assert session.say(request) == head + b"\x1a\0\0\0" + ALL_TYPES
    events.types = frozenset({1, 4})
    some = bytes.fromhex("00 00 0200 0100 00000000 01000000 04000000")
    assert session.say(request) == head + b"\x12\0\0\0" + some


@since_13
def test_what_is_listed_can_be_subscribed_to_as_it_stands(version):
    session, _ = meet(version)
    listed = session.ask(bytes([version, GET_SUPPORTED, 0, 0]), 0x62)
    ack = session.say(bytes([version, SUBSCRIBE, listed[2], 0]) + listed[4:])
    assert ack == bytes([version, 0x70, 0, 0])
    assert session.session.events.types == {1, 2, 3, 4}


@since_13
@pytest.mark.parametrize(
    ("groups", "types"),
    [
        ((CHANGED_ONLY,), {2}),
        ((EVERYTHING,), {1, 2, 3, 4}),
        ((CHANGED_ONLY, EVERYTHING), {1, 2, 3, 4}),
    ],
)
def test_a_subscription_takes_the_place_of_the_one_before(version, groups, types):
    session, _ = meet(version)
    session.ask(subscribe(version, ALL_TYPES), 0x70)
    session.ask(subscribe(version, *groups), 0x70)
    assert session.session.events.types == types
    session.ask(unsubscribe(version), 0x70)
    assert session.session.events.types == set()


WRONG = {
    "a list of no group": lambda v: subscribe(v, CHANGED_ONLY, count=0),
    "groups without a list": lambda v: subscribe(v, count=1),
    "a group less than told": lambda v: subscribe(v, CHANGED_ONLY, count=2),
    "a group more than told": lambda v: subscribe(v, CHANGED_ONLY, CHANGED_ONLY, count=1),
    "a list that is one byte short": lambda v: subscribe(v, CHANGED_ONLY[:-1]),
    "a length that is too large": lambda v: subscribe(v, CHANGED_ONLY, size=15),
    "a length that is too small": lambda v: subscribe(v, CHANGED_ONLY, size=13),
    "the group of a vendor": lambda v: subscribe(v, b"\x03\x02\x86\x80" + CHANGED_ONLY[2:]),
    "another version of the group": lambda v: subscribe(
        v, CHANGED_ONLY[:4] + b"\x02" + CHANGED_ONLY[5:]
    ),
    "event type 0": lambda v: subscribe(v, CHANGED_ONLY[:10] + bytes(4)),
    "event type 5": lambda v: subscribe(v, CHANGED_ONLY[:10] + b"\x05\0\0\0"),
    "all events and one": lambda v: subscribe(v, CHANGED_ONLY[:6] + b"\x01" + CHANGED_ONLY[7:]),
    "header and length only": lambda v: subscribe(v, count=0),
}


@since_13
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_subscription_is_invalid_and_changes_nothing(version, name):
    session, _ = meet(version)
    session.ask(subscribe(version, CHANGED_ONLY), 0x70)
    assert session.say(WRONG[name](version)) == error(version, INVALID)
    assert session.session.events.types == {2}


@since_13
@pytest.mark.parametrize("code", [GET_SUPPORTED, SUBSCRIBE, SEND])
def test_outside_of_sessions_a_session_is_required(version, code):
    session, _ = meet(version)
    answer = session.dialogue.say(bytes([version, code, 0, 0]) + bytes(4 * (code == SEND)))
    assert answer == error(version, SESSION_REQUIRED)


@since_13
def test_without_the_capability_they_are_unsupported(version):
    session, _ = meet(version, flags=FLAGS & ~EVENT, offer=OFFER & ~EVENT)
    for code in (GET_SUPPORTED, SUBSCRIBE):
        assert session.say(bytes([version, code, 0, 0])) == error(version, UNSUPPORTED, code)
    assert session.say(send_event(version, event(0))) == error(version, UNSUPPORTED, SEND)


@since_13
def test_the_requesters_own_events_are_acknowledged(version):
    session, _ = meet(version)
    for events in ([event(7)], [event(9), event(8)], [event(1, b"\x03\x02\x86\x80\x07\0\0\0")]):
        assert session.say(send_event(version, *events)) == bytes([version, 0x71, 0, 0])


WRONG_EVENTS = {
    "none": send_event,
    "one less than told": lambda v: send_event(v, event(0), count=2),
    "one more than told": lambda v: send_event(v, event(0), event(1), count=1),
    "a gap in the ids": lambda v: send_event(v, event(0), event(2)),
    "an id twice": lambda v: send_event(v, event(0), event(0)),
    "a detail of the wrong size": lambda v: send_event(
        v, event(0, bytes.fromhex("00 00 0400 0200 0101"))
    ),
    "a type that does not exist": lambda v: send_event(
        v, event(0, bytes.fromhex("00 00 0500 0100 01"))
    ),
    "a registry that does not exist": lambda v: send_event(v, event(0, b"\x63" + SLOT_0[1:])),
    "a vendor id where there is none": lambda v: send_event(
        v, event(0, b"\0\x01\xaa" + SLOT_0[2:])
    ),
    "a byte too few": lambda v: send_event(v, event(0))[:-1],
}


@since_13
@pytest.mark.parametrize("name", WRONG_EVENTS)
def test_wrong_events_are_invalid(version, name):
    session, _ = meet(version)
    assert session.say(WRONG_EVENTS[name](version)) == error(version, INVALID)


@since_13
def test_events_are_told_when_the_requester_asks_and_until_it_acknowledges(version):
    session, events = meet(version)
    session.ask(subscribe(version, ALL_TYPES), 0x70)
    nothing = error(version, NO_PENDING_REQUESTS)
    assert session.say(get_encapsulated(version)) == nothing
    events.happen(4, b"\x01")
    events.happen(2, bytes(32))
    changed = b"\0\0\x02\0\x20\0" + bytes(32)
    told = send_event(version, event(0), event(1, changed))
    asked = session.say(get_encapsulated(version))
    assert asked == bytes([version, 0x6A, 1, 0]) + told
    assert session.say(get_encapsulated(version))[4:] == told, "not acknowledged yet"
    events.happen(4, b"\x02")
    ack = session.say(deliver(version, 1))
    more = send_event(version, event(2, SLOT_0[:-1] + b"\x02"))
    assert ack == bytes([version, 0x6B, 2, 1, 1, 0, 0, 0]) + more
    ack = session.say(deliver(version, 2))
    assert ack == bytes([version, 0x6B, 0, 0, 2, 0, 0, 0])
    assert session.say(get_encapsulated(version)) == nothing


@since_13
def test_while_an_event_waits_for_its_acknowledgement_other_requests_are_refused(version):
    session, events = meet(version)
    session.ask(subscribe(version, ALL_TYPES), 0x70)
    events.happen(4, b"\x01")
    session.ask(get_encapsulated(version), 0x6A)
    in_flight = error(version, REQUEST_IN_FLIGHT)
    assert session.say(bytes([version, GET_SUPPORTED, 0, 0])) == in_flight
    session.ask(deliver(version, 1), 0x6B)
    session.ask(bytes([version, GET_SUPPORTED, 0, 0]), 0x62)


@since_13
def test_an_event_that_is_refused_comes_again(version):
    session, events = meet(version)
    session.ask(subscribe(version, ALL_TYPES), 0x70)
    events.happen(4, b"\x01")
    session.ask(get_encapsulated(version), 0x6A)
    session.ask(deliver(version, 1, error(version, INVALID)), 0x7F)
    asked = session.ask(get_encapsulated(version), 0x6A)
    assert asked[4:] == send_event(version, event(0))


@since_13
def test_each_session_has_its_own_subscription_and_ids(version):
    one, events = meet(version)
    other = InSession(one.dialogue, 0xFFFE_0002)
    one.ask(subscribe(version, ALL_TYPES), 0x70)
    events.happen(4, b"\x01")
    other.ask(subscribe(version, ALL_TYPES), 0x70)
    events.happen(4, b"\x02")
    second = SLOT_0[:-1] + b"\x02"
    assert one.say(get_encapsulated(version))[4:] == send_event(version, event(0), event(1, second))
    one.ask(deliver(version, 1), 0x6B)
    assert other.say(get_encapsulated(version))[4:] == send_event(version, event(0, second))


@since_13
def test_events_are_cut_to_what_the_requester_takes(version):
    session, events = meet(version, transfer=64)
    session.ask(subscribe(version, ALL_TYPES), 0x70)
    for slot in range(4):
        events.happen(4, bytes([1 << slot]))
    asked = session.ask(get_encapsulated(version), 0x6A)
    assert asked[4:] == send_event(
        version, *(event(i, SLOT_0[:-1] + bytes([1 << i])) for i in range(3))
    )
    last = session.ask(deliver(version, 1), 0x6B)
    assert last[8:] == send_event(version, event(3, SLOT_0[:-1] + b"\x08"))


@since_13
def test_the_requesters_events_are_subscribed_to_once_in_a_session(version):
    one, events = meet(version, wants=True)
    one.ask(subscribe(version, ALL_TYPES), 0x70)
    events.happen(4, b"\x01")
    asked = one.say(get_encapsulated(version))
    assert asked == bytes([version, 0x6A, 1, 0, version, GET_SUPPORTED, 0, 0])
    listed = bytes([version, 0x62, 1, 0]) + b"\x0e\0\0\0" + CHANGED_ONLY
    ack = one.say(deliver(version, 1, listed))
    assert ack == bytes([version, 0x6B, 2, 1, 1, 0, 0, 0]) + subscribe(version, CHANGED_ONLY)
    ack = one.say(deliver(version, 2, bytes([version, 0x70, 0, 0])))
    assert ack == bytes([version, 0x6B, 0, 0, 2, 0, 0, 0])
    assert one.say(get_encapsulated(version))[4:] == send_event(version, event(0))
    one.ask(deliver(version, 1), 0x6B)
    assert one.say(get_encapsulated(version)) == error(version, NO_PENDING_REQUESTS)
    other = InSession(one.dialogue, 0xFFFE_0002)
    assert other.say(get_encapsulated(version))[5] == GET_SUPPORTED


@since_13
def test_a_requester_without_types_is_not_subscribed_to(version):
    session, _ = meet(version, wants=True)
    session.ask(get_encapsulated(version), 0x6A)
    ack = session.say(deliver(version, 1, bytes([version, 0x62, 0, 0]) + bytes(4)))
    assert ack == bytes([version, 0x6B, 0, 0, 1, 0, 0, 0])


@since_13
@pytest.mark.parametrize("answer", [0x71, 0x7F])
def test_a_requester_that_does_not_list_its_events(version, answer):
    session, _ = meet(version, wants=True)
    session.ask(get_encapsulated(version), 0x6A)
    refused = error(version, INVALID_RESPONSE_CODE)
    assert session.say(deliver(version, 1, bytes([version, answer, 1, 0]))) == refused
    assert session.say(get_encapsulated(version)) == error(version, NO_PENDING_REQUESTS)


@since_13
@pytest.mark.parametrize(("wants", "offer"), [(False, OFFER), (True, OFFER & ~EVENT)])
def test_nobody_is_asked_for_events_that_are_not_wanted_or_not_there(version, wants, offer):
    session, _ = meet(version, wants=wants, offer=offer)
    assert session.say(get_encapsulated(version)) == error(version, NO_PENDING_REQUESTS)
