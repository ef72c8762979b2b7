"""Whom the device believes to be a requester (mutual authentication)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from responder.core.errors import UntrustedError
from responder.crypto.hashing import digest
from responder.spec.algorithms import Hash, Signature
from responder.wire.chain import build_chain

if TYPE_CHECKING:
    from responder.crypto.signing import PublicKey


class TrustedRequesters:
    """Roots and public keys; implements ``core.interfaces.RequesterTrust``.

    X.509 takes longer to import than a device to start, so that it waits for the first chain.
    """

    def __init__(
        self,
        roots: Sequence[Path] = (),
        public_keys: Sequence[bytes] = (),
        chains: Sequence[Sequence[bytes]] = (),
        when: datetime | None = None,
    ) -> None:
        """Trust in files of root certificates and in public keys.

        Args:
            roots: files, PEM or DER.
            public_keys: SubjectPublicKeyInfo in DER, of requesters with PUB_KEY_ID_CAP.
            chains: of requesters that need not be asked for theirs: DER certificates, root first.
            when: what the device's calendar says; ``None`` if it has none.
        """
        self._files = tuple(roots)
        self._public_keys = tuple(public_keys)
        self._chains = tuple(chains)
        self._when = when
        self._roots: list[bytes] | None = None

    def verify(self, chain: bytes, asym: Signature, base_hash: Hash, version: int) -> "PublicKey":
        """The leaf's key of a certificate chain structure.

        Raises:
            UntrustedError: the chain is not believed.
        """
        from responder.pki.verify import ChainError, verify_requester  # noqa: PLC0415 - see above

        try:
            return verify_requester(
                chain,
                self._trusted(),
                asym=asym,
                base_hash=base_hash,
                version=version,
                when=self._when,
            )
        except ChainError as error:
            raise UntrustedError(str(error)) from None

    def chain(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The chain structure of a requester that was provisioned; ``None`` without one."""
        from responder.crypto.signing import PublicKey  # noqa: PLC0415 - as device.slots

        for certificates in self._chains:
            if PublicKey.from_certificate(certificates[-1]).kind == asym.key:
                return build_chain(digest(base_hash, certificates[0]), list(certificates))
        return None

    def public_key(self, asym: Signature) -> "PublicKey | None":
        """The requester's key that was provisioned for slot 0xFF; ``None`` without one."""
        from responder.crypto.signing import PublicKey  # noqa: PLC0415 - as device.slots

        keys = (PublicKey.from_der(der) for der in self._public_keys)
        return next((key for key in keys if key.kind == asym.key), None)

    def _trusted(self) -> list[bytes]:
        if self._roots is None:
            from responder.pki.sets import read_certificates  # noqa: PLC0415 - see above

            self._roots = [der for file in self._files for der in read_certificates(file)]
        return self._roots
