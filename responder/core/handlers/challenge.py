"""CHALLENGE: a signature over a fresh nonce proves the possession of a slot's key."""

from responder.core.context import Context, Reply, SignWith
from responder.spec.limits import PUBLIC_KEY_SLOT, PUBLIC_KEY_SLOT_NIBBLE
from responder.spec.registries import KeyUsage
from responder.wire.challenge import Challenge, ChallengeAuth


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
    return Reply(response, SignWith(key, "challenge_auth"))
