"""The order of TH; that captured signatures and keys follow from it is shown by the replay."""

from responder.crypto.hashing import digest
from responder.requester.session_transcript import FirstDigests, SessionTranscript
from responder.spec.algorithms import BASE_HASHES

SHA_256 = BASE_HASHES[0]
VCA = [b"A1", b"A2"]


def hashed(text):
    return digest(SHA_256, text)


def test_a_session_with_certificates_and_mutual_authentication():
    th = SessionTranscript(SHA_256, VCA, digests=b"D", identity=b"ID")
    exchanged = th.exchange(b"KE", b"KER" + b"sig" + b"hmac", signature_size=3, verify_size=4)
    assert exchanged.signed.context == "responder-key_exchange_rsp signing"
    assert exchanged.signed.parts == (b"A1", b"A2", b"D", b"ID", b"KE", b"KER")
    assert exchanged.signed.signature == b"sig"
    assert exchanged.th1 == hashed(b"A1A2DIDKEKERsig")
    assert exchanged.verify_data == b"hmac"
    th.requester(b"RQ", digests=b"ED")
    assert b"".join(th.finish_head(b"F")) == b"A1A2DIDKEKERsighmacEDRQF"
    assert th.finish_signature(b"SIG") == hashed(b"A1A2DIDKEKERsighmacEDRQFSIG")
    th.finish_verify_data(b"MAC")
    assert th.finish_response(b"FR") == (b"", b"")
    assert th.digest() == hashed(b"A1A2DIDKEKERsighmacEDRQFSIGMACFR")


def test_a_handshake_in_the_clear_has_its_hmac_at_the_end():
    th = SessionTranscript(SHA_256, VCA, identity=b"ID")
    assert th.exchange(b"KE", b"KERsig", signature_size=3).verify_data == b""
    th.finish_head(b"F")
    assert th.finish_signature(b"") == hashed(b"A1A2IDKEKERsigF")
    th.finish_verify_data(b"MAC")
    covered, verify_data = th.finish_response(b"FRhmac", verify_size=4)
    assert (covered, verify_data) == (hashed(b"A1A2IDKEKERsigFMACFR"), b"hmac")
    assert th.digest() == hashed(b"A1A2IDKEKERsigFMACFRhmac")


def test_a_psk_session_has_neither_identity_nor_signature():
    th = SessionTranscript(SHA_256, VCA)
    exchanged = th.exchange(b"PE", b"PERhmac", verify_size=4)
    assert exchanged.signed is None
    assert exchanged.th1 == hashed(b"A1A2PEPER")
    assert th.digest() == hashed(b"A1A2PEPERhmac")


def test_a_transcript_leaves_the_callers_messages_alone():
    vca = list(VCA)
    SessionTranscript(SHA_256, vca).exchange(b"KE", b"KER")
    assert vca == VCA


GET_VERSION, ALGORITHMS, GET_DIGESTS, OTHER = 0x84, 0xE3, 0x81, 0x82
DIGESTS, ANOTHER, ERROR = b"\x13\x01first", b"\x13\x01second", b"\x13\x7f\x03\x00"


def kept(*exchanges):
    first = FirstDigests()
    for code, response in exchanges:
        first.see(code, response)
    return first.message


def test_the_first_digests_after_algorithms_are_kept():
    assert kept((ALGORITHMS, b""), (GET_DIGESTS, DIGESTS), (GET_DIGESTS, ANOTHER)) == DIGESTS
    assert kept((ALGORITHMS, b""), (GET_DIGESTS, ERROR), (GET_DIGESTS, DIGESTS)) == DIGESTS
    assert kept(
        (ALGORITHMS, b""), (GET_DIGESTS, DIGESTS), (OTHER, b""), (GET_DIGESTS, ANOTHER)
    ) == (DIGESTS)


def test_digests_after_anything_else_are_not_kept():
    assert kept((ALGORITHMS, b""), (OTHER, b""), (GET_DIGESTS, DIGESTS)) == b""
    assert kept((GET_DIGESTS, DIGESTS)) == b""


def test_get_version_forgets_the_digests():
    assert kept((ALGORITHMS, b""), (GET_DIGESTS, DIGESTS), (GET_VERSION, b"")) == b""
