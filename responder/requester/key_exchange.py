"""KEY_EXCHANGE: begin a session that the device's key proves (DSP0274, clause of that name)."""

from dataclasses import dataclass

from responder.crypto.hkdf import hmac
from responder.crypto.key_agreement import KeyAgreementError, Offer, begin
from responder.errors import ConfigError
from responder.requester.checks import Refused
from responder.requester.conversation import Conversation, Flow
from responder.requester.plan import SessionPlan
from responder.requester.secured_versions import check_selection, own_versions
from responder.requester.session import Session
from responder.requester.session_opening import (
    Handshaken,
    Opening,
    begin_opening,
    check_period,
    make_session,
)
from responder.requester.session_transcript import SessionTranscript
from responder.spec.algorithms import DHE_GROUPS
from responder.spec.flags import Cap
from responder.spec.limits import PUBLIC_KEY_SLOT_NIBBLE, RANDOM_SIZE, SLOT_COUNT, SLOT_MASK
from responder.spec.sessions import MutAuthRequested
from responder.wire.key_exchange import KeyExchange, KeyExchangeRsp

_MUTUAL_MASK = 0b111
_ENCAPSULATED = MutAuthRequested.WITH_ENCAPSULATION | MutAuthRequested.WITH_DIGESTS


@dataclass(frozen=True, slots=True)
class Asked:
    """What KEY_EXCHANGE_RSP asks of the requester.

    Attributes:
        form: the bit of MutAuthRequested; 0 if nothing is asked.
        slot: the requester's slot, or 0xF.
    """

    form: int
    slot: int


def key_exchange(c: Conversation, plan: SessionPlan) -> Flow[tuple[Session, Asked]]:
    """Exchange KEY_EXCHANGE and KEY_EXCHANGE_RSP; the session in its handshake."""
    agreed = c.agreed
    opening = begin_opening(c, plan)
    offer = _begin(c, opening)
    request = KeyExchange(
        spdm_version=agreed.version,
        measurement_summary_hash_type=opening.summary,
        slot_id=agreed.slot,
        req_session_id=opening.req_session_id,
        session_policy=opening.policy,
        random_data=opening.random.child("random").bytes(RANDOM_SIZE),
        exchange_data=offer.exchange_data,
        opaque_data=own_versions(c),
    )
    sent = request.build(agreed.wire())
    raw = yield from c.exchange(sent)
    context = agreed.wire(summary=opening.summarised)
    message, response = c.read(KeyExchangeRsp, raw, context)
    c.enter(sent, response)
    asked = _check_fields(c, request, message)
    secured = check_selection(c, "kex", message.opaque_data)
    whole_id = opening.whole_id(message.rsp_session_id)
    c.note_summary("KEY_EXCHANGE_RSP", opening.summary, message.measurement_summary_hash)

    th = SessionTranscript(
        agreed.base_hash,
        c.outside.vca,
        digests=c.first_digests.message if agreed.multi_key else b"",
        identity=agreed.chain_hash,
    )
    exchanged = th.exchange(
        sent,
        response,
        signature_size=agreed.signature_size,
        verify_size=0 if agreed.clear else agreed.base_hash.size,
    )
    if exchanged.signed is not None:
        c.verify("kex.signature", "KEY_EXCHANGE_RSP", exchanged.signed)
    secret = _secret(c, offer, message.exchange_data)
    session = make_session(c, whole_id, secured, th, Handshaken(secret, exchanged.th1))
    session.heartbeat_period = message.heartbeat_period
    if not agreed.clear:
        mac = hmac(agreed.base_hash, session.handshake.response_finished, exchanged.th1)
        c.require("kex.verify-data", mac == exchanged.verify_data, "ResponderVerifyData is wrong")
    return session, asked


def _begin(c: Conversation, opening: Opening) -> Offer:
    exchange = c.agreed.exchange
    if exchange is None:  # only where the checks that demand one are left out
        raise Refused("KEY_EXCHANGE", "alg.exchange-needed", "neither DHE nor KEM was agreed on")
    try:
        return begin(exchange, opening.random.child("exchange"))
    except KeyAgreementError as error:
        raise ConfigError(str(error)) from error


def _check_fields(c: Conversation, request: KeyExchange, message: KeyExchangeRsp) -> Asked:
    check_period(c, "kex", message.heartbeat_period)
    c.note_nonces("KEY_EXCHANGE_RSP", request.random_data, message.random_data)
    c.note_exchange_data(message.exchange_data)
    reflected = message.exchange_data == request.exchange_data
    diffie_hellman = c.agreed.exchange in DHE_GROUPS
    c.require(
        "kex.exchange-reflected", not (reflected and diffie_hellman), "ExchangeData is our own"
    )
    return _check_mutual(c, message)


def _check_mutual(c: Conversation, message: KeyExchangeRsp) -> Asked:
    """What is asked of the requester, if it may be."""
    agreed, own = c.agreed, c.agreed.own_flags
    form, slot = message.mut_auth_requested & _MUTUAL_MASK, message.slot_id_param & SLOT_MASK
    told = f"MutAuthRequested is 0x{message.mut_auth_requested:02x}"
    c.require("kex.mutual-demanded", form or not c.options.demand_mutual, told)
    if not form:
        return Asked(0, 0)
    c.require("kex.mutual-unasked", agreed.both(Cap.MUT_AUTH), told)
    c.require("kex.mutual-form", form.bit_count() == 1, told)
    if form & _ENCAPSULATED:
        c.require("kex.mutual-public-key", not own & Cap.PUB_KEY_ID, told)
        c.require("kex.mutual-encapsulated", agreed.encapsulates, told)
    else:
        public_key = bool(own & Cap.PUB_KEY_ID)
        fits = slot == PUBLIC_KEY_SLOT_NIBBLE if public_key else slot < SLOT_COUNT
        c.require("kex.mutual-slot", fits, f"SlotIDParam is {slot}")
    return Asked(form, slot)


def _secret(c: Conversation, offer: Offer, peer_data: bytes) -> bytes:
    try:
        return offer.finish(peer_data)
    except KeyAgreementError as error:
        c.require("kex.exchange-data", condition=False, detail=str(error))
        return bytes(c.agreed.base_hash.size)
