"""Secured records and DMTF's opaque elements against DSP0277's layouts."""

import pytest

from responder.wire.context import WireContext
from responder.wire.describe import describe_record
from responder.wire.errors import WireError
from responder.wire.opaque import OpaqueElement, build_opaque
from responder.wire.secured import Plaintext, SecuredRecord
from responder.wire.secured_opaque import (
    AeadLimit,
    SecuredOpaque,
    SupportedVersions,
    VersionSelection,
    build_secured_opaque,
    parse_secured_opaque,
)

V11 = WireContext(version=0x11)
V12 = WireContext(version=0x12)
WITH_NUMBER = WireContext(sequence_number_size=2)
PAYLOAD = bytes(range(20))
ON_MCTP = bytes.fromhex("fffffeff 0300 1400") + PAYLOAD
ON_DOE = bytes.fromhex("fffffeff 1400") + PAYLOAD

ONE_VERSION = bytes.fromhex("01000000 0000 0500 01 01 01 0012 000000")
"""General format: one element of 5 bytes, which 3 zeros fill up."""
ONE_VERSION_V11 = bytes.fromhex("46544d44 01 01 0000 0000 0500 01 01 01 0010 000000")
SELECTED = bytes.fromhex("01000000 0000 0400 01 00 0012")
SELECTED_V11 = bytes.fromhex("46544d44 01 01 0000 0000 0400 01 00 0011")
LIMITED = bytes.fromhex("02000000 0000 0400 01 00 0013 0000 0300 01 02 20 00")


def test_a_record_has_a_sequence_number_where_the_binding_says_so():
    record = SecuredRecord.parse(ON_MCTP, WITH_NUMBER)
    assert (record.session_id, record.sequence_number) == (0xFFFEFFFF, b"\x03\x00")
    assert (record.length, record.payload, record.header) == (20, PAYLOAD, ON_MCTP[:8])
    assert record.build(WITH_NUMBER) == ON_MCTP
    record = SecuredRecord.parse(ON_DOE)
    assert (record.sequence_number, record.payload, record.header) == (b"", PAYLOAD, ON_DOE[:6])


def test_a_record_may_be_padded_and_no_more():
    assert SecuredRecord.parse(ON_DOE + bytes(2), padding=3).payload == PAYLOAD
    for wrong in (ON_DOE[:-1], ON_DOE[:5], ON_DOE + bytes(4)):
        with pytest.raises(WireError):
            SecuredRecord.parse(wrong, padding=3)


def test_the_header_of_a_record_can_lie():
    record = SecuredRecord(session_id=1, length=0xFFFF, payload=b"x")
    assert (record.header, record.build()) == (
        bytes.fromhex("01000000ffff"),
        bytes.fromhex("01000000ffff") + b"x",
    )


def test_random_data_follows_the_application_data():
    plaintext = Plaintext.parse(b"\x03\x00abcrandom")
    assert (plaintext.application_data, plaintext.random_data) == (b"abc", b"random")
    assert Plaintext(application_data=b"abc", random_data=b"!").build() == b"\x03\x00abc!"
    with pytest.raises(WireError):
        Plaintext.parse(b"\x04\x00abc")


def test_a_record_without_keys_is_described_as_bytes():
    described = describe_record(ON_MCTP, WITH_NUMBER)
    assert [line.name for line in described.lines] == [
        "session_id",
        "sequence_number",
        "length",
        "payload",
    ]
    assert described.problem is None
    assert describe_record(ON_MCTP[:-1], WITH_NUMBER).problem is not None


@pytest.mark.parametrize(
    ("data", "context", "said"),
    [
        (ONE_VERSION, V12, SecuredOpaque(supported=[0x1200])),
        (ONE_VERSION_V11, V11, SecuredOpaque(supported=[0x1000])),
        (SELECTED, V12, SecuredOpaque(selected=0x1200)),
        (SELECTED_V11, V11, SecuredOpaque(selected=0x1100)),
        (LIMITED, V12, SecuredOpaque(selected=0x1300, aead_exponent=32)),
        (bytes(4), V12, SecuredOpaque()),
    ],
)
def test_opaque_data_tells_versions_and_limit(data, context, said):
    assert parse_secured_opaque(data, context) == said


@pytest.mark.parametrize(
    ("elements", "version", "data"),
    [
        ([SupportedVersions(versions=[0x1200])], 0x12, ONE_VERSION),
        ([SupportedVersions(versions=[0x1000])], 0x11, ONE_VERSION_V11),
        ([VersionSelection(selected_version=0x1200)], 0x14, SELECTED),
        ([VersionSelection(selected_version=0x1100)], 0x11, SELECTED_V11),
        ([VersionSelection(selected_version=0x1300), AeadLimit(exponent=32)], 0x13, LIMITED),
    ],
)
def test_elements_are_built_in_the_form_of_the_version(elements, version, data):
    assert build_secured_opaque(elements, version) == data


def test_other_elements_and_their_order_do_not_matter():
    elements = [
        OpaqueElement(id=3, vendor=b"\x01\x00", data=b"something"),
        OpaqueElement(data=b"\x01\x07unknown"),
        OpaqueElement(data=b"\x02\x01of another version"),
        OpaqueElement(data=b"\x01"),
        OpaqueElement(data=AeadLimit(exponent=5).build()),
        OpaqueElement(data=SupportedVersions(versions=[0x1000, 0x1100]).build()),
        OpaqueElement(data=AeadLimit(exponent=6).build()),
    ]
    said = parse_secured_opaque(build_opaque(elements, 0x12), V12)
    assert said == SecuredOpaque(supported=[0x1000, 0x1100], aead_exponent=5)


@pytest.mark.parametrize(
    "data",
    [
        ONE_VERSION[:-3],  # no padding
        ONE_VERSION[:-1] + b"\x01",
        ONE_VERSION + bytes(4),
        b"\x02" + ONE_VERSION[1:],
        ONE_VERSION[:10] + b"\x02" + ONE_VERSION[11:],  # two versions, one is there
        ONE_VERSION[:10] + b"\x00" + ONE_VERSION[11:],
        SELECTED[:6] + b"\x03\x00\x01\x00\x00\x00",  # a selection of one byte
    ],
    ids=lambda data: data.hex(),
)
def test_what_is_not_well_formed_is_refused(data):
    with pytest.raises(WireError):
        parse_secured_opaque(data, V12)


@pytest.mark.parametrize("at", [0, 4], ids=["SpecID", "OpaqueVersion"])
def test_the_header_before_1_2_has_to_be_right(at):
    wrong = bytearray(SELECTED_V11)
    wrong[at] ^= 2
    with pytest.raises(WireError):
        parse_secured_opaque(bytes(wrong), V11)


def test_the_forms_of_before_and_since_1_2_are_not_mixed():
    for data, context in ((SELECTED, V11), (SELECTED_V11, V12)):
        with pytest.raises(WireError):
            parse_secured_opaque(data, context)
