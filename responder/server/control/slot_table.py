"""What a certificate slot is to hold, as whoever steers says it: like a [[slot]] of a profile."""

from collections.abc import Mapping
from typing import Any

import msgspec

from responder.device.slots import CertificateSlot
from responder.errors import ConfigError
from responder.profiles.device import build_slot, key_kinds
from responder.profiles.explain import explain_table
from responder.profiles.load import Profile
from responder.profiles.lookup import Lookup
from responder.profiles.schema import SlotSection
from responder.profiles.source import Layer, Source

SlotContent = int | Mapping[str, Any]
"""The slot whose content it gets, or keys of ``[[slot]]``."""

_HELD = ("set", "set_slot", "identity")
_PATH = ("slot", 0)


def slot_of(profile: Profile, slot_id: int, content: SlotContent) -> CertificateSlot:
    """What a slot becomes.

    Keys that are not given are as the profile has them, but for those that say what it holds:
    without ``set`` and ``identity`` it is empty.

    Raises:
        ConfigError: there is no such slot, or a key is wrong; ``where`` is the key's place, such as
            ``slot[0].set``.
    """
    section = next((one for one in profile.spec.slot if one.id == slot_id), None)
    if section is None:
        raise _missing(profile, slot_id)
    if isinstance(content, int):
        return _as_it_is(profile, content)
    usual = {key: value for key, value in _given(section).items() if key not in _HELD}
    table = {**usual, **content, "id": slot_id}
    path = profile.path
    lookup = Lookup(Source([Layer("", path.parent, {"slot": [table]})], path))
    try:
        wanted = msgspec.convert(table, SlotSection)
    except msgspec.ValidationError as error:
        raise explain_table(str(error), _PATH, lookup.source) from None
    algorithms = profile.spec.algorithms
    kinds = key_kinds((*algorithms.base_asym, *algorithms.pqc_asym))
    slot = build_slot(_PATH, wanted, kinds, lookup)
    return slot.provisioned(slot.credentials, profile.device.provisioning.infos(slot))


def _as_it_is(profile: Profile, slot_id: int) -> CertificateSlot:
    if not profile.device.supported_slot_mask() >> slot_id & 1:
        raise _missing(profile, slot_id)
    return profile.device.slot(slot_id) or CertificateSlot(slot_id)


def _missing(profile: Profile, slot_id: int) -> ConfigError:
    there = ", ".join(str(one.id) for one in profile.spec.slot) or "none"
    return ConfigError(f"there is no slot {slot_id}; slots are {there}")


def _given(section: SlotSection) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(section)
    return {key: value for key, value in found.items() if value is not None}
