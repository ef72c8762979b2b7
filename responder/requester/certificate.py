"""GET_CERTIFICATE: read the chain of a slot in portions, and authenticate a slot by its chain."""

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, UnsupportedKeyError
from responder.errors import ConfigError
from responder.requester.chain import validate
from responder.requester.checks import Refused
from responder.requester.conversation import Conversation, Flow
from responder.requester.digests import Slots, get_digests, slots_to_try
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import (
    MAX_SMALL_CERTIFICATE_CHAIN,
    PUBLIC_KEY_SLOT,
    SLOT_COUNT,
    SLOT_MASK,
)
from responder.spec.registries import CertificateModel
from responder.spec.versions import V13, V14
from responder.wire.certificate import (
    LARGE_CERT_CHAIN,
    SLOT_SIZE_REQUESTED,
    Certificate,
    GetCertificate,
)
from responder.wire.names import CERTIFICATE_MODEL_MASK

_HEADER_SIZE, _LARGE_HEADER_SIZE = 8, 16
_CHAIN_CHECKS = ("x5.", "cma.")
"""Checks of a chain's contents: where these refuse, another slot may still do."""


def authenticate_slot(c: Conversation) -> Flow[None]:
    """Find the key that the responder has to prove: of a slot's chain, or the provisioned one."""
    if c.options.public_key is not None:
        _use_public_key(c, c.options.public_key)
    elif c.agreed.has(Cap.CERT):
        yield from authenticate(c, c.options.slot)


def authenticate(c: Conversation, wanted: int | None) -> Flow[None]:
    """Ask for the digests, and read and check the chain of a slot, or of the first good one."""
    slots = yield from get_digests(c)
    candidates = slots_to_try(c, slots, wanted)
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


def read_slot(c: Conversation) -> Flow[None]:
    """Read the chain of the authenticated slot again; it is still the same."""
    if c.agreed.slot == PUBLIC_KEY_SLOT:
        return
    chain = yield from read_chain(c, c.agreed.slot)
    same = digest(c.agreed.base_hash, chain) == c.agreed.chain_hash
    c.require("cert.same", same, f"slot {c.agreed.slot}: another chain than before")


def read_all(c: Conversation) -> Flow[None]:
    """Read the chains of all slots; each has the digest that DIGESTS tells."""
    slots = yield from get_digests(c)
    for slot, told in slots.items():
        chain = yield from _get_chain(c, slot, slots)
        _check_digest(c, slot, chain, told)


def read_chain(c: Conversation, slot: int) -> Flow[bytes]:
    """The chain structure of a slot, whatever is in it."""
    return (yield from _get_chain(c, slot, Slots({}, {})))


def get_slot_sizes(c: Conversation) -> Flow[None]:
    """Ask how large every slot is, also those that are empty (SlotSizeRequested, 1.3)."""
    if not c.agreed.supported_slots:
        yield from get_digests(c)
    for slot in range(SLOT_COUNT):
        if c.agreed.supported_slots >> slot & 1:
            yield from _get_slot_size(c, slot)


def _get_slot_size(c: Conversation, slot: int) -> Flow[None]:
    """The answer has no bytes of a chain, and the size in the place of what remains."""
    large = _large(c)
    request = GetCertificate(
        spdm_version=c.agreed.version,
        slot=slot | (LARGE_CERT_CHAIN if large else 0),
        attributes=SLOT_SIZE_REQUESTED,
        large_offset=0 if large else None,
        large_length=0 if large else None,
    ).build(c.agreed.wire())
    empty = slot not in [report.slot for report in c.report.slots]
    raw = yield from c.exchange(request, may_refuse=(ErrorCode.INVALID_REQUEST,) if empty else ())
    if raw[1] == ResponseCode.ERROR:
        c.report.observe("certificate.size-refused", f"slot {slot}")
        return
    message, response = _read(c, raw, large=large)
    c.enter(request, response)
    answered, portion = message.slot & SLOT_MASK, len(message.cert_chain)
    c.require("cert.slot", answered == slot, f"slot {answered}, asked for {slot}")
    c.require("cert.portion-size", not portion, f"{portion} bytes, asked for none")
    size = _remainder(message, large=large)
    least = (c.agreed.chain_size if slot == c.agreed.slot else 0) or 1
    c.require("cert.slot-size", size >= least, f"slot {slot}: {size} bytes, at least {least}")
    c.report.slot_sizes[slot] = size


def _use_public_key(c: Conversation, der: bytes) -> None:
    try:
        c.agreed.key = PublicKey.from_der(der)
    except UnsupportedKeyError as error:
        raise ConfigError(str(error), where="public key") from error
    c.agreed.chain_hash = digest(c.agreed.base_hash, der)
    c.agreed.slot = c.report.slot = PUBLIC_KEY_SLOT


def _check_chain(c: Conversation, slot: int, slots: Slots, chain: bytes) -> None:
    actual = _check_digest(c, slot, chain, slots.get(slot, b""))
    c.agreed.slot = c.report.slot = slot
    c.agreed.chain_hash = actual
    c.agreed.chain_size = len(chain)
    c.agreed.key_stands = True
    c.agreed.key = validate(c, chain, _model(c, slot, slots))


def _check_digest(c: Conversation, slot: int, chain: bytes, told: bytes) -> bytes:
    """The hash of a chain, which is the one that DIGESTS told."""
    actual = digest(c.agreed.base_hash, chain)
    c.require("cert.digest", actual == told, f"slot {slot}: DIGESTS told another hash")
    return actual


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
    large = _large(c)
    limit = c.options.patience.chain
    remainder = limit if large else MAX_SMALL_CERTIFICATE_CHAIN
    while remainder:
        request, length = _request(c, slot, len(chain), remainder, large=large)
        raw = yield from c.exchange(request)
        message, response = _read(c, raw, large=large)
        c.enter(request, response)
        portion = message.cert_chain
        remainder = _remainder(message, large=large)
        _check_portion(c, message, slot, length, remainder)
        c.require(
            "cert.model",
            not portion or CertificateModel.NONE not in _models_told(c, message, slot, slots),
            f"slot {slot} has no certificate, but sends one",
        )
        _check_info(c, message, slot, slots)
        chain += portion
        now = len(chain) + remainder
        if total is None:
            total = now
            c.require("cert.chain-limit", total <= limit, f"{total} bytes, limit {limit}")
        c.require("cert.total", now == total, f"{now} bytes in all, {total} before")
    return chain


def _large(c: Conversation) -> bool:
    """Whether offsets and lengths have 32 bits."""
    return c.agreed.version >= V14 and c.agreed.both(Cap.LARGE_RESP)


def _remainder(message: Certificate, *, large: bool) -> int:
    return (message.large_remainder_length if large else message.remainder_length) or 0


def _request(
    c: Conversation, slot: int, offset: int, remainder: int, *, large: bool
) -> tuple[bytes, int]:
    """The request for the next portion, and how many bytes it asks for."""
    most = c.largest_message - (_LARGE_HEADER_SIZE if large else _HEADER_SIZE)
    length = min(remainder, most)
    if large:
        request = GetCertificate(
            spdm_version=c.agreed.version,
            slot=slot | LARGE_CERT_CHAIN,
            large_offset=offset,
            large_length=length,
        )
        return request.build(c.agreed.wire()), length
    length = min(length, MAX_SMALL_CERTIFICATE_CHAIN)
    request = GetCertificate(
        spdm_version=c.agreed.version, slot=slot, offset=offset & 0xFFFF, length=length
    )
    return request.build(c.agreed.wire()), length


def _models_told(c: Conversation, message: Certificate, slot: int, slots: Slots) -> set[int]:
    """The models of the slot's chain that DIGESTS and, in a multi-key connection, this one tell."""
    told = {slots.models[slot]} if slot in slots.models else set()
    return (
        told | {message.certificate_info & CERTIFICATE_MODEL_MASK} if c.agreed.multi_key else told
    )


def _check_info(c: Conversation, message: Certificate, slot: int, slots: Slots) -> None:
    """CertificateInfo: the model that DIGESTS told, or one that the slot may have (1.3)."""
    if c.agreed.version < V13:
        return
    model = message.certificate_info & CERTIFICATE_MODEL_MASK
    may_be = {*CertificateModel} - ({CertificateModel.GENERIC} if slot == 0 else set())
    if not c.agreed.multi_key:
        may_be = {CertificateModel.NONE}
    told = slots.models.get(slot)
    fits = model in may_be if told is None else model == told
    c.require("cert.info", fits, f"slot {slot}: model {model}, DIGESTS told {told}")


def _read(c: Conversation, raw: bytes, *, large: bool) -> tuple[Certificate, bytes]:
    """CERTIFICATE in the form that was asked for: bit 7 of Param1 is reserved before 1.4."""
    told = bool(raw[2] & LARGE_CERT_CHAIN)
    if c.agreed.version >= V14:
        c.require("cert.large", told == large, f"LargeCertChain is {int(told)}")
    bit = LARGE_CERT_CHAIN if large else 0
    asked = raw[:2] + bytes((raw[2] & ~LARGE_CERT_CHAIN | bit,)) + raw[3:]
    message, response = c.read(Certificate, asked, c.agreed.wire())
    return message, raw[:2] + raw[2:3] + response[3:]


def _check_portion(
    c: Conversation, message: Certificate, slot: int, length: int, remainder: int
) -> None:
    answered, size = message.slot & SLOT_MASK, len(message.cert_chain)
    c.require("cert.slot", answered == slot, f"slot {answered}, asked for {slot}")
    c.require("cert.portion-empty", size, f"an empty portion, {remainder} bytes remain")
    c.require("cert.portion-size", size <= length, f"{size} bytes, asked for {length}")
