"""Ground truth: ``cryptography`` verifies or refuses; the numbers are checked without our code."""

import hashlib

import pytest
from core.fakes import private_key
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, utils

from responder.crypto.forgery import FORGERIES, forge
from responder.crypto.signing import PrivateKey, SignatureError
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, by_name

MESSAGE, OTHER_MESSAGE = b"what is signed", b"what else is signed"
SHA_256, SHA_384, SHA_512 = (by_name(BASE_HASHES, f"SHA-{size}") for size in (256, 384, 512))
CURVES = [by_name(BASE_ASYM, name) for name in ("ECDSA-P256", "ECDSA-P384", "ECDSA-P521")]
RSA = [row for row in BASE_ASYM if row.key in {"rsa2048", "rsa3072"}]
RSASSA = [row for row in RSA if row.scheme == "rsassa"]
RSAPSS = [row for row in RSA if row.scheme == "rsapss"]
ED25519, ED448 = by_name(BASE_ASYM, "Ed25519"), by_name(BASE_ASYM, "Ed448")
ML_DSA = PQC_ASYM[:3]
SCHEMES = [*CURVES, *RSA, ED25519, ED448, *ML_DSA]
VALID = {"s-high", "k-reuse"}

ORDERS = {  # SEC 2, version 2.0
    "ECDSA-P256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ECDSA-P384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF << 128
    | 0x581A0DB248B0A77AECEC196ACCC52973,
    "ECDSA-P521": (1 << 521)
    - (1 << 260)
    + 0xA_51868783_BF2F966B_7FCC0148_F709A5D0_3BB5C9B8_899C47AE_BB6FB71E_91386409,
}
L = {  # RFC 8032, 5.1 and 5.2
    "Ed25519": 2**252 + 27742317777372353535851937790883648493,
    "Ed448": 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885,
}
DIGEST_INFO = {  # RFC 8017, 9.2 note 1
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
ROWS = [
    pytest.param(how, scheme, id=f"{how} {scheme.name}")
    for how, forgery in FORGERIES.items()
    for scheme in SCHEMES
    if scheme.scheme in forgery.schemes
]


def key_of(scheme):
    if scheme is ED448:
        return ed448.Ed448PrivateKey.from_private_bytes(bytes(range(57)))
    return private_key(scheme.key)


def forged(how, scheme, *, message=MESSAGE, base_hash=SHA_256):
    """The correct signature and the forged one."""
    key = PrivateKey(key_of(scheme))
    good = key.sign(scheme, base_hash, message)
    return good, forge(how, key, scheme, base_hash, message, good)


def numbers(signature):
    half = len(signature) // 2
    return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")


def verify_ecdsa(scheme, r, s, *, message=MESSAGE, algorithm=hashes.SHA256):
    """Raise InvalidSignature; the library's own encoding, not ours."""
    der = utils.encode_dss_signature(r, s)
    key_of(scheme).public_key().verify(der, message, ec.ECDSA(algorithm()))


def opened(scheme, signature):
    """What an RSA signature is the private operation of."""
    public = key_of(scheme).public_key().public_numbers()
    block = pow(int.from_bytes(signature, "big"), public.e, public.n)
    return block.to_bytes(len(signature), "big")


@pytest.mark.parametrize(("how", "scheme"), ROWS)
def test_forgery_verifies_only_if_it_is_said_to(how, scheme):
    good, odd = forged(how, scheme)
    public = PrivateKey(key_of(scheme)).public_key()
    assert odd != good or how in VALID
    assert (len(odd) == scheme.size) == (how != "der")
    if how in VALID:
        public.verify(scheme, SHA_256, MESSAGE, odd)
    else:
        with pytest.raises(SignatureError):
            public.verify(scheme, SHA_256, MESSAGE, odd)


@pytest.mark.parametrize("scheme", CURVES, ids=lambda scheme: scheme.name)
def test_edges_of_the_range_and_nothing_else_changes(scheme):
    order = ORDERS[scheme.name]
    good, _ = forged("r-zero", scheme)
    r, s = numbers(good)
    expected = {
        "r-zero": (0, s),
        "s-zero": (r, 0),
        "r-eq-n": (order, s),
        "s-eq-n": (r, order),
        "s-high": (r, order - s),
        "r-s-swapped": (s, r),
    }
    assert {how: numbers(forged(how, scheme)[1]) for how in expected} == expected


def test_r_beyond_the_order_is_congruent_where_the_field_has_room():
    scheme = by_name(CURVES, "ECDSA-P521")
    good, odd = forged("r-ge-n", scheme)
    r, s = numbers(good)
    assert numbers(odd) == (r + ORDERS[scheme.name], s)
    verify_ecdsa(scheme, numbers(odd)[0] % ORDERS[scheme.name], s)


@pytest.mark.parametrize("scheme", CURVES[:2], ids=lambda scheme: scheme.name)
def test_r_beyond_the_order_fills_what_room_there_is(scheme):
    good, odd = forged("r-ge-n", scheme)
    order = ORDERS[scheme.name]
    assert order <= numbers(odd)[0] < 1 << scheme.size * 4
    assert (numbers(odd)[0] - order) == numbers(good)[0] % ((1 << scheme.size * 4) - order)
    assert numbers(odd)[1] == numbers(good)[1]


@pytest.mark.parametrize("scheme", CURVES, ids=lambda scheme: scheme.name)
def test_der_is_the_same_signature_as_the_library_takes_it(scheme):
    good, odd = forged("der", scheme)
    assert utils.decode_dss_signature(odd) == numbers(good)
    key_of(scheme).public_key().verify(odd, MESSAGE, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("scheme", [*CURVES, *RSA], ids=lambda scheme: scheme.name)
def test_little_endian_numbers_verify_when_turned_round(scheme):
    _, odd = forged("little-endian", scheme)
    parts = 2 if scheme in CURVES else 1
    size = len(odd) // parts
    turned = b"".join(odd[at : at + size][::-1] for at in range(0, len(odd), size))
    PrivateKey(key_of(scheme)).public_key().verify(scheme, SHA_256, MESSAGE, turned)


@pytest.mark.parametrize("base_hash", [SHA_256, SHA_384, SHA_512], ids=lambda row: row.name)
@pytest.mark.parametrize("scheme", CURVES, ids=lambda scheme: scheme.name)
def test_one_nonce_gives_the_private_key_away(scheme, base_hash):
    order = ORDERS[scheme.name]
    found = []
    for message in (MESSAGE, OTHER_MESSAGE):
        good, odd = forged("k-reuse", scheme, message=message, base_hash=base_hash)
        r, s = numbers(odd)
        assert r != numbers(good)[0]
        algorithm = getattr(hashes, base_hash.name.replace("-", ""))
        verify_ecdsa(scheme, r, s, message=message, algorithm=algorithm)
        hashed = hashlib.new(base_hash.name.replace("-", ""), message).hexdigest()
        bits = f"{int(hashed, 16):0{4 * len(hashed)}b}"[: order.bit_length()]
        found.append((int(bits, 2), r, s))
    (h1, r1, s1), (h2, r2, s2) = found
    assert r1 == r2
    nonce = (h1 - h2) * pow(s1 - s2, -1, order) % order
    private = (s1 * nonce - h1) * pow(r1, -1, order) % order
    assert private == key_of(scheme).private_numbers().private_value


@pytest.mark.parametrize("scheme", RSAPSS, ids=lambda scheme: scheme.name)
def test_pkcs1_for_pss_is_a_pkcs1_signature(scheme):
    _, odd = forged("pkcs1-for-pss", scheme)
    key_of(scheme).public_key().verify(odd, MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("scheme", RSASSA, ids=lambda scheme: scheme.name)
def test_pss_for_pkcs1_is_a_pss_signature_with_the_salt_that_spdm_wants(scheme):
    _, odd = forged("pss-for-pkcs1", scheme)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    key_of(scheme).public_key().verify(odd, MESSAGE, pss, hashes.SHA256())


@pytest.mark.parametrize("scheme", RSAPSS, ids=lambda scheme: scheme.name)
def test_empty_salt_is_a_pss_signature_of_another_salt_length(scheme):
    _, odd = forged("pss-salt-zero", scheme)
    public, mgf = key_of(scheme).public_key(), padding.MGF1(hashes.SHA256())
    public.verify(odd, MESSAGE, padding.PSS(mgf, 0), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(odd, MESSAGE, padding.PSS(mgf, 32), hashes.SHA256())


@pytest.mark.parametrize("scheme", RSASSA, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("base_hash", [SHA_256, SHA_384, SHA_512], ids=lambda row: row.name)
def test_garbage_follows_a_digest_in_the_right_place(scheme, base_hash):
    _, odd = forged("pkcs1-garbage", scheme, base_hash=base_hash)
    name = base_hash.name.replace("-", "").lower()
    begin = b"\0\1" + b"\xff" * 8 + b"\0" + DIGEST_INFO[name] + hashlib.new(name, MESSAGE).digest()
    block = opened(scheme, odd)
    assert block[: len(begin)] == begin
    assert any(block[len(begin) :])
    assert len(block) == scheme.size


@pytest.mark.parametrize("scheme", [ED25519, ED448], ids=lambda scheme: scheme.name)
def test_s_beyond_l_verifies_once_reduced(scheme):
    good, odd = forged("eddsa-s-plus-l", scheme)
    half = scheme.size // 2
    s = int.from_bytes(odd[half:], "little")
    assert odd[:half] == good[:half]
    assert s >= L[scheme.name]
    reduced = odd[:half] + (s % L[scheme.name]).to_bytes(half, "little")
    key_of(scheme).public_key().verify(reduced, MESSAGE)


@pytest.mark.parametrize(
    ("how", "scheme"),
    [("r-ge-n", CURVES[0]), ("k-reuse", CURVES[2]), ("pkcs1-garbage", RSASSA[0])],
)
def test_what_is_made_of_numbers_is_the_same_each_time(how, scheme):
    assert forged(how, scheme) == forged(how, scheme)


@pytest.mark.parametrize(
    ("how", "scheme"),
    [
        (how, scheme)
        for how, forgery in FORGERIES.items()
        for scheme in (CURVES[0], RSASSA[0], RSAPSS[0], ED25519)
        if scheme.scheme not in forgery.schemes
    ],
)
def test_forgery_of_another_scheme_is_refused(how, scheme):
    with pytest.raises(SignatureError, match=f"{how} does not apply to {scheme.name}"):
        forged(how, scheme)


def test_unknown_forgery_is_refused():
    with pytest.raises(SignatureError, match="no forgery 'r-one'"):
        forged("r-one", ED25519)


def test_key_and_signature_must_be_of_the_scheme():
    p256, p384, _ = CURVES
    key = PrivateKey(key_of(p256))
    good = key.sign(p256, SHA_256, MESSAGE)
    with pytest.raises(SignatureError, match="ecp256 key cannot forge ECDSA-P384"):
        forge("r-zero", key, p384, SHA_256, MESSAGE, good)
    with pytest.raises(SignatureError, match="63 bytes, ECDSA-P256 has 64"):
        forge("r-zero", key, p256, SHA_256, MESSAGE, good[1:])


@pytest.mark.parametrize("scheme", ML_DSA, ids=lambda scheme: scheme.name)
def test_ml_dsa_is_changed_only_where_it_is_said(scheme):
    """FIPS 204 table 2: c tilde, then l polynomials of z, then omega + k bytes of hints."""
    tilde, z, hints = {
        "ML-DSA-44": (32, 4 * 576, 80 + 4),
        "ML-DSA-65": (48, 5 * 640, 55 + 6),
        "ML-DSA-87": (64, 7 * 640, 75 + 8),
    }[scheme.name]
    assert tilde + z + hints == scheme.size
    good, odd = forged("hint-nonzero", scheme)
    assert good[: tilde + z] == odd[: tilde + z]
    assert len([at for at in range(scheme.size) if good[at] != odd[at]]) in {1, 2}
    good, odd = forged("z-out-of-range", scheme)
    changed = [at for at in range(scheme.size) if good[at] != odd[at]]
    assert changed
    assert set(changed) <= set(range(tilde, tilde + 3))
    bits = 18 if scheme.name == "ML-DSA-44" else 20
    coefficient = int.from_bytes(odd[tilde : tilde + 3], "little") & ((1 << bits) - 1)
    assert coefficient == 0  # gamma1 - z


def test_table_names_and_describes_each_forgery():
    for name, forgery in FORGERIES.items():
        assert forgery.name == name
        assert forgery.description.endswith(".")
        assert forgery.schemes <= {row.scheme for row in (*BASE_ASYM, *ML_DSA)}
