"""From [[measurement]] tables to measurements."""

from collections.abc import Callable, Sequence
from typing import Any

from responder.device.measurements import (
    ALWAYS_RAW,
    FIXED_SIZES,
    MAX_VALUE_SIZE,
    Measurement,
    device_mode_value,
)
from responder.errors import suggest
from responder.profiles import names
from responder.profiles.lookup import Lookup
from responder.profiles.schema import FillValue, MeasurementSection, ModeValue
from responder.profiles.source import KeyPath
from responder.spec.measurements import DeviceMode, OperationalMode, ValueType

_INTEGER_SIZE = 8
_SOURCES = ("hex", "text", "file", "fill", "integer", "mode")


def build_measurements(sections: Sequence[MeasurementSection], lookup: Lookup) -> list[Measurement]:
    """The measurements of a profile, in its order.

    Raises:
        ConfigError: a word is unknown, a file is missing, or a value does not suit its type.
    """
    return [_build(("measurement", n), section, lookup) for n, section in enumerate(sections)]


def _build(path: KeyPath, section: MeasurementSection, lookup: Lookup) -> Measurement:
    kind = lookup.one((*path, "type"), section.type, names.MEASUREMENT_TYPES, "type of measurement")
    value = _value(path, section, lookup)
    wanted = FIXED_SIZES.get(kind, len(value))
    if len(value) != wanted:
        raise lookup.source.error(path, f"a {section.type} has {wanted} bytes, not {len(value)}")
    if len(value) > MAX_VALUE_SIZE:
        raise lookup.source.error(path, f"a value has at most {MAX_VALUE_SIZE} bytes")
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


def _value(path: KeyPath, section: MeasurementSection, lookup: Lookup) -> bytes:
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
