"""Certificate chains in the image of others: the same names, rights and depth, and our own keys."""

from collections.abc import Sequence

from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError
from responder.pki.builder import header
from responder.pki.certificate_edit import CertificateEdit
from responder.pki.certificate_signature import KeySigner
from responder.pki.der_edit import DerError
from responder.pki.keys import Key, Keys, RsaSource, private_pem, public_der
from responder.pki.sets import pem

_AUTHORITY_ROLES = ("root", "intermediate", "device-ca")
"""Whose keys the certificates above the leaf get, from the top; lower ones share the last."""


def imitate(
    chain: Sequence[bytes], name: str, slot: int, random: RandomTree, rsa: RsaSource
) -> bytes:
    """An identity file whose chain is like ``chain``.

    Every certificate keeps what it says, its serial number and dates included, but for its key,
    the identifiers of keys and the signature. Each key is of the kind that stands in its place.

    Args:
        chain: DER certificates, the highest first.
        name: tells what the file is of.
        slot: the slot; slots have keys of their own.
        random: what keys derive from.
        rsa: gives RSA keys.

    Returns:
        PEM: the private key, then the certificates from the leaf to the highest.

    Raises:
        ConfigError: a certificate cannot be read, or has a key of a kind that cannot be made.
    """
    keys = Keys(random, rsa)
    made: list[CertificateEdit] = []
    signer: Key | None = None
    for place, der in enumerate(chain):
        leaf = place == len(chain) - 1
        role = f"slot{slot}" if leaf else _AUTHORITY_ROLES[min(place, len(_AUTHORITY_ROLES) - 1)]
        try:
            key = keys.key(PublicKey.from_certificate(der).kind, role, name)
            edit = CertificateEdit(der)
            edit.set_public_key(public_der(key))
            if made:
                edit.set_issuer(made[-1])
            edit.signed(KeySigner(signer or key))
        except (DerError, UnsupportedKeyError) as error:
            raise ConfigError(f"certificate {place} cannot be imitated: {error}") from error
        made.append(edit)
        signer = key
    certificates = [edit.node.encode() for edit in made]
    text = b"".join(pem("CERTIFICATE", der) for der in reversed(certificates))
    return header(f"{name} slot {slot}: in the image of a recorded chain.") + _key(signer) + text


def _key(key: Key | None) -> bytes:
    if key is None:
        raise ConfigError("there is no certificate to imitate")
    return private_pem(key)
