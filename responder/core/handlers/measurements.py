"""GET_MEASUREMENTS: how many there are, one, or all; signed on request."""

from collections.abc import Sequence

from responder.core.context import Context, Reply, SignWith
from responder.core.errors import invalid, unexpected
from responder.core.interfaces import Measured
from responder.spec.flags import Cap
from responder.spec.limits import PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE, SLOT_MASK
from responder.spec.measurements import ContentChanged
from responder.spec.registries import KeyUsage
from responder.spec.versions import V12
from responder.wire.measurements import (
    OPERATION_ALL,
    OPERATION_COUNT,
    RAW_BIT_STREAM_REQUESTED,
    GetMeasurements,
    Measurements,
)

_CONTENT_CHANGED_SHIFT = 4


def get_measurements(request: GetMeasurements, context: Context) -> Reply:
    """Collect the blocks that were asked for; the last request of a series is signed."""
    selected = context.connection.selected
    if not selected.measurement_specification or not selected.measurement_hash_bits:
        raise unexpected("no measurement specification and hash were negotiated")
    changed = _content_changed(context)
    sign, slot = _signer(request, context) if request.signature_requested else (None, 0)
    if sign and context.connection.header_version >= V12:
        slot |= changed << _CONTENT_CHANGED_SHIFT
    measured = context.measured()
    wanted = _wanted(request, measured)
    raw = bool(request.attributes & RAW_BIT_STREAM_REQUESTED)
    blocks = [m.block(selected.measurement_hash, raw=raw) for m in wanted]
    counting = request.operation == OPERATION_COUNT
    response = Measurements(
        spdm_version=request.spdm_version,
        total_number_of_measurements=len(measured) if counting else 0,
        slot=slot,
        number_of_blocks=len(blocks),
        measurement_record=b"".join(blocks),
        nonce=context.nonce("measurements"),
        requester_context=request.requester_context,
    )
    return Reply(response, sign)


def _wanted(request: GetMeasurements, measured: Sequence[Measured]) -> list[Measured]:
    if request.operation == OPERATION_COUNT:
        return []
    if request.operation == OPERATION_ALL:
        return list(measured)
    wanted = [m for m in measured if m.index == request.operation]
    if not wanted:
        raise invalid(f"no measurement has index {request.operation:#x}")
    return wanted


def _content_changed(context: Context) -> int:
    """What the device says, unless it saw no change and there is one since L1 began."""
    transcript = (context.session or context.connection).transcript
    differs = transcript.measured(context.device.measurement_revision())
    told = context.device.content_changed()
    return ContentChanged.CHANGED if differs and told == ContentChanged.NO_CHANGE else told


def _signer(request: GetMeasurements, context: Context) -> tuple[SignWith, int]:
    """The key, and Param2 of the response as far as it is the slot."""
    connection = context.connection
    if not connection.flags & Cap.MEAS_SIG:
        raise invalid("measurements are not signed here")
    slot_id = (request.slot_id or 0) & SLOT_MASK
    public_key = slot_id == PUBLIC_KEY_SLOT_NIBBLE
    key, _ = context.signer(PUBLIC_KEY_SLOT if public_key else slot_id, KeyUsage.MEASUREMENT)
    return SignWith(key, "measurements"), slot_id
