"""Certificate models and key pairs in requests that provision (DSP0274 1.3 and later)."""

from responder.core.context import Context
from responder.core.errors import invalid, unexpected
from responder.core.provisioning import Terms
from responder.spec.algorithms import Signature
from responder.spec.flags import Cap
from responder.spec.registries import CertificateModel


def terms(
    context: Context,
    model: int,
    key_pair_id: int = 0,
    *,
    at_reset: bool,
    asym: Signature | None = None,
) -> Terms:
    """The connection's side of a change; ``asym`` if it is not about the negotiated algorithm."""
    return Terms(
        asym=asym or context.base_asym,
        base_hash=context.base_hash,
        version=context.connection.header_version,
        model=model,
        key_pair_id=key_pair_id,
        at_reset=at_reset,
    )


def model_of_all(context: Context) -> CertificateModel:
    """The model of every slot outside multi-key connections."""
    alias = context.connection.flags & Cap.ALIAS_CERT
    return CertificateModel.ALIAS if alias else CertificateModel.DEVICE


def required_model(context: Context, model: int, key_pair_id: int) -> CertificateModel:
    """The model that a request names; outside multi-key connections it must name none.

    Raises:
        ProtocolError: InvalidRequest: a model or key pair is named, or not named, against that.
    """
    if not context.connection.selected.multi_key_responder:
        if model or key_pair_id:
            raise invalid("a model or key pair is named outside a multi-key connection")
        return model_of_all(context)
    if not key_pair_id or model not in (1, 2, 3):
        raise invalid(f"key pair {key_pair_id} with model {model}")
    return CertificateModel(model)


def require_writable(context: Context, slot_id: int) -> None:
    """Slots other than 0 are written in sessions, or where the profile trusts everybody.

    Raises:
        ProtocolError: InvalidRequest: there is no such slot. UnexpectedRequest: not here.
    """
    if not context.device.slot_size(slot_id):
        raise invalid(f"slot {slot_id} does not exist")
    if slot_id and context.session is None and not context.device.provisioning.trusted:
        raise unexpected(f"slot {slot_id} is written in sessions only")
