"""The requester's own identity: what it shows and signs when it is the one to be authenticated."""

from collections.abc import Mapping
from dataclasses import dataclass

from responder.crypto.hashing import digest
from responder.crypto.signing import (
    PrivateKey,
    UnsupportedKeyError,
    load_private_key,
    signing_message,
)
from responder.errors import ConfigError
from responder.requester.agreement import Agreement
from responder.requester.options import AttestOptions, OwnIdentity
from responder.spec.algorithms import BASE_ASYM, PQC_ASYM, Signature
from responder.spec.flags import Cap
from responder.spec.registries import KeyUsage
from responder.wire.chain import build_chain

_EVERY_USAGE = KeyUsage.KEY_EX | KeyUsage.CHALLENGE | KeyUsage.MEASUREMENT | KeyUsage.ENDPOINT_INFO


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The requester's identity under the algorithms of a connection.

    Attributes:
        private: the private key.
        scheme: what it signs with.
        chain: the certificate chain structure; empty if the responder knows the public key.
        slots: the slots that hold the chain.
        usages: ``KeyUsage`` bits of the slots in which they are limited.
        ep_info: EPInfo of ENDPOINT_INFO.
    """

    private: PrivateKey
    scheme: Signature
    chain: bytes
    slots: tuple[int, ...]
    usages: Mapping[int, int]
    ep_info: bytes

    @property
    def slot_mask(self) -> int:
        """The slots as a mask."""
        return sum(1 << slot for slot in self.slots)

    def usage(self, slot: int) -> int:
        """What the key of a slot may be used for: ``KeyUsage`` bits."""
        return self.usages.get(slot, _EVERY_USAGE)

    def hash(self, agreed: Agreement) -> bytes:
        """The hash of the chain structure, or of the public key in DER."""
        return digest(agreed.base_hash, self.chain or self.private.public_key_der())

    def sign(self, agreed: Agreement, context: str, parts: tuple[bytes, ...]) -> bytes:
        """The signature of a transcript, ``scheme.size`` bytes."""
        text = signing_message(agreed.version, context, agreed.base_hash, parts)
        return self.private.sign(self.scheme, agreed.base_hash, text, context)


def own_key(identity: OwnIdentity | None, agreed: Agreement) -> OwnKey | None:
    """The identity, if there is one that fits the negotiated algorithm; else ``None``.

    Raises:
        ConfigError: its key cannot be read.
    """
    if identity is None or agreed.own_signature is None:
        return None
    private = _load(identity)
    if private.kind != agreed.own_signature.key:
        return None
    chain = b""
    if identity.chain:
        root_hash = digest(agreed.base_hash, identity.chain[0])
        chain = build_chain(root_hash, list(identity.chain))
    signature, slots = agreed.own_signature, identity.slots
    return OwnKey(private, signature, chain, slots, identity.usages, identity.ep_info)


def check_identity(options: AttestOptions) -> None:
    """Check that the requester can be authenticated in the sessions that it opens.

    Raises:
        ConfigError: it announces that it can and has no identity, or an unreadable key.
    """
    proves = options.plan.sessions and options.offer.flags & Cap.MUT_AUTH
    if proves and options.identity is None:
        raise ConfigError("sessions with MUT_AUTH need an identity of the requester")
    if options.identity is not None:
        _load(options.identity)


def own_schemes(identity: OwnIdentity) -> tuple[int, int]:
    """What an identity can sign with, as bits of ReqBaseAsymAlg and ReqPqcAsymAlg.

    Raises:
        ConfigError: its key cannot be read.
    """
    kind = _load(identity).kind
    base = sum(row.bit for row in BASE_ASYM if row.key == kind)
    return base, sum(row.bit for row in PQC_ASYM if row.key == kind)


def _load(identity: OwnIdentity) -> PrivateKey:
    try:
        return load_private_key(identity.key)
    except UnsupportedKeyError as error:
        raise ConfigError(str(error), where="requester's key") from error
