"""VENDOR_DEFINED_REQUEST, if one was asked for (DSP0274, clause of that name)."""

from collections.abc import Container

from responder.requester.conversation import Conversation, Flow
from responder.requester.options import VendorRequest
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
    payload = yield from exchange_vendor(c, wanted, may_refuse=(ErrorCode.UNSUPPORTED_REQUEST,))
    if payload is None:
        c.report.observe("vendor.refused", f"StandardID {wanted.standard_id}")
    else:
        c.report.vendor_response = payload.hex()


def exchange_vendor(
    c: Conversation, wanted: VendorRequest, *, may_refuse: Container[int] = ()
) -> Flow[bytes | None]:
    """Exchange VENDOR_DEFINED_REQUEST and VENDOR_DEFINED_RESPONSE.

    Args:
        c: the conversation.
        wanted: the request.
        may_refuse: error codes that may answer it.

    Returns:
        The payload of the answer; ``None`` if it was refused and may be.
    """
    request = VendorDefinedRequest(
        spdm_version=c.agreed.version,
        standard_id=wanted.standard_id,
        vendor_id=wanted.vendor_id,
        payload=wanted.payload,
    ).build()
    raw = yield from c.exchange(request, may_refuse=may_refuse)
    if raw[1] == ResponseCode.ERROR:
        return None
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
    return message.payload


def _read(c: Conversation, raw: bytes) -> tuple[VendorDefinedResponse, bytes]:
    """The response in the small form, and its bytes.

    Bit 7 of Param1 is reserved before 1.4, unasked after.
    """
    large = bool(raw[2] & LARGE_PAYLOAD)
    if c.agreed.version >= V14:
        c.require("vdm.large", not large, "a 32-bit length that was not asked for")
    small = raw[:2] + bytes((raw[2] & ~LARGE_PAYLOAD,)) + raw[3:]
    return c.read(VendorDefinedResponse, small, c.agreed.wire())
