"""Data objects and discovery, against bytes recorded from libspdm's emulator and QEMU."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.carried import Carried, Kind
from responder.transport.doe import (
    DISCOVERY,
    MAX_OBJECT_DW,
    SPDM_OBJECTS,
    DataObject,
    DiscoveryRequest,
    DiscoveryResponse,
    DoeBinding,
    answer_discovery,
    object_size,
    object_type,
)
from responder.transport.errors import FramingError

GET_VERSION = bytes.fromhex("010001000300000010840000")
# 50 bytes of message and 2 of padding.
MEASUREMENTS = bytes.fromhex(
    "010001000f00000014600800000000007325820f9ba3e72b328126830758d010d4d06906303c30a22ed7f7b6"
    "b98e003f0000aabbccddeeff00000000"
)
# A record of 39 bytes and 1 of padding.
SECURED = bytes.fromhex(
    "010002000c000000ffffffff210054c97553e7ee57c8028e82f6040259436f79ecf80773ae9fb835e0935ea3"
    "28027b00"
)
# (request, response) of spdm-emu's responder.
DISCOVERIES = [
    ("010000000300000000000000", "010000000300000001000001"),
    ("010000000300000001000000", "010000000300000001000102"),
    ("010000000300000002000000", "010000000300000001000200"),
]
words = st.integers(0, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("payload", "kind", "padding"),
    [(GET_VERSION, Kind.SPDM, 0), (MEASUREMENTS, Kind.SPDM, 2), (SECURED, Kind.SECURED, 1)],
    ids=["GET_VERSION", "MEASUREMENTS", "secured"],
)
def test_recorded_object(payload, kind, padding):
    binding = DoeBinding()
    assert binding.unwrap(payload) == Carried(kind, payload[8:])
    assert binding.wrap(payload[8 : len(payload) - padding], kind) == payload
    assert padding <= binding.padding


@pytest.mark.parametrize(("request_text", "response_text"), DISCOVERIES)
def test_recorded_discovery(request_text, response_text):
    asked = DoeBinding().unwrap(bytes.fromhex(request_text))
    assert (asked.kind, object_type(asked.header)) == (Kind.OTHER, DISCOVERY)
    answer = answer_discovery(asked.message, SPDM_OBJECTS)
    assert DoeBinding().wrap(answer, asked.kind, asked.header).hex() == response_text
    assert DoeBinding().wrap(answer, Kind.OTHER).hex() == response_text


@pytest.mark.parametrize("size", range(len(GET_VERSION)))
def test_truncation_at_every_byte(size):
    reason = "no DOE header" if size < 8 else f"length 3 DW, but {size} bytes came"
    with pytest.raises(FramingError, match=reason):
        DoeBinding().unwrap(GET_VERSION[:size])


@pytest.mark.parametrize("extra", [1, 3, 4])
def test_trailing_bytes_are_a_length_mismatch(extra):
    with pytest.raises(FramingError, match=f"length 3 DW, but {12 + extra} bytes came"):
        DoeBinding().unwrap(GET_VERSION + bytes(extra))


@pytest.mark.parametrize("length", [1, 2, 4, 0x3FFFF])
def test_a_length_that_lies(length):
    payload = bytes.fromhex("01000100") + length.to_bytes(4, "little") + GET_VERSION[8:]
    with pytest.raises(FramingError, match=f"DOE length {length} DW"):
        DoeBinding().unwrap(payload)


def test_a_length_less_than_the_header_has_no_size():
    for read in (object_size, object_type):
        with pytest.raises(FramingError, match="length 1 DW is less than its header"):
            read(bytes.fromhex("0100010001000000"))


def test_length_zero_is_the_largest_object():
    zero = bytes.fromhex("0100010000000000")
    assert object_size(zero) == 1 << 20
    with pytest.raises(FramingError, match="length 262144 DW, but 8 bytes came"):
        DoeBinding().unwrap(zero)


def test_the_largest_object_has_length_zero_and_one_byte_more_does_not_fit():
    message = bytes(4 * MAX_OBJECT_DW - 8)
    payload = DoeBinding().wrap(message)
    assert payload[:8].hex() == "0100010000000000"
    assert len(payload) == 1 << 20
    assert DoeBinding().unwrap(payload).message == message
    assert DoeBinding().wrap(message[:-4])[4:8].hex() == "ffff0300"
    with pytest.raises(FramingError, match="do not fit a data object"):
        DoeBinding().wrap(message + b"\0")


@pytest.mark.parametrize("bit", range(8))
def test_the_reserved_byte_of_the_header_is_not_looked_at(bit):
    payload = GET_VERSION[:3] + bytes((1 << bit,)) + GET_VERSION[4:]
    assert DoeBinding().unwrap(payload).message == DoeBinding().unwrap(GET_VERSION).message


@pytest.mark.parametrize("bit", range(18, 32))
def test_reserved_bits_of_the_length(bit):
    payload = GET_VERSION[:4] + (3 | 1 << bit).to_bytes(4, "little") + GET_VERSION[8:]
    with pytest.raises(FramingError, match="reserved bits of the DOE length"):
        DoeBinding().unwrap(payload)


@pytest.mark.parametrize("kind", [3, 4])
def test_types_with_connection_id_reserve_two_bits_only(kind):
    data = DataObject(1, kind, b"\x10\x84\0\0", connection_id=0xFFF)
    assert data.encode() == bytes((1, 0, kind, 0)) + bytes.fromhex("0300fc3f 10840000")
    assert DataObject.decode(data.encode()) == data
    for bit in (30, 31):
        word = (3 | 1 << bit).to_bytes(4, "little")
        with pytest.raises(FramingError, match="reserved bits"):
            DataObject.decode(bytes((1, 0, kind, 0)) + word + bytes(4))


def test_other_types_have_no_connection_id():
    with pytest.raises(FramingError, match="type 0x01 has no connection id"):
        DataObject(1, 1, b"", connection_id=1).encode()


@pytest.mark.parametrize(("vendor_id", "kind"), [(1, 0), (1, 3), (1, 5), (1, 0xFF), (0x1E98, 1)])
def test_objects_that_are_not_spdm(vendor_id, kind):
    payload = DataObject(vendor_id, kind, b"body").encode()
    assert DoeBinding().unwrap(payload) == Carried(Kind.OTHER, b"body", payload[:8])
    assert object_type(payload) == (vendor_id, kind)
    assert object_size(payload[:8]) == 12


def test_an_object_may_be_empty():
    assert DoeBinding().unwrap(bytes.fromhex("0100010002000000")) == Carried(Kind.SPDM, b"")


@pytest.mark.parametrize("size", range(9))
def test_padding_fills_a_dw_with_zeros(size):
    payload = DoeBinding().wrap(b"\xff" * size)
    assert payload[8:] == b"\xff" * size + bytes(-size % 4)
    assert int.from_bytes(payload[4:8], "little") * 4 == len(payload)


def test_discovery_codec_known_bytes():
    assert DiscoveryRequest(2).encode().hex() == "02000000"
    assert DiscoveryRequest(1, version=2).encode().hex() == "01020000"
    assert DiscoveryResponse.decode(bytes.fromhex("01000102")) == DiscoveryResponse(1, 1, 2)
    assert DiscoveryResponse(1, 2, 0, extended=MAX_OBJECT_DW - 1).encode().hex() == (
        "01000200ffff0300"
    )


@pytest.mark.parametrize("text", ["", "00", "0000", "000000", "0000000000", "0000000000000000"])
def test_discovery_request_of_wrong_size(text):
    with pytest.raises(FramingError, match=f"discovery request of {len(text) // 2} bytes"):
        answer_discovery(bytes.fromhex(text), SPDM_OBJECTS)


@pytest.mark.parametrize("text", ["00000100", "00000001"])
def test_discovery_request_with_reserved_bytes(text):
    with pytest.raises(FramingError, match="reserved bytes of the DOE discovery"):
        answer_discovery(bytes.fromhex(text), SPDM_OBJECTS)


@pytest.mark.parametrize("size", [0, 1, 3, 5, 7, 9, 12])
def test_discovery_response_of_wrong_size(size):
    with pytest.raises(FramingError, match=f"discovery response of {size} bytes"):
        DiscoveryResponse.decode(bytes(size))


@pytest.mark.parametrize("index", [3, 4, 0xFF])
def test_discovery_beyond_the_table_is_answered_as_qemu_does(index):
    assert answer_discovery(bytes((index, 0, 0, 0)), SPDM_OBJECTS).hex() == "ffffff00"


def test_discovery_of_an_empty_table():
    assert answer_discovery(bytes(4), ()).hex() == "ffffff00"


def test_discovery_version_does_not_change_the_answer():
    answers = {answer_discovery(bytes((1, version, 0, 0))) for version in (0, 1, 2, 0xFF)}
    assert [answer.hex() for answer in answers] == ["01000102"]


def test_walking_the_largest_table_ends():
    table = [(0x1234, number) for number in range(256)]
    index, found = 0, []
    while not found or index:
        response = DiscoveryResponse.decode(
            answer_discovery(DiscoveryRequest(index).encode(), table)
        )
        found.append((response.vendor_id, response.type))
        index = response.next_index
    assert found == table


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFF),
    st.integers(0, 0xFF),
    st.none() | words,
)
def test_discovery_response_round_trip(vendor_id, kind, next_index, extended):
    response = DiscoveryResponse(vendor_id, kind, next_index, extended)
    assert DiscoveryResponse.decode(response.encode()) == response


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFF), st.binary(max_size=64).map(lambda b: b * 4))
def test_data_object_round_trip(vendor_id, kind, payload):
    data = DataObject(vendor_id, kind, payload)
    assert DataObject.decode(data.encode()) == data


@given(st.binary(max_size=40))
def test_random_bytes_raise_only_framing_errors(payload):
    for read in (
        DoeBinding().unwrap,
        object_size,
        object_type,
        answer_discovery,
        DiscoveryResponse.decode,
    ):
        with suppress(FramingError):
            read(payload)


@given(st.integers(0, 6), st.binary(max_size=3).map(lambda b: b * 4), words | st.integers(0, 5))
def test_random_headers_are_refused_or_rebuilt_as_they_were(kind, body, word):
    payload = bytes((1, 0, kind, 0)) + word.to_bytes(4, "little") + body
    with suppress(FramingError):
        carried = DoeBinding().unwrap(payload)
        assert DoeBinding().wrap(carried.message, carried.kind, carried.header) == payload
