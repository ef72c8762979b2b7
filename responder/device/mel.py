"""The measurement extension log and the measurement that it extends (DSP0274 1.3 "MEL").

An entry belongs to the hash-extend measurement (HEM) of one index, whose value is made from the
entries of that index in order: h = H(h || entry), beginning with zeros.
"""

from collections.abc import Sequence

import msgspec

from responder.crypto.hashing import digest
from responder.device.measurements import measurement_block
from responder.spec.algorithms import Hash
from responder.spec.measurements import RAW_BIT_STREAM, ValueType


class LogEntry(msgspec.Struct, frozen=True):
    """One entry of a log.

    Attributes:
        index: the measurement that it extends.
        kind: the type of the value.
        value: the raw bit stream.
        raw: the log has the raw bit stream, not its digest.
    """

    index: int
    kind: ValueType
    value: bytes
    raw: bool = True


class MeasurementLog:
    """A measurement extension log; entries are only ever added."""

    def __init__(self, entries: Sequence[LogEntry] = ()) -> None:
        self._entries = list(entries)
        self._built: dict[str, list[bytes]] = {}

    def append(self, entry: LogEntry) -> None:
        """Add an entry, which changes the measurement of its index."""
        self._entries.append(entry)
        self._built.clear()

    def build(self, measurement_hash: Hash | None) -> bytes:
        """The log: 16 bytes, and 11 bytes and a value for each entry.

        ``measurement_hash`` is ``None`` when only raw bit streams are possible.
        """
        from responder.wire.measurement_extension_log import DmtfMel  # noqa: PLC0415 - start-up

        entries = b"".join(self._entries_as_built(measurement_hash))
        return DmtfMel(number_of_entries=len(self._entries), mel_entries=entries).build()

    def extended(self, index: int, measurement_hash: Hash) -> bytes:
        """The value of the hash-extend measurement of an index, of the hash's size."""
        value = bytes(measurement_hash.size)
        built = self._entries_as_built(measurement_hash)
        for entry, data in zip(self._entries, built, strict=True):
            if entry.index == index:
                value = digest(measurement_hash, value, data)
        return value

    def _entries_as_built(self, measurement_hash: Hash | None) -> list[bytes]:
        form = measurement_hash.name if measurement_hash else "raw"
        if form not in self._built:
            self._built[form] = [
                _build(number, entry, measurement_hash)
                for number, entry in enumerate(self._entries, 1)
            ]
        return self._built[form]


def _build(number: int, entry: LogEntry, measurement_hash: Hash | None) -> bytes:
    from responder.wire.measurement_extension_log import MelEntry  # noqa: PLC0415 - start-up

    if entry.raw or measurement_hash is None:
        value_type, value = entry.kind | RAW_BIT_STREAM, entry.value
    else:
        value_type, value = int(entry.kind), digest(measurement_hash, entry.value)
    return MelEntry(
        mel_index=number, meas_index=entry.index, value_type=value_type, value=value
    ).build()


class HashExtendMeasurement:
    """The measurement of one index over a log; implements ``core.interfaces.Measured``.

    Attributes:
        index: 1 to 0xFE.
        tcb: part of the TCB measurement summary.
        hash_extend: it exists only from 1.3 on, and where a measurement hash is negotiated.
    """

    hash_extend = True

    def __init__(self, index: int, log: MeasurementLog, *, tcb: bool = False) -> None:
        self.index = index
        self.tcb = tcb
        self._log = log
        self._latest = (b"", b"")

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """The measurement block; it has no raw form, and no value without a measurement hash."""
        del raw
        value = self._log.extended(self.index, measurement_hash) if measurement_hash else b""
        known, block = self._latest
        if value != known or not block:
            block = measurement_block(self.index, int(ValueType.HASH_EXTEND), value)
            self._latest = value, block
        return block
