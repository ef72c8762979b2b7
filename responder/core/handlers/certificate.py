"""GET_CERTIFICATE: a portion of a slot's certificate chain structure."""

from responder.core.context import Context, Reply
from responder.core.errors import ProtocolError, invalid, unsupported
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import MAX_SMALL_CERTIFICATE_CHAIN, SLOT_COUNT
from responder.spec.versions import V13, V14
from responder.wire.certificate import (
    LARGE_CERT_CHAIN,
    SLOT_SIZE_REQUESTED,
    Certificate,
    GetCertificate,
)

_SMALL_HEADER = 8
_LARGE_HEADER = 16


def get_certificate(request: GetCertificate, context: Context) -> Reply:
    """Send what was asked for, as far as it fits into one message."""
    connection = context.connection
    if request.large and not connection.common(Cap.LARGE_RESP):
        raise unsupported(RequestCode.GET_CERTIFICATE, "LARGE_RESP is not negotiated")
    if request.slot_id >= SLOT_COUNT:
        raise invalid(f"slot {request.slot_id}")
    if connection.header_version >= V13 and request.attributes & SLOT_SIZE_REQUESTED:
        return _slot_size(request, context)
    slot = context.provisioned_slot(request.slot_id)
    chain = slot.chain(context.base_asym, context.base_hash) or b""
    if not request.large and len(chain) > MAX_SMALL_CERTIFICATE_CHAIN:
        raise _too_large(connection.header_version, len(chain))
    offset = (request.large_offset if request.large else request.offset) or 0
    length = (request.large_length if request.large else request.length) or 0
    if offset >= len(chain):
        raise invalid(f"offset {offset} is beyond the chain of {len(chain)} bytes")
    room = context.room(_LARGE_HEADER if request.large else _SMALL_HEADER)
    portion = chain[offset : offset + min(length, room)]
    remainder = len(chain) - offset - len(portion)
    response = _response(request, portion, remainder)
    if connection.selected.multi_key_responder:
        response.certificate_info = slot.info(context.base_asym).model
    return Reply(response)


def _response(request: GetCertificate, portion: bytes, remainder: int) -> Certificate:
    if not request.large:
        return Certificate(
            spdm_version=request.spdm_version,
            slot=request.slot_id,
            remainder_length=remainder,
            cert_chain=portion,
        )
    return Certificate(
        spdm_version=request.spdm_version,
        slot=request.slot_id | LARGE_CERT_CHAIN,
        portion_length=0,
        large_portion_length=len(portion),
        large_remainder_length=remainder,
        cert_chain=portion,
    )


def _slot_size(request: GetCertificate, context: Context) -> Reply:
    """SlotSizeRequested: the storage of the slot, even of an empty one, and no bytes of it."""
    size = context.device.slot_size(request.slot_id)
    if not size:
        raise invalid(f"slot {request.slot_id} does not exist")
    if context.policy.deviations.hides_empty_slots:
        context.provisioned_slot(request.slot_id)
    if not request.large:
        size = min(size, MAX_SMALL_CERTIFICATE_CHAIN)
    return Reply(_response(request, b"", size))


def _too_large(version: int, size: int) -> ProtocolError:
    if version < V14:
        return ProtocolError(ErrorCode.UNSPECIFIED, f"a chain of {size} bytes cannot be sent")
    return ProtocolError(
        ErrorCode.DATA_TOO_LARGE, f"a chain of {size} bytes", extended=size.to_bytes(4, "little")
    )
