"""The leaf: what SPDM demands of the certificate whose key signs.

Source: DSP0274 "Certificate requirements", PCIe 6.1 6.31.3 for the CMA name.
"""

from cryptography import x509

from responder.crypto.signing import PublicKey
from responder.requester.conversation import Conversation
from responder.requester.x509 import (
    OID_CMA_NAME,
    OID_HARDWARE_IDENTITY,
    OID_MUTABLE_CERTIFICATE,
    OID_REQUESTER_AUTH,
    OID_RESPONDER_AUTH,
    Certificate,
    UnreadableError,
)
from responder.spec.registries import CertificateModel
from responder.spec.versions import V13


def check_leaf(c: Conversation, leaf: Certificate, model: CertificateModel) -> PublicKey | None:
    """Check the leaf of a slot of ``model``; its key, for SPDM's signatures."""
    _check_constraints(c, leaf)
    _check_usage(c, leaf, model)
    _check_extended_usage(c, leaf)
    _check_model(c, leaf, model)
    _check_name(c, leaf)
    return _check_key(c, leaf)


def _check_constraints(c: Conversation, leaf: Certificate) -> None:
    constraints = leaf.extension(x509.BasicConstraints)
    ca = constraints is not None and constraints.ca
    c.require("x5.leaf-ca", not ca, f"{leaf.name} is a CA")
    c.require(
        "x5.leaf-constraints",
        constraints is not None or c.agreed.version < V13,
        f"{leaf.name} has no basicConstraints",
    )


def _check_usage(c: Conversation, leaf: Certificate, model: CertificateModel) -> None:
    usage = leaf.extension(x509.KeyUsage)
    generic = model is CertificateModel.GENERIC
    if usage is None and generic:
        c.report.observe("chain.no-key-usage", leaf.name)
    signs = generic if usage is None else usage.digital_signature
    c.require("x5.leaf-key-usage", signs, f"{leaf.name}: no digitalSignature in keyUsage")
    issues = usage is not None and usage.key_cert_sign
    c.require("x5.leaf-cert-sign", not issues, f"{leaf.name}: keyCertSign in keyUsage")


def _check_extended_usage(c: Conversation, leaf: Certificate) -> None:
    usages = leaf.extension(x509.ExtendedKeyUsage)
    oids = {usage.dotted_string for usage in usages or ()}
    c.require(
        "x5.leaf-eku",
        OID_REQUESTER_AUTH not in oids or OID_RESPONDER_AUTH in oids,
        f"{leaf.name}: the EKU is the requester's",
    )


def _check_model(c: Conversation, leaf: Certificate, model: CertificateModel) -> None:
    oids = leaf.spdm_oids()
    hardware = OID_HARDWARE_IDENTITY in oids
    c.report.identity.hardware_identity = hardware
    if model is CertificateModel.ALIAS:
        c.require("x5.alias-hardware-identity", not hardware, f"{leaf.name} says hardware-identity")
    if model is CertificateModel.DEVICE:
        mutable = OID_MUTABLE_CERTIFICATE in oids
        c.require("x5.device-mutable", not mutable, f"{leaf.name} says mutable-certificate")
        if not hardware:
            c.report.observe("chain.no-hardware-identity", leaf.name)


def _check_name(c: Conversation, leaf: Certificate) -> None:
    expected = c.options.san
    if expected is None:
        return
    names = [name.value for name in leaf.other_names() if name.oid == OID_CMA_NAME]
    found = ", ".join(names) or "no such name"
    c.require("cma.san", expected in names, f"{found}; expected {expected}")


def _check_key(c: Conversation, leaf: Certificate) -> PublicKey | None:
    algorithm = c.agreed.signature
    try:
        key = leaf.spdm_key()
    except UnreadableError as error:
        c.require("x5.key-algorithm", condition=False, detail=f"{leaf.name}: {error}")
        return None
    wanted = algorithm.key if algorithm else "no algorithm"
    c.require("x5.key-algorithm", key.kind == wanted, f"a {key.kind} key, {wanted} was agreed")
    return key
