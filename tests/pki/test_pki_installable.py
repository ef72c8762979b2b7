"""Which chains may be installed; each refusal differs from a good chain in one thing."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from device.provisioned import authority, certified, spki, stranger

from responder.pki import builder, oids
from responder.pki.installable import ChainError, check_installable, is_device_certificate
from responder.spec.registries import CertificateModel

DEVICE, ALIAS, GENERIC = CertificateModel.DEVICE, CertificateModel.ALIAS, CertificateModel.GENERIC
LEAF = builder.leaf_template(DEVICE, "leaf")
V12, V13 = 0x12, 0x13


def chain(template=LEAF, issuer=None, key=None):
    return certified(key or stranger(), template=template, issuer=issuer)


def changed(**what):
    return chain(builder.Template(**{**_fields(LEAF), **what}))


def _fields(template):
    return {name: getattr(template, name) for name in template.__struct_fields__}


def refused(certificates, *, kind="ecp384", model=DEVICE, version=V13):
    with pytest.raises(ChainError) as error:
        check_installable(certificates, kind, model, version)
    return str(error.value)


def test_a_good_chain_gives_the_leaf_s_public_key():
    certificates = chain()
    assert check_installable(certificates, "ecp384", DEVICE, V13) == spki(certificates[-1])


def test_a_root_alone_is_a_chain_for_the_alias_model():
    ca = chain(builder.device_ca_template("ecp384"))
    assert check_installable(ca, "ecp384", ALIAS, V13) == spki(ca[-1])


def test_the_chain_begins_with_a_root():
    assert "not issued by itself" in refused(chain()[1:])


def test_every_certificate_is_signed_by_the_one_before():
    good, other = chain(), chain(issuer=authority(name="second-root"))
    assert "certificate 2" in refused([*good[:2], other[-1]])
    spoiled = good[-1][:-1] + bytes([good[-1][-1] ^ 1])
    assert "does not verify" in refused([*good[:2], spoiled])


def test_what_is_no_certificate_is_refused():
    assert "cannot be read" in refused([b"\x30\x03\x02\x01\x05"])
    assert "empty" in refused([])


def test_what_issues_is_an_authority():
    leaf = builder.leaf_template(DEVICE, "no CA")
    key = ec.derive_private_key(7, ec.SECP384R1())
    middle = builder.issue(leaf, key, authority(), _serials())
    assert "no certificate authority" in refused(chain(issuer=middle))


def _serials():
    from responder.crypto.random_tree import RandomTree

    return RandomTree(b"serials")


def test_the_leaf_is_no_authority_and_in_the_alias_model_it_is():
    ca = chain(builder.device_ca_template("ecp384"))
    assert "CA:TRUE" in refused(ca)
    assert "CA:FALSE" in refused(chain(), model=ALIAS)


def test_the_leaf_s_key_is_for_signatures():
    assert "digital signatures" in refused(changed(signs=False))


def test_a_leaf_for_requesters_only_is_none_of_a_responder():
    assert "requesters only" in refused(changed(usages=(oids.REQUESTER_AUTH,)))
    both = changed(usages=(oids.REQUESTER_AUTH, oids.RESPONDER_AUTH))
    check_installable(both, "ecp384", DEVICE, V13)
    check_installable(changed(usages=()), "ecp384", DEVICE, V13)


def test_the_leaf_s_key_is_of_the_negotiated_kind():
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    assert "ecp256" in refused(chain(key=key))
    check_installable(chain(key=key), "ecp256", DEVICE, V13)


@pytest.mark.parametrize("model", [DEVICE, GENERIC])
def test_the_generic_model_asks_for_less(model):
    certificates = chain(builder.leaf_template(model, "leaf"))
    check_installable(certificates, "ecp384", GENERIC, V12)


def test_the_hardware_identity_marks_a_device_certificate():
    assert is_device_certificate(chain()[-1])
    assert is_device_certificate(authority(name="device-ca").der()[-1])
    assert not is_device_certificate(chain()[1])
    assert not is_device_certificate(b"no certificate")
