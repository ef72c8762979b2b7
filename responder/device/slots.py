"""Certificate slots: what each one holds, per kind of key (DSP0274 "Certificates")."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from responder.core.interfaces import Identity, SlotInfo
from responder.crypto.hashing import digest
from responder.spec.algorithms import Hash, Signature
from responder.wire.chain import build_chain

if TYPE_CHECKING:
    from responder.crypto.signing import PrivateKey


NO_INFOS: Mapping[str, SlotInfo] = MappingProxyType({})


class Credential:
    """One identity as the wire wants it; the key is parsed, and each chain built, at first use."""

    def __init__(self, identity: Identity, kind: str = "") -> None:
        """``kind`` is the kind of key if that is known without parsing it."""
        self.identity = identity
        self._kind = kind
        self._key: PrivateKey | None = None
        self._chains: dict[str, bytes] = {}
        self._digests: dict[str, bytes] = {}

    @property
    def kind(self) -> str:
        """The kind of key, such as ``ecp384``.

        Raises:
            UnsupportedKeyError: the key has to be parsed for that, and cannot be.
        """
        return self._kind or self.key().kind

    def key(self) -> "PrivateKey":
        """The private key.

        Raises:
            UnsupportedKeyError: it cannot be parsed.
        """
        if self._key is None:
            # Parsing an RSA key takes longer than reading all the files, so it waits for its use.
            from responder.crypto.signing import load_private_key  # noqa: PLC0415

            self._key = load_private_key(self.identity.key)
        return self._key

    def chain(self, base_hash: Hash) -> bytes:
        """The chain structure with the hash of the root certificate."""
        if base_hash.name not in self._chains:
            certificates = list(self.identity.chain)
            root_hash = digest(base_hash, certificates[0])
            self._chains[base_hash.name] = build_chain(root_hash, certificates)
        return self._chains[base_hash.name]

    def digest(self, base_hash: Hash) -> bytes:
        """The hash of the chain structure."""
        if base_hash.name not in self._digests:
            self._digests[base_hash.name] = digest(base_hash, self.chain(base_hash))
        return self._digests[base_hash.name]


class CertificateSlot:
    """A slot with at most one identity per kind of key; implements ``core.interfaces.Slot``.

    Attributes:
        slot_id: 0 to 7.
        model: ``CertificateModel`` of the chains.
        key_pair_id: as DIGESTS names the key where no key pairs are described; 0 for none.
        key_usage: ``KeyUsage`` bits of that key.
        size: bytes of the slot's storage.
        credentials: what it holds; empty for a slot that exists and is not provisioned.
        infos: what DIGESTS tells, for each kind of key that a key pair of the slot has.
    """

    def __init__(  # noqa: PLR0913 - what a slot is, by name
        self,
        slot_id: int,
        credentials: Sequence[Credential] = (),
        *,
        model: int = 0,
        key_pair_id: int = 0,
        key_usage: int = 0,
        size: int = 0,
        infos: Mapping[str, SlotInfo] = NO_INFOS,
    ) -> None:
        self.slot_id = slot_id
        self.credentials = tuple(credentials)
        self.model = model
        self.key_pair_id = key_pair_id
        self.key_usage = key_usage
        self.size = size
        self.infos = infos

    def moved(self, slot_id: int) -> "CertificateSlot":
        """Another slot with the same content."""
        return self._changed(slot_id, self.credentials, self.infos)

    def provisioned(
        self, credentials: Sequence[Credential], infos: Mapping[str, SlotInfo]
    ) -> "CertificateSlot":
        """The same slot with another content."""
        return self._changed(self.slot_id, credentials, infos)

    def _changed(
        self, slot_id: int, credentials: Sequence[Credential], infos: Mapping[str, SlotInfo]
    ) -> "CertificateSlot":
        return CertificateSlot(
            slot_id,
            credentials,
            model=self.model,
            key_pair_id=self.key_pair_id,
            key_usage=self.key_usage,
            size=self.size,
            infos=infos,
        )

    @property
    def empty(self) -> bool:
        """Whether it has neither a chain nor a key."""
        return not (self.credentials or self.infos)

    def info(self, asym: Signature) -> SlotInfo:
        """What DIGESTS tells of it in a multi-key connection."""
        found = self.infos.get(asym.key, SlotInfo())
        if found.key_pair_id or credential_for(self.credentials, asym) is None:
            return found
        return SlotInfo(self.model, self.key_pair_id, self.key_usage)

    def chain(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The certificate chain structure; ``None`` if the slot holds none for that algorithm."""
        credential = credential_for(self.credentials, asym)
        return credential.chain(base_hash) if credential else None

    def digest(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The base hash, ``base_hash.size`` bytes, of that structure."""
        credential = credential_for(self.credentials, asym)
        return credential.digest(base_hash) if credential else None

    def key(self, asym: Signature) -> "PrivateKey | None":
        """The private key for that algorithm."""
        credential = credential_for(self.credentials, asym)
        return credential.key() if credential else None

    def identity(self, asym: Signature) -> Identity | None:
        """What the chain for that algorithm is made of."""
        credential = credential_for(self.credentials, asym)
        return credential.identity if credential else None


def credential_for(credentials: Sequence[Credential], asym: Signature) -> Credential | None:
    """The first credential whose key signs with ``asym``."""
    return next((one for one in credentials if one.kind == asym.key), None)
