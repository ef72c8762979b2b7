"""From [[measurement]] and [[log]] tables to measurements and the log behind some of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from responder.device.measurements import (
    ALWAYS_RAW,
    FIXED_SIZES,
    MAX_VALUE_SIZE,
    DigestMeasurement,
    Measurement,
    device_mode_value,
)
from responder.device.mel import HashExtendMeasurement, LogEntry, MeasurementLog
from responder.errors import ConfigError, suggest
from responder.profiles import names
from responder.profiles.lookup import Lookup, find
from responder.profiles.schema_device import FillValue, LogSection, MeasurementSection, ModeValue
from responder.profiles.source import KeyPath, Layer, Source
from responder.spec.measurements import DeviceMode, OperationalMode, ValueType

_INTEGER_SIZE = 8
_HASH_EXTEND = "hash-extend"
_SOURCES = ("hex", "text", "file", "fill", "integer", "mode")


def build_measurements(
    sections: Sequence[MeasurementSection], log: MeasurementLog, lookup: Lookup
) -> list[Measurement | HashExtendMeasurement]:
    """The measurements of a profile, in its order; those that are hash-extended over ``log``.

    Raises:
        ConfigError: a word is unknown, a file is missing, or a value does not suit its type.
    """
    return [_build(("measurement", n), section, log, lookup) for n, section in enumerate(sections)]


def build_log(
    sections: Sequence[LogSection], measurements: Sequence[MeasurementSection], lookup: Lookup
) -> MeasurementLog:
    """The measurement extension log of a profile.

    Raises:
        ConfigError: as for a measurement, or an entry extends none.
    """
    extended = {one.index for one in measurements if one.type.lower() == _HASH_EXTEND}
    entries = []
    for number, section in enumerate(sections):
        path = ("log", number)
        if section.measurement not in extended:
            reason = f"measurement {section.measurement:#x} is no hash-extend measurement"
            raise lookup.source.error((*path, "measurement"), reason)
        kind = lookup.one((*path, "type"), section.type, names.LOGGED_TYPES, "type of measurement")
        value = _checked(path, section, kind, lookup)
        if not section.raw and kind in ALWAYS_RAW:
            raise lookup.source.error((*path, "raw"), f"a {section.type} has no digest form")
        entries.append(LogEntry(section.measurement, kind, value, raw=section.raw))
    return MeasurementLog(entries)


def _build(
    path: KeyPath, section: MeasurementSection, log: MeasurementLog, lookup: Lookup
) -> Measurement | HashExtendMeasurement:
    kind = lookup.one((*path, "type"), section.type, names.MEASUREMENT_TYPES, "type of measurement")
    if kind is ValueType.HASH_EXTEND:
        for key in (*_SOURCES, "digest", "raw", "raw_available"):
            if getattr(section, key) is not None:
                reason = "the value of a hash-extend measurement comes from [[log]]"
                raise lookup.source.error((*path, key), reason)
        return HashExtendMeasurement(section.index, log, tcb=bool(section.tcb))
    if section.digest is not None:
        return _known_by_digest(path, section, kind, lookup)
    value = _checked(path, section, kind, lookup)
    if section.raw is False and kind in ALWAYS_RAW:
        raise lookup.source.error((*path, "raw"), f"a {section.type} has no digest form")
    raw = bool(section.raw) or kind in ALWAYS_RAW
    if raw and section.raw_available is False:
        reason = "a measurement that is sent raw is available raw"
        raise lookup.source.error((*path, "raw_available"), reason)
    return Measurement(
        section.index,
        kind,
        value,
        raw=raw,
        raw_available=section.raw_available is not False,
        tcb=kind is ValueType.IMMUTABLE_ROM if section.tcb is None else section.tcb,
    )


def _known_by_digest(
    path: KeyPath, section: MeasurementSection, kind: ValueType, lookup: Lookup
) -> Measurement:
    """A measurement of which only the digest is known; it is never sent raw."""
    for key in (*_SOURCES, "raw", "raw_available"):
        if getattr(section, key):
            raise lookup.source.error((*path, key), f"digest and {key} exclude each other")
    if kind in ALWAYS_RAW:
        raise lookup.source.error((*path, "digest"), f"a {section.type} has no digest form")
    return DigestMeasurement(
        section.index,
        kind,
        lookup.hex((*path, "digest"), section.digest or ""),
        tcb=kind is ValueType.IMMUTABLE_ROM if section.tcb is None else section.tcb,
    )


def _checked(
    path: KeyPath, section: MeasurementSection | LogSection, kind: ValueType, lookup: Lookup
) -> bytes:
    """The value, of a size that suits its type."""
    value = _value(path, section, lookup)
    check_size(path, kind, value, lookup)
    return value


def check_size(path: KeyPath, kind: ValueType, value: bytes, lookup: Lookup) -> None:
    """See that a value has a size that suits its type.

    Raises:
        ConfigError: it has another one.
    """
    wanted = FIXED_SIZES.get(kind, len(value))
    if len(value) != wanted:
        name = next(name for name, one in names.MEASUREMENT_TYPES.items() if one is kind)
        raise lookup.source.error(path, f"a {name} has {wanted} bytes, not {len(value)}")
    if len(value) > MAX_VALUE_SIZE:
        raise lookup.source.error(path, f"a value has at most {MAX_VALUE_SIZE} bytes")


def check_new_value(sections: Sequence[MeasurementSection], index: int, value: bytes) -> None:
    """See that a measurement of a profile can become a value while the device is in use.

    Raises:
        ConfigError: there is no such measurement, or the value does not suit its type.
    """
    found = next((one for one in sections if one.index == index), None)
    if found is None:
        there = ", ".join(str(one.index) for one in sections) or "none"
        raise ConfigError(f"there is no measurement {index}; measurements are {there}")
    kind = find(found.type, names.MEASUREMENT_TYPES)
    if kind is not None and kind is not ValueType.HASH_EXTEND:
        check_size(("value",), kind, value, Lookup(Source([Layer("", Path(), {})], Path())))


def _value(path: KeyPath, section: MeasurementSection | LogSection, lookup: Lookup) -> bytes:
    given = [key for key in _SOURCES if getattr(section, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        reason = f"a measurement has exactly one of {', '.join(_SOURCES)}; this one has {found}"
        raise lookup.source.error((*path, given[-1]) if given else path, reason)
    (key,) = given
    return _READERS[key]((*path, key), getattr(section, key), lookup)


def _hex(path: KeyPath, value: str, lookup: Lookup) -> bytes:
    return lookup.hex(path, value)


def _text(path: KeyPath, value: str, lookup: Lookup) -> bytes:
    del path, lookup
    return value.encode()


def _file(path: KeyPath, value: str, lookup: Lookup) -> bytes:
    file = lookup.source.file(path, value)
    try:
        return file.read_bytes()
    except OSError as error:
        near = suggest(file.name, (other.name for other in file.parent.glob("*")))
        raise lookup.source.error(path, f"{file}: {error.strerror}", near) from error


def _fill(path: KeyPath, value: FillValue, lookup: Lookup) -> bytes:
    del path, lookup
    return bytes([value.byte]) * value.size


def _integer(path: KeyPath, value: int, lookup: Lookup) -> bytes:
    del path, lookup
    return value.to_bytes(_INTEGER_SIZE, "little")


def _mode(path: KeyPath, value: ModeValue, lookup: Lookup) -> bytes:
    def operational(key: str) -> list[OperationalMode]:
        table = names.OPERATIONAL_MODES
        return lookup.all((*path, key), getattr(value, key), table, "operational mode")

    def device(key: str) -> list[DeviceMode]:
        return lookup.all((*path, key), getattr(value, key), names.DEVICE_MODES, "device mode")

    return device_mode_value(
        operational("operational_capabilities"),
        operational("operational_state"),
        device("device_capabilities"),
        device("device_state"),
    )


_READERS: dict[str, Callable[[KeyPath, Any, Lookup], bytes]] = {
    "hex": _hex,
    "text": _text,
    "file": _file,
    "fill": _fill,
    "integer": _integer,
    "mode": _mode,
}
