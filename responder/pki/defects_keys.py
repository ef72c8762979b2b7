"""Defects of public keys and of signature algorithms.

Where the leaf's key cannot sign as negotiated, messages are signed with the healthy key.
"""

from typing import TYPE_CHECKING

from responder.errors import ConfigError
from responder.pki import der_edit as der
from responder.pki.certificate_edit import Part
from responder.pki.defect_draft import Defect, Draft, Recipe
from responder.pki.der_edit import Node

if TYPE_CHECKING:
    from responder.pki.keys import Key

_RSA_ENCRYPTION, _PRIME_FIELD = "1.2.840.113549.1.1.1", "1.2.840.10045.1.1"
_ML_DSA_65, _HASH_ML_DSA_65 = "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.33"
_OTHER_RSA, _OTHER_CURVE, _SMALL_CURVE = "rsa3072", "ecp384", "ecp256"
_PUBLIC_EXPONENT = 65537
_UNCOMPRESSED = 4

_TEST_MODULUS_1024 = int(
    "c17caca719d625105591ad73dd00e40bedd494f747f71dad2b6da71a6b7089b1"
    "df1259953ecee03e12a32845a789e8db98e57a758f150ce8a69db888be503c3d"
    "adc591b6109874b9b361adf8de07e19a6710bd40d35820ca21f84379cd6654c7"
    "85f1a5f4c680a0146183162ff633e76ed9d6ed01fc78e06a5297d0bd214f9433",
    16,
)
"""TEST KEY - DO NOT TRUST: the private half was never kept."""

_TEST_PRIMES_1024 = (
    int(
        "d6e752d185af385143fafd87f5b69fd452deaeaf9537f6c3cd203c33b482cc92"
        "d0895d3f424b9a0da9a7c316930524a45ccf42aa116c4490aec960922856130d",
        16,
    ),
    int(
        "c2a8001362b24fcde14c5168a7b9029569a7570fc6f465d8bb8bc2de6fb22655"
        "19b2945c17e588a755ea45591639affb205ebe39a11a3269168409d1e6a1b079",
        16,
    ),
)
"""TEST KEY - DO NOT TRUST: the factors of an authority's modulus."""

_PRIMES = {
    "ecp256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "ecp384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "ecp521": 2**521 - 1,
}
_B = {
    "ecp256": 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    "ecp384": int(
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
        "c656398d8a2ed19d2a85c8edd3ec2aef",
        16,
    ),
    "ecp521": int(
        "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109"
        "e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        16,
    ),
}
"""The curves y^2 = x^3 - 3x + b of FIPS 186-4 appendix D.1.2, for ECParameters."""


def _key_of_other_algorithm(draft: Draft) -> None:
    kind = _OTHER_CURVE if draft.kind_of(draft.leaf).startswith("rsa") else _OTHER_RSA
    _give_leaf(draft, _other_leaf_key(draft, kind))


def _key_on_other_curve(draft: Draft) -> None:
    kind = draft.kind_of(draft.leaf)
    if not kind.startswith("ecp"):
        raise ConfigError(f"this defect needs a leaf with an ECDSA key, this one is {kind}")
    _give_leaf(
        draft, _other_leaf_key(draft, _OTHER_CURVE if kind == _SMALL_CURVE else _SMALL_CURVE)
    )


def _other_leaf_key(draft: Draft, kind: str) -> bytes:
    from responder.pki.keyring import OTHER_LEAF  # noqa: PLC0415 - slow to import

    return draft.keys.add(draft.keys.make(kind, OTHER_LEAF))


def _give_leaf(draft: Draft, spki: bytes) -> None:
    draft.reissue(draft.leaf, lambda edit: edit.set_public_key(spki))


def _small_rsa(draft: Draft) -> None:
    _give_leaf(draft, _rsa_spki(_TEST_MODULUS_1024, _PUBLIC_EXPONENT))


def _exponent_one(draft: Draft) -> None:
    """Every number is its own signature."""
    spki = draft.edit(draft.leaf).part(Part.PUBLIC_KEY)
    if not draft.kind_of(draft.leaf).startswith("rsa"):
        spki = der.read(_other_leaf_key(draft, _OTHER_RSA))
    numbers = der.read(spki.at(1).content[1:])
    _give_leaf(draft, _rsa_spki(int.from_bytes(numbers.at(0).content, "big"), 1))


def _rsa_spki(modulus: int, exponent: int) -> bytes:
    algorithm = der.sequence(der.identifier(_RSA_ENCRYPTION), Node(der.NULL))
    numbers = der.sequence(der.integer(modulus), der.integer(exponent))
    return der.sequence(algorithm, der.bit_string(numbers.encode())).encode()


def _ec_key(draft: Draft) -> tuple[str, Node]:
    """The leaf's own EC key, or one in its place where it has none."""
    kind = draft.kind_of(draft.leaf)
    if kind.startswith("ecp"):
        return kind, draft.edit(draft.leaf).part(Part.PUBLIC_KEY)
    return _OTHER_CURVE, der.read(_other_leaf_key(draft, _OTHER_CURVE))


def _point_off_curve(draft: Draft) -> None:
    _, spki = _ec_key(draft)
    point = spki.at(1).content
    spki.replace((1,), Node(der.BIT_STRING, point[:-1] + bytes((point[-1] ^ 1,))))
    _give_leaf(draft, spki.encode())


def _point_at_infinity(draft: Draft) -> None:
    _, spki = _ec_key(draft)
    spki.replace((1,), der.bit_string(b"\0"))
    _give_leaf(draft, spki.encode())


def _explicit_parameters(draft: Draft) -> None:
    kind, spki = _ec_key(draft)
    spki.replace((0, 1), _curve_parameters(kind))
    _give_leaf(draft, spki.encode())


def _curve_parameters(kind: str) -> Node:
    """ECParameters (SEC 1 appendix C.2) that say what the named curve says."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import

    curve = {"ecp256": ec.SECP256R1(), "ecp384": ec.SECP384R1(), "ecp521": ec.SECP521R1()}[kind]
    generator = ec.derive_private_key(1, curve).public_key().public_numbers()
    prime, width = _PRIMES[kind], (curve.key_size + 7) // 8

    def octets(*values: int) -> bytes:
        return b"".join(value.to_bytes(width, "big") for value in values)

    return der.sequence(
        der.integer(1),
        der.sequence(der.identifier(_PRIME_FIELD), der.integer(prime)),
        der.sequence(
            Node(der.OCTET_STRING, octets(prime - 3)), Node(der.OCTET_STRING, octets(_B[kind]))
        ),
        Node(der.OCTET_STRING, bytes((_UNCOMPRESSED,)) + octets(generator.x, generator.y)),
        der.integer(curve.group_order),
        der.integer(1),
    )


def _weak_hash(name: str) -> Recipe:
    """The issuer signs with that hash; where its kind of key cannot, it gets an RSA key."""

    def apply(draft: Draft) -> None:
        kind = draft.kind_of(draft.issuer)
        able = kind.startswith("rsa") or (name == "sha1" and kind.startswith("ecp"))
        if not able:
            _give_authority(draft, _authority_key(draft, _OTHER_RSA))
        draft.adopt(draft.leaf, hash_name=name)

    return apply


def _other_authority_algorithm(draft: Draft) -> None:
    other = _OTHER_CURVE if draft.kind_of(draft.leaf).startswith("rsa") else _OTHER_RSA
    _give_authority(draft, _authority_key(draft, other))
    draft.adopt(draft.leaf)


def _small_rsa_authority(draft: Draft) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - slow to import

    p, q = _TEST_PRIMES_1024
    d = rsa.rsa_recover_private_exponent(_PUBLIC_EXPONENT, p, q)
    public = rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, p * q)
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    _give_authority(draft, rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key())
    draft.adopt(draft.leaf)


def _authority_key(draft: Draft, kind: str) -> "Key":
    from responder.pki.keyring import OTHER_AUTHORITY  # noqa: PLC0415 - slow to import

    return draft.keys.make(kind, OTHER_AUTHORITY)


def _give_authority(draft: Draft, key: "Key") -> None:
    """Another key for the leaf's issuer; one is added where the root itself issued the leaf."""
    if draft.leaf == 0:
        raise ConfigError("this defect needs an authority above the leaf")
    if draft.leaf == 1:
        draft.insert_authority(1, "an authority with another kind of key", key)
    else:
        spki = draft.keys.add(key)
        draft.reissue(draft.intermediate, lambda edit: edit.set_public_key(spki))


def _ml_dsa(draft: Draft, algorithm: str, cut: int = 0) -> None:
    """The library signs ML-DSA with randomness: such keys are certified here, and never certify."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 - same

    private = mldsa.MLDSA65PrivateKey.from_seed_bytes(draft.random.bytes(32))
    raw = private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    point = der.bit_string(raw[: len(raw) - cut])
    _give_leaf(draft, der.sequence(der.sequence(der.identifier(algorithm)), point).encode())


KEY_DEFECTS = (
    Defect(
        "key-alg-mismatch",
        "The leaf's key is of another algorithm than the negotiated one: RSA for ECDSA, ECDSA for "
        "RSA.",
        _key_of_other_algorithm,
    ),
    Defect(
        "curve-mismatch",
        "The leaf's key is on another curve than the negotiated one: P-256, or P-384 for P-256.",
        _key_on_other_curve,
    ),
    Defect("rsa-1024", "The leaf's key is RSA with 1024 bits.", _small_rsa),
    Defect(
        "rsa-1024-intermediate",
        "The leaf's issuer has an RSA key of 1024 bits.",
        _small_rsa_authority,
    ),
    Defect("rsa-exponent-1", "The leaf's key is RSA with the public exponent 1.", _exponent_one),
    Defect(
        "ec-point-off-curve", "The leaf's public key is no point on its curve.", _point_off_curve
    ),
    Defect("ec-point-infinity", "The leaf's public key is infinity.", _point_at_infinity),
    Defect(
        "ec-explicit-params",
        "The leaf's key spells out the parameters of its curve, which are right, instead of naming "
        "it.",
        _explicit_parameters,
    ),
    Defect("sig-alg-sha1", "The leaf is signed over SHA-1.", _weak_hash("sha1")),
    Defect("sig-alg-md5", "The leaf is signed over MD5, with RSA.", _weak_hash("md5")),
    Defect(
        "mixed-alg-chain",
        "The leaf's key is ML-DSA-65, under authorities of the healthy kind; legal where ML-DSA "
        "was negotiated, and nothing signs with that key here.",
        lambda draft: _ml_dsa(draft, _ML_DSA_65),
    ),
    Defect(
        "mixed-alg-intermediate",
        "The leaf's issuer has a key of another algorithm than root and leaf, RSA or P-384; legal.",
        _other_authority_algorithm,
    ),
    Defect(
        "mldsa-wrong-oid",
        "The leaf's key is ML-DSA-65 under the identifier of pre-hashed ML-DSA-65 with SHA-512.",
        lambda draft: _ml_dsa(draft, _HASH_ML_DSA_65),
    ),
    Defect(
        "mldsa-wrong-len",
        "The leaf's ML-DSA-65 key is one byte short.",
        lambda draft: _ml_dsa(draft, _ML_DSA_65, cut=1),
    ),
)
"""What is wrong with keys and signature algorithms."""
