"""What the requester signs; that captured signatures verify over it is shown by the replay."""

from responder.requester.encapsulated_transcript import EncapsulatedTranscript

VCA = [b"A1", b"A2"]
DIGESTS, CERTIFICATE, CHALLENGE, ENDPOINT_INFO = 0x81, 0x82, 0x83, 0x87


def covered(version, *codes):
    transcript = EncapsulatedTranscript(VCA)
    for number, code in enumerate(codes):
        signed = transcript.covered(bytes((version, code)), b"r%d" % number)
    return signed and b"".join(signed.parts).hex(" ", 2)


def expected(*parts):
    return b"".join(parts).hex(" ", 2)


def test_a_challenge_covers_the_certificates_before_it():
    parts = (b"\x12\x81", b"r0", b"\x12\x82", b"r1", b"\x12\x83", b"r2")
    assert covered(0x12, DIGESTS, CERTIFICATE, CHALLENGE) == expected(*VCA, *parts)


def test_before_1_2_the_messages_up_to_algorithms_are_no_part_of_it():
    assert covered(0x11, DIGESTS, CHALLENGE) == expected(b"\x11\x81", b"r0", b"\x11\x83", b"r1")


def test_get_digests_begins_anew():
    parts = (b"\x12\x81", b"r2", b"\x12\x83", b"r3")
    assert covered(0x12, DIGESTS, CERTIFICATE, DIGESTS, CHALLENGE) == expected(*VCA, *parts)


def test_a_second_challenge_covers_nothing_of_the_first():
    assert covered(0x12, DIGESTS, CHALLENGE, CHALLENGE) == expected(*VCA, b"\x12\x83", b"r2")


def test_endpoint_information_covers_nothing_else():
    assert covered(0x13, DIGESTS, ENDPOINT_INFO) == expected(*VCA, b"\x13\x87", b"r1")


def test_the_context_says_who_signs_what():
    transcript = EncapsulatedTranscript(VCA)
    challenge = transcript.covered(b"\x13\x83", b"")
    assert challenge.context == "requester-challenge_auth signing"
    assert transcript.covered(b"\x13\x87", b"").context == "requester-endpoint_info signing"
    assert transcript.covered(b"\x13\x81", b"") is None
