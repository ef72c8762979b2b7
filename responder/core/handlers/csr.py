"""GET_CSR: a certificate signing request for a key of the device (1.2 and later)."""

from responder.core.context import Context, Later, Reply
from responder.core.errors import invalid
from responder.core.provisioning import CsrTerms
from responder.core.terms import model_of_all, required_model, terms
from responder.spec.algorithms import Signature
from responder.spec.flags import Cap
from responder.spec.limits import MAX_OPAQUE_SIZE
from responder.spec.versions import V13
from responder.wire.csr import OVERWRITE, Csr, GetCsr
from responder.wire.errors import WireError
from responder.wire.opaque import OpaqueData
from responder.wire.slot_management import GetCsrStructure


def get_csr(request: GetCsr, context: Context) -> Later:
    """Make the CSR, or tell with which tag it is there after a reset."""
    check_opaque(request.opaque_data, context)
    wanted = wanted_csr(request, context)
    change = context.device.provisioning.csr(wanted)

    def finish() -> Reply:
        return Reply(Csr(spdm_version=request.spdm_version, csr=change.commit()))

    return Later(change.work, finish, change.give_up)


def check_opaque(opaque: bytes, context: Context) -> None:
    """Opaque data of a CSR request: only if a format was negotiated, and made of elements.

    Raises:
        ProtocolError: InvalidRequest.
    """
    if len(opaque) > MAX_OPAQUE_SIZE:
        raise invalid(f"{len(opaque)} bytes of opaque data")
    if not opaque:
        return
    if not context.connection.selected.opaque_format:
        raise invalid("opaque data, and no format was negotiated")
    try:
        OpaqueData.parse(opaque, context.connection.wire)
    except WireError as error:
        raise invalid(str(error)) from None


def wanted_csr(
    request: GetCsr | GetCsrStructure, context: Context, asym: Signature | None = None
) -> CsrTerms:
    """What a request asks for, of the negotiated algorithm or of another one.

    Raises:
        ProtocolError: InvalidRequest: these do not go together, or not with the connection.
    """
    connection = context.connection
    at_reset = bool(connection.flags & Cap.CERT_INSTALL_RESET)
    if connection.header_version < V13:
        ours = terms(context, model_of_all(context), at_reset=at_reset, asym=asym)
        return CsrTerms(ours, request.requester_info)
    tag = request.tracking_tag
    if tag and (request.attributes & OVERWRITE or not at_reset):
        raise invalid(f"tracking tag {tag} with Overwrite, or where no reset is needed")
    model = required_model(context, request.model, request.key_pair_id)
    return CsrTerms(
        terms(context, model, request.key_pair_id, at_reset=at_reset, asym=asym),
        request.requester_info,
        tracking_tag=tag,
        overwrite=bool(request.attributes & OVERWRITE),
    )
