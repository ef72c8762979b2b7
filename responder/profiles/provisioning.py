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
    spec: ProfileSpec, slots: Sequence[CertificateSlot], lookup: Lookup
) -> list[KeyPair]:
    """The key pairs of a profile; if it describes none, those that its slots name.

    Raises:
        ConfigError: an unknown word.
    """
    if not spec.key_pair:
        return _of_slots(slots)
    return [
        _key_pair(("key_pair", n), section, slots, lookup)
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


def _of_slots(slots: Sequence[CertificateSlot]) -> list[KeyPair]:
    total = max((slot.key_pair_id for slot in slots), default=0)
    return [_shared([s for s in slots if s.key_pair_id == n]) for n in range(1, total + 1)]


def _shared(slots: Sequence[CertificateSlot]) -> KeyPair:
    """The key pair of the slots that name it."""
    held = [slot for slot in slots if slot.credentials]
    if not held:
        return KeyPair(KeyPairCap(0), (), 0, KeyPairState())
    credential, usage = held[0].credentials[0], held[0].key_usage
    state = KeyPairState(
        credential.kind, True, credential.identity.key, usage, sum(1 << s.slot_id for s in slots)
    )
    return KeyPair(KeyPairCap(0), (credential.kind,), usage, state)


def _key_pair(
    path: KeyPath, section: KeyPairSection, slots: Sequence[CertificateSlot], lookup: Lookup
) -> KeyPair:
    capabilities = lookup.all(
        (*path, "capabilities"), section.capabilities, names.KEY_PAIR_CAPS, "capability"
    )
    kind = _kind((*path, "algorithm"), section.algorithm, lookup)
    kinds = _kinds((*path, "algorithms"), section.algorithms, lookup)
    usage = _usage((*path, "key_usage"), section.key_usage, lookup)
    allowed = usage
    if section.key_usage_capabilities is not None:
        here = (*path, "key_usage_capabilities")
        allowed = _usage(here, section.key_usage_capabilities, lookup)
    mask = sum(1 << slot_id for slot_id in set(section.slots))
    return KeyPair(
        capabilities=reduce(or_, capabilities, KeyPairCap(0)),
        kinds=kinds or ((kind,) if kind else ()),
        key_usage_capabilities=allowed,
        state=KeyPairState(
            kind, bool(kind), _slot_key(kind, mask, slots), usage if kind else 0, mask
        ),
    )


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
