"""GET_MEASUREMENT_EXTENSION_LOG: a portion of the log behind the hash-extend measurements."""

from responder.core.context import Context, Reply
from responder.core.errors import invalid, unexpected
from responder.wire.measurement_extension_log import (
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
)

_HEADER = 12


def get_measurement_extension_log(request: GetMeasurementExtensionLog, context: Context) -> Reply:
    """Send what was asked for, as far as it fits into one message."""
    selected = context.connection.selected
    if not selected.mel_specification or not selected.measurement_hash_bits:
        raise unexpected("no specification of the log, or no measurement hash, was negotiated")
    log = context.device.measurement_extension_log(selected.measurement_hash)
    if request.offset >= len(log):
        raise invalid(f"offset {request.offset} is beyond the log of {len(log)} bytes")
    room = context.room(_HEADER)
    portion = log[request.offset : request.offset + min(request.length, room)]
    response = MeasurementExtensionLog(
        spdm_version=request.spdm_version,
        remainder_length=len(log) - request.offset - len(portion),
        mel=portion,
    )
    return Reply(response)
