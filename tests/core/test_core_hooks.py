"""The places at which faults take hold: what each may do, and what the core does then."""
# ruff: noqa: ARG002 - hooks take what the core hands them

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue, signed_bytes, verify
from core.fakes import MEASUREMENTS, P256, SHA_256, VERSIONS, block_of, responder
from cryptography.exceptions import InvalidSignature

from responder.core.effects import ArmTimer, Close, Send
from responder.core.errors import ProtocolError
from responder.core.events import FaultFired, ResponseSent
from responder.core.hooks import Defer, Frame, Hooks, Link, Write

every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
BUSY, RESYNCH = 0x03, 0x43


def meet(hooks, version=0x12, state="negotiated"):
    return Dialogue(responder(hooks=hooks), version).reach(state)


class OnCode(Hooks):
    """Meets requests of one code with ``fate``."""

    def __init__(self, code, fate, times=1):
        self.code, self.fate, self.times = code, fate, times

    def request(self, exchange):
        if exchange.request.code != self.code or not self.times:
            return None
        self.times -= 1
        return self.fate


@every_version
@pytest.mark.parametrize("code", [BUSY, RESYNCH])
def test_a_request_may_be_refused_and_is_then_in_no_transcript(version, code):
    dialogue = meet(OnCode(0x81, ProtocolError(code)), version)
    assert dialogue.say(raw.get_digests(version)) == bytes([version, 0x7F, code, 0])
    dialogue.reach("certificate").authenticate()


@every_version
def test_a_request_may_get_no_answer(version):
    dialogue = meet(OnCode(0x83, []), version)
    assert dialogue.hear(raw.challenge(version)) == []
    dialogue.authenticate()


def test_a_request_may_be_answered_with_anything():
    dialogue = meet(OnCode(0x81, [Send(b"\x12\x01junk")]))
    assert dialogue.say(raw.get_digests(0x12)) == b"\x12\x01junk"
    dialogue.reach("certificate").authenticate()


def test_effects_of_the_request_hook_are_done_and_what_is_sent_is_told():
    wanted = [Send(b"\x12\x01late", delay=3.0), Close("enough", "rst", 4.0), ArmTimer("t", 9.0)]
    dialogue = meet(OnCode(0x81, wanted))
    effects = dialogue.responder.receive(raw.get_digests(0x12), 1.0)
    assert [effect for effect in effects if effect in wanted] == wanted
    told = [one.event for one in effects if isinstance(getattr(one, "event", None), ResponseSent)]
    assert [event.message for event in told] == [b"\x12\x01late"]


def test_a_request_may_be_put_off_with_any_hints():
    dialogue = meet(OnCode(0x81, Defer(1_000, rdt_exponent=255, token=7, rdtm=0)))
    answer = dialogue.say(raw.get_digests(0x12))
    assert answer == bytes([0x12, 0x7F, 0x42, 0, 255, 0x81, 7, 0])
    dialogue.now += 0.001
    assert dialogue.say(raw.respond_if_ready(0x12, 0x81, 7))[1] == 0x01


@every_version
def test_the_signature_covers_what_the_draft_says(version):
    class OtherNonce(Hooks):
        def draft(self, exchange, response):
            return response.replace(nonce=bytes(32)) if response.code == 0x03 else response

    dialogue = meet(OtherNonce(), version)
    assert dialogue.authenticate()[4 + 32 : 4 + 64] == bytes(32)


@every_version
def test_an_error_passes_the_draft_hook_too(version):
    class OtherError(Hooks):
        def draft(self, exchange, response):
            return response.replace(error_data=0x77) if response.code == 0x7F else response

    dialogue = meet(OtherError(), version)
    assert dialogue.say(raw.get_certificate(version, 1)) == bytes([version, 0x7F, 1, 0x77])
    assert dialogue.say(bytes([version, 0x89, 0, 0])) == bytes([version, 0x7F, 7, 0x77])
    dialogue.authenticate()


@every_version
def test_pre_sign_sees_the_parts_by_name_and_may_leave_one_out(version):
    seen = []

    class Forgetful(Hooks):
        def pre_sign(self, exchange, signing):
            seen.extend(name for name, _ in signing.parts)
            signing.parts = [part for part in signing.parts if part[0] != "CERTIFICATE"]
            return signing

    dialogue = meet(Forgetful(), version, "certificate")
    request = raw.challenge(version)
    answer = dialogue.ask(request, 0x03)
    assert seen == [
        "GET_VERSION", "VERSION", "GET_CAPABILITIES", "CAPABILITIES",
        "NEGOTIATE_ALGORITHMS", "ALGORITHMS", "GET_DIGESTS", "DIGESTS",
        "GET_CERTIFICATE", "CERTIFICATE", "CHALLENGE", "CHALLENGE_AUTH",
    ]  # fmt: skip
    with pytest.raises(InvalidSignature):
        dialogue.check_challenge(request, answer)
    certificate = raw.get_certificate(version)
    dialogue.b = dialogue.b[: dialogue.b.index(certificate) + len(certificate)]
    dialogue.check_challenge(request, answer)


def test_pre_sign_may_change_context_and_version():
    class OtherContext(Hooks):
        def pre_sign(self, exchange, signing):
            assert signing.context == "responder-challenge_auth signing"
            assert (signing.version, signing.scheme.bit, signing.base_hash.bit) == (0x13, 16, 1)
            signing.context, signing.version = "requester-challenge_auth signing", 0x12
            return signing

    dialogue = meet(OtherContext(), 0x13)
    request = raw.challenge(0x13)
    answer = dialogue.ask(request, 0x03)
    transcript = dialogue.a + request + answer[:-64]
    context = b"requester-challenge_auth signing"
    verify(P256, SHA_256, signed_bytes(0x12, context, SHA_256, transcript), answer[-64:])


def test_post_sign_changes_only_the_signature():
    class Zeros(Hooks):
        def post_sign(self, exchange, signing, signature):
            assert signing.context == "responder-challenge_auth signing"
            return bytes(len(signature))

    plain = meet(Hooks()).ask(raw.challenge(0x12), 0x03)
    zeroed = meet(Zeros()).ask(raw.challenge(0x12), 0x03)
    assert zeroed == plain[:-64] + bytes(64)


def test_a_message_may_be_sent_twice_or_cut_and_the_transcript_does_not_notice():
    class Stutter(Hooks):
        def message(self, exchange, message):
            whole = [Send(message)]
            return [*whole, Send(message[:5])] if message[1] == 0x01 else whole

    dialogue = meet(Stutter())
    request = raw.get_digests(0x12)
    whole, cut = dialogue.hear(request)
    assert cut == whole[:5]
    dialogue.took(request, whole, "digests")
    dialogue.authenticate()


def test_a_phase_change_may_be_suppressed():
    class Stuck(Hooks):
        def transition(self, connection, before, after):
            return after != "NEGOTIATED"

    dialogue = Dialogue(responder(hooks=Stuck()), 0x12).reach("negotiated")
    assert dialogue.say(raw.get_digests(0x12)) == bytes([0x12, 0x7F, 4, 0])
    assert dialogue.ask(raw.negotiate(0x12), 0x63)


def test_the_connection_hook_hears_of_arrival_and_departure():
    heard = []

    class Listener(Hooks):
        def connection(self, event, connection):
            heard.append((event, connection.phase.name))

    peer = responder(hooks=Listener())
    peer.opened()
    Dialogue(peer, 0x12).reach("authenticated")
    peer.closed()
    assert heard == [("opened", "NOT_STARTED"), ("closed", "AUTHENTICATED")]


def test_a_timer_of_a_hook_may_speak_and_that_is_told():
    class Speaker(Hooks):
        def expired(self, name, connection, now):
            return [Send(f"{name} at {now:g} in {connection.phase.name}".encode())]

    send, told = meet(Speaker()).responder.expire("t", 9.0)
    assert send == Send(b"t at 9 in NEGOTIATED")
    assert told.event.message == send.message


def test_other_hooks_may_take_the_place_of_those_before():
    dialogue = meet(OnCode(0x81, [], times=99))
    assert dialogue.hear(raw.get_digests(0x12)) == []
    dialogue.responder.use(Hooks())
    dialogue.reach("digests")


def test_hooks_see_request_bytes_without_padding_and_evidence_is_emitted():
    class Witness(Hooks):
        def request(self, exchange):
            exchange.evidence.append(FaultFired("x", "request", exchange.raw_request.hex()))

    effects = responder(hooks=Witness()).receive(raw.get_version() + bytes(2), 3.5, padding=3)
    assert effects[-2].event == FaultFired("x", "request", "10840000")


def test_default_hooks_change_nothing():
    hooks = Hooks()
    link, frame = Link(0.0), Frame("dsp0287", "tcp", "spdm", b"frame")
    assert hooks.frame(link, frame) == [Write(b"frame")]
    assert (hooks.accepts(link), hooks.accepted(link), link.evidence) == (True, [], [])
    dialogue = meet(hooks)
    answer = dialogue.ask(raw.get_measurements(0x12, 1), 0x60)
    assert block_of(MEASUREMENTS[0], SHA_256) in answer
