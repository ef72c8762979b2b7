"""From a profile to the key pairs and banks of its device."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from responder.device.banks import BankRule
from responder.device.key_pairs import KeyPair, KeyPairState
from responder.device.provisioning import Rules
from responder.device.slots import CertificateSlot
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.schema import KeyPairSection, ProfileSpec
from responder.profiles.source import KeyPath
from responder.spec.key_pairs import KeyPairCap


def build_key_pairs(
    spec: ProfileSpec, slots: Sequence[CertificateSlot], kinds: Sequence[str], lookup: Lookup
) -> list[KeyPair]:
    """The key pairs of a profile; if it describes none, those that its slots name.

    Raises:
        ConfigError: an unknown word.
    """
    here = ("provisioning", "key_pair_capabilities")
    usual = _capabilities(here, spec.provisioning.key_pair_capabilities, lookup)
    if not spec.key_pair:
        total = max((slot.key_pair_id for slot in slots), default=0)
        return [
            _shared([slot for slot in slots if slot.key_pair_id == number], kind, usual)
            for kind in kinds
            for number in range(1, total + 1)
        ]
    return [
        _key_pair(("key_pair", n), section, slots, usual, lookup)
        for n, section in enumerate(spec.key_pair)
    ]


def build_rules(
    spec: ProfileSpec, slots: Sequence[CertificateSlot], kinds: Sequence[str], lookup: Lookup
) -> Rules:
    """What the profile says of provisioning; without banks there is one for each kind of key."""
    held = {credential.kind for slot in slots for credential in slot.credentials}
    banks = [BankRule(kind) for kind in kinds if kind in held]
    if spec.bank:
        banks = [
            BankRule(
                _kind(("bank", n, "algorithm"), section.algorithm, lookup),
                _kinds(("bank", n, "configurable"), section.configurable, lookup),
            )
            for n, section in enumerate(spec.bank)
        ]
    return Rules(
        trusted=spec.provisioning.trusted_environment,
        delayed=spec.provisioning.delayed,
        bind_key_pairs=spec.provisioning.bind_key_pairs,
        banks=banks,
    )


def _shared(slots: Sequence[CertificateSlot], kind: str, capabilities: KeyPairCap) -> KeyPair:
    """The key pair of one kind of the slots that name it."""
    held = [
        (slot, credential)
        for slot in slots
        for credential in slot.credentials
        if credential.kind == kind
    ]
    if not held:
        return KeyPair(capabilities, (kind,), 0, KeyPairState())
    usage, key = held[0][0].key_usage, held[0][1].identity.key
    mask = sum(1 << slot.slot_id for slot, _ in held)
    return KeyPair(capabilities, (kind,), usage, KeyPairState(kind, True, key, usage, mask))


def _key_pair(
    path: KeyPath,
    section: KeyPairSection,
    slots: Sequence[CertificateSlot],
    usual: KeyPairCap,
    lookup: Lookup,
) -> KeyPair:
    capabilities = usual
    if section.capabilities is not None:
        capabilities = _capabilities((*path, "capabilities"), section.capabilities, lookup)
    kind = _kind((*path, "algorithm"), section.algorithm, lookup)
    kinds = _kinds((*path, "algorithms"), section.algorithms, lookup)
    usage = _usage((*path, "key_usage"), section.key_usage, lookup)
    allowed = usage
    if section.key_usage_capabilities is not None:
        here = (*path, "key_usage_capabilities")
        allowed = _usage(here, section.key_usage_capabilities, lookup)
    mask = sum(1 << slot_id for slot_id in set(section.slots))
    return KeyPair(
        capabilities=capabilities,
        kinds=kinds or ((kind,) if kind else ()),
        key_usage_capabilities=allowed,
        state=KeyPairState(
            kind, bool(kind), _slot_key(kind, mask, slots), usage if kind else 0, mask
        ),
    )


def _capabilities(path: KeyPath, chosen: Sequence[str], lookup: Lookup) -> KeyPairCap:
    found = lookup.all(path, chosen, names.KEY_PAIR_CAPS, "capability")
    return reduce(or_, found, KeyPairCap(0))


def _slot_key(kind: str, mask: int, slots: Sequence[CertificateSlot]) -> bytes:
    """The key of the certificates in the associated slots; empty if none has one."""
    return next(
        (
            credential.identity.key
            for slot in sorted(slots, key=lambda one: one.slot_id)
            for credential in slot.credentials
            if mask >> slot.slot_id & 1 and credential.kind == kind
        ),
        b"",
    )


def _kind(path: KeyPath, name: str | None, lookup: Lookup) -> str:
    return "" if name is None else lookup.one(path, name, names.KEY_KINDS, "kind of key")


def _kinds(path: KeyPath, chosen: Sequence[str], lookup: Lookup) -> tuple[str, ...]:
    return tuple(lookup.all(path, chosen, names.KEY_KINDS, "kind of key"))


def _usage(path: KeyPath, chosen: Sequence[str], lookup: Lookup) -> int:
    usages = lookup.all(path, chosen, names.KEY_USAGES, "key usage")
    return reduce(or_, (int(use) for use in usages), 0)
