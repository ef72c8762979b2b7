"""VENDOR_DEFINED_REQUEST, if one was asked for (DSP0274, clause of that name)."""

from responder.requester.conversation import Conversation, Flow
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.versions import V14
from responder.wire.vendor_defined import (
    LARGE_PAYLOAD,
    VendorDefinedRequest,
    VendorDefinedResponse,
)


def vendor_request(c: Conversation) -> Flow[None]:
    """Exchange the vendor-defined request of the options; report the payload of the answer."""
    wanted = c.options.vendor
    if wanted is None:
        return
    request = VendorDefinedRequest(
        spdm_version=c.agreed.version,
        standard_id=wanted.standard_id,
        vendor_id=wanted.vendor_id,
        payload=wanted.payload,
    ).build()
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.UNSUPPORTED_REQUEST,))
    if raw[1] == ResponseCode.ERROR:
        c.report.observe("vendor.refused", f"StandardID {wanted.standard_id}")
        return
    message, response = _read(c, raw)
    c.enter(request, response)
    c.require(
        "vdm.standard-id",
        message.standard_id == wanted.standard_id,
        f"StandardID {message.standard_id}, sent {wanted.standard_id}",
    )
    c.require(
        "vdm.vendor-id",
        message.vendor_id == wanted.vendor_id,
        f"VendorID {message.vendor_id.hex()}, sent {wanted.vendor_id.hex()}",
    )
    c.report.vendor_response = message.payload.hex()


def _read(c: Conversation, raw: bytes) -> tuple[VendorDefinedResponse, bytes]:
    """The response in the small form, and its bytes.

    Bit 7 of Param1 is reserved before 1.4, unasked after.
    """
    large = bool(raw[2] & LARGE_PAYLOAD)
    if c.agreed.version >= V14:
        c.require("vdm.large", not large, "a 32-bit length that was not asked for")
    small = raw[:2] + bytes((raw[2] & ~LARGE_PAYLOAD,)) + raw[3:]
    return c.read(VendorDefinedResponse, small, c.agreed.wire())
