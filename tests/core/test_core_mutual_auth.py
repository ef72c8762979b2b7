"""The requester proves who it is, and is asked by encapsulated requests: a requester by hand."""

import struct
from dataclasses import dataclass, field

import pytest
from core import raw_requests as raw
from core.dialogue import messages_of, signed_bytes
from core.fakes import (
    CERT,
    ENCAP,
    EP_INFO_SIG,
    HANDSHAKE_IN_THE_CLEAR,
    MUT_AUTH,
    PUB_KEY_ID,
    SHA_384,
    FakeDevice,
    chain_of,
    hashed,
    policy,
    responder,
    signing_key,
)
from core.session_dialogue import SessionDialogue, open_by_key
from core.test_core_session import FLAGS, REQUESTER, error

from responder.core.errors import UntrustedError
from responder.core.interfaces import SessionPolicy
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_bit

VERSIONS = (0x11, 0x12, 0x13, 0x14)
MUTUAL = MUT_AUTH | ENCAP
CHAIN = chain_of(b"certificates of the requester " * 30, SHA_384)
IN_FLIGHT, BAD_RESPONSE, DECRYPT, NOTHING_PENDING = 0x08, 0x09, 0x06, 0x45
UNEXPECTED, INVALID, POLICY, UNSPECIFIED, UNSUPPORTED = 0x04, 0x01, 0x11, 0x05, 0x07
P384 = by_bit(BASE_ASYM, 0x80)
HASH = by_bit(BASE_HASHES, SHA_384)


class Trust:
    """Believes one chain, whose leaf has the test key of P-384."""

    def __init__(self, *, chain=None, public_key=False):
        self._chain = chain
        self._public_key = public_key

    def verify(self, chain, asym, base_hash, version):  # noqa: ARG002
        if chain != CHAIN:
            raise UntrustedError("not that one")
        return signing_key(asym.key).public_key()

    def chain(self, asym, base_hash):  # noqa: ARG002
        return self._chain

    def public_key(self, asym):
        return signing_key(asym.key).public_key() if self._public_key else None


def talk(version=0x12, *, flags=0, offer=REQUESTER | MUTUAL, trust=None, **session):
    """A dialogue that has negotiated with ECDSA P-384 of the requester."""
    device = FakeDevice()
    device.trust = trust or Trust()
    its_policy = policy(
        flags=FLAGS | MUTUAL | flags, session=SessionPolicy(**{"limit": 4} | session)
    )
    dialogue = SessionDialogue(
        responder(device, its_policy),
        version,
        offer={"flags": offer},
        base_hash=SHA_384,
    )
    return dialogue.reach("negotiated")


def sign(version, purpose, transcript):
    """The requester's signature."""
    context = b"requester-" + purpose + b" signing"
    message = signed_bytes(version, context, SHA_384, transcript)
    return signing_key("ecp384").sign(P384, HASH, message)


@dataclass
class Requester:
    """Answers encapsulated requests: one slot, one chain, in portions of 500 bytes.

    Attributes:
        ask: sends a request, in a session or outside of all, and gives back the answer.
        version: the connection's.
        parts: requests and responses, one after the other.
        spoil: changes a response before it is delivered.
    """

    ask: object
    version: int
    parts: bytes = b""
    slot: int = 0
    spoil: object = staticmethod(lambda response: response)
    seen: list = field(default_factory=list)

    def digests(self, request):  # noqa: ARG002
        return bytes([self.version, 0x01, 0, 1 << self.slot]) + hashed(SHA_384, CHAIN)

    def certificate(self, request):
        assert request[2] == self.slot
        offset, length = struct.unpack("<HH", request[4:8])
        portion = CHAIN[offset : offset + min(length, 500)]
        rest = len(CHAIN) - offset - len(portion)
        return (
            bytes([self.version, 0x02, self.slot, 0])
            + struct.pack("<HH", len(portion), rest)
            + portion
        )

    def challenge_auth(self, request):
        nonce, context = request[4:36], request[36:]
        body = bytes([self.version, 0x03, self.slot, 1 << self.slot]) + hashed(SHA_384, CHAIN)
        body += nonce[::-1] + bytes(2) + context
        transcript = self.parts + request + body
        return body + sign(self.version, b"challenge_auth", transcript)

    def answer(self, request):
        """The response to an encapsulated request."""
        assert request[0] == self.version
        made = {0x81: self.digests, 0x82: self.certificate, 0x83: self.challenge_auth}
        response = self.spoil(made[request[1]](request))
        self.seen.append(request[1])
        self.parts += request + response
        return response

    def run(self, *, implicit=False):
        """The whole flow; the last acknowledgement."""
        size = 4 if self.version == 0x11 else 8
        if implicit:
            request_id, request = 0, bytes([self.version, 0x81, 0, 0])
        else:
            first = self.ask(bytes([self.version, 0xEA, 0, 0]))
            assert first[:2] == bytes([self.version, 0x6A]), first.hex()
            request_id, request = first[2], first[4:]
        while True:
            response = self.answer(request)
            ack = self.ask(bytes([self.version, 0xEB, request_id, 0]) + response)
            if ack[1] != 0x6B or ack[2] == 0:
                return ack
            assert self.version == 0x11 or ack[4:8] == bytes([request_id, 0, 0, 0])
            assert (ack[2], ack[3]) == (request_id + 1, 1)
            request_id, request = ack[2], ack[size:]


def finish(session, requester, *, slot=0, identity=None, signature=None, clear=False):
    """FINISH with a signature."""
    dialogue = session.dialogue
    header = bytes([dialogue.version, 0xE5, 1, slot])
    header += bytes(2) if dialogue.version >= 0x14 else b""
    session.th += (hashed(SHA_384, CHAIN) if identity is None else identity) + header
    signed = sign(dialogue.version, b"finish", session.th) if signature is None else signature
    session.th += signed
    mine = session.verify_data("request")
    session.th += mine
    request = header + signed + mine
    answer = dialogue.say(request) if clear else session.say(request)
    if answer[1] == 0x65:
        session.th += answer
        session.establish()
    return answer


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("slot", [0, 3])
def test_in_a_session_with_encapsulated_requests(version, slot):
    dialogue = talk(version, mutual_auth=2, requester_slot=slot)
    session = open_by_key(dialogue)
    assert session.answer[6:8] == bytes([2, 0])
    requester = Requester(session.say, version, slot=slot)
    ack = requester.run()
    assert requester.seen == [0x81, 0x82, 0x82]
    size = 4 if version == 0x11 else 8
    assert ack[3:4] + ack[size:] == (bytes([2, slot]) if slot else b"\0")
    assert finish(session, requester, slot=slot)[1] == 0x65
    session.ask(raw.get_digests(version), 0x01)


@pytest.mark.parametrize("version", VERSIONS)
def test_in_a_session_with_digests_understood(version):
    session = open_by_key(talk(version, mutual_auth=4))
    requester = Requester(session.say, version)
    requester.run(implicit=True)
    assert finish(session, requester)[1] == 0x65


@pytest.mark.parametrize("version", VERSIONS)
def test_without_encapsulation_the_chain_is_known_before(version):
    dialogue = talk(version, trust=Trust(chain=CHAIN), mutual_auth=1, requester_slot=2)
    session = open_by_key(dialogue)
    assert session.answer[6:8] == bytes([1, 2])
    assert finish(session, None, slot=2)[1] == 0x65


def test_a_provisioned_public_key():
    offer = REQUESTER & ~CERT | MUTUAL | PUB_KEY_ID
    dialogue = talk(trust=Trust(public_key=True), mutual_auth=2, offer=offer)
    session = open_by_key(dialogue)
    assert session.answer[6:8] == bytes([1, 0xF])
    der = signing_key("ecp384").public_key_der()
    assert finish(session, None, slot=0xFF, identity=hashed(SHA_384, der))[1] == 0x65


@pytest.mark.parametrize("version", VERSIONS)
def test_basic_mutual_authentication_after_challenge(version):
    dialogue = talk(version, basic_mutual_auth=True).reach("certificate")
    answer = dialogue.authenticate()
    assert answer[2] == 0x80
    assert dialogue.say(raw.get_digests(version)) == error(IN_FLIGHT, version)
    parts = dialogue.a if version >= 0x12 else b""
    requester = Requester(dialogue.say, version, parts)
    ack = requester.run()
    assert ack[1] == 0x6B, ack.hex()
    assert requester.seen == [0x81, 0x82, 0x82, 0x83]
    dialogue.ask(raw.get_digests(version), 0x01)


def test_the_handshake_in_the_clear_asks_in_the_clear():
    clear = HANDSHAKE_IN_THE_CLEAR
    dialogue = talk(flags=clear, offer=REQUESTER | MUTUAL | clear, mutual_auth=2)
    session = open_by_key(dialogue, clear=True)
    requester = Requester(dialogue.say, 0x12)
    requester.run()
    answer = finish(session, requester, clear=True)
    assert answer[1] == 0x65


class TestTheEndOfTheSession:
    """What was to be asked in a session ends with it: the connection is not held up."""

    @pytest.mark.parametrize("clear", [False, True])
    @pytest.mark.parametrize("begun", [False, True])
    def test_it_ends_its_flow(self, clear, begun):
        flag = HANDSHAKE_IN_THE_CLEAR if clear else 0
        dialogue = talk(flags=flag, offer=REQUESTER | MUTUAL | flag, mutual_auth=2)
        session = open_by_key(dialogue, clear=clear)
        if begun:
            ask = dialogue.ask if clear else session.ask
            ask(bytes([0x12, 0xEA, 0, 0]), 0x6A)
        assert dialogue.say(raw.get_digests(0x12)) == error(IN_FLIGHT)
        record = session.seal(raw.get_digests(0x12))
        assert messages_of(session.hear(record[:-1] + b"?")) == [error(DECRYPT)]
        dialogue.ask(raw.get_digests(0x12), 0x01)
        assert dialogue.say(bytes([0x12, 0xEA, 0, 0])) == error(UNEXPECTED)

    def test_asking_in_another_place_does_not_lift_the_demand(self):
        dialogue = talk(mutual_auth=2)
        session = open_by_key(dialogue)
        assert dialogue.say(bytes([0x12, 0xEA, 0, 0])) == error(UNEXPECTED)
        assert dialogue.say(raw.get_digests(0x12)) == error(IN_FLIGHT)
        requester = Requester(session.say, 0x12)
        requester.run()
        assert finish(session, requester)[1] == 0x65


class TestRefusals:
    def test_another_request_while_an_encapsulated_one_is_in_flight(self):
        session = open_by_key(talk(mutual_auth=2))
        assert session.say(bytes([0x12, 0xE5, 0, 0]) + bytes(48)) == error(IN_FLIGHT)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda r: r[:4] + bytes(48) if r[1] == 0x01 else r,
            lambda r: r[:-1] + b"?" if r[1] == 0x02 else r,
            lambda r: r[:4] + bytes(2) + r[6:8] if r[1] == 0x02 else r,
            lambda _: bytes([0x12, 0x04, 0, 0]),
            lambda r: bytes([0x11]) + r[1:],
            lambda _: bytes([0x12, 0x7F, 0x05, 0]),
            lambda r: r[:10],
            lambda _: b"",
        ],
    )
    def test_a_response_that_cannot_be(self, spoil):
        session = open_by_key(talk(mutual_auth=2))
        requester = Requester(session.say, 0x12, spoil=spoil)
        assert requester.run() == error(BAD_RESPONSE)

    def test_a_chain_that_is_not_believed(self):
        dialogue = talk(mutual_auth=2)
        dialogue.responder.device.trust.verify = _refuse
        requester = Requester(open_by_key(dialogue).say, 0x12)
        assert requester.run() == error(BAD_RESPONSE)

    def test_a_requester_that_is_not_ready_ends_the_flow(self):
        session = open_by_key(talk(mutual_auth=2))
        spoil = lambda _: bytes([0x12, 0x7F, 0x42, 0, 1, 0x81, 1, 2])  # noqa: E731
        ack = Requester(session.say, 0x12, spoil=spoil).run()
        assert ack[1:4] == bytes([0x6B, 0, 0])

    def test_another_request_id(self):
        session = open_by_key(talk(mutual_auth=2))
        session.ask(bytes([0x12, 0xEA, 0, 0]), 0x6A)
        assert session.say(bytes([0x12, 0xEB, 2, 0]) + bytes(8)) == error(INVALID)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_nothing_to_ask(self, version):
        code = NOTHING_PENDING if version >= 0x13 else UNEXPECTED
        dialogue = talk(version)
        assert dialogue.say(bytes([version, 0xEA, 0, 0])) == error(code, version)
        assert dialogue.say(bytes([version, 0xEB, 1, 0])) == error(UNEXPECTED, version)

    def test_without_the_capability(self):
        dialogue = talk(0x13, offer=REQUESTER)
        assert dialogue.say(bytes([0x13, 0xEA, 0, 0])) == error(UNSUPPORTED, 0x13, 0xEA)

    def test_a_wrong_signature_ends_the_session(self):
        session = open_by_key(talk(mutual_auth=2))
        requester = Requester(session.say, 0x12)
        requester.run()
        assert finish(session, requester, signature=bytes(96)) == error(DECRYPT)
        assert session.dialogue.responder.connection.sessions == {}

    @pytest.mark.parametrize(("slot", "asked"), [(1, 2), (8, 2), (0xFF, 2), (0, 0)])
    def test_another_slot_or_a_signature_that_nobody_asked_for(self, slot, asked):
        session = open_by_key(talk(mutual_auth=asked))
        requester = Requester(session.say, 0x12)
        if asked:
            requester.run()
        assert finish(session, requester, slot=slot) == error(INVALID)

    @pytest.mark.parametrize(("version", "code"), [(0x12, UNSPECIFIED), (0x13, POLICY)])
    def test_the_profile_insists(self, version, code):
        from core.session_dialogue import key_exchange, own_share

        dialogue = talk(version, offer=REQUESTER, mutual_auth=2, mutual_auth_required=True)
        request = key_exchange(version, share=own_share()[1])
        assert dialogue.say(request) == error(code, version)
        assert open_by_key(talk(version, offer=REQUESTER, mutual_auth=2)).answer[6] == 0


def _refuse(*_):
    raise UntrustedError("nobody")


class TestWishes:
    def test_the_device_updates_its_own_key(self):
        from core.session_dialogue import finish as plain_finish

        dialogue = talk(offer=REQUESTER | ENCAP)
        session = plain_finish(open_by_key(dialogue))
        dialogue.responder.want("key-update", session.session_id)
        asked = session.ask(bytes([0x12, 0xEA, 0, 0]), 0x6A)
        tag = asked[7]
        assert asked[2:] == bytes([1, 0, 0x12, 0xE9, 1, tag])
        record = session.seal(bytes([0x12, 0xEB, 1, 0, 0x12, 0x69, 1, tag]))
        session.update("response")
        (answer,) = messages_of(session.hear(record))
        ack = session.open(answer)
        assert ack[:12] == bytes([0x12, 0x6B, 2, 1, 1, 0, 0, 0, 0x12, 0xE9, 3, ack[11]])
        last = session.say(bytes([0x12, 0xEB, 2, 0, 0x12, 0x69, 3, ack[11]]))
        assert last == bytes([0x12, 0x6B, 0, 0, 2, 0, 0, 0])

    @pytest.mark.parametrize("good", [True, False])
    def test_the_device_asks_who_the_requester_is(self, good):
        offer = REQUESTER | MUTUAL | EP_INFO_SIG
        dialogue = talk(0x13, offer=offer, basic_mutual_auth=True).reach("certificate")
        dialogue.authenticate()
        Requester(dialogue.say, 0x13, dialogue.a).run()
        dialogue.responder.want("endpoint-info", None)
        asked = dialogue.ask(bytes([0x13, 0xEA, 0, 0]), 0x6A)[4:]
        assert asked[:8] == bytes([0x13, 0x87, 1, 0, 1, 0, 0, 0])
        body = bytes([0x13, 0x07, 0, 0]) + bytes(4) + asked[8:] + struct.pack("<I", 4) + bytes(4)
        signature = sign(0x13, b"endpoint_info", dialogue.a + asked + body)
        body += signature if good else bytes(96)
        answer = dialogue.say(bytes([0x13, 0xEB, 1, 0]) + body)
        assert answer == (
            bytes([0x13, 0x6B, 0, 0, 1, 0, 0, 0]) if good else error(BAD_RESPONSE, 0x13)
        )

    def test_a_wish_for_a_session_that_is_not_there(self):
        dialogue = talk(0x13)
        dialogue.responder.want("key-update", 77)
        assert dialogue.say(bytes([0x13, 0xEA, 0, 0])) == error(NOTHING_PENDING, 0x13)
