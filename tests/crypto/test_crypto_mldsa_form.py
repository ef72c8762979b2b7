"""Ground truth: a key that OpenSSL wrote for the captures, and the public key of it."""

import binascii
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from responder.crypto.mldsa_form import seed_form
from responder.crypto.signing import UnsupportedKeyError, load_private_key

PEM = (Path(__file__).parent / "mldsa44_openssl.pem").read_bytes()
DER = binascii.a2b_base64(b"".join(PEM.split(b"\n")[1:-2]))
PUBLIC_SHA_256 = "1b087540f1c58f1d8d6fba6a9a976337107d5f815d9cfa14d4622e6c69ac1c3b"


@pytest.mark.parametrize("data", [PEM, DER, b"a comment\n" + PEM], ids=["PEM", "DER", "comment"])
def test_seed_and_expanded_key_together_are_read(data):
    with pytest.raises(ValueError, match="deserialize"):
        serialization.load_der_private_key(DER, None)
    key = load_private_key(data)
    assert key.kind == "mldsa44"
    assert hashlib.sha256(key.public_key_der()).hexdigest() == PUBLIC_SHA_256


def test_the_seed_alone_is_what_the_library_writes():
    seed = bytes(range(32))
    for cls in (mldsa.MLDSA44PrivateKey, mldsa.MLDSA65PrivateKey, mldsa.MLDSA87PrivateKey):
        der = cls.from_seed_bytes(seed).private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        assert seed_form(der) == der
    assert serialization.load_der_private_key(seed_form(DER), None).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) == seed_form(DER)


def test_everything_else_comes_back():
    other = ec.derive_private_key(7, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    no_base64 = b"-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----\n"
    for data in (b"", other, DER[:40], no_base64, b"\xff" + DER[1:]):
        assert seed_form(data) == data


def test_the_expanded_key_alone_is_refused():
    start = DER.index(b"\x04\x20")
    expanded = DER[start + 2 + 32 :]
    algorithm = DER[4:20]
    inner = b"\x04\x82" + len(expanded).to_bytes(2, "big") + expanded
    body = algorithm + inner
    der = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    with pytest.raises(UnsupportedKeyError):
        load_private_key(der)
