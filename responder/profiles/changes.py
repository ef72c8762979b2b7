"""From [[change]] tables to what happens to the device."""

from collections.abc import Sequence

from responder.device.changes import (
    AnnounceMeasurement,
    Change,
    ChangeMeasurement,
    ChangeSlot,
    Deed,
)
from responder.device.measurements import Measurement
from responder.device.mel import HashExtendMeasurement
from responder.device.slots import CertificateSlot
from responder.profiles.lookup import Lookup
from responder.profiles.measurements import check_size
from responder.profiles.schema_device import ChangeSection
from responder.profiles.source import KeyPath

_WHEN = ("after", "after_requests")
_WHAT = ("measurement", "announce", "slot")

AnyMeasurement = Measurement | HashExtendMeasurement


def build_changes(
    sections: Sequence[ChangeSection],
    measurements: Sequence[AnyMeasurement],
    slots: Sequence[CertificateSlot],
    lookup: Lookup,
) -> list[Change]:
    """The changes of a profile, in its order.

    Raises:
        ConfigError: it is not said when or what, or there is no such measurement or slot.
    """
    changes = []
    for number, section in enumerate(sections):
        path = ("change", number)
        _only(path, section, _WHEN, lookup)
        changes.append(
            Change(
                _deed(path, section, measurements, slots, lookup),
                after_seconds=section.after or 0.0,
                after_requests=section.after_requests or 0,
                times=section.times,
            )
        )
    return changes


def _only(path: KeyPath, section: ChangeSection, keys: Sequence[str], lookup: Lookup) -> str:
    """The one key of ``keys`` that is given."""
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        reason = f"a change has exactly one of {', '.join(keys)}; this one has {found}"
        raise lookup.source.error((*path, given[-1]) if given else path, reason)
    return given[0]


def _deed(
    path: KeyPath,
    section: ChangeSection,
    measurements: Sequence[AnyMeasurement],
    slots: Sequence[CertificateSlot],
    lookup: Lookup,
) -> Deed:
    what = _only(path, section, _WHAT, lookup)
    _check_companions(path, section, what, lookup)
    here = (*path, what)
    if section.slot is not None:
        by_id = {slot.slot_id: slot for slot in slots}
        _require(here, "slot", section.slot, by_id, lookup)
        for position, slot_id in enumerate(section.becomes):
            _require((*path, "becomes", position), "slot", slot_id, by_id, lookup)
        return ChangeSlot(section.slot, [by_id[slot_id] for slot_id in section.becomes])
    indices = {one.index: one for one in measurements}
    if section.announce is not None:
        _require(here, "measurement", section.announce, indices, lookup)
        return AnnounceMeasurement(section.announce)
    index = section.measurement or 0
    _require(here, "measurement", index, indices, lookup)
    return ChangeMeasurement(index, _values(path, section.values, indices[index], lookup))


def _values(
    path: KeyPath, texts: Sequence[str], measured: AnyMeasurement, lookup: Lookup
) -> list[bytes]:
    values = []
    for position, text in enumerate(texts):
        here = (*path, "values", position)
        value = lookup.hex(here, text)
        if isinstance(measured, Measurement):
            check_size(here, measured.kind, value, lookup)
        values.append(value)
    return values


def _check_companions(path: KeyPath, section: ChangeSection, what: str, lookup: Lookup) -> None:
    """Values belong to a measurement, and what a slot becomes to a slot."""
    for owner, key in (("measurement", "values"), ("slot", "becomes")):
        given = bool(getattr(section, key))
        if given and what != owner:
            raise lookup.source.error((*path, key), f"{key} belongs to {owner}, not to {what}")
        if not given and what == owner:
            raise lookup.source.error((*path, owner), f"a change of a {owner} needs {key}")


def _require(
    path: KeyPath,
    what: str,
    number: int,
    known: dict[int, CertificateSlot] | dict[int, AnyMeasurement],
    lookup: Lookup,
) -> None:
    if number not in known:
        raise lookup.source.error(path, f"there is no {what} {number:#x}")
