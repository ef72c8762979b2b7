"""What a signature covers: what enters M1 and L1, and what makes them begin anew.

Rules of DSP0274 "Transcript and transcript hash calculation rules". The transcripts are put
together here; a signature that verifies is the proof.
"""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import NONCE, OTHER_NONCE, VERSIONS, FakeDevice, FakeSlot, responder
from cryptography.exceptions import InvalidSignature

every_version = pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)


def meet(version, state="negotiated"):
    return Dialogue(responder(), version).reach(state)


def measure(dialogue, operation=1, *, signed=False, nonce=NONCE):
    """One GET_MEASUREMENTS and its answer."""
    request = raw.get_measurements(dialogue.version, operation, attributes=int(signed), nonce=nonce)
    return request, dialogue.ask(request, 0x60)


def exchange(dialogue, request):
    """A request and its answer, whatever that is."""
    return request + dialogue.say(request)


def check_m1(dialogue, certificates):
    """CHALLENGE, and that its signature covers VCA, ``certificates`` and itself."""
    dialogue.b = certificates
    dialogue.authenticate()


# M1: A, B and C.


@every_version
def test_m1_without_certificates(version):
    check_m1(meet(version), b"")


@every_version
def test_m1_keeps_every_certificate_portion(version):
    dialogue = meet(version)
    certificates = exchange(dialogue, raw.get_digests(version))
    for slot, offset, length in ((0, 0, 100), (0, 100, 50), (2, 0, 0xFFFF), (0, 0, 100)):
        certificates += exchange(
            dialogue, raw.get_certificate(version, slot, offset=offset, length=length)
        )
    check_m1(dialogue, certificates)


@every_version
def test_m1_with_certificates_but_no_digests(version):
    dialogue = meet(version)
    check_m1(dialogue, exchange(dialogue, raw.get_certificate(version)))


@every_version
def test_get_digests_begins_b_anew(version):
    dialogue = meet(version, "certificate")
    exchange(dialogue, raw.get_digests(version))
    certificates = exchange(dialogue, raw.get_digests(version))
    check_m1(dialogue, certificates + exchange(dialogue, raw.get_certificate(version, 2)))


@every_version
def test_a_challenge_that_succeeded_ends_m1(version):
    dialogue = meet(version, "certificate")
    check_m1(dialogue, dialogue.b)
    check_m1(dialogue, b"")
    check_m1(dialogue, exchange(dialogue, raw.get_certificate(version)))


@every_version
def test_measuring_before_the_first_challenge_drops_b(version):
    dialogue = meet(version, "certificate")
    measure(dialogue)
    check_m1(dialogue, b"")


@every_version
def test_measuring_after_the_first_challenge_keeps_b(version):
    dialogue = meet(version, "authenticated")
    certificates = exchange(dialogue, raw.get_digests(version))
    measure(dialogue)
    measure(dialogue, signed=True)
    check_m1(dialogue, certificates)


@every_version
def test_vendor_requests_are_in_no_transcript(version):
    dialogue = meet(version)
    certificates = exchange(dialogue, raw.get_digests(version))
    exchange(dialogue, raw.vendor_defined(version))
    certificates += exchange(dialogue, raw.get_certificate(version))
    check_m1(dialogue, certificates)


@every_version
def test_refused_requests_are_in_no_transcript(version):
    dialogue = meet(version)
    certificates = exchange(dialogue, raw.get_digests(version))
    for refused in (
        raw.challenge(version, 1),
        raw.get_certificate(version, 1),
        raw.get_digests(version) + b"\0",
        raw.get_measurements(version, 3),
        raw.vendor_defined(version, standard=1),
        raw.negotiate(version),
        raw.get_version(0x11),
    ):
        assert exchange(dialogue, refused)[len(refused) + 1] == 0x7F
    certificates += exchange(dialogue, raw.get_certificate(version))
    check_m1(dialogue, certificates)


@every_version
def test_get_version_begins_every_transcript_anew(version):
    dialogue = meet(version, "authenticated")
    exchange(dialogue, raw.get_digests(version))
    measure(dialogue)
    dialogue.state = "nothing"
    dialogue.reach("negotiated")
    dialogue.check_measurements([measure(dialogue, signed=True)])
    check_m1(dialogue, b"")


@every_version
def test_a_signature_that_fails_leaves_no_transcript_behind(version):
    class Locked(FakeSlot):
        """A slot whose key is of another family once."""

        failures = 1

        def key(self, asym):
            if self.failures:
                self.failures -= 1
                asym = type(asym)("other", 0, asym.since, 64, "ed25519", "eddsa")
            return super().key(asym)

    dialogue = Dialogue(responder(FakeDevice({0: Locked(0)})), version).reach("certificate")
    assert dialogue.say(raw.challenge(version)) == bytes([version, 0x7F, 0x05, 0])
    check_m1(dialogue, dialogue.b)


# Memory is bounded: who reads for ever and never asks for a signature is refused in the end.

FULL = {
    "certificates": (raw.get_certificate, 0x02, raw.get_digests, 0x01),
    "measurements": (raw.get_measurements, 0x60, raw.get_measurements, 0x60),
}


@every_version
@pytest.mark.parametrize("what", FULL)
def test_a_full_transcript_is_refused_until_it_begins_anew(version, what, monkeypatch):
    monkeypatch.setattr("responder.core.transcript.LIMIT", 3000)
    request, code, anew, its_code = FULL[what]
    dialogue = meet(version)
    answers = [dialogue.say(request(version)) for _ in range(50)]
    refused = [answer[1] for answer in answers].index(0x7F)
    assert all(answer[1] == code for answer in answers[:refused])
    assert answers[refused].hex() == f"{version:02x}7f0500"
    exchanged = exchange(dialogue, anew(version))
    assert exchanged[len(anew(version)) + 1] == its_code
    check_m1(dialogue, exchanged if what == "certificates" else b"")


@every_version
def test_a_chain_read_byte_by_byte_is_not_too_long(version):
    slots = {0: FakeSlot(0, certificates=bytes(range(256)) * 4)}
    dialogue = Dialogue(responder(FakeDevice(slots)), version).reach("negotiated")
    certificates = b""
    for offset in range(1000):
        certificates += exchange(dialogue, raw.get_certificate(version, offset=offset, length=1))
    check_m1(dialogue, certificates)


# L1: M, from 1.2 on A and M.


@every_version
def test_l1_gathers_unsigned_and_signed_measurements(version):
    dialogue = meet(version)
    exchanges = [measure(dialogue, operation) for operation in (0, 1, 2, 0xFF)]
    exchanges.append(measure(dialogue, 0xFF, signed=True))
    dialogue.check_measurements(exchanges)


@every_version
def test_a_signature_ends_l1(version):
    dialogue = meet(version)
    dialogue.check_measurements([measure(dialogue), measure(dialogue, signed=True)])
    dialogue.check_measurements([measure(dialogue, signed=True, nonce=OTHER_NONCE)])
    dialogue.check_measurements([measure(dialogue, 2), measure(dialogue, 0, signed=True)])


BETWEEN = {
    "GET_DIGESTS": raw.get_digests,
    "GET_CERTIFICATE": raw.get_certificate,
    "CHALLENGE": raw.challenge,
    "VENDOR_DEFINED": raw.vendor_defined,
}


@every_version
@pytest.mark.parametrize("name", BETWEEN)
def test_any_other_request_begins_l1_anew(version, name):
    dialogue = meet(version)
    before = measure(dialogue)
    assert exchange(dialogue, BETWEEN[name](version))
    after = [measure(dialogue, 2), measure(dialogue, signed=True)]
    dialogue.check_measurements(after)
    with pytest.raises(InvalidSignature):
        dialogue.check_measurements([before, *after])


WRONG = {
    "an index that is not there": lambda version: raw.get_measurements(version, 3),
    "a slot that is empty": lambda version: raw.get_measurements(version, attributes=1, slot=1),
    "a byte too many": lambda version: raw.get_measurements(version) + b"\0",
    "a byte too few": lambda version: raw.get_measurements(version, attributes=1)[:-1],
}


@every_version
@pytest.mark.parametrize("name", WRONG)
def test_an_error_begins_l1_anew(version, name):
    dialogue = meet(version)
    before = measure(dialogue)
    wrong = WRONG[name](version)
    if version == 0x10 and name == "a slot that is empty":
        wrong = raw.get_measurements(version, 0xFE, attributes=1)  # 1.0 has no slot there
    assert exchange(dialogue, wrong)[len(wrong) + 1] == 0x7F
    after = [measure(dialogue, signed=True)]
    dialogue.check_measurements(after)
    with pytest.raises(InvalidSignature):
        dialogue.check_measurements([before, *after])


@every_version
def test_l1_has_vca_from_1_2_on(version):
    dialogue = meet(version)
    exchanges = [measure(dialogue, signed=True)]
    dialogue.check_measurements(exchanges)
    dialogue.a = dialogue.a[:-1] + b"\xff"
    if version < 0x12:
        dialogue.check_measurements(exchanges)
    else:
        with pytest.raises(InvalidSignature):
            dialogue.check_measurements(exchanges)
