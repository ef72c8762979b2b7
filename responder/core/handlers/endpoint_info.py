"""GET_ENDPOINT_INFO: what the endpoint is, signed on request."""

from responder.core.context import Context, Reply, SignWith
from responder.core.errors import invalid, unsupported
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE
from responder.spec.registries import KeyUsage
from responder.wire.endpoint_info import EndpointInfo, GetEndpointInfo


def get_endpoint_info(request: GetEndpointInfo, context: Context) -> Reply:
    """Tell the device classes; a signature covers the request with its nonce, and ours."""
    info = context.device.endpoint_info(request.sub_code)
    if info is None:
        raise invalid(f"sub code {request.sub_code}")
    sign = _signer(request, context) if request.signature_requested else None
    response = EndpointInfo(
        spdm_version=request.spdm_version,
        slot=request.slot_id if sign else 0,
        nonce=context.nonce("endpoint info") if sign else b"",
        ep_info=info,
    )
    return Reply(response, sign)


def _signer(request: GetEndpointInfo, context: Context) -> SignWith:
    if not context.connection.flags & Cap.EP_INFO_SIG:
        reason = "endpoint information is not signed here"
        raise unsupported(RequestCode.GET_ENDPOINT_INFO, reason)
    public_key = request.slot_id == PUBLIC_KEY_SLOT_NIBBLE
    slot_id = PUBLIC_KEY_SLOT if public_key else request.slot_id
    key, _ = context.signer(slot_id, KeyUsage.ENDPOINT_INFO)
    return SignWith(key, "endpoint_info")
