"""Ground truth: signatures of RFC 6979 and RFC 8032, and what SPDM makes of them."""

import ssl
from functools import cache

import pytest
from core.fakes import private_key
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.crypto.signing import (
    PublicKey,
    SignatureError,
    UnsupportedKeyError,
    load_private_key,
    signing_message,
    signing_prefix,
)
from responder.errors import data_root
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, by_name

SHA_256, SHA_384, SHA_512 = (by_name(BASE_HASHES, f"SHA-{size}") for size in (256, 384, 512))
P256, P384, P521, ED25519 = (
    by_name(BASE_ASYM, name) for name in ("ECDSA-P256", "ECDSA-P384", "ECDSA-P521", "Ed25519")
)
ML_DSA = PQC_ASYM[:3]
USABLE = [*(row for row in BASE_ASYM if row.scheme != "sm2" and row.key != "ed448"), *ML_DSA]
"""What this program signs with; SM2 is not in the library and Ed448 takes no context there."""

RFC_6979 = [
    pytest.param(
        ec.SECP256R1(),
        P256,
        SHA_256,
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        b"sample",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        id="A.2.5 P-256, SHA-256, sample",
    ),
    pytest.param(
        ec.SECP256R1(),
        P256,
        SHA_256,
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        b"test",
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
        id="A.2.5 P-256, SHA-256, test",
    ),
    pytest.param(
        ec.SECP384R1(),
        P384,
        SHA_384,
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
        "96D5724E4C70A825F872C9EA60D2EDF5",
        b"sample",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
        "81A648152E44ACF96E36DD1E80FABE46"
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
        "A329C145786E679E7B82C71A38628AC8",
        id="A.2.6 P-384, SHA-384, sample",
    ),
    pytest.param(
        ec.SECP521R1(),
        P521,
        SHA_512,
        "0FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75C"
        "AA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
        b"sample",
        "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F"
        "174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA"
        "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF"
        "282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A",
        id="A.2.7 P-521, SHA-512, sample",
    ),
]
RFC_8032 = [
    pytest.param(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        id="7.1 TEST 1",
    ),
    pytest.param(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        id="7.1 TEST 2",
    ),
]


def der_of(key):
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@cache
def ours(kind):
    return load_private_key(der_of(private_key(kind)))


@pytest.mark.parametrize(
    ("curve", "scheme", "base_hash", "scalar", "message", "signature"), RFC_6979
)
def test_ecdsa_is_deterministic_as_rfc_6979(curve, scheme, base_hash, scalar, message, signature):
    key = load_private_key(der_of(ec.derive_private_key(int(scalar, 16), curve)))
    assert key.sign(scheme, base_hash, message).hex() == signature.lower()
    key.public_key().verify(scheme, base_hash, message, bytes.fromhex(signature))


@pytest.mark.parametrize(("seed", "message", "signature"), RFC_8032)
def test_ed25519_as_rfc_8032(seed, message, signature):
    key = load_private_key(
        der_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)))
    )
    message = bytes.fromhex(message)
    for base_hash in BASE_HASHES[:6]:
        assert key.sign(ED25519, base_hash, message).hex() == signature
    key.public_key().verify(ED25519, SHA_256, message, bytes.fromhex(signature))


def check_with_the_library(scheme, base_hash, message, signature):
    """Raises InvalidSignature unless the library finds the SPDM signature right."""
    algorithm = {"SHA-256": hashes.SHA256, "SHA3-384": hashes.SHA3_384}[base_hash.name]()
    key = private_key(scheme.key).public_key()
    if scheme.scheme == "ecdsa":
        half = len(signature) // 2
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(algorithm))
    elif scheme.scheme in {"eddsa", "mldsa"}:
        key.verify(signature, message)
    elif scheme.scheme == "rsassa":
        key.verify(signature, message, padding.PKCS1v15(), algorithm)
    else:
        pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        key.verify(signature, message, pss, algorithm)


@pytest.mark.parametrize("scheme", USABLE, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("hash_name", ["SHA-256", "SHA3-384"])
def test_every_scheme_signs_what_the_library_verifies(scheme, hash_name):
    base_hash = by_name(BASE_HASHES, hash_name)
    signature = ours(scheme.key).sign(scheme, base_hash, b"message")
    assert len(signature) == scheme.size
    check_with_the_library(scheme, base_hash, b"message", signature)
    ours(scheme.key).public_key().verify(scheme, base_hash, b"message", signature)


@pytest.mark.parametrize("scheme", USABLE, ids=lambda scheme: scheme.name)
def test_every_other_signature_is_refused(scheme):
    key = ours(scheme.key).public_key()
    good = ours(scheme.key).sign(scheme, SHA_256, b"message")
    wrong = [
        b"",
        good[:-1],
        good + b"\0",
        bytes(len(good)),
        b"\xff" * len(good),
        bytes([good[0] ^ 0x80]) + good[1:],
        good[:-1] + bytes([good[-1] ^ 1]),
    ]
    for signature in wrong:
        with pytest.raises(SignatureError):
            key.verify(scheme, SHA_256, b"message", signature)
    with pytest.raises(SignatureError):
        key.verify(scheme, SHA_256, b"massage", good)
    if scheme.scheme not in {"eddsa", "mldsa"}:
        with pytest.raises(SignatureError):
            key.verify(scheme, SHA_384, b"message", good)


@pytest.mark.parametrize("scheme", USABLE, ids=lambda scheme: scheme.name)
def test_a_key_verifies_only_schemes_of_its_kind(scheme):
    signature = ours(scheme.key).sign(scheme, SHA_256, b"message")
    for kind in ("ecp256", "ecp384", "ecp521", "ed25519", "rsa2048", "rsa3072", "mldsa44"):
        if kind != scheme.key:
            with pytest.raises(SignatureError):
                ours(kind).public_key().verify(scheme, SHA_256, b"message", signature)


def test_a_key_of_another_family_does_not_sign_and_one_of_another_size_does():
    others = (("ecp256", ED25519), ("ed25519", P256), ("rsa2048", P256), ("mldsa44", P256))
    for kind, scheme in (*others, ("ecp256", ML_DSA[0])):
        with pytest.raises(SignatureError):
            ours(kind).sign(scheme, SHA_256, b"message")
    assert len(ours("ecp384").sign(P256, SHA_256, b"message")) == 96


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=300), st.sampled_from(["ecp256", "ecp384", "ecp521", "ed25519"]))
def test_what_is_signed_verifies(message, kind):
    scheme = next(row for row in BASE_ASYM if row.key == kind)
    key = load_private_key(pem_of(private_key(kind)))
    assert key.kind == kind
    public = PublicKey.from_der(key.public_key_der())
    public.verify(scheme, SHA_512, message, key.sign(scheme, SHA_512, message))
    with pytest.raises(SignatureError):
        public.verify(scheme, SHA_512, message + b"\0", key.sign(scheme, SHA_512, message))


def test_the_prefix_of_1_2_and_later():
    """Four versions of 16 bytes; the context right-aligned in 36 bytes, zeros before it."""
    prefix = signing_prefix(0x12, "responder-challenge_auth signing")
    assert prefix == b"dmtf-spdm-v1.2.*" * 4 + bytes(4) + b"responder-challenge_auth signing"
    prefix = signing_prefix(0x13, "responder-measurements signing")
    assert prefix == b"dmtf-spdm-v1.3.*" * 4 + bytes(6) + b"responder-measurements signing"
    prefix = signing_prefix(0x14, "requester-finish signing")
    assert prefix == b"dmtf-spdm-v1.4.*" * 4 + bytes(12) + b"requester-finish signing"


@pytest.mark.parametrize("version", [0x10, 0x11])
def test_the_transcript_itself_is_signed_before_1_2(version):
    assert signing_message(version, "any", SHA_256, [b"one", b"", b"two"]) == b"onetwo"


def test_prefix_and_hash_are_signed_from_1_2_on():
    # SHA-256 of "abc" as FIPS 180-4 gives it.
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    message = signing_message(0x12, "responder-measurements signing", SHA_256, [b"a", b"bc"])
    assert message[:100] == signing_prefix(0x12, "responder-measurements signing")
    assert message[100:].hex() == abc


def test_ml_dsa_signs_the_context_beside_the_message():
    for scheme in ML_DSA:
        key = ours(scheme.key)
        signature = key.sign(scheme, SHA_256, b"message", "responder-measurements signing")
        public = key.public_key()
        public.verify(scheme, SHA_256, b"message", signature, "responder-measurements signing")
        for other in ("", "responder-challenge_auth signing"):
            with pytest.raises(SignatureError):
                public.verify(scheme, SHA_256, b"message", signature, other)


def test_ml_dsa_takes_no_seed_for_its_hedging():
    """That it does not is written in the mask of journals; if it ever does, that row can go."""
    key = ours("mldsa44")
    assert key.sign(ML_DSA[0], SHA_256, b"message") != key.sign(ML_DSA[0], SHA_256, b"message")


KINDS = (
    *("ecp256", "ecp384", "ecp521", "ed25519", "rsa2048", "rsa3072", "rsa4096"),
    *("mldsa44", "mldsa65", "mldsa87"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_read_from_pem_and_der_and_know_their_kind(kind):
    key = private_key(kind)
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for encoded in (der_of(key), pem_of(key), b"# a comment\n" + pem_of(key)):
        loaded = load_private_key(encoded)
        assert loaded.kind == kind
        assert loaded.public_key_der() == spki
    assert PublicKey.from_der(spki).kind == kind
    assert PublicKey.from_der(spki).der() == spki


UNUSABLE = {
    "nothing": b"",
    "noise": b"\x30\x03\x02\x01\x00",
    "a cut PEM": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_key_is_refused(name):
    with pytest.raises(UnsupportedKeyError):
        load_private_key(UNUSABLE[name])
    with pytest.raises(UnsupportedKeyError):
        PublicKey.from_der(UNUSABLE[name])
    with pytest.raises(UnsupportedKeyError):
        PublicKey.from_certificate(UNUSABLE[name])


def test_a_certificate_of_a_version_that_x509_lacks_is_refused():
    text = (data_root("certs") / "roots" / "ecp384.pem").read_text()
    certificate = bytearray(ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") :]))
    version = certificate.index(b"\xa0\x03\x02\x01\x02") + 4
    certificate[version] = 3
    with pytest.raises(UnsupportedKeyError, match="no usable certificate"):
        PublicKey.from_certificate(bytes(certificate))


def test_keys_that_spdm_has_no_algorithm_for_are_refused():
    for key in (ec.derive_private_key(7, ec.SECP256K1()), ec.derive_private_key(7, ec.SECP224R1())):
        with pytest.raises(UnsupportedKeyError):
            load_private_key(der_of(key))
    with pytest.raises(UnsupportedKeyError):
        PublicKey.from_der(
            ec.derive_private_key(7, ec.BrainpoolP256R1())
            .public_key()
            .public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def test_ed448_keys_have_a_kind_of_their_own():
    key = load_private_key(der_of(ed448.Ed448PrivateKey.from_private_bytes(bytes(range(57)))))
    assert key.kind == "ed448"
    with pytest.raises(SignatureError):
        key.sign(P256, SHA_256, b"message")


def test_rsa_signatures_have_the_width_of_the_modulus():
    """I2OSP: leading zeros are kept; some signature of these has one."""
    scheme = by_name(BASE_ASYM, "RSASSA-2048")
    key = ours("rsa2048")
    assert isinstance(private_key("rsa2048"), rsa.RSAPrivateKey)
    signatures = [key.sign(scheme, SHA_256, bytes([n])) for n in range(100)]
    assert {len(signature) for signature in signatures} == {256}


def test_ecdsa_halves_have_the_width_of_the_curve():
    """r and s are padded on the left: among these some begin with a zero byte."""
    signatures = [ours("ecp521").sign(P521, SHA_512, bytes([n])) for n in range(20)]
    assert {len(signature) for signature in signatures} == {132}
    assert all(signature[0] <= 1 and signature[66] <= 1 for signature in signatures)
    signatures = [ours("ecp256").sign(P256, SHA_256, n.to_bytes(2, "big")) for n in range(600)]
    assert any(signature[0] == 0 or signature[32] == 0 for signature in signatures)
    for n, signature in enumerate(signatures):
        if 0 in (signature[0], signature[32]):
            check_with_the_library(P256, SHA_256, n.to_bytes(2, "big"), signature)
