"""Algorithm tables (DSP0274 "NEGOTIATE_ALGORITHMS request and ALGORITHMS response messages").

Every row says what the wire needs to know: bit, name, sizes in bytes, first version. Names are
those that profiles and command lines use.
"""

from typing import TypeVar

import msgspec

from responder.spec.versions import V10, V11, V12, V14, SpdmVersion


class Algorithm(msgspec.Struct, frozen=True):
    """One bit of an algorithm field.

    Attributes:
        name: the name in profiles, reports and on command lines.
        bit: the mask in the message field.
        since: the first SPDM version that defines it.
    """

    name: str
    bit: int
    since: SpdmVersion


class Hash(Algorithm, frozen=True):
    """A base or measurement hash; ``size`` is the digest's length in bytes."""

    size: int


class Signature(Algorithm, frozen=True):
    """A signature algorithm.

    Attributes:
        size: length of a signature in bytes.
        key: the kind of key, which is also the folder of a certificate set (``ecp384``).
        scheme: how it signs: ``rsassa``, ``rsapss``, ``ecdsa``, ``eddsa``, ``sm2``, ``mldsa``,
            ``slhdsa``.
    """

    size: int
    key: str
    scheme: str

    @property
    def post_quantum(self) -> bool:
        """Whether it is a row of ``PQC_ASYM``, which has fields of its own in the messages."""
        return self.scheme in _POST_QUANTUM


_POST_QUANTUM = ("mldsa", "slhdsa")


class Exchange(Algorithm, frozen=True):
    """A key exchange: sizes of what the requester sends and of what the responder answers."""

    request_size: int
    response_size: int


class Aead(Algorithm, frozen=True):
    """An AEAD cipher suite; the IV is 12 bytes and the tag 16."""

    key_size: int


BASE_HASHES = (
    Hash("SHA-256", 1 << 0, V10, 32),
    Hash("SHA-384", 1 << 1, V10, 48),
    Hash("SHA-512", 1 << 2, V10, 64),
    Hash("SHA3-256", 1 << 3, V10, 32),
    Hash("SHA3-384", 1 << 4, V10, 48),
    Hash("SHA3-512", 1 << 5, V10, 64),
    Hash("SM3-256", 1 << 6, V12, 32),
)

RAW_BIT_STREAM_ONLY = 1 << 0
"""MeasurementHashAlgo: measurements are raw only; no digest form exists."""

MEASUREMENT_HASHES = tuple(Hash(h.name, h.bit << 1, h.since, h.size) for h in BASE_HASHES)

BASE_ASYM = (
    Signature("RSASSA-2048", 1 << 0, V10, 256, "rsa2048", "rsassa"),
    Signature("RSAPSS-2048", 1 << 1, V10, 256, "rsa2048", "rsapss"),
    Signature("RSASSA-3072", 1 << 2, V10, 384, "rsa3072", "rsassa"),
    Signature("RSAPSS-3072", 1 << 3, V10, 384, "rsa3072", "rsapss"),
    Signature("ECDSA-P256", 1 << 4, V10, 64, "ecp256", "ecdsa"),
    Signature("RSASSA-4096", 1 << 5, V10, 512, "rsa4096", "rsassa"),
    Signature("RSAPSS-4096", 1 << 6, V10, 512, "rsa4096", "rsapss"),
    Signature("ECDSA-P384", 1 << 7, V10, 96, "ecp384", "ecdsa"),
    Signature("ECDSA-P521", 1 << 8, V10, 132, "ecp521", "ecdsa"),
    Signature("SM2-P256", 1 << 9, V12, 64, "sm2", "sm2"),
    Signature("Ed25519", 1 << 10, V12, 64, "ed25519", "eddsa"),
    Signature("Ed448", 1 << 11, V12, 114, "ed448", "eddsa"),
)

PQC_ASYM = (
    Signature("ML-DSA-44", 1 << 0, V14, 2420, "mldsa44", "mldsa"),
    Signature("ML-DSA-65", 1 << 1, V14, 3309, "mldsa65", "mldsa"),
    Signature("ML-DSA-87", 1 << 2, V14, 4627, "mldsa87", "mldsa"),
    Signature("SLH-DSA-SHA2-128s", 1 << 3, V14, 7856, "slhdsa-sha2-128s", "slhdsa"),
    Signature("SLH-DSA-SHAKE-128s", 1 << 4, V14, 7856, "slhdsa-shake-128s", "slhdsa"),
    Signature("SLH-DSA-SHA2-128f", 1 << 5, V14, 17088, "slhdsa-sha2-128f", "slhdsa"),
    Signature("SLH-DSA-SHAKE-128f", 1 << 6, V14, 17088, "slhdsa-shake-128f", "slhdsa"),
    Signature("SLH-DSA-SHA2-192s", 1 << 7, V14, 16224, "slhdsa-sha2-192s", "slhdsa"),
    Signature("SLH-DSA-SHAKE-192s", 1 << 8, V14, 16224, "slhdsa-shake-192s", "slhdsa"),
    Signature("SLH-DSA-SHA2-192f", 1 << 9, V14, 35664, "slhdsa-sha2-192f", "slhdsa"),
    Signature("SLH-DSA-SHAKE-192f", 1 << 10, V14, 35664, "slhdsa-shake-192f", "slhdsa"),
    Signature("SLH-DSA-SHA2-256s", 1 << 11, V14, 29792, "slhdsa-sha2-256s", "slhdsa"),
    Signature("SLH-DSA-SHAKE-256s", 1 << 12, V14, 29792, "slhdsa-shake-256s", "slhdsa"),
    Signature("SLH-DSA-SHA2-256f", 1 << 13, V14, 49856, "slhdsa-sha2-256f", "slhdsa"),
    Signature("SLH-DSA-SHAKE-256f", 1 << 14, V14, 49856, "slhdsa-shake-256f", "slhdsa"),
)

DHE_GROUPS = (
    Exchange("FFDHE2048", 1 << 0, V11, 256, 256),
    Exchange("FFDHE3072", 1 << 1, V11, 384, 384),
    Exchange("FFDHE4096", 1 << 2, V11, 512, 512),
    Exchange("SECP256R1", 1 << 3, V11, 64, 64),
    Exchange("SECP384R1", 1 << 4, V11, 96, 96),
    Exchange("SECP521R1", 1 << 5, V11, 132, 132),
    Exchange("SM2-P256", 1 << 6, V12, 64, 64),
)

KEMS = (
    Exchange("ML-KEM-512", 1 << 0, V14, 800, 768),
    Exchange("ML-KEM-768", 1 << 1, V14, 1184, 1088),
    Exchange("ML-KEM-1024", 1 << 2, V14, 1568, 1568),
)

AEADS = (
    Aead("AES-128-GCM", 1 << 0, V11, 16),
    Aead("AES-256-GCM", 1 << 1, V11, 32),
    Aead("CHACHA20-POLY1305", 1 << 2, V11, 32),
    Aead("SM4-GCM", 1 << 3, V12, 16),
)

KEY_SCHEDULES = (Algorithm("SPDM", 1 << 0, V11),)

MEASUREMENT_SPECIFICATION_DMTF = 1 << 0
MEL_SPECIFICATION_DMTF = 1 << 0

OPAQUE_FORMAT_0 = 1 << 0
OPAQUE_FORMAT_1 = 1 << 1
OPAQUE_FORMATS = OPAQUE_FORMAT_0 | OPAQUE_FORMAT_1
MULTI_KEY_CONNECTION = 1 << 4
"""OtherParamsSupport bit 4 (ResponderMultiKeyConn) and OtherParamsSelection bit 4."""

TABLE_DHE = 2
TABLE_AEAD = 3
TABLE_REQ_BASE_ASYM = 4
TABLE_KEY_SCHEDULE = 5
TABLE_REQ_PQC_ASYM = 6
TABLE_KEM = 7
"""AlgType values of the algorithm structures (1.1; 6 and 7 in 1.4)."""

TABLE_ALGORITHMS: dict[int, tuple[Algorithm, ...]] = {
    TABLE_DHE: DHE_GROUPS,
    TABLE_AEAD: AEADS,
    TABLE_REQ_BASE_ASYM: BASE_ASYM,
    TABLE_KEY_SCHEDULE: KEY_SCHEDULES,
    TABLE_REQ_PQC_ASYM: PQC_ASYM,
    TABLE_KEM: KEMS,
}

AnyAlgorithm = TypeVar("AnyAlgorithm", bound=Algorithm)


def by_bit(table: tuple[AnyAlgorithm, ...], bit: int) -> AnyAlgorithm | None:
    """The row of a one-hot selection; ``None`` when nothing, or nothing known, is selected."""
    return next((row for row in table if row.bit == bit), None)


def by_name(table: tuple[AnyAlgorithm, ...], name: str) -> AnyAlgorithm | None:
    """The row of a name, without regard to case; ``None`` when there is none."""
    return next((row for row in table if row.name.lower() == name.lower()), None)


def names_in(table: tuple[Algorithm, ...], mask: int) -> list[str]:
    """The names of all bits of a mask, the unknown ones in hexadecimal."""
    names = [row.name for row in table if row.bit & mask]
    unknown = mask & ~sum(row.bit for row in table)
    return [*names, hex(unknown)] if unknown else names
