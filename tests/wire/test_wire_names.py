"""What numbers mean, in words."""

import pytest

from responder.wire import names


@pytest.mark.parametrize(
    ("entry", "text"),
    [(0x1000, "1.0"), (0x1230, "1.2.3"), (0x1302, "1.3 alpha 2"), (0x1411, "1.4.1 alpha 1")],
)
def test_a_version_entry(entry, text):
    assert names.version_entry(entry) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0x00, "slot 0"),
        (0x07, "slot 7"),
        (0x0F, "public key"),
        (0xFF, "public key"),
        (0x83, "slot 3, bit 7 set"),
    ],
)
def test_a_slot(value, text):
    assert names.slot(value) == text


@pytest.mark.parametrize(("mask", "text"), [(0, "no slot"), (1, "slots 0"), (0x82, "slots 1, 7")])
def test_a_slot_mask(mask, text):
    assert names.slot_mask(mask) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0x21, "slot 1, NO_CHANGE"), (0x30, "slot 0, content changed 3"), (0x12, "slot 2, CHANGED")],
)
def test_the_slot_of_signed_measurements(value, text):
    assert names.signed_slot(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "count"), (255, "all"), (16, "index 16")])
def test_a_measurement_operation(value, text):
    assert names.measurement_operation(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0x80, "IMMUTABLE_ROM, raw bit stream"), (0x08, "HASH_EXTEND, digest"), (0x7F, "type 127,")],
)
def test_a_value_type(value, text):
    assert names.value_type(value).startswith(text)


@pytest.mark.parametrize(("value", "text"), [(0, "NONE"), (0x0A, "ALIAS"), (7, "model 7")])
def test_a_certificate_model(value, text):
    assert names.certificate_model(value) == text


@pytest.mark.parametrize(("mask", "text"), [(0, "none"), (0x8003, "KEY_EX | CHALLENGE | VENDOR")])
def test_key_usage(mask, text):
    assert names.key_usage(mask) == text


def test_a_header_version():
    assert names.header_version(0x13) == "1.3"


def test_flag_and_enumeration_values_are_the_specifications():
    assert [t.value for t in names.AlgType] == [2, 3, 4, 5, 6, 7]
    assert [f.value for f in names.OtherParams] == [1, 2, 0x10]
    assert [s.value for s in names.SummaryType] == [0, 1, 0xFF]
    assert [row.bit for row in names.MEASUREMENT_HASHES] == [1 << bit for bit in range(8)]
