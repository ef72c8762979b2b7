"""Key pairs: what KEY_PAIR_INFO tells of them, and what of it changes."""

import msgspec

from responder.spec.algorithms import PQC_ASYM
from responder.spec.key_pairs import KEY_KINDS, KeyPairCap

PQC_KINDS = {row.key: row.bit for row in PQC_ASYM}
"""Kinds of post-quantum keys, and their bits."""

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_NULL = "NULL"
_ALGORITHMS = {
    "rsa": ("1.2.840.113549.1.1.1", _NULL),
    "ecp256": (_EC_PUBLIC_KEY, "1.2.840.10045.3.1.7"),
    "ecp384": (_EC_PUBLIC_KEY, "1.3.132.0.34"),
    "ecp521": (_EC_PUBLIC_KEY, "1.3.132.0.35"),
    "ed25519": ("1.3.101.112", ""),
    "mldsa44": ("2.16.840.1.101.3.4.3.17", ""),
    "mldsa65": ("2.16.840.1.101.3.4.3.18", ""),
    "mldsa87": ("2.16.840.1.101.3.4.3.19", ""),
}
"""Object identifiers and parameters (RFC 3279, RFC 5480, RFC 8410, RFC 9881)."""


class KeyPairState(msgspec.Struct, frozen=True):
    """What changes of a key pair.

    Attributes:
        kind: the kind of key that is chosen, empty for none.
        generated: there is a key of that kind.
        key: it in PEM; empty until it is needed for the first time.
        key_usage: ``KeyUsage`` bits.
        slot_mask: the associated slots.
    """

    kind: str = ""
    generated: bool = False
    key: bytes = b""
    key_usage: int = 0
    slot_mask: int = 0


class KeyPair(msgspec.Struct, frozen=True):
    """A key pair; implements ``core.provisioning.KeyPair``.

    Attributes:
        capabilities: what SET_KEY_PAIR_INFO may do with it.
        kinds: the kinds of keys that may be chosen.
        key_usage_capabilities: ``KeyUsage`` bits that may be chosen.
        state: what is chosen.
    """

    capabilities: KeyPairCap
    kinds: tuple[str, ...]
    key_usage_capabilities: int
    state: KeyPairState

    @property
    def key_usage(self) -> int:
        """``KeyUsage`` bits that are chosen."""
        return self.state.key_usage

    @property
    def slot_mask(self) -> int:
        """The associated slots."""
        return self.state.slot_mask

    @property
    def asym_capabilities(self) -> int:
        """``KeyPairAlgorithm`` bits that may be chosen."""
        return sum(KEY_KINDS.get(kind, 0) for kind in self.kinds)

    @property
    def asym(self) -> int:
        """The chosen ``KeyPairAlgorithm`` bit."""
        return int(KEY_KINDS.get(self.state.kind, 0))

    @property
    def pqc_capabilities(self) -> int:
        """PqcAsymAlgo bits that may be chosen."""
        return sum(PQC_KINDS.get(kind, 0) for kind in self.kinds)

    @property
    def pqc_asym(self) -> int:
        """The chosen PqcAsymAlgo bit."""
        return PQC_KINDS.get(self.state.kind, 0)

    @property
    def algorithm_identifier(self) -> bytes:
        """AlgorithmIdentifier in DER; empty where no algorithm is chosen."""
        name = "rsa" if self.state.kind.startswith("rsa") else self.state.kind
        if name not in _ALGORITHMS:
            return b""
        from responder.pki import der_edit as der  # noqa: PLC0415 - start-up matters

        oid, parameters = _ALGORITHMS[name]
        parts = [der.identifier(oid)]
        if parameters:
            null = parameters == _NULL
            parts.append(der.Node(der.NULL) if null else der.identifier(parameters))
        return der.sequence(*parts).encode()


def kind_of_bits(asym: int, pqc_asym: int) -> str:
    """The kind of key of one bit in one of the two fields; empty if that is none."""
    for bits, kinds in ((asym, KEY_KINDS), (pqc_asym, PQC_KINDS)):
        for kind, bit in kinds.items():
            if bits and bit == bits:
                return kind
    return ""
