"""SET_CERTIFICATE: which chains become a slot's, and which do not."""

import msgspec
from msgspec.structs import replace

from responder.core.errors import ProtocolError, invalid
from responder.core.interfaces import Identity
from responder.core.provisioning import Terms
from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey
from responder.device.keys import DeviceKeys, public_der
from responder.device.state import Content, Contents
from responder.pki.installable import ChainError, check_installable
from responder.spec.codes import ErrorCode
from responder.spec.registries import CertificateModel
from responder.wire.certificate_chain import parse_chain
from responder.wire.errors import WireError


class Checked(msgspec.Struct, frozen=True):
    """A chain that is fit to be installed: DER certificates, and the last one's public key."""

    certificates: tuple[bytes, ...]
    spki: bytes


def checked(chain: bytes, slot_size: int, terms: Terms) -> Checked:
    """Look at a certificate chain structure.

    Raises:
        ProtocolError: Unspecified: it must not be installed.
    """
    if len(chain) > slot_size:
        raise _refused(f"a chain of {len(chain)} bytes in a slot of {slot_size}")
    try:
        root_hash, certificates = parse_chain(chain, terms.base_hash.size)
        model = CertificateModel(terms.model)
        spki = check_installable(certificates, terms.asym.key, model, terms.version)
    except (WireError, ChainError) as error:
        raise _refused(str(error)) from error
    if root_hash != digest(terms.base_hash, certificates[0]):
        raise _refused("RootHash is not the hash of the first certificate")
    return Checked(tuple(certificates), spki)


def written(
    contents: Contents, keys: DeviceKeys, slot_id: int, chain: Checked, terms: Terms
) -> Contents:
    """The contents with the chain in a slot.

    Raises:
        ProtocolError: Unspecified: its leaf has no key of this device. InvalidRequest: KeyPairID
            names a key pair that does not fit.
    """
    bound = terms.key_pair_id and keys.bound
    if bound:
        contents = _associated(contents, slot_id, terms)
    if terms.model == CertificateModel.ALIAS:
        content = _completed(keys, slot_id, chain, terms)
    elif bound:
        contents, key = keys.of_pair(contents, terms.key_pair_id)
        if public_der(key) != chain.spki:
            raise _refused(f"the leaf's key is not that of key pair {terms.key_pair_id}")
        content = Content(chain.certificates, key, terms.model)
    else:
        found = keys.all(contents, slot_id, terms.asym.key)
        own = next((key for key in found if public_der(key) == chain.spki), None)
        if own is None:
            raise _refused("the leaf's key is none of this device")
        content = Content(chain.certificates, own, terms.model)
    return contents.with_slot(slot_id, terms.asym.key, content)


def erased(contents: Contents, keys: DeviceKeys, slot_id: int, terms: Terms) -> Contents:
    """The contents without what a slot holds; its key stays.

    Raises:
        ProtocolError: OperationFailed: it holds nothing. InvalidRequest: it is not that key
            pair's.
    """
    bit = 1 << slot_id
    if terms.key_pair_id and keys.bound:
        number = terms.key_pair_id
        known = number <= len(contents.key_pairs)
        if not known or not contents.key_pairs[number - 1].slot_mask & bit:
            raise invalid(f"key pair {number} is not associated with slot {slot_id}")
    key = keys.of_slot(contents, slot_id, terms.asym.key)
    if key is None:
        raise ProtocolError(ErrorCode.OPERATION_FAILED, f"slot {slot_id} holds no chain")
    return contents.with_slot(slot_id, terms.asym.key, Content((), key, CertificateModel.NONE))


def _associated(contents: Contents, slot_id: int, terms: Terms) -> Contents:
    """The contents with the key pair associated with the slot."""
    number, bit = terms.key_pair_id, 1 << slot_id
    if number > len(contents.key_pairs):
        raise invalid(f"there is no key pair {number}")
    pair = contents.key_pairs[number - 1]
    if pair.kind != terms.asym.key:
        raise invalid(f"key pair {number} is not of the negotiated algorithm")
    for other in contents.key_pairs:
        if other is not pair and other.kind == pair.kind and other.slot_mask & bit:
            raise invalid(f"slot {slot_id} belongs to another key pair")
    return contents.with_key_pair(number, replace(pair, slot_mask=pair.slot_mask | bit))


def _completed(keys: DeviceKeys, slot_id: int, chain: Checked, terms: Terms) -> Content:
    """A chain up to the Device Certificate CA, and the device's own certificates below it.

    Raises:
        ProtocolError: Unspecified: it is not for the CA of this device.
    """
    for identity in keys.holding(slot_id, terms.asym.key):
        below = _below_device_certificate(identity, chain)
        if below is not None:
            certificates = (*chain.certificates, *below)
            return Content(certificates, identity.key, terms.model)
    raise _refused("the last certificate is not for this device's Device Certificate CA")


def _below_device_certificate(identity: Identity, chain: Checked) -> list[bytes] | None:
    for place, certificate in enumerate(identity.chain[:-1]):
        if PublicKey.from_certificate(certificate).der() == chain.spki:
            return list(identity.chain[place + 1 :])
    return None


def _refused(reason: str) -> ProtocolError:
    return ProtocolError(ErrorCode.UNSPECIFIED, reason)
