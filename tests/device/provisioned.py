"""Devices to be provisioned, and the certificates that somebody else makes for them."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from responder.core.errors import ProtocolError
from responder.core.provisioning import Desired, Terms
from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.errors import data_root
from responder.pki import builder
from responder.pki.keys import load_key
from responder.pki.sets import read_identity
from responder.profiles.load import load_profile
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import KEY_KINDS, KeyPairOperation
from responder.spec.registries import CertificateModel
from responder.wire.chain import build_chain

ASYM = {row.name: row for row in BASE_ASYM}
P256, P384 = ASYM["ECDSA-P256"], ASYM["ECDSA-P384"]
SHA_256, SHA_384 = BASE_HASHES[0], BASE_HASHES[1]
CHOICE = ["ecp256", "ecp384", "rsa2048"]
ALL_CAPS = ["gen-key", "erasable", "cert-assoc", "key-usage", "asym-algo", "shareable"]
KEY_PAIRS = [
    {"algorithm": "ecp384", "slots": [0]},
    {"algorithm": "ecp384", "slots": [1], "capabilities": ALL_CAPS, "algorithms": CHOICE},
    {"capabilities": ALL_CAPS, "algorithms": CHOICE},
]  # fmt: skip
"""One for each slot of the profile, and one without a key."""
CHANGE, ERASE, GENERATE = KeyPairOperation
UNSPECIFIED, RESET_REQUIRED = ErrorCode.UNSPECIFIED, ErrorCode.RESET_REQUIRED
OPERATION_FAILED, INVALID = ErrorCode.OPERATION_FAILED, ErrorCode.INVALID_REQUEST
P384_BIT, P256_BIT = int(KEY_KINDS["ecp384"]), int(KEY_KINDS["ecp256"])


def device(*capabilities, key_pairs=(), **more):
    """The device of the shipped P-384 profile, with slots 0 and 1 written and slot 2 empty."""
    slots = [{"id": 0, "set": "device"}, {"id": 1, "set": "device"}, {"id": 2}]
    overrides = {
        "spdm": {
            "capabilities": ["CERT", "CHAL", "MEAS_SIG", *capabilities],
            "allow_inconsistent": True,
        },
        "slot": slots,
        "key_pair": list(key_pairs),
    }
    return load_profile("ecdsa-p384", overrides | more)


def provisioning(*capabilities, **more):
    """The same device, and what provisions it."""
    profile = device(*capabilities, **more)
    return profile.device, profile.device.provisioning


def key_pair(its, number):
    """The key pair of that id."""
    return its.key_pairs()[number - 1]


def set_key_pair(its, number, operation, *, at_reset=False, **desired):
    """A change of a key pair."""
    return its.set_key_pair(number, operation, Desired(**desired), at_reset=at_reset)


def terms(**changes):
    """An SPDM 1.3 connection with P-384 and SHA-384."""
    usual = {"asym": P384, "base_hash": SHA_384, "version": 0x13, "model": CertificateModel.DEVICE}
    return Terms(**usual | changes)


def done(change):
    """What a change gives, once its work is done."""
    try:
        change.work()
    except ProtocolError:
        change.give_up()
        raise
    return change.commit()


def refusal(change):
    """The error code and data with which a change fails, or is put off."""
    try:
        done(change)
    except ProtocolError as error:
        return error.code, error.data
    raise AssertionError("it was not refused")


def leaf_key(slot, asym=P384):
    """The private key of a slot, as cryptography has it."""
    return load_key(slot.identity(asym).key)


def authority(kind="ecp384", name="intermediate"):
    """One of the shipped authorities with its chain."""
    identity = read_identity(data_root("certs") / "authorities" / kind / f"{name}.pem")
    chain = tuple(x509.load_der_x509_certificate(data) for data in identity.chain)
    return builder.Credential(load_key(identity.key), chain)


def certified(public_key, *, template=None, issuer=None, name="renewed"):
    """A chain of DER certificates, root first, for a public key."""
    issuer = issuer or authority()
    template = template or builder.leaf_template(CertificateModel.DEVICE, name)
    leaf = builder.sign(template, public_key, issuer, RandomTree(name.encode()))
    return [builder.certificate_der(one) for one in (*issuer.chain, leaf)]


def structure(certificates, base_hash=SHA_384):
    """The certificate chain structure."""
    return build_chain(digest(base_hash, certificates[0]), certificates)


def renewed(slot, **how):
    """A new chain structure for the key that a slot has."""
    return structure(certified(leaf_key(slot).public_key(), **how))


def stranger():
    """A public key that no device has."""
    return ec.derive_private_key(0x1234567, ec.SECP384R1()).public_key()


def spki(certificate):
    """SubjectPublicKeyInfo of a DER certificate."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
