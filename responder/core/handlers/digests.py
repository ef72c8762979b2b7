"""GET_DIGESTS: the digest of every provisioned slot's chain."""

from responder.core.context import Context, Reply
from responder.core.errors import ProtocolError
from responder.spec.codes import ErrorCode
from responder.spec.versions import V13
from responder.wire.digests import Digests, GetDigests


def get_digests(request: GetDigests, context: Context) -> Reply:
    """List the digests, ascending by slot, with key information in a multi-key connection."""
    connection, asym, base_hash = context.connection, context.base_asym, context.base_hash
    if context.device.provisioning.waiting_slots:
        raise ProtocolError(ErrorCode.RESET_REQUIRED, "a slot waits for a reset")
    multi_key = connection.selected.multi_key_responder
    slots = context.with_key() if multi_key else context.provisioned()
    if not slots:
        raise ProtocolError(ErrorCode.UNSPECIFIED, "no slot holds a certificate chain")
    no_digest = bytes(base_hash.size)
    response = Digests(
        spdm_version=request.spdm_version,
        supported_slot_mask=(
            context.device.supported_slot_mask() if connection.header_version >= V13 else 0
        ),
        provisioned_slot_mask=sum(1 << slot_id for slot_id in slots),
        digest=b"".join(slot.digest(asym, base_hash) or no_digest for slot in slots.values()),
    )
    if multi_key:
        infos = [slot.info(asym) for slot in slots.values()]
        response.key_pair_id = [info.key_pair_id for info in infos]
        response.certificate_info = [info.model for info in infos]
        response.key_usage_mask = [info.key_usage for info in infos]
    return Reply(response)
