"""What requester and responder have agreed on so far; the requester's own record of it."""

from dataclasses import dataclass

from responder.crypto.signing import PublicKey
from responder.spec.algorithms import BASE_HASHES, Hash, Signature
from responder.spec.flags import MEAS, Cap
from responder.spec.versions import V10, SpdmVersion
from responder.wire.context import WireContext

NO_FLAGS = Cap(0)


@dataclass(slots=True)
class Agreement:
    """The state of one connection, from GET_VERSION on.

    Attributes:
        version: chosen from VERSION; 1.0 before that.
        flags: the responder's capabilities, cut to what the version defines.
        transfer_size: DataTransferSize of the responder, bytes; ``None`` before 1.2.
        base_hash: selected, or the first of the table where a check that demands one is left out.
        measurement_hash: ``None`` when none is selected, or only raw bit streams are possible.
        raw_only: MeasurementHashAlgo says that measurements are raw.
        signature: the responder's signature algorithm.
        measurement_specification, opaque_format: the selected bit, or 0.
        multi_key: DIGESTS carries the data of a multi-key connection (1.3).
        slot: the slot that is being authenticated; 0xFF for a provisioned public key.
        chain_hash: the base hash of that slot's chain structure, or of the public key.
        key: the public key whose private half the responder has to prove.
    """

    version: SpdmVersion = V10
    flags: Cap = NO_FLAGS
    transfer_size: int | None = None
    base_hash: Hash = BASE_HASHES[0]
    measurement_hash: Hash | None = None
    raw_only: bool = False
    signature: Signature | None = None
    measurement_specification: int = 0
    opaque_format: int = 0
    multi_key: bool = False
    slot: int = 0
    chain_hash: bytes = b""
    key: PublicKey | None = None

    def has(self, flags: Cap) -> bool:
        """Whether the responder has at least one of the capabilities."""
        return bool(self.flags & flags)

    @property
    def measures(self) -> bool:
        """MEAS_CAP, signed or not."""
        return self.has(MEAS)

    @property
    def signature_size(self) -> int:
        """Bytes of the responder's signatures."""
        return self.signature.size if self.signature else 0

    def wire(self, *, summary: bool = False, signed: bool = False) -> WireContext:
        """The layout of the next message; whether a summary hash or a signature was asked for."""
        return WireContext(
            version=self.version,
            hash_size=self.base_hash.size,
            measurement_hash_size=self.measurement_hash.size if self.measurement_hash else 0,
            signature_size=self.signature_size,
            summary=summary,
            signed=signed,
            multi_key=self.multi_key,
        )
