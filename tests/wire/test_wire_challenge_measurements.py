"""CHALLENGE, CHALLENGE_AUTH, MEASUREMENTS and blocks against the specification's layouts."""

import pytest

from responder.spec.measurements import ValueType
from responder.wire.challenge import Challenge, ChallengeAuth
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.measurement_values import DeviceModeValue
from responder.wire.measurements import (
    DmtfMeasurement,
    GetMeasurements,
    MeasurementBlock,
    Measurements,
    parse_blocks,
)

NONCE = bytes(range(32))
SIZES = {"hash_size": 4, "signature_size": 6}
BLOCK = MeasurementBlock(index=1, measurement=DmtfMeasurement(value_type=1, value=b"ab").build())


@pytest.mark.parametrize(("version", "size"), [(0x10, 36), (0x12, 36), (0x13, 44), (0x14, 44)])
def test_challenge_has_the_size_of_its_version(version, size):
    context = b"8 bytes!" if version >= 0x13 else b""
    message = Challenge(slot_id=0, nonce=NONCE, requester_context=context)
    assert len(message.build(WireContext(version=version))) == size


@pytest.mark.parametrize("summary", [False, True])
@pytest.mark.parametrize("version", [0x12, 0x13])
def test_challenge_auth_has_its_parts_in_order(version, summary):
    context = WireContext(version=version, summary=summary, **SIZES)
    parts = [bytes((version, 0x03, 0x81, 0x03)), b"hash", NONCE]
    parts += [b"sums"] if summary else []
    parts += [b"\x02\x00", b"op"]
    parts += [b"context8"] if version >= 0x13 else []
    data = b"".join([*parts, b"signed"])
    message = ChallengeAuth.parse(data, context)
    assert (message.cert_chain_hash, message.opaque_data) == (b"hash", b"op")
    assert message.measurement_summary_hash == (b"sums" if summary else b"")
    assert message.requester_context == (b"context8" if version >= 0x13 else b"")
    assert message.signature == b"signed"
    assert message.build(context) == data


@pytest.mark.parametrize(
    ("version", "signed", "size"),
    [
        (0x10, False, 4),
        (0x11, False, 4),
        (0x13, False, 12),
        (0x10, True, 36),
        (0x11, True, 37),
        (0x12, True, 37),
        (0x13, True, 45),
        (0x14, True, 45),
    ],
)
def test_get_measurements_has_the_size_of_its_version(version, signed, size):
    data = bytes((version, 0xE0, int(signed), 0xFF)) + bytes(size - 4)
    context = WireContext(version=version)
    message = GetMeasurements.parse(data, context)
    assert message.signature_requested is signed
    assert (message.slot_id is not None) is (signed and version >= 0x11)
    assert message.build(context) == data
    for wrong in (data[:-1], data + b"\0"):
        with pytest.raises(WireError):
            GetMeasurements.parse(wrong, context)


@pytest.mark.parametrize("signed", [False, True])
def test_measurements_have_a_nonce_even_without_a_signature(signed):
    context = WireContext(version=0x12, signed=signed, **SIZES)
    record = BLOCK.build()
    data = b"".join(
        [
            bytes.fromhex("12600020"),
            b"\x01" + len(record).to_bytes(3, "little") + record,
            NONCE,
            b"\x00\x00",
            b"signed" if signed else b"",
        ]
    )
    message = Measurements.parse(data, context)
    assert (message.nonce, message.signature) == (NONCE, b"signed" if signed else b"")
    assert parse_blocks(message.measurement_record, 1) == [MeasurementBlock.parse(record)]
    assert message.build(context) == data


def test_a_block_is_index_specification_size_type_size_value():
    assert BLOCK.build() == bytes.fromhex("01010500") + bytes.fromhex("010200") + b"ab"


def test_the_value_type_has_a_raw_bit():
    raw = DmtfMeasurement.parse(bytes.fromhex("840100ff"))
    assert (raw.kind, raw.is_raw) == (ValueType.MEASUREMENT_MANIFEST, True)
    digest = DmtfMeasurement.parse(bytes.fromhex("000100ff"))
    assert (digest.kind, digest.is_raw) == (ValueType.IMMUTABLE_ROM, False)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_blocks_than_announced_is_refused(count):
    with pytest.raises(WireError, match="measurement_record"):
        parse_blocks(BLOCK.build() * 2, count)


def test_a_record_cut_anywhere_inside_a_block_is_refused():
    record = BLOCK.build() * 2
    for size in set(range(1, len(record))) - {len(record) // 2}:
        with pytest.raises(WireError):
            parse_blocks(record[:size], 2)


def test_the_sizes_of_a_block_may_disagree_only_until_it_is_read():
    block = MeasurementBlock(index=1, measurement=bytes.fromhex("010300") + b"ab")
    assert parse_blocks(block.build(), 1) == [MeasurementBlock.parse(block.build())]
    with pytest.raises(WireError):
        MeasurementBlock.parse(block.build()).dmtf()


def test_a_device_mode_is_four_words():
    data = bytes.fromhex("3f000000040000001f00000011000000")
    mode = DeviceModeValue.parse(data)
    assert mode.operational_mode_capabilities == 0x3F
    assert mode.device_mode_state == 0x11
    assert mode.build() == data
