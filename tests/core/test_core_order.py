"""Every request in every version, phase and session, with its capability and without."""

import pytest
from core.dialogue import STATES
from core.fakes import SHA_384, VERSIONS, FakeDevice, policy, responder
from core.order_table import (
    BY_PSK,
    ESTABLISHED,
    FACTS,
    HINT,
    OUTSIDE,
    PLACES,
    REQUESTER,
    RESPONDER,
    UNKNOWN,
    Refused,
)
from core.session_dialogue import SessionDialogue, finish, open_by_key, open_by_psk

from responder.core.interfaces import Psk, SessionPolicy
from responder.core.table import REQUESTS
from responder.spec.flags import ExtCap

SECRET = b"what both have known before"
MEL_SELECTED = {"mel": 1}
GET_CAPABILITIES, DECRYPT_ERROR = 0xE1, 0x06
SESSION_CAPABILITIES = (0xE4, 0xE5, 0xE6, 0xE7)
"""Without what these need there is no session in which to ask them."""
NOT_REACHED = {code: STATES.index("digests") for code in (0x81, 0x82, 0x83)}
"""From where on a connection does not come without the capability of a request."""


class Place:
    """A connection as far as ``state``, and where requests are said: outside, or in a session."""

    def __init__(self, version, place, fact=None, *, missing=""):
        own, peer, ext = RESPONDER, REQUESTER, ExtCap.SLOT_MGMT
        if missing == "own":
            own, ext = own & ~fact.own, ExtCap(0) if fact.ext else ext
        if missing == "peer":
            peer &= ~fact.peer
        device = FakeDevice()
        device.psks[HINT] = Psk(HINT, SECRET)
        its_policy = policy(
            flags=own,
            ext_flags=ext,
            algorithms={"mel_specification": 1},
            session=SessionPolicy(heartbeat_period=10),
        )
        self.place, self.session = place, None
        self.dialogue = SessionDialogue(
            responder(device, its_policy),
            version,
            base_hash=SHA_384,
            offer={"flags": peer},
            algorithms=dict(MEL_SELECTED),
        )

    def reach(self, state):
        self.dialogue.reach(state)
        if self.place != OUTSIDE and self.session is None:
            self.session = self._opened()
        return self

    def _opened(self):
        if self.place == BY_PSK:
            return open_by_psk(self.dialogue, SECRET, HINT, complete=False)
        session = open_by_key(self.dialogue)
        return finish(session) if self.place == ESTABLISHED else session

    def say(self, request):
        """The answer; ``None`` once the session has ended with it."""
        return (self.dialogue if self.session is None else self.session).say(request)


def check(fact, version, state, place, answer, *, missing=False):
    """The answer is what the sheets say; returns whether it was a refusal that changes nothing."""
    expected = fact.expected(version, state, place, missing=missing)
    refusals = [one.message(version) for one in expected if isinstance(one, Refused)]
    codes = [one for one in expected if not isinstance(one, Refused)]
    said = f"{fact.code:#04x} {state} {place}: {answer.hex()[:60]}, not {expected}"
    assert answer in refusals or (answer[1] in codes and answer[0] in (version, 0x10)), said
    return answer[1] == 0x7F and answer[2] != DECRYPT_ERROR


def test_the_table_knows_every_request():
    assert {fact.code for fact in FACTS} == set(REQUESTS)
    assert len(FACTS) == 30


def places_of(version):
    return PLACES if version >= 0x11 else (OUTSIDE,)


def states_of(place):
    return STATES if place == OUTSIDE else ("negotiated", "certificate", "authenticated")


CONVERSATIONS = [
    (version, place, state)
    for version in VERSIONS
    for place in places_of(version)
    for state in states_of(place)
]


@pytest.mark.parametrize(("version", "place", "state"), CONVERSATIONS)
def test_every_request_with_its_capability(version, place, state):
    """A connection is used on as long as it refuses: refusals leave everything as it was."""
    at = None
    for fact in (*UNKNOWN, *FACTS):
        at = at or Place(version, place).reach(state)
        answer = at.say(fact.request(version))
        refused = check(fact, version, state, place, answer)
        if not refused or fact.code == GET_CAPABILITIES:  # which fixes the version all the same
            at = None


LACKING = [
    (version, place, fact, missing)
    for version in VERSIONS
    for place in places_of(version)
    for fact in FACTS
    for missing in ("own", "peer")
    if (fact.own or fact.ext if missing == "own" else fact.peer)
    and fact.since <= version
    and not (place != OUTSIDE and fact.code in SESSION_CAPABILITIES)
]


@pytest.mark.parametrize(
    ("version", "place", "fact", "missing"),
    LACKING,
    ids=lambda value: f"{value.code:#x}" if hasattr(value, "code") else str(value),
)
def test_every_request_without_its_capability(version, place, fact, missing):
    at = Place(version, place, fact, missing=missing)
    reached = states_of(place)
    if missing == "own" and fact.code in NOT_REACHED:
        reached = [one for one in reached if STATES.index(one) < NOT_REACHED[fact.code]]
    for state in reached:
        answer = at.reach(state).say(fact.request(version))
        if not check(fact, version, state, place, answer, missing=True):
            at = Place(version, place, fact, missing=missing)
