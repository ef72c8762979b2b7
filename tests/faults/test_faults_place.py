"""Deep changes: the bytes around the place stay, lengths follow, or stay if they are to lie."""

import pytest

from responder.faults.place import NoSuchPlace, change, get, loosen, read_loose
from responder.spec.versions import V12, V13
from responder.wire.challenge import ChallengeAuth
from responder.wire.context import WireContext
from responder.wire.measurements import DmtfMeasurement, MeasurementBlock, Measurements
from responder.wire.opaque import OpaqueElement, build_opaque
from responder.wire.version import Version

WIRE = WireContext(version=V13, hash_size=32, measurement_hash_size=32)
BLOCKS = [
    MeasurementBlock(
        index=n, measurement=DmtfMeasurement(value_type=1, value=bytes([n]) * 4).build()
    )
    for n in (1, 2, 3)
]
RECORD = b"".join(block.build() for block in BLOCKS)
ELEMENTS = [
    OpaqueElement(id=0, data=b"abc"),
    OpaqueElement(id=3, vendor=b"\x01\x00", data=b"defgh"),
]


def measurements():
    made = Measurements(
        spdm_version=V13,
        number_of_blocks=3,
        measurement_record=RECORD,
        nonce=bytes(32),
        opaque_data=build_opaque(ELEMENTS, V13),
        requester_context=bytes(8),
    )
    return read_loose(Measurements, made.build(WIRE), WIRE)


def changed(address, value, **options):
    return change(measurements(), address, lambda _: value, WIRE, **options).build(WIRE)


def test_reading_and_building_changes_nothing():
    record = measurements()
    assert record.measurement_record_length is None
    assert record.build(WIRE) == changed("number_of_blocks", 3)


@pytest.mark.parametrize("index", [0, 1, 2, -1])
def test_one_number_in_one_block_is_one_byte_of_the_message(index):
    before = measurements().build(WIRE)
    after = changed(f"measurement_record[{index}].measurement.value_type", 0x85)
    (at,) = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert after[at] == 0x85
    assert at == 8 + 11 * (index % 3) + 4


def test_lengths_at_every_level_follow():
    after = changed("measurement_record[1].measurement.value", b"longer value")
    again = read_loose(Measurements, after, WIRE)
    assert get(again, "measurement_record[1].measurement.value", WIRE).value == b"longer value"
    assert get(again, "measurement_record[1].measurement_size", WIRE).value == 3 + 12
    assert get(again, "measurement_record_length", WIRE).value == len(RECORD) + 8


def test_lengths_that_are_kept_lie():
    before, after = (
        measurements().build(WIRE),
        changed("measurement_record[1].measurement.value", b"longer value", keep=True),
    )
    assert len(after) == len(before) + 8
    assert after[5:8] == before[5:8]
    assert after[8 + 11 + 2 : 8 + 11 + 4] == (7).to_bytes(2, "little")


def test_a_length_may_lie_while_the_bytes_stay():
    before, after = measurements().build(WIRE), changed("measurement_record_length", 9999)
    assert after[5:8] == (9999).to_bytes(3, "little")
    assert after[:5] + after[8:] == before[:5] + before[8:]


def test_an_element_may_go_or_become_two():
    assert len(changed("measurement_record[1]", b"")) == len(measurements().build(WIRE)) - 11
    twice = changed("measurement_record[0]", BLOCKS[0].build() * 2)
    assert read_loose(Measurements, twice, WIRE).measurement_record == BLOCKS[0].build() + RECORD


def test_padding_of_opaque_data_follows_its_size():
    after = changed("opaque_data.elements[0].data", b"abcdefgh")
    again = read_loose(Measurements, after, WIRE)
    assert get(again, "opaque_data.elements[0].padding", WIRE).value == b""
    assert get(again, "opaque_data.elements[1].data", WIRE).value == b"defgh"
    assert get(again, "opaque_data.elements[0].data_length", WIRE).value == 8


def test_entries_of_a_list_are_places_too():
    version = loosen(Version(version_number_entry=[0x1000, 0x1200, 0x1300]), WIRE)
    assert get(version, "version_number_entry[-1]", WIRE).value == 0x1300
    shorter = change(version, "version_number_entry[0]", lambda _: [], WIRE)
    assert shorter.build(WIRE) == Version(version_number_entry=[0x1200, 0x1300]).build(WIRE)


NOWHERE = [
    "measurement_record[7].index",
    "measurement_record[-4]",
    "signature.r",
    "number_of_blocks.x",
    "nothing",
]


@pytest.mark.parametrize("address", NOWHERE)
def test_a_place_that_this_message_lacks_is_a_miss(address):
    with pytest.raises(NoSuchPlace):
        changed(address, 0)


def test_a_field_of_a_later_version_is_a_miss_in_an_earlier_one():
    wire = WireContext(version=V12, hash_size=32)
    answer = ChallengeAuth(
        spdm_version=V12, slot=0, slot_mask=1, cert_chain_hash=bytes(32), nonce=bytes(32)
    )
    assert get(answer, "requester_context", wire).value == b""
    with pytest.raises(NoSuchPlace):
        get(Version(version_number_entry=[]), "version_number_entry[0]", wire)


def test_a_value_that_does_not_fit_is_told_when_it_is_written():
    with pytest.raises(NoSuchPlace):
        read_loose(Measurements, b"\x13\x60\x00", WIRE)
