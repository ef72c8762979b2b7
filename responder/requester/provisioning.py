"""GET_CSR and SET_CERTIFICATE (DSP0274 1.2, clauses of those names)."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from responder.crypto.hashing import digest
from responder.errors import ConfigError
from responder.requester.certificate import read_chain
from responder.requester.conversation import Conversation, Flow
from responder.requester.der import DerError, elements, read_element
from responder.requester.options import NewChain
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.key_pairs import MAX_TRACKING_TAG
from responder.spec.registries import CertificateModel
from responder.spec.versions import V13
from responder.wire.chain import build_chain
from responder.wire.csr import Csr, GetCsr
from responder.wire.set_certificate import MODEL_SHIFT, SetCertificate, SetCertificateRsp

_FIRST_PAIR = 1
_SUBJECT = 1
"""The place of the subject in a CertificationRequestInfo (RFC 2986 section 4.1)."""


def get_csr(c: Conversation) -> Flow[None]:
    """Exchange GET_CSR and CSR; report the request that a device would have signed."""
    model = model_to_name(c)
    request = GetCsr(
        spdm_version=c.agreed.version,
        key_pair_id=_FIRST_PAIR if model else 0,
        attributes=model,
        requester_info=c.options.csr_info,
    ).build(c.agreed.wire())
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.RESET_REQUIRED,))
    if raw[1] == ResponseCode.ERROR:
        csr_after_reset(c, raw, "GET_CSR")
        return
    message, response = c.read(Csr, raw, c.agreed.wire())
    c.enter(request, response)
    check_csr(c, message.csr, _FIRST_PAIR)
    _note_subject(c, message.csr)


def csr_after_reset(c: Conversation, raw: bytes, name: str) -> None:
    """Judge the ResetRequired that puts a certificate signing request off."""
    reset_required(c, "csr", name)
    fits = c.agreed.version < V13 or 1 <= raw[3] <= MAX_TRACKING_TAG
    c.require("csr.tracking-tag", fits, f"CSRTrackingTag {raw[3]}")


def model_to_name(c: Conversation) -> int:
    """The certificate model to name, which only a multi-key connection has."""
    return int(CertificateModel.DEVICE) if c.agreed.multi_key else 0


def check_csr(c: Conversation, der: bytes, pair: int) -> None:
    """Judge and report a certificate signing request for the key pair ``pair``.

    Outside of multi-key connections it is for the one key of the negotiated algorithm.
    """
    c.require("csr.empty", der, "CSRLength is 0")
    try:
        request = x509.load_der_x509_csr(der)
        key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        fault = "" if request.is_signature_valid else "its own signature does not verify"
    except (
        ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion,
    ) as error:  # fmt: skip
        key, fault = b"", f"no certificate signing request: {error}"
    c.require("csr.signature", not fault, fault)
    expected = _certified_key(c, pair)
    same = not (key and expected) or key == expected
    c.require("csr.key", same, f"another key than that of slot {c.agreed.slot}")
    c.report.csr = der.hex()


def _note_subject(c: Conversation, csr: bytes) -> None:
    """Tell a subject that is not the one of RequesterInfo; a device may alter what it is asked."""
    wanted = requested_subject(c.options.csr_info)
    if wanted:
        try:
            _, content, _ = read_element(csr)
            subject = _subject(content)
        except DerError:  # only where the checks before are left out
            subject = b""
        if subject != wanted:
            c.report.observe("csr.other-subject")


def requested_subject(info: bytes) -> bytes:
    """The content of the subject that a RequesterInfo asks for; empty if it asks for none.

    Raises:
        ConfigError: it is no CertificationRequestInfo.
    """
    try:
        return _subject(info) if info else b""
    except DerError as error:
        raise ConfigError(f"no CertificationRequestInfo: {error}") from error


def _subject(data: bytes) -> bytes:
    """The content of the subject in the CertificationRequestInfo that ``data`` begins with.

    Raises:
        DerError: it is none.
    """
    _, content, _ = read_element(data)
    found = elements(content)
    if len(found) < _SUBJECT + 1:
        raise DerError("it has no subject")
    return found[_SUBJECT][1]


def _certified_key(c: Conversation, pair: int) -> bytes:
    """The key of a pair, if a chain has told it: SubjectPublicKeyInfo in DER; else empty.

    The leaf of an alias chain has a key of its own, which no certificate is asked for.
    """
    agreed = c.agreed
    told = next((slot for slot in c.report.slots if slot.slot == agreed.slot), None)
    if told is None or agreed.key is None or not agreed.key_stands:
        return b""
    if agreed.multi_key:
        known = told.key_pair_id == pair
        alias = told.certificate_model == CertificateModel.ALIAS.name.lower()
    else:
        known = agreed.slot == 0
        alias = agreed.has(Cap.ALIAS_CERT)
    return agreed.key.der() if known and not alias else b""


def reset_required(c: Conversation, message: str, name: str) -> None:
    """Judge a ResetRequired; ``message`` begins the id of its check."""
    resets = c.agreed.has(Cap.CERT_INSTALL_RESET)
    c.require(f"{message}.reset-required", resets, "ResetRequired without CERT_INSTALL_RESET_CAP")
    c.report.observe("reset.required", name)


def chain_to_write(c: Conversation) -> tuple[NewChain, bytes]:
    """The chain of the options, and its structure under the negotiated hash.

    Raises:
        ConfigError: there is none.
    """
    wanted = c.options.new_chain
    if wanted is None:
        raise ConfigError("writing a certificate needs a chain to write")
    root_hash = digest(c.agreed.base_hash, wanted.chain[0])
    return wanted, build_chain(root_hash, list(wanted.chain))


def set_certificate(c: Conversation) -> Flow[None]:
    """Write the chain of the options into its slot, and read it back."""
    wanted, chain = chain_to_write(c)
    model = model_to_name(c)
    request = SetCertificate(
        spdm_version=c.agreed.version,
        slot=wanted.slot | model << MODEL_SHIFT,
        key_pair_id=_FIRST_PAIR if model else 0,
        cert_chain=chain,
    ).build(c.agreed.wire())
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.RESET_REQUIRED,))
    if raw[1] == ResponseCode.ERROR:
        reset_required(c, "setc", "SET_CERTIFICATE")
        return
    message, response = c.read(SetCertificateRsp, raw, c.agreed.wire())
    c.enter(request, response)
    c.agreed.key_stands = False
    c.require("setc.slot", message.slot == wanted.slot, f"slot {message.slot} of {wanted.slot}")
    stored = yield from read_chain(c, wanted.slot)
    if stored != chain:
        c.report.observe("certificate.not-stored", f"slot {wanted.slot}")
