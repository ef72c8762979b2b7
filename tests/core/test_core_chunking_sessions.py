"""Whole sessions with a requester whose DataTransferSize is 42 bytes, records and all."""

import pytest
from core import raw_requests as raw
from core.chunks import CHUNK_GET, CHUNK_SEND, LARGE_ENOUGH, SMALLEST, InPieces, SayInPieces
from core.fakes import CHUNK, SHA_384, FakeDevice, policy, responder
from core.session_dialogue import SessionDialogue, finish, open_by_key, open_by_psk
from core.test_core_mutual_auth import MUTUAL, Requester, Trust
from core.test_core_mutual_auth import finish as finish_signed
from core.test_core_session import FLAGS, REQUESTER

from responder.core.interfaces import Psk, SessionPolicy

each_version = pytest.mark.parametrize("version", [0x12, 0x13, 0x14], ids="1.{0.real}".format)
SECRET = b"what both have known before"


class SmallSessions(InPieces, SessionDialogue):
    """A requester with small buffers that opens sessions."""


class Inside(SayInPieces):
    """What it says in one of them: every message of more than 42 bytes goes in pieces."""

    def __init__(self, session):
        self.version, self.limit = session.dialogue.version, SMALLEST
        self.carried, self.handle = [], 0
        self._say, session.say = session.say, self.say

    def say_one(self, request):
        assert len(request) <= self.limit
        answer = self._say(request)
        assert len(answer) <= self.limit, f"{len(answer)} bytes"
        return answer


def talk(version, **session):
    device = FakeDevice()
    device.trust = Trust()
    its_policy = policy(
        flags=FLAGS | MUTUAL | CHUNK,
        max_spdm_msg_size=LARGE_ENOUGH,
        session=SessionPolicy(**{"limit": 4} | session),
    )
    dialogue = SmallSessions(
        responder(device, its_policy),
        version,
        offer={"flags": REQUESTER | MUTUAL | CHUNK},
        base_hash=SHA_384,
    )
    return dialogue.reach("negotiated")


def measure(dialogue, session, version):
    request = raw.get_measurements(version, attributes=1)
    dialogue.check_measurements([(request, session.ask(request, 0x60))])


@each_version
@pytest.mark.parametrize("mutual_auth", [2, 4])
def test_a_mutual_session(version, mutual_auth):
    dialogue = talk(version, mutual_auth=mutual_auth)
    session = open_by_key(dialogue)
    inside = Inside(session)
    requester = Requester(session.say, version)
    requester.run(implicit=mutual_auth == 4)
    assert requester.seen == [0x81, 0x82, 0x82]
    assert finish_signed(session, requester)[1] == 0x65
    measure(dialogue, session, version)
    session.ask(bytes([version, 0xEC, 0, 0]), 0x6C)
    assert {CHUNK_SEND, CHUNK_GET} == set(inside.carried) == set(dialogue.carried)


@each_version
def test_a_session_of_a_handshake_that_is_one_sided(version):
    dialogue = talk(version)
    session = open_by_key(dialogue)
    inside = Inside(session)
    finish(session)
    measure(dialogue, session, version)
    assert inside.carried.count(CHUNK_SEND) >= 2, "FINISH is 52 bytes"


@each_version
def test_a_session_of_a_key_that_both_have_had_before(version):
    dialogue = talk(version)
    dialogue.responder.device.psks[b"hint"] = Psk(b"hint", SECRET)
    session = open_by_psk(dialogue, SECRET, b"hint")
    inside = Inside(session)
    measure(dialogue, session, version)
    assert CHUNK_GET in inside.carried
