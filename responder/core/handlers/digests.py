"""GET_DIGESTS: the digest of every provisioned slot's chain."""

from responder.core.context import Context, Reply
from responder.core.errors import ProtocolError
from responder.spec.codes import ErrorCode
from responder.spec.versions import V13
from responder.wire.digests import Digests, GetDigests


def get_digests(request: GetDigests, context: Context) -> Reply:
    """List the digests, ascending by slot, with key information in a multi-key connection."""
    connection = context.connection
    slots = context.provisioned()
    if not slots:
        raise ProtocolError(ErrorCode.UNSPECIFIED, "no slot holds a certificate chain")
    asym, base_hash = context.base_asym, context.base_hash
    response = Digests(
        spdm_version=request.spdm_version,
        supported_slot_mask=(
            context.device.supported_slot_mask() if connection.header_version >= V13 else 0
        ),
        provisioned_slot_mask=sum(1 << slot_id for slot_id in slots),
        digest=b"".join(slot.digest(asym, base_hash) or b"" for slot in slots.values()),
    )
    if connection.selected.multi_key_responder:
        response.key_pair_id = [slot.key_pair_id for slot in slots.values()]
        response.certificate_info = [slot.model for slot in slots.values()]
        response.key_usage_mask = [slot.key_usage for slot in slots.values()]
    return Reply(response)
