"""Banks of slots (1.4 SLOT_MANAGEMENT): which algorithm each one serves."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from responder.core.errors import ProtocolError, invalid
from responder.core.provisioning import Bank
from responder.device.key_pairs import PQC_KINDS, kind_of_bits
from responder.device.state import Contents
from responder.spec.codes import ErrorCode
from responder.spec.key_pairs import KEY_KINDS
from responder.spec.limits import SLOT_COUNT


class BankRule(msgspec.Struct, frozen=True):
    """What the profile says of a bank.

    Attributes:
        kind: the kind of key at first, empty for none.
        kinds: those that may be chosen; none if it is not configurable.
    """

    kind: str
    kinds: tuple[str, ...] = ()


def described(rules: Sequence[BankRule], chosen: Sequence[str]) -> list[Bank]:
    """The banks as BankDetails tells of them."""
    return [_bank(number, rule, chosen) for number, rule in enumerate(rules)]


def _bank(number: int, rule: BankRule, chosen: Sequence[str]) -> Bank:
    others = {kind for place, kind in enumerate(chosen) if place != number}
    available = [kind for kind in rule.kinds if kind not in others]
    return Bank(
        kind=chosen[number],
        asym_capabilities=_mask(rule.kinds, KEY_KINDS),
        asym=_mask([chosen[number]], KEY_KINDS),
        available_asym=_mask(available, KEY_KINDS),
        pqc_capabilities=_mask(rule.kinds, PQC_KINDS),
        pqc_asym=_mask([chosen[number]], PQC_KINDS),
        available_pqc=_mask(available, PQC_KINDS),
    )


def _mask(kinds: Sequence[str], bits: Mapping[str, int]) -> int:
    return sum(int(bits.get(kind, 0)) for kind in kinds)


def configured(
    contents: Contents,
    rules: Sequence[BankRule],
    held: Callable[[Contents, int, str], bool],
    bank_id: int,
    bits: tuple[int, int],
) -> Contents:
    """The contents with another algorithm for a bank.

    Args:
        contents: slots and keys now.
        rules: the profile's banks.
        held: whether a slot holds a chain for a kind of key.
        bank_id: which bank.
        bits: the algorithm in the classical and in the post-quantum field.

    Raises:
        ProtocolError: InvalidRequest: it cannot have that one. InvalidState: a slot holds a
            certificate for the present one.
    """
    bank = described(rules, contents.banks)[bank_id]
    kind = kind_of_bits(*bits) if 0 in bits else ""
    if not kind or not (bits[0] & bank.available_asym or bits[1] & bank.available_pqc):
        raise invalid(f"bank {bank_id} cannot serve {bits[0]:#x}, {bits[1]:#x}")
    if kind == bank.kind:
        return contents
    if any(held(contents, slot_id, bank.kind) for slot_id in range(SLOT_COUNT)):
        raise ProtocolError(ErrorCode.INVALID_STATE, f"a slot of bank {bank_id} holds a chain")
    chosen = list(contents.banks)
    chosen[bank_id] = kind
    return replace(contents, banks=tuple(chosen))
