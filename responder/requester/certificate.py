"""GET_CERTIFICATE: read the chain of a slot in portions, and authenticate a slot by its chain."""

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError
from responder.requester.chain import validate
from responder.requester.checks import Refused
from responder.requester.conversation import Conversation, Flow
from responder.requester.digests import Slots, get_digests, slots_to_try
from responder.spec.flags import Cap
from responder.spec.limits import MAX_SMALL_CERTIFICATE_CHAIN, PUBLIC_KEY_SLOT, SLOT_MASK
from responder.spec.registries import CertificateModel
from responder.spec.versions import V12, V14
from responder.wire.certificate import LARGE_CERT_CHAIN, Certificate, GetCertificate
from responder.wire.names import CERTIFICATE_MODEL_MASK

_HEADER_SIZE = 8
_CHAIN_CHECKS = ("x5.", "cma.")
"""Checks of a chain's contents: where these refuse, another slot may still do."""


def authenticate_slot(c: Conversation) -> Flow[None]:
    """Find the key that the responder has to prove: of a slot's chain, or the provisioned one."""
    if c.options.public_key is not None:
        _use_public_key(c, c.options.public_key)
        return
    if not c.agreed.has(Cap.CERT):
        return
    slots = yield from get_digests(c)
    candidates = slots_to_try(c, slots)
    for slot in candidates:
        chain = yield from _get_chain(c, slot, slots)
        try:
            _check_chain(c, slot, slots, chain)
        except Refused as refusal:
            if slot == candidates[-1] or not refusal.check_id.startswith(_CHAIN_CHECKS):
                raise
            c.report.observe("slot.refused", f"slot {slot}: {refusal.check_id}: {refusal.detail}")
        else:
            return


def _use_public_key(c: Conversation, der: bytes) -> None:
    try:
        c.agreed.key = PublicKey.from_der(der)
    except UnsupportedKeyError as error:
        raise ConfigError(str(error), where="public key") from error
    c.agreed.chain_hash = digest(c.agreed.base_hash, der)
    c.agreed.slot = c.report.slot = PUBLIC_KEY_SLOT


def _check_chain(c: Conversation, slot: int, slots: Slots, chain: bytes) -> None:
    actual = digest(c.agreed.base_hash, chain)
    told = slots.get(slot, b"")
    c.require("cert.digest", actual == told, f"slot {slot}: DIGESTS told another hash")
    c.agreed.slot = c.report.slot = slot
    c.agreed.chain_hash = actual
    c.agreed.key = validate(c, chain, _model(c, slot, slots))


def _model(c: Conversation, slot: int, slots: Slots) -> CertificateModel:
    """What kind of chain the slot holds: told per slot, or by ALIAS_CERT_CAP for all."""
    if slot in slots.models:
        known = [model for model in CertificateModel if model == slots.models[slot]]
        return known[0] if known else CertificateModel.DEVICE
    return CertificateModel.ALIAS if c.agreed.has(Cap.ALIAS_CERT) else CertificateModel.DEVICE


def _get_chain(c: Conversation, slot: int, slots: Slots) -> Flow[bytes]:
    """All portions of a slot's chain structure."""
    chain = b""
    total: int | None = None
    remainder = MAX_SMALL_CERTIFICATE_CHAIN
    while remainder:
        length = min(remainder, MAX_SMALL_CERTIFICATE_CHAIN, _largest_portion(c))
        request = GetCertificate(
            spdm_version=c.agreed.version,
            slot=slot,
            offset=len(chain) & 0xFFFF,
            length=length,
        ).build()
        raw = yield from c.exchange(request)
        message, response = _read(c, raw)
        c.transcript.add(request, response)
        portion, remainder = message.cert_chain, message.remainder_length
        _check_portion(c, message, slot, length)
        c.require(
            "cert.model",
            not portion or CertificateModel.NONE not in _models_told(c, message, slot, slots),
            f"slot {slot} has no certificate, but sends one",
        )
        chain += portion
        now = len(chain) + remainder
        if total is None:
            total = now
            limit = c.options.patience.chain
            c.require("cert.chain-limit", total <= limit, f"{total} bytes, limit {limit}")
        c.require("cert.total", now == total, f"{now} bytes in all, {total} before")
    return chain


def _models_told(c: Conversation, message: Certificate, slot: int, slots: Slots) -> set[int]:
    """The models of the slot's chain that DIGESTS and, in a multi-key connection, this one tell."""
    told = {slots.models[slot]} if slot in slots.models else set()
    return (
        told | {message.certificate_info & CERTIFICATE_MODEL_MASK} if c.agreed.multi_key else told
    )


def _largest_portion(c: Conversation) -> int:
    """What fits the DataTransferSize of both sides (1.2) behind a header of 8 bytes."""
    own = c.options.offer.data_transfer_size
    theirs = c.agreed.transfer_size
    size = own if c.agreed.version < V12 or theirs is None else min(own, theirs)
    return size - _HEADER_SIZE


def _read(c: Conversation, raw: bytes) -> tuple[Certificate, bytes]:
    """CERTIFICATE with 16-bit lengths: bit 7 of Param1 is reserved before 1.4, unasked after."""
    large = bool(raw[2] & LARGE_CERT_CHAIN)
    if c.agreed.version >= V14:
        c.require("cert.large", not large, "32-bit lengths that were not asked for")
    small = raw[:2] + bytes((raw[2] & ~LARGE_CERT_CHAIN,)) + raw[3:]
    message, response = c.read(Certificate, small, c.agreed.wire())
    return message, raw[:2] + raw[2:3] + response[3:]


def _check_portion(c: Conversation, message: Certificate, slot: int, length: int) -> None:
    answered, size = message.slot & SLOT_MASK, len(message.cert_chain)
    c.require("cert.slot", answered == slot, f"slot {answered}, asked for {slot}")
    remains = f"an empty portion, {message.remainder_length} bytes remain"
    c.require("cert.portion-empty", size, remains)
    c.require("cert.portion-size", size <= length, f"{size} bytes, asked for {length}")
