"""VENDOR_DEFINED_REQUEST: handed to the device."""

from responder.core.context import Context, Reply
from responder.core.errors import OutsideError, invalid, session_required, unsupported
from responder.core.interfaces import VendorRequest
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.versions import V14
from responder.wire.vendor_defined import (
    LARGE_PAYLOAD,
    VendorDefinedRequest,
    VendorDefinedResponse,
)


def vendor_defined(request: VendorDefinedRequest, context: Context) -> Reply:
    """Ask the device; the response echoes StandardID and VendorID."""
    large = context.connection.header_version >= V14 and request.param1 & LARGE_PAYLOAD
    if large and not context.connection.common(Cap.LARGE_RESP):
        raise invalid("a large payload without LARGE_RESP on both sides")
    asked = VendorRequest(
        request.standard_id, request.vendor_id, request.payload, context.session, context.now
    )
    try:
        payload = context.device.vendor_request(asked)
    except OutsideError as error:
        raise session_required(context.connection.header_version, error.reason) from None
    if payload is None:
        raise unsupported(
            RequestCode.VENDOR_DEFINED_REQUEST,
            f"nobody handles standard {request.standard_id} vendor {request.vendor_id.hex()}",
        )
    return Reply(
        VendorDefinedResponse(
            spdm_version=request.spdm_version,
            param1=LARGE_PAYLOAD if large else 0,
            standard_id=request.standard_id,
            vendor_id=request.vendor_id,
            reserved=0 if large else None,
            payload=payload,
        )
    )
