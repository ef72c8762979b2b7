"""What is masked in a journal, and that nothing else is."""

from responder.campaign.mask import MASK, masked_journal, masked_message, signature_to_mask
from responder.core.events import FaultFired, RequestReceived, ResponseSent
from responder.observe.entry import Entry, entry_as_dict
from responder.server.events import PeerArrived, PeerLeft

AUTH = bytes.fromhex("12030001") + bytes(40) + b"s" * 256
JOURNAL = [
    Entry(0.5, 0, PeerArrived("127.0.0.1:4711", "127.0.0.1:2323")),
    Entry(1.0, 1, RequestReceived(0x83, bytes.fromhex("12830001"))),
    Entry(1.5, 1, ResponseSent(0x03, AUTH)),
    Entry(1.5, 1, FaultFired("a", "post_sign", "x", "CHALLENGE_AUTH", b"s" * 256, b"t")),
    Entry(1.5, 1, FaultFired("a", "draft", "x", "DIGESTS", b"u", b"v")),
    Entry(2.0, 1, PeerLeft("127.0.0.1:4711", "it left")),
]


def test_only_rsapss_and_ml_dsa_have_signatures_that_no_seed_determines():
    assert signature_to_mask("RSAPSS-2048") == 256
    assert signature_to_mask("RSAPSS-4096") == 512
    assert signature_to_mask("ML-DSA-65") == 3309
    assert signature_to_mask("RSASSA-2048") == 0
    assert signature_to_mask("ECDSA-P256") == 0
    assert signature_to_mask("") == 0


def test_the_signature_of_a_message_is_masked():
    assert masked_message(AUTH, 256) == AUTH[:-256]
    assert masked_message(AUTH, 0) == AUTH
    assert masked_message(AUTH[:9], 256) == AUTH[:4]
    digests = bytes.fromhex("12010001") + bytes(300)
    assert masked_message(digests, 256) == digests
    assert masked_message(b"\x12", 256) == b"\x12"
    assert masked_message(None, 256) is None


def test_what_follows_from_a_random_signature_or_encapsulation_is_masked():
    key_exchange = bytes.fromhex("14640000") + bytes(36) + b"exchange" + bytes(600)
    finish, finish_rsp = (bytes.fromhex(f"14{code}0000") + bytes(48) for code in ("e5", "65"))
    chunk = bytes.fromhex("1406000300000000") + bytes(100)
    for how in ({"size": 256}, {"size": 0, "random_keys": True}):
        assert masked_message(key_exchange, **how) == key_exchange[:40]
        assert masked_message(finish, **how) == finish[:4]
        assert masked_message(finish_rsp, **how) == finish_rsp[:4]
        assert masked_message(chunk, **how) == chunk[:8]
    for message in (key_exchange, finish, finish_rsp, chunk):
        assert masked_message(message, 0) == message
    assert masked_message(AUTH, 0, random_keys=True) == AUTH
    (values,) = masked_journal([Entry(0.0, 1, ResponseSent(0x64, key_exchange))], kem=True)
    assert values["message"] == key_exchange[:40].hex()


def test_without_reason_nothing_is_masked_but_peers():
    masked = masked_journal(JOURNAL, algorithm="ECDSA-P256")
    for entry, values in zip(JOURNAL[1:5], masked[1:5], strict=True):
        assert values == entry_as_dict(entry)
    assert (masked[0]["peer"], masked[0]["listener"], masked[0]["time"]) == ("*", "*", 0.5)
    assert (masked[5]["peer"], masked[5]["reason"]) == ("*", "it left")


def test_rsapss_and_sockets_mask_more():
    masked = masked_journal(JOURNAL, algorithm="RSAPSS-2048", real_time=True)
    assert {values["time"] for values in masked} == {"*"}
    assert masked[1]["message"] == "12830001"
    assert masked[2]["message"] == AUTH[:-256].hex()
    assert (masked[3]["before"], masked[3]["after"]) == (256, 1)
    assert (masked[4]["before"], masked[4]["after"]) == ("75", "76")


def test_the_mask_says_why():
    assert all(row.name and row.where and row.reason for row in MASK)
