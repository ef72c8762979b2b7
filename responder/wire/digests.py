"""GET_DIGESTS and DIGESTS (DSP0274 "GET_DIGESTS request and DIGESTS response messages")."""

from construct import Array, Construct

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.fields import Blob, Int8ul, Int16ul, When, negotiated, wire_of
from responder.wire.message import Message, wire
from responder.wire.names import certificate_model, key_usage, slot_mask


class GetDigests(Message, code=RequestCode.GET_DIGESTS):
    """Asks for the digests of all certificate chains; 4 bytes."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)


def _per_slot(construct: Construct) -> When:
    count = Array(lambda c: c.provisioned_slot_mask.bit_count(), construct)
    return When(negotiated("multi_key"), count, None)


class Digests(Message, code=ResponseCode.DIGESTS):
    """One digest of the whole certificate chain structure for each provisioned slot, ascending.

    In a multi-key connection (1.3) three arrays follow: KeyPairID and CertificateInfo, one byte
    a slot, and KeyUsageMask, two bytes a slot.
    """

    supported_slot_mask: int = wire(Int8ul, default=0, show=slot_mask)
    provisioned_slot_mask: int = wire(Int8ul, show=slot_mask)
    digest: bytes = wire(Blob(lambda c: c.provisioned_slot_mask.bit_count() * wire_of(c).hash_size))
    key_pair_id: list[int] | None = wire(_per_slot(Int8ul), default=None)
    certificate_info: list[int] | None = wire(
        _per_slot(Int8ul), default=None, show=certificate_model
    )
    key_usage_mask: list[int] | None = wire(_per_slot(Int16ul), default=None, show=key_usage)

    def by_slot(self, hash_size: int) -> dict[int, bytes]:
        """The digest of each provisioned slot."""
        slots = [slot for slot in range(8) if self.provisioned_slot_mask >> slot & 1]
        parts = (self.digest[i : i + hash_size] for i in range(0, len(self.digest), hash_size))
        return dict(zip(slots, parts, strict=False))
