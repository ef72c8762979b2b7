"""SET_CERTIFICATE: a slot's chain is written or erased (1.2 and later)."""

from responder.core.context import Context, Later, Reply
from responder.core.errors import invalid
from responder.core.provisioning import Change
from responder.core.terms import model_of_all, require_writable, required_model, terms
from responder.spec.flags import Cap
from responder.spec.limits import MAX_SMALL_CERTIFICATE_CHAIN
from responder.spec.registries import CertificateModel
from responder.spec.versions import V13
from responder.wire.chain import LENGTH_SIZE
from responder.wire.set_certificate import SetCertificate, SetCertificateRsp


def set_certificate(request: SetCertificate, context: Context) -> Later:
    """Write or erase; with CERT_INSTALL_RESET_CAP it waits for a reset."""
    require_writable(context, request.slot_id)
    change = _begin(request, context)

    def finish() -> Reply:
        change.commit()
        return Reply(SetCertificateRsp(spdm_version=request.spdm_version, slot=request.slot_id))

    return Later(change.work, finish, change.give_up)


def _begin(request: SetCertificate, context: Context) -> Change:
    provisioning, slot_id = context.device.provisioning, request.slot_id
    at_reset = bool(context.connection.flags & Cap.CERT_INSTALL_RESET)
    if context.connection.header_version < V13:
        check_length(request.cert_chain, context)
        ours = terms(context, model_of_all(context), at_reset=at_reset)
        return provisioning.write(slot_id, request.cert_chain, ours)
    if not request.erase:
        check_length(request.cert_chain, context)
        model = required_model(context, request.model, request.key_pair_id)
        if slot_id == 0 and model is CertificateModel.GENERIC:
            raise invalid("slot 0 holds no generic certificate")
        ours = terms(context, model, request.key_pair_id, at_reset=at_reset)
        return provisioning.write(slot_id, request.cert_chain, ours)
    multi_key = context.connection.selected.multi_key_responder
    if request.model or bool(request.key_pair_id) != multi_key:
        raise invalid(f"erase with model {request.model} and key pair {request.key_pair_id}")
    ours = terms(context, CertificateModel.NONE, request.key_pair_id, at_reset=at_reset)
    return provisioning.erase(slot_id, ours)


def check_length(chain: bytes, context: Context) -> None:
    """The chain structure's size, its own Length included, which it was read by.

    Raises:
        ProtocolError: InvalidRequest.
    """
    if len(chain) < LENGTH_SIZE + context.base_hash.size:
        raise invalid(f"a chain of {len(chain)} bytes")
    if len(chain) > MAX_SMALL_CERTIFICATE_CHAIN and not context.connection.flags & Cap.LARGE_RESP:
        raise invalid(f"a chain of {len(chain)} bytes without LARGE_RESP_CAP")
