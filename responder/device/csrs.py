"""GET_CSR: certificate signing requests, at once or over a reset."""

from collections.abc import Sequence

from msgspec.structs import replace

from responder.core.errors import ProtocolError, invalid, unexpected
from responder.core.provisioning import CsrTerms, Terms
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import PublicKey, load_private_key
from responder.device.keys import DeviceKeys, public_der
from responder.device.state import Contents, DeviceState, WaitingCsr
from responder.errors import ConfigError
from responder.pki.certificate_signature import KeySigner
from responder.pki.csr import RequesterInfo, signing_request
from responder.pki.der_edit import DerError
from responder.pki.installable import is_device_certificate
from responder.pki.keyring import Keyring
from responder.pki.keys import load_key, private_pem
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import MAX_TRACKING_TAG
from responder.spec.registries import CertificateModel

UNTAGGED = 0
"""Before 1.3 at most one CSR waits, and has no tag."""

Outcome = bytes | ProtocolError


def asked(state: DeviceState, keys: DeviceKeys, wanted: CsrTerms) -> tuple[DeviceState, Outcome]:
    """The state after GET_CSR, and the CSR or the ResetRequired that says when there will be one.

    Raises:
        ProtocolError: InvalidRequest: RequesterInfo, or the key, cannot be used. Busy: all tags
            are taken. UnexpectedRequest: the tag was never given.
    """
    terms = wanted.terms
    if not terms.at_reset:
        now, csr = _made(state.now, keys, wanted)
        return replace(state, now=now), csr
    asked_for = WaitingCsr(terms.asym.key, terms.key_pair_id, terms.model, wanted.requester_info)
    if wanted.tracking_tag is None:
        known = state.csrs.get(UNTAGGED)
        if known is not None and known.answers(asked_for):
            return state, known.csr if known.ready else _after_reset(UNTAGGED)
        return _waiting(state, keys, wanted, asked_for, UNTAGGED)
    if wanted.tracking_tag:
        return state, _fetched(state, wanted.tracking_tag, asked_for)
    if wanted.overwrite:
        kept = {tag: csr for tag, csr in state.csrs.items() if tag == UNTAGGED}
        state = replace(state, csrs=kept)
    free = [tag for tag in range(1, MAX_TRACKING_TAG + 1) if tag not in state.csrs]
    if not free:
        raise ProtocolError(ErrorCode.BUSY, "all tracking tags are taken")
    return _waiting(state, keys, wanted, asked_for, free[0])


def _waiting(
    state: DeviceState, keys: DeviceKeys, wanted: CsrTerms, asked_for: WaitingCsr, tag: int
) -> tuple[DeviceState, Outcome]:
    now, csr = _made(state.now, keys, wanted)
    csrs = {**state.csrs, tag: replace(asked_for, csr=csr)}
    return replace(state, now=now, csrs=csrs), _after_reset(tag)


def _fetched(state: DeviceState, tag: int, asked_for: WaitingCsr) -> Outcome:
    known = state.csrs.get(tag)
    if known is None:
        raise unexpected(f"the tracking tag {tag} was never given")
    if not known.answers(asked_for):
        raise invalid(f"the tracking tag {tag} belongs to another request")
    return known.csr if known.ready else _after_reset(tag)


def _after_reset(tag: int) -> ProtocolError:
    return ProtocolError(ErrorCode.RESET_REQUIRED, "the CSR is there after a reset", data=tag)


def _made(contents: Contents, keys: DeviceKeys, wanted: CsrTerms) -> tuple[Contents, bytes]:
    terms = wanted.terms
    try:
        info = RequesterInfo(wanted.requester_info)
    except DerError as error:
        raise invalid(str(error)) from error
    contents, key, present = _subject(contents, keys, terms)
    model = CertificateModel(terms.model)
    try:
        signer = KeySigner(load_key(key))
        csr = signing_request(public_der(key), signer, info, present, model)
    except (ConfigError, DerError) as error:
        raise ProtocolError(ErrorCode.UNSPECIFIED, str(error)) from error
    return contents, csr


def _subject(contents: Contents, keys: DeviceKeys, terms: Terms) -> tuple[Contents, bytes, bytes]:
    """The key that is to be certified, PEM, and its present certificate, DER or empty."""
    kind = terms.asym.key
    if terms.key_pair_id and keys.bound:
        contents, key = keys.of_pair(contents, terms.key_pair_id)
        return contents, key, _present(keys, key)
    for identity in keys.holding(0, kind):
        if terms.model == CertificateModel.ALIAS:
            return contents, *_device_certificate(identity.chain, identity.key)
        return contents, identity.key, identity.chain[-1]
    key = next(keys.all(contents, 0, kind), b"")
    if not key:
        raise invalid(f"there is no {kind} key")
    return contents, key, b""


def _device_certificate(chain: Sequence[bytes], leaf_key: bytes) -> tuple[bytes, bytes]:
    """The Device Certificate CA of an alias chain and its key, if that is within reach.

    Without it the alias key takes its place, as in the reference's sample device.
    """
    authority = next((one for one in chain[:-1] if is_device_certificate(one)), None)
    if authority is not None:
        key = Keyring(RandomTree(b"")).find(PublicKey.from_certificate(authority).der())
        if key is not None:
            return private_pem(key), authority
    return leaf_key, chain[-1]


def _present(keys: DeviceKeys, key: bytes) -> bytes:
    """The present certificate of a key, DER; empty if no slot has one."""
    own = load_private_key(key)
    spki = own.public_key_der()
    leaves = (identity.chain[-1] for identity in keys.holding(0, own.kind))
    return next((one for one in leaves if PublicKey.from_certificate(one).der() == spki), b"")
