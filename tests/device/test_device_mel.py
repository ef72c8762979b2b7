"""The log and its hash-extend measurement, against what an independent implementation sent."""

from hashlib import sha512

import pytest
from captures.loader import runs
from captures.replay import replay

from responder.device.mel import HashExtendMeasurement, LogEntry, MeasurementLog
from responder.spec.algorithms import MEASUREMENT_HASHES, by_name
from responder.spec.measurements import ValueType
from responder.wire.measurements import parse_blocks
from responder.wire.registry import parse_message

SHA512 = by_name(MEASUREMENT_HASHES, "SHA-512")
INDEX = 0x11
SAMPLE = [
    LogEntry(INDEX, ValueType.INFORMATIONAL, b"ROM"),
    LogEntry(INDEX, ValueType.INFORMATIONAL, b"Boot FW"),
    LogEntry(INDEX, ValueType.MUTABLE_FIRMWARE_VERSION, bytes.fromhex("0a030001")),
]
"""The log of the sample device that was captured."""


def captured(code):
    """The captured messages of one code, from every run that measures with SHA-512."""
    for run in runs():
        for seen in replay(run):
            if seen.code == code and seen.context.measurement_hash_size == SHA512.size:
                yield parse_message(seen.data, seen.context, padding=run.padding)


def test_the_log_is_the_captured_one():
    logs = {message.mel for message in captured(0x6F)}
    assert logs == {MeasurementLog(SAMPLE).build(SHA512)}


def test_the_measurement_is_the_captured_one():
    measured = HashExtendMeasurement(INDEX, MeasurementLog(SAMPLE))
    blocks = {
        block.build()
        for message in captured(0x60)
        for block in parse_blocks(message.measurement_record, message.number_of_blocks)
        if block.index == INDEX
    }
    assert blocks == {measured.block(SHA512, raw=False)} == {measured.block(SHA512, raw=True)}


def test_only_the_entries_of_its_index_extend_a_measurement():
    mixed = [LogEntry(1, ValueType.INFORMATIONAL, b"other"), *SAMPLE]
    log = MeasurementLog(mixed)
    entry = bytes.fromhex("01000000 01 000000 89 0500") + b"other"
    assert log.extended(1, SHA512) == sha512(bytes(64) + entry).digest()
    assert log.extended(INDEX, SHA512) != MeasurementLog(SAMPLE).extended(INDEX, SHA512)
    assert log.extended(2, SHA512) == bytes(64), "nothing has extended it"


def test_a_digest_in_the_log_is_the_measurement_hash_of_the_value():
    log = MeasurementLog([LogEntry(1, ValueType.MUTABLE_FIRMWARE, b"firmware", raw=False)])
    entry = bytes.fromhex("01000000 01 000000 01 4000") + sha512(b"firmware").digest()
    head = bytes.fromhex("01000000 4b000000") + bytes(8)
    assert log.build(SHA512) == head + entry
    raw = bytes.fromhex("01000000 01 000000 81 0800") + b"firmware"
    assert log.build(None)[16:] == raw, "without a measurement hash only raw is possible"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_entry_that_is_added_changes_the_measurement_and_leaves_the_rest(count):
    log = MeasurementLog(SAMPLE[:count])
    before, value = log.build(SHA512), log.extended(INDEX, SHA512)
    log.append(LogEntry(INDEX, ValueType.INFORMATIONAL, b"more"))
    assert log.build(SHA512)[16:].startswith(before[16:])
    assert log.extended(INDEX, SHA512) != value
