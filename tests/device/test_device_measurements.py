"""The blocks of DMTF's sample device, from captures, and the forms that a measurement has."""

import hashlib

import pytest
from captures import loader

from responder.device.measurements import DigestMeasurement, Measurement, device_mode_value
from responder.profiles.load import load_profile
from responder.spec.algorithms import MEASUREMENT_HASHES, by_bit, by_name
from responder.spec.measurements import DeviceMode, OperationalMode, ValueType

SHA384 = by_name(MEASUREMENT_HASHES, "SHA-384")
SHA512 = by_name(MEASUREMENT_HASHES, "SHA-512")
SHA3_384 = by_name(MEASUREMENT_HASHES, "SHA3-384")
MODE = 0xFE
SAMPLE_MODE = bytes.fromhex("3f000000 04000000 1f000000 11000000")
"""The sample device says that it is being debugged, the default profile that it is not."""
VERSION = 5
"""The default profile's firmware version, which the sample device does not have."""


def split(record):
    blocks = {}
    while record:
        end = 4 + int.from_bytes(record[2:4], "little")
        blocks[record[0]] = record[:end]
        record = record[end:]
    return blocks


def recorded_blocks():
    """(measurement hash bit, block) of each block in the captures, once."""
    found = set()
    for run in loader.runs():
        for pair in run.whole_messages():
            if (pair.request[1], pair.response[1]) == (0xE0, 0x60):
                size = int.from_bytes(pair.response[5:8], "little")
                bit = int(run.negotiated["meas_hash_algo"], 16)
                for block in split(pair.response[8 : 8 + size]).values():
                    found.add((bit, block))
    return sorted(found)


def test_default_profile_has_the_blocks_that_captures_of_the_sample_device_show():
    ours = {one.index: one for one in load_profile("default").device.measurements()}
    ours[MODE] = Measurement(MODE, ValueType.DEVICE_MODE, SAMPLE_MODE, raw=True)
    recorded = recorded_blocks()
    for bit, block in recorded:
        measurement = ours[block[0]]
        assert measurement.block(by_bit(MEASUREMENT_HASHES, bit), raw=False) == block
    assert {block[0] for _, block in recorded} == set(ours) - {VERSION}
    assert {bit for bit, _ in recorded} == {SHA512.bit, SHA3_384.bit}


def content(block):
    assert int.from_bytes(block[2:4], "little") == len(block) - 4
    assert int.from_bytes(block[5:7], "little") == len(block) - 7
    return block[4], block[7:]


def test_digest_unless_raw_is_asked_for():
    rom = Measurement(1, ValueType.IMMUTABLE_ROM, b"rom")
    assert content(rom.block(SHA384, raw=False)) == (0x00, hashlib.sha384(b"rom").digest())
    assert content(rom.block(SHA384, raw=True)) == (0x80, b"rom")


def test_raw_when_no_digest_is_possible():
    rom = Measurement(1, ValueType.IMMUTABLE_ROM, b"rom", raw_available=False)
    assert content(rom.block(None, raw=False)) == (0x80, b"rom")


def test_raw_can_be_withheld():
    rom = Measurement(1, ValueType.IMMUTABLE_ROM, b"rom", raw_available=False)
    assert rom.block(SHA384, raw=True) == rom.block(SHA384, raw=False)
    assert content(rom.block(SHA384, raw=True))[0] == 0x00


def test_raw_can_be_the_usual_form():
    manifest = Measurement(0xFD, ValueType.MEASUREMENT_MANIFEST, b"m", raw=True)
    assert content(manifest.block(SHA384, raw=False)) == (0x84, b"m")


@pytest.mark.parametrize(
    "kind",
    [
        ValueType.DEVICE_MODE,
        ValueType.MUTABLE_FIRMWARE_VERSION,
        ValueType.MUTABLE_FIRMWARE_SVN,
        ValueType.INFORMATIONAL,
        ValueType.STRUCTURED_MANIFEST,
    ],
)
def test_types_without_a_digest_form_are_always_raw(kind):
    assert content(Measurement(9, kind, b"v").block(SHA384, raw=False)) == (0x80 | kind, b"v")


def test_device_mode_is_four_little_endian_masks():
    value = device_mode_value(
        [OperationalMode.MANUFACTURING, OperationalMode.NORMAL],
        [OperationalMode.NORMAL],
        [DeviceMode.INVASIVE_DEBUG_AFTER_MANUFACTURING],
        [],
    )
    assert value.hex(" ", 4) == "05000000 04000000 10000000 00000000"


def test_of_which_only_a_digest_is_known_another_value_is_one_too():
    before = DigestMeasurement(1, ValueType.MUTABLE_FIRMWARE, bytes(48), tcb=True)
    after = before.with_value(b"\1" * 48)
    assert content(after.block(SHA384, raw=True)) == (ValueType.MUTABLE_FIRMWARE, b"\1" * 48)
    assert after.tcb
