"""Storage commands and records; the bytes are written from the layouts of public code."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.storage import (
    DiscoveryData,
    Operation,
    StorageBinding,
    StorageCommand,
    StorageRecords,
    decode_pending,
    encode_pending,
    fetched,
    kind_of,
    received,
)

GET_VERSION = bytes.fromhex("10840000")
HEARTBEAT = bytes.fromhex("12e80000")
RECORD = bytes.fromhex("01000200 0000 1400") + bytes(20)
DISCOVERY = "20000010 00000000 66" + 23 * "00"
"""DataLength 32, version 0x1000, connection ids up to 0, operations 1, 2, 5 and 6."""
ALIGNED = "01000000 00040000 04000000 24000000 00000000 12e80000"
"""Count, 3 reserved; descriptor of SPDM, 4 bytes long, at 36 from the start of the record."""
PACKED = "010000 00040000 04000000 24000000 00000000 00 12e80000"
"""The same as libspdm has it: the descriptor one byte earlier, the message in the same place."""


def test_a_command_as_qemu_sends_it():
    command = StorageCommand(Operation.MESSAGE, 4, GET_VERSION)
    assert command.encode().hex(" ", 1) == "e8 14 00 04 00 00 00 10 84 00 00"
    assert StorageCommand.decode(command.encode()) == command


def test_operation_and_connection_id_share_a_byte():
    command = StorageCommand.decode(bytes.fromhex("e8 1b00 00100000"))
    assert command == StorageCommand(Operation.SECURED_MESSAGE, 4096, connection_id=3)
    assert StorageCommand.decode(command.encode()) == command


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("", "0 bytes are no storage command"),
        ("e81400040000", "6 bytes are no storage command"),
        ("00140004000000", "security protocol 0x00"),
        ("e81000040000000", "0x0010 is no SPDM operation"),
        ("e81401040000000", "0x0114 is no SPDM operation"),
        ("e8ff0004000000", "0x00ff is no SPDM operation"),
    ],
)
def test_what_is_no_command(payload, said):
    with pytest.raises(FramingError, match=said):
        StorageCommand.decode(bytes.fromhex(payload[: len(payload) // 2 * 2]))


def test_the_discovery_data_of_libspdm():
    data = DiscoveryData(frozenset(Operation))
    assert data.encode() == bytes.fromhex(DISCOVERY)
    assert DiscoveryData.decode(bytes.fromhex(DISCOVERY)) == data


def test_discovery_data_that_says_more():
    data = bytes.fromhex("20000010 03000000 20" + 23 * "00")
    assert DiscoveryData.decode(data) == DiscoveryData(frozenset({Operation.MESSAGE}), 3)


@pytest.mark.parametrize(
    ("data", "length"),
    [("0c000010 00000000 00000000", None), ("0c000010 01000000 2c010000", 300)],
)
def test_pending_info(data, length):
    assert encode_pending(length).hex() == data.replace(" ", "")
    assert decode_pending(bytes.fromhex(data)) == length


def test_a_length_without_the_pending_flag_counts_nothing():
    assert decode_pending(bytes.fromhex("0c000010 00000000 2c010000")) is None


@pytest.mark.parametrize(
    ("read", "data", "said"),
    [
        (decode_pending, "0c000010 01000000 2c0100", "11 bytes of storage management data"),
        (decode_pending, "0d000010 01000000 2c010000", "of 13 bytes, and 12 came"),
        (decode_pending, "0b000010 01000000 2c010000", "of 11 bytes, and 12 came"),
        (decode_pending, "0c000110 01000000 2c010000", "version 0x1001"),
        (DiscoveryData.decode, DISCOVERY[:-2], "31 bytes of storage management data"),
        (DiscoveryData.decode, DISCOVERY.replace("0010", "0020"), "version 0x2000"),
    ],
)
def test_management_data_that_cannot_be_read(read, data, said):
    with pytest.raises(FramingError, match=said):
        read(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("message", "kind", "sent"),
    [
        (GET_VERSION, Kind.SPDM, "e8 14 00 04 00 00 00 10 84 00 00"),
        (RECORD, Kind.SECURED, f"e8 18 00 20 00 00 00 00 00 00 00 {RECORD.hex(' ')}"),
    ],
)
def test_messages_and_records_go_out_and_come_back(message, kind, sent):
    binding = StorageBinding()
    assert binding.wrap(message, kind).hex(" ") == sent
    assert binding.unwrap(bytes.fromhex(sent)) == Carried(kind, message)
    assert fetched(message, kind) == bytes.fromhex(sent)[7:]
    assert received(fetched(message, kind), kind) == message
    assert kind_of(fetched(message, kind)) is kind


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("e81400 05000000 10840000", "transfer length 5, but 4 came"),
        ("e81400 03000000 10840000", "transfer length 3, but 4 came"),
        ("e81800 03000000 000000", "3 bytes are no secured message"),
    ],
)
def test_what_an_if_send_may_not_carry(payload, said):
    with pytest.raises(FramingError, match=said):
        StorageBinding().unwrap(bytes.fromhex(payload))


def test_discovery_is_neither_message_nor_record():
    payload = bytes.fromhex("e80400 00000000")
    assert StorageBinding().unwrap(payload) == Carried(Kind.OTHER, b"", payload)
    assert StorageBinding().wrap(b"", Kind.OTHER) == payload


@pytest.mark.parametrize(("place", "data"), [("aligned", ALIGNED), ("packed", PACKED)])
def test_a_message_in_a_record(place, data):
    records = StorageRecords(place)
    assert records.enclose(HEARTBEAT) == bytes.fromhex(data)
    assert records.disclose(bytes.fromhex(data)) == HEARTBEAT
    other = ALIGNED if data is PACKED else PACKED
    with pytest.raises(FramingError, match="is not of SPDM"):
        records.disclose(bytes.fromhex(other))


def test_the_answer_has_its_descriptor_where_the_request_had_it():
    records = StorageRecords()
    assert records.enclose(HEARTBEAT) == bytes.fromhex(PACKED)
    for data in (ALIGNED, PACKED):
        assert records.disclose(bytes.fromhex(data)) == HEARTBEAT
        assert records.enclose(HEARTBEAT) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "0 bytes of storage descriptors"),
        (ALIGNED.replace("01000000", "00000000", 1), "not one of SPDM"),
        (ALIGNED.replace("01000000", "02000000", 1), "not one of SPDM"),
        (ALIGNED.replace("00040000", "00010000", 1), "is not of SPDM"),
        (ALIGNED.replace("00040000", "00040300", 1), "status 0x03"),
        (ALIGNED.replace("24000000", "23000000"), "offset 35 and length 4 of 24"),
        (ALIGNED.replace("24000000", "25000000"), "offset 37 and length 4 of 24"),
        (ALIGNED.replace(" 04000000", " 05000000"), "offset 36 and length 5 of 24"),
    ],
)
def test_a_record_without_its_message(data, said):
    with pytest.raises(FramingError, match=said):
        StorageRecords().disclose(bytes.fromhex(data))


def test_nothing_else_travels_in_records():
    assert not StorageRecords().foreign(bytes.fromhex(ALIGNED))


@given(
    st.binary(max_size=48), st.sampled_from([b"", bytes.fromhex(ALIGNED), bytes.fromhex(PACKED)])
)
def test_random_bytes_raise_only_framing_errors(data, lead):
    for read in (StorageRecords().disclose, DiscoveryData.decode, decode_pending):
        with suppress(FramingError):
            read(lead[:18] + data)
