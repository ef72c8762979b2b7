"""CSRs: read by cryptography, which knows nothing of ours."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AttributeOID
from device.provisioned import authority, certified

from responder.pki import builder, oids
from responder.pki import der_edit as der
from responder.pki.certificate_signature import KeySigner
from responder.pki.csr import RequesterInfo, requester_info, signing_request
from responder.pki.der_edit import DerError
from responder.pki.extensions import device_info
from responder.pki.keys import public_der
from responder.spec.registries import CertificateModel

DEVICE, GENERIC = CertificateModel.DEVICE, CertificateModel.GENERIC
NAMES = (device_info("ACME", "WIDGET", "0001"),)


def present(key):
    template = builder.leaf_template(DEVICE, "the present one", NAMES)
    return certified(key.public_key(), template=template, issuer=authority())[-1]


def made(key, *, info=b"", certificate=None, model=DEVICE):
    certificate = present(key) if certificate is None else certificate
    data = signing_request(public_der(key), KeySigner(key), RequesterInfo(info), certificate, model)
    return x509.load_der_x509_csr(data)


@pytest.mark.parametrize("kind", ["ecp256", "ecp384", "ecp521", "ed25519", "rsa2048", "rsa3072"])
def test_a_csr_is_signed_by_the_key_that_it_is_for(kind):
    key = authority(kind).key
    request = made(key)
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()


def test_it_asks_for_the_subject_and_extensions_of_the_present_certificate():
    key = authority().key
    certificate = x509.load_der_x509_certificate(present(key))
    request = made(key)
    assert request.subject == certificate.subject
    for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage):
        wanted = certificate.extensions.get_extension_for_class(kind)
        assert request.extensions.get_extension_for_class(kind) == wanted
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names[0].value == oids.tlv(0x0C, b"ACME:WIDGET:0001")
    marks = request.extensions.get_extension_for_oid(x509.ObjectIdentifier(oids.SPDM_EXTENSION))
    assert oids.der(oids.HARDWARE_IDENTITY) in marks.value.value


def test_a_generic_certificate_identifies_no_hardware():
    request = made(authority().key, model=GENERIC)
    with pytest.raises(x509.ExtensionNotFound):
        request.extensions.get_extension_for_oid(x509.ObjectIdentifier(oids.SPDM_EXTENSION))


def test_without_a_present_certificate_it_has_a_subject_all_the_same():
    request = made(authority().key, certificate=b"")
    assert request.is_signature_valid
    assert "CN=spdm-responder device key" in request.subject.rfc4514_string()
    assert not list(request.extensions)


def _with_password(key):
    """A CertificationRequestInfo that ``cryptography`` has made."""
    wanted = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wanted")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=2), critical=True)
        .add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"open sesame")
    )
    return wanted.sign(key, hashes.SHA384()).tbs_certrequest_bytes


def test_what_the_requester_wants_comes_first():
    key = authority().key
    request = made(key, info=_with_password(key))
    assert request.subject.rfc4514_string() == "CN=wanted"
    assert [one.value.path_length for one in request.extensions] == [2]
    password = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD)
    assert password.value == b"open sesame"
    assert request.public_key() == key.public_key()


def test_a_requester_info_asks_for_a_common_name_and_for_attributes():
    key = authority().key
    attributes = RequesterInfo(_with_password(key)).attributes
    request = made(key, info=requester_info("of my choice", attributes))
    assert request.subject.rfc4514_string() == "CN=of my choice"
    password = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD)
    assert password.value == b"open sesame"


@pytest.mark.parametrize(
    "info",
    [
        b"\x30\x00",
        b"\x30",
        b"no DER at all",
        der.sequence(der.integer(0), der.sequence(), der.sequence()).encode(),
        der.sequence(der.integer(0), der.sequence(), der.sequence(), der.tagged(1, [])).encode(),
    ],
    ids=["empty", "cut", "text", "no attributes", "other tag"],
)
def test_what_is_no_certification_request_info_is_refused(info):
    with pytest.raises(DerError):
        RequesterInfo(info)
