"""GET_CSR and SET_CERTIFICATE (DSP0274 1.2, clauses of those names)."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from responder.crypto.hashing import digest
from responder.errors import ConfigError
from responder.requester.certificate import read_chain
from responder.requester.conversation import Conversation, Flow
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.key_pairs import MAX_TRACKING_TAG
from responder.spec.registries import CertificateModel
from responder.wire.chain import build_chain
from responder.wire.csr import Csr, GetCsr
from responder.wire.set_certificate import MODEL_SHIFT, SetCertificate, SetCertificateRsp

_FIRST_PAIR = 1


def get_csr(c: Conversation) -> Flow[None]:
    """Exchange GET_CSR and CSR; report the request that a device would have signed."""
    model = _model(c)
    request = GetCsr(
        spdm_version=c.agreed.version,
        key_pair_id=_FIRST_PAIR if model else 0,
        attributes=model,
    ).build(c.agreed.wire())
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.RESET_REQUIRED,))
    if raw[1] == ResponseCode.ERROR:
        _reset_required(c, "csr", "GET_CSR")
        c.require("csr.tracking-tag", raw[3] <= MAX_TRACKING_TAG, f"CSRTrackingTag {raw[3]}")
        return
    message, response = c.read(Csr, raw, c.agreed.wire())
    c.enter(request, response)
    c.require("csr.empty", message.csr, "CSRLength is 0")
    fault = _csr_fault(message.csr)
    c.require("csr.signature", not fault, fault)
    c.report.csr = message.csr.hex()


def _model(c: Conversation) -> int:
    """The certificate model to name, which only a multi-key connection has."""
    return int(CertificateModel.DEVICE) if c.agreed.multi_key else 0


def _csr_fault(der: bytes) -> str:
    """Why it is no certificate signing request of the key in it; empty if it is one."""
    try:
        request = x509.load_der_x509_csr(der)
        request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if not request.is_signature_valid:
            return "its own signature does not verify"
    except (ValueError, TypeError, InvalidSignature) as error:
        return f"no certificate signing request: {error}"
    return ""


def _reset_required(c: Conversation, message: str, name: str) -> None:
    resets = c.agreed.has(Cap.CERT_INSTALL_RESET)
    c.require(f"{message}.reset-required", resets, "ResetRequired without CERT_INSTALL_RESET_CAP")
    c.report.observe("reset.required", name)


def set_certificate(c: Conversation) -> Flow[None]:
    """Write the chain of the options into its slot, and read it back."""
    wanted = c.options.new_chain
    if wanted is None:
        raise ConfigError("SET_CERTIFICATE needs a chain to write")
    chain = build_chain(digest(c.agreed.base_hash, wanted.chain[0]), list(wanted.chain))
    model = _model(c)
    request = SetCertificate(
        spdm_version=c.agreed.version,
        slot=wanted.slot | model << MODEL_SHIFT,
        key_pair_id=_FIRST_PAIR if model else 0,
        cert_chain=chain,
    ).build(c.agreed.wire())
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.RESET_REQUIRED,))
    if raw[1] == ResponseCode.ERROR:
        _reset_required(c, "setc", "SET_CERTIFICATE")
        return
    message, response = c.read(SetCertificateRsp, raw, c.agreed.wire())
    c.enter(request, response)
    c.require("setc.slot", message.slot == wanted.slot, f"slot {message.slot} of {wanted.slot}")
    stored = yield from read_chain(c, wanted.slot)
    if stored != chain:
        c.report.observe("certificate.not-stored", f"slot {wanted.slot}")
