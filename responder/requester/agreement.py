"""What requester and responder have agreed on so far; the requester's own record of it."""

from dataclasses import dataclass

from responder.crypto.signing import PublicKey
from responder.spec.algorithms import BASE_HASHES, Aead, Exchange, Hash, Signature
from responder.spec.flags import MEAS, Cap, ExtCap
from responder.spec.versions import V10, V12, SpdmVersion
from responder.wire.algorithms import AlgorithmOffer
from responder.wire.context import WireContext

NO_FLAGS = Cap(0)
NO_EXT_FLAGS = ExtCap(0)


@dataclass(slots=True)
class Agreement:
    """The state of one connection, from GET_VERSION on.

    Attributes:
        version: chosen from VERSION; 1.0 before that.
        flags: the responder's capabilities, cut to what the version defines.
        ext_flags: those of the responder's ExtFlags (1.4) that are defined.
        own_flags: the requester's, as announced.
        transfer_size: DataTransferSize of the responder, bytes; ``None`` before 1.2.
        message_size: MaxSPDMmsgSize of the responder, bytes; ``None`` before 1.2.
        announced: the algorithms that CAPABILITIES told (1.3), if they were asked for.
        base_hash: selected, or the first of the table where a check that demands one is left out.
        measurement_hash: ``None`` when none is selected, or only raw bit streams are possible.
        raw_only: MeasurementHashAlgo says that measurements are raw.
        signature: the responder's signature algorithm.
        measurement_specification, opaque_format: the selected bit, or 0.
        mel_specification: the selected bit, or 0.
        exchange: the DHE group or KEM of KEY_EXCHANGE.
        aead: what protects the records of a session.
        key_schedule: the selected bit, or 0.
        own_signature: the requester's signature algorithm.
        multi_key: DIGESTS carries the data of a multi-key connection (1.3).
        own_multi_key: the requester's DIGESTS does.
        supported_slots: SupportedSlotMask of DIGESTS (1.3).
        slot: the slot that is being authenticated; 0xFF for a provisioned public key.
        chain_hash: the base hash of that slot's chain structure, or of the public key.
        chain_size: bytes of that chain; 0 for a public key.
        key: the public key whose private half the responder has to prove.
        key_stands: nothing has been written since that might give the slot another key.
    """

    version: SpdmVersion = V10
    flags: Cap = NO_FLAGS
    ext_flags: ExtCap = NO_EXT_FLAGS
    own_flags: Cap = NO_FLAGS
    transfer_size: int | None = None
    message_size: int | None = None
    announced: AlgorithmOffer | None = None
    base_hash: Hash = BASE_HASHES[0]
    measurement_hash: Hash | None = None
    raw_only: bool = False
    signature: Signature | None = None
    measurement_specification: int = 0
    opaque_format: int = 0
    mel_specification: int = 0
    exchange: Exchange | None = None
    aead: Aead | None = None
    key_schedule: int = 0
    own_signature: Signature | None = None
    multi_key: bool = False
    own_multi_key: bool = False
    supported_slots: int = 0
    slot: int = 0
    chain_hash: bytes = b""
    chain_size: int = 0
    key: PublicKey | None = None
    key_stands: bool = True

    def has(self, flags: Cap) -> bool:
        """Whether the responder has at least one of the capabilities."""
        return bool(self.flags & flags)

    def both(self, flags: Cap) -> bool:
        """Whether each side has at least one of the capabilities."""
        return bool(self.flags & flags and self.own_flags & flags)

    @property
    def encapsulates(self) -> bool:
        """Whether the responder may ask: ENCAP of both sides, or in 1.2 MUT_AUTH."""
        return self.both(Cap.ENCAP | Cap.MUT_AUTH if self.version == V12 else Cap.ENCAP)

    @property
    def clear(self) -> bool:
        """HANDSHAKE_IN_THE_CLEAR: FINISH is sent outside of the session."""
        return self.both(Cap.HANDSHAKE_IN_THE_CLEAR)

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
            exchange_request_size=self.exchange.request_size if self.exchange else 0,
            exchange_response_size=self.exchange.response_size if self.exchange else 0,
            requester_signature_size=self.own_signature.size if self.own_signature else 0,
            handshake_in_the_clear=self.clear,
            multi_key_requester=self.own_multi_key,
        )
