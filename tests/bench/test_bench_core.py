"""CPU inside the core for one attestation, against the cryptography that it cannot avoid."""

import statistics
import sys

import pytest
from measuring import cpu_seconds, median_of, within

from responder.core.effects import Send
from responder.core.responder import Responder
from responder.crypto import hashing
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PrivateKey
from responder.profiles.load import load_profile

NONCE = bytes(range(32))
VERSION = 0x12
CAPABILITIES = bytes([VERSION, 0xE1, 0, 0, 0, 20, 0, 0]) + bytes.fromhex(
    "06000000 00120000 00120000"
)
DIGESTS = bytes([VERSION, 0x81, 0, 0])
CERTIFICATE = bytes([VERSION, 0x82, 0, 0, 0, 0, 0xFF, 0xFF])
CHALLENGE = bytes([VERSION, 0x83, 0, 0]) + NONCE
MEASUREMENTS = bytes([VERSION, 0xE0, 1, 0xFF]) + NONCE + b"\0"


def algorithms(base_asym: int) -> bytes:
    """NEGOTIATE_ALGORITHMS for one signature algorithm and SHA-384."""
    body = bytes([1, 2]) + base_asym.to_bytes(4, "little") + (2).to_bytes(4, "little") + bytes(16)
    return bytes([VERSION, 0xE3, 0, 0, 32, 0]) + body


def conversation(base_asym: int) -> list[bytes]:
    """The requests of a whole attestation."""
    return [
        bytes.fromhex("10840000"),
        CAPABILITIES,
        algorithms(base_asym),
        DIGESTS,
        CERTIFICATE,
        CHALLENGE,
        MEASUREMENTS,
    ]


def attest(responder: Responder, requests: list[bytes]) -> None:
    for request in requests:
        effects = responder.receive(request, 0.0)
        sent = [effect.message for effect in effects if isinstance(effect, Send)]
        assert [message[1] for message in sent] == [request[1] & 0x7F]


def recorded_crypto(responder, requests, monkeypatch):
    """Every signature and digest that one attestation computes, to be computed again alone."""
    calls = []
    sign, digest = PrivateKey.sign, hashing.digest

    def spy_sign(*arguments):
        calls.append(lambda: sign(*arguments))
        return sign(*arguments)

    def spy_digest(base_hash, *parts):
        calls.append(lambda: digest(base_hash, *parts))
        return digest(base_hash, *parts)

    with monkeypatch.context() as patch:
        patch.setattr(PrivateKey, "sign", spy_sign)
        for name, module in list(sys.modules.items()):
            if name.startswith("responder.") and getattr(module, "digest", None) is digest:
                patch.setattr(module, "digest", spy_digest)
        attest(responder, requests)
    return calls


@pytest.mark.parametrize(
    ("profile", "base_asym", "limit"), [("ecdsa-p384", 0x80, 3.0), ("rsapss-3072", 0x08, 2.0)]
)
def test_core_costs_little_beside_its_cryptography(profile, base_asym, limit, report, monkeypatch):
    loaded = load_profile(profile)
    responder = Responder(loaded.device, loaded.policy, RandomTree(b"bench"))
    requests = conversation(base_asym)
    attest(responder, requests)
    calls = recorded_crypto(responder, requests, monkeypatch)
    assert sum(1 for call in calls if call) >= 2

    def ratio() -> float:
        core = cpu_seconds(lambda: [attest(responder, requests) for _ in range(5)])
        crypto = cpu_seconds(lambda: [[call() for call in calls] for _ in range(5)])
        return core / crypto

    measured = within(limit, lambda: median_of(ratio, 15))
    each = statistics.median(cpu_seconds(lambda: attest(responder, requests)) for _ in range(15))
    report.add(f"core CPU / crypto CPU, {profile}", f"{measured:.2f}", f"at most {limit}")
    report.add(f"core CPU of one attestation, {profile}", f"{each * 1e6:.0f} us", "")
    assert measured <= limit
