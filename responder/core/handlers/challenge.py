"""CHALLENGE: a signature over a fresh nonce proves the possession of a slot's key."""

from responder.core.context import Conclusion, Context, Reply, SignWith
from responder.core.mutual_auth import basic, can_encapsulate, requester_of
from responder.spec.flags import Cap
from responder.spec.limits import (
    NONCE_SIZE,
    PUBLIC_KEY_SLOT,
    PUBLIC_KEY_SLOT_NIBBLE,
    REQUESTER_CONTEXT_SIZE,
)
from responder.spec.registries import KeyUsage
from responder.wire.challenge import BASIC_MUT_AUTH_REQUESTED, Challenge, ChallengeAuth


def challenge(request: Challenge, context: Context) -> Reply:
    """Answer for a slot, or (0xFF) for the provisioned public key."""
    summary = context.measurement_summary(request.measurement_summary_hash_type)
    public_key = request.slot_id == PUBLIC_KEY_SLOT
    key, identity = context.signer(request.slot_id, KeyUsage.CHALLENGE)
    response = ChallengeAuth(
        spdm_version=request.spdm_version,
        slot=PUBLIC_KEY_SLOT_NIBBLE if public_key else request.slot_id,
        slot_mask=0 if public_key else context.slot_mask(),
        cert_chain_hash=identity,
        nonce=context.nonce("challenge"),
        measurement_summary_hash=summary,
        requester_context=request.requester_context,
    )
    if not _asks_for_basic_mutual_auth(context):
        return Reply(response, SignWith(key, "challenge_auth"))
    response.slot |= BASIC_MUT_AUTH_REQUESTED

    def conclude(message: bytes) -> Conclusion:
        draws = context.connection.random.child("basic", context.connection.count("basic"))
        nonce = draws.bytes(NONCE_SIZE + REQUESTER_CONTEXT_SIZE)
        context.connection.encapsulation.demand(basic(requester_of(context), nonce), None)
        return message, None

    return Reply(response, SignWith(key, "challenge_auth"), conclude)


def _asks_for_basic_mutual_auth(context: Context) -> bool:
    """If the profile wants it and the requester is able to."""
    connection = context.connection
    return bool(
        context.policy.session.basic_mutual_auth
        and connection.common(Cap.MUT_AUTH)
        and Cap.CHAL in connection.peer.flags
        and can_encapsulate(connection)
    )
