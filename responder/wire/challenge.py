"""CHALLENGE and CHALLENGE_AUTH (DSP0274, clause of that name)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.limits import NONCE_SIZE, REQUESTER_CONTEXT_SIZE
from responder.spec.versions import V13
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf, When, negotiated, since, wire_of
from responder.wire.message import Message, wire
from responder.wire.names import SummaryType, slot, slot_mask
from responder.wire.opaque import OpaqueData

BASIC_MUT_AUTH_REQUESTED = 1 << 7


class Challenge(Message, code=RequestCode.CHALLENGE):
    """Asks for a signature over a fresh nonce; 36 bytes, 44 from 1.3 on."""

    slot_id: int = wire(Int8ul, show=slot)
    measurement_summary_hash_type: int = wire(Int8ul, default=0, show=SummaryType)
    nonce: bytes = wire(Blob(NONCE_SIZE))
    requester_context: bytes = wire(
        When(since(V13), Blob(REQUESTER_CONTEXT_SIZE), b""), default=b""
    )


class ChallengeAuth(Message, code=ResponseCode.CHALLENGE_AUTH):
    """Chain hash, nonce, measurement summary hash and the signature over M1.

    Param1 is the slot in bits 3:0 (0xF for the provisioned public key) and BasicMutAuthReq in
    bit 7; Param2 the mask of the provisioned slots.
    """

    slot: int = wire(Int8ul, show=slot)
    slot_mask: int = wire(Int8ul, show=slot_mask)
    cert_chain_hash: bytes = wire(Blob(negotiated("hash_size")))
    nonce: bytes = wire(Blob(NONCE_SIZE))
    measurement_summary_hash: bytes = wire(
        Blob(lambda c: wire_of(c).hash_size if wire_of(c).summary else 0), default=b""
    )
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)
    requester_context: bytes = wire(
        When(since(V13), Blob(REQUESTER_CONTEXT_SIZE), b""), default=b""
    )
    signature: bytes = wire(Blob(negotiated("signature_size")), default=b"")
