"""SET_KEY_PAIR_INFO (DSP0274 1.3, clause of that name): change, erase and generate."""

from msgspec.structs import replace

from responder.core.errors import ProtocolError, invalid
from responder.core.provisioning import Desired
from responder.device.key_pairs import KeyPairState, kind_of_bits
from responder.device.keys import DeviceKeys
from responder.device.state import Contents
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import KeyPairOperation
from responder.spec.limits import SLOT_COUNT


def changed(
    contents: Contents,
    keys: DeviceKeys,
    number: int,
    operation: KeyPairOperation,
    desired: Desired,
) -> Contents:
    """The contents with another key pair ``number``.

    Raises:
        ProtocolError: OperationFailed: what is in use stands in the way. InvalidRequest: a key
            that exists is to have another algorithm.
    """
    pair = contents.key_pairs[number - 1]
    match operation:
        case KeyPairOperation.ERASE:
            _require_unused(pair)
            return contents.with_key_pair(number, KeyPairState())
        case KeyPairOperation.GENERATE:
            return _generated(contents, keys, number, desired)
        case _:
            return _altered(contents, keys, number, desired)


def _generated(contents: Contents, keys: DeviceKeys, number: int, desired: Desired) -> Contents:
    pair = contents.key_pairs[number - 1]
    _require_unused(pair)
    wanted = _desired(pair, desired)
    if not wanted.kind:
        raise _failed("no algorithm is chosen")
    contents, key = keys.generate(contents, wanted.kind)
    wanted = replace(wanted, generated=True, key=key, slot_mask=desired.slot_mask)
    _require_free(contents, number, wanted)
    return contents.with_key_pair(number, wanted)


def _altered(contents: Contents, keys: DeviceKeys, number: int, desired: Desired) -> Contents:
    pair = contents.key_pairs[number - 1]
    wanted = replace(_desired(pair, desired), slot_mask=desired.slot_mask)
    if pair.generated and wanted.kind != pair.kind:
        raise invalid("the algorithm of a key that exists cannot change")
    left = pair.slot_mask & ~desired.slot_mask
    certified = [
        slot_id
        for slot_id in range(SLOT_COUNT)
        if left >> slot_id & 1 and keys.held(contents, slot_id, pair.kind)
    ]
    if certified and keys.bound:
        raise _failed(f"slot {certified[0]} holds a certificate for the key")
    _require_free(contents, number, wanted)
    return contents.with_key_pair(number, wanted)


def _desired(pair: KeyPairState, desired: Desired) -> KeyPairState:
    """The key pair with what is not 0."""
    return replace(
        pair,
        kind=kind_of_bits(desired.asym, desired.pqc_asym) or pair.kind,
        key_usage=desired.key_usage or pair.key_usage,
    )


def _require_unused(pair: KeyPairState) -> None:
    if pair.slot_mask:
        raise _failed("slots are associated with the key pair")


def _require_free(contents: Contents, number: int, wanted: KeyPairState) -> None:
    """A slot has at most one key pair of an algorithm."""
    for place, other in enumerate(contents.key_pairs, 1):
        if place != number and other.kind == wanted.kind and other.slot_mask & wanted.slot_mask:
            raise _failed(f"key pair {place} of the same algorithm has one of these slots")


def _failed(reason: str) -> ProtocolError:
    return ProtocolError(ErrorCode.OPERATION_FAILED, reason)
