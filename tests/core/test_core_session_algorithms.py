"""Sessions with every key exchange and cipher, by hand: ``pow`` and ``cryptography`` alone."""

import pytest
from core import raw_requests as raw
from core.fakes import (
    CERT,
    CHAL,
    ENCRYPT,
    KEY_EX,
    MAC,
    MEAS_SIG,
    ML_DSA_65,
    P384,
    SHA_384,
    policy,
    responder,
)
from core.session_dialogue import CurveShare, SessionDialogue, finish, open_by_key
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from responder.core.interfaces import SessionPolicy
from responder.crypto.key_agreement import field_prime

FLAGS = CERT | CHAL | MEAS_SIG | ENCRYPT | MAC | KEY_EX
DHE, AEAD, KEY_SCHEDULE, KEM = 2, 3, 5, 7
PRIVATE = 0x1234_5678_9ABC_DEF0


class FieldShare:
    """A finite field (RFC 7919); its primes are compared with OpenSSL's in the tests of crypto."""

    def __init__(self, bits):
        self.prime, self.answer_size = field_prime(f"FFDHE{bits}"), bits // 8
        self.data = pow(2, PRIVATE, self.prime).to_bytes(self.answer_size, "big")

    def agree(self, answer):
        shared = pow(int.from_bytes(answer, "big"), PRIVATE, self.prime)
        return shared.to_bytes(self.answer_size, "big")


class KemShare:
    """ML-KEM: the encapsulation key one way, the ciphertext the other."""

    def __init__(self, cls, answer_size):
        self.private, self.answer_size = cls.from_seed_bytes(bytes(64)), answer_size
        self.data = self.private.public_key().public_bytes_raw()

    def agree(self, answer):
        return self.private.decapsulate(answer)


EXCHANGES = {
    "FFDHE2048": (DHE, 1 << 0, lambda: FieldShare(2048)),
    "FFDHE3072": (DHE, 1 << 1, lambda: FieldShare(3072)),
    "FFDHE4096": (DHE, 1 << 2, lambda: FieldShare(4096)),
    "SECP256R1": (DHE, 1 << 3, lambda: CurveShare(ec.SECP256R1())),
    "SECP384R1": (DHE, 1 << 4, lambda: CurveShare(ec.SECP384R1())),
    "SECP521R1": (DHE, 1 << 5, lambda: CurveShare(ec.SECP521R1())),
    "ML-KEM-768": (KEM, 1 << 1, lambda: KemShare(mlkem.MLKEM768PrivateKey, 1088)),
    "ML-KEM-1024": (KEM, 1 << 2, lambda: KemShare(mlkem.MLKEM1024PrivateKey, 1568)),
}
CIPHERS = {
    "AES-128-GCM": (1 << 0, {"aead": AESGCM, "key_size": 16}),
    "AES-256-GCM": (1 << 1, {"aead": AESGCM, "key_size": 32}),
    "CHACHA20-POLY1305": (1 << 2, {"aead": ChaCha20Poly1305, "key_size": 32}),
}


def talk(exchange, cipher="AES-256-GCM", *, asym=P384, flags=FLAGS):
    """A dialogue that has negotiated these, and the requester's share."""
    alg_type, bit, share = EXCHANGES[exchange]
    rows = sorted([(alg_type, bit), (AEAD, CIPHERS[cipher][0]), (KEY_SCHEDULE, 1)])
    offered = {"tables": {alg_type: [bit] for alg_type, bit in rows}}
    dialogue = SessionDialogue(
        responder(its_policy=policy(flags=flags, algorithms=offered, session=SessionPolicy())),
        0x14,
        asym,
        SHA_384,
        offer={"flags": flags & ~MEAS_SIG, "transfer": 0x4000},
        algorithms={"tables": [raw.structure(*row) for row in rows]},
    )
    return dialogue.reach("negotiated"), share()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_key_exchange(exchange):
    dialogue, share = talk(exchange)
    session = finish(open_by_key(dialogue, share=share))
    session.ask(raw.get_digests(0x14), 0x01)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("encrypted", [True, False])
def test_every_cipher(cipher, encrypted):
    dialogue, share = talk("SECP384R1", cipher, flags=FLAGS if encrypted else FLAGS & ~ENCRYPT)
    suite = CIPHERS[cipher][1]
    session = finish(open_by_key(dialogue, share=share, suite=suite, encrypted=encrypted))
    session.ask(raw.get_digests(0x14), 0x01)


def test_a_post_quantum_session():
    dialogue, share = talk("ML-KEM-768", asym=ML_DSA_65)
    session = finish(open_by_key(dialogue, share=share))
    session.ask(raw.get_digests(0x14), 0x01)


@pytest.mark.parametrize(
    ("exchange", "data"),
    [
        ("FFDHE2048", bytes(256)),
        ("FFDHE2048", bytes(255) + b"\1"),
        ("FFDHE3072", b"\xff" * 384),
        ("SECP256R1", bytes(64)),
        ("SECP384R1", b"\xff" * 96),
        ("ML-KEM-768", b"\xff" * 1184),
    ],
)
def test_exchange_data_that_is_no_value_of_the_group_is_refused(exchange, data):
    dialogue, share = talk(exchange)
    share.data = data
    with pytest.raises(AssertionError, match="is answered 147f01"):
        open_by_key(dialogue, share=share)
