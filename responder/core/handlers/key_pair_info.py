"""GET_KEY_PAIR_INFO and SET_KEY_PAIR_INFO: the key pairs of the device (1.3 and later)."""

from collections.abc import Sequence

from responder.core.context import Context, Later, Reply
from responder.core.errors import invalid
from responder.core.provisioning import Desired, KeyPair
from responder.spec.flags import Cap
from responder.spec.key_pairs import KeyPairCap, KeyPairOperation
from responder.spec.versions import V14
from responder.wire.key_pair_info import (
    PQC_SIZE,
    GetKeyPairInfo,
    KeyPairInfo,
    SetKeyPairInfo,
    SetKeyPairInfoAck,
)


def get_key_pair_info(request: GetKeyPairInfo, context: Context) -> Reply:
    """Tell of one key pair; of what may be changed only if SET_KEY_PAIR_INFO is offered."""
    pairs = context.device.provisioning.key_pairs()
    pair = _pair(pairs, request.key_pair_id)
    changeable = context.connection.flags & Cap.SET_KEY_PAIR_INFO
    response = KeyPairInfo(
        spdm_version=request.spdm_version,
        total_key_pairs=len(pairs),
        key_pair_id=request.key_pair_id,
        capabilities=pair.capabilities if changeable else 0,
        key_usage_capabilities=pair.key_usage_capabilities,
        current_key_usage=pair.key_usage,
        asym_algo_capabilities=pair.asym_capabilities,
        current_asym_algo=pair.asym,
        assoc_cert_slot_mask=pair.slot_mask,
        public_key_info=pair.algorithm_identifier,
    )
    if context.connection.header_version >= V14:
        response.pqc_asym_capabilities = pair.pqc_capabilities.to_bytes(PQC_SIZE, "little")
        response.current_pqc_asym = pair.pqc_asym.to_bytes(PQC_SIZE, "little")
    return Reply(response)


def set_key_pair_info(request: SetKeyPairInfo, context: Context) -> Later:
    """Change, erase or generate; with SET_KEY_PAIR_RESET_CAP (1.4) it waits for a reset."""
    provisioning, connection = context.device.provisioning, context.connection
    pair = _pair(provisioning.key_pairs(), request.key_pair_id)
    if request.operation not in KeyPairOperation.__members__.values():
        raise invalid(f"operation {request.operation}")
    operation = KeyPairOperation(request.operation)
    desired = Desired(
        key_usage=request.desired_key_usage,
        asym=request.desired_asym_algo,
        pqc_asym=int.from_bytes(request.desired_pqc_asym, "little"),
        slot_mask=request.desired_assoc_cert_slot_mask,
    )
    desired = _allowed(pair, operation, desired, context.device.supported_slot_mask())
    at_reset = bool(connection.flags & Cap.SET_KEY_PAIR_RESET)
    change = provisioning.set_key_pair(request.key_pair_id, operation, desired, at_reset=at_reset)

    def finish() -> Reply:
        change.commit()
        return Reply(SetKeyPairInfoAck(spdm_version=request.spdm_version))

    return Later(change.work, finish, change.give_up)


def _pair(pairs: Sequence[KeyPair], key_pair_id: int) -> KeyPair:
    if not 0 < key_pair_id <= len(pairs):
        raise invalid(f"there is no key pair {key_pair_id}")
    return pairs[key_pair_id - 1]


def _allowed(pair: KeyPair, operation: KeyPairOperation, desired: Desired, slots: int) -> Desired:
    """What may be done with the key pair; its slots stay if they may not be changed.

    Raises:
        ProtocolError: InvalidRequest: the capabilities of the key pair forbid it.
    """
    can = KeyPairCap(pair.capabilities)
    mask = desired.slot_mask
    forbidden = (
        (operation == KeyPairOperation.ERASE and KeyPairCap.ERASABLE not in can, "erase"),
        (operation == KeyPairOperation.GENERATE and KeyPairCap.GEN_KEY not in can, "generate"),
        (mask not in (0, pair.slot_mask) and KeyPairCap.CERT_ASSOC not in can, "slots"),
        (mask & ~slots, "slots that do not exist"),
        (mask & (mask - 1) and KeyPairCap.SHAREABLE not in can, "several slots"),
        (desired.key_usage and KeyPairCap.KEY_USAGE not in can, "usage"),
        (desired.key_usage & ~pair.key_usage_capabilities, "usage beyond its capabilities"),
        (_algorithm_forbidden(pair, can, desired), "algorithm"),
    )
    for broken, what in forbidden:
        if broken:
            raise invalid(f"the key pair does not allow: {what}")
    if KeyPairCap.CERT_ASSOC not in can:
        return Desired(desired.key_usage, desired.asym, desired.pqc_asym, pair.slot_mask)
    return desired


def _algorithm_forbidden(pair: KeyPair, can: KeyPairCap, desired: Desired) -> bool:
    """One bit at most over both fields, among the capabilities; none if it may not be chosen."""
    asym, pqc_asym = desired.asym, desired.pqc_asym
    chosen = asym.bit_count() + pqc_asym.bit_count()
    beyond = asym & ~pair.asym_capabilities or pqc_asym & ~pair.pqc_capabilities
    return bool(chosen > 1 or beyond or (chosen and KeyPairCap.ASYM_ALGO not in can))
