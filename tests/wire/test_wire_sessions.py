"""KEY_EXCHANGE to END_SESSION, encapsulated messages and chunks against the facts' layouts."""

import pytest

from responder.wire.chunk import ChunkGet, ChunkResponse, ChunkSend, ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.encapsulated import EncapsulatedResponseAck, embedded_in
from responder.wire.finish import Finish, FinishRsp
from responder.wire.key_exchange import KeyExchange, KeyExchangeRsp
from responder.wire.large import LargeMessages
from responder.wire.psk_exchange import PskExchange, PskExchangeRsp

RANDOM = bytes(range(32))
SIZES = {
    "hash_size": 4,
    "signature_size": 6,
    "requester_signature_size": 5,
    "exchange_request_size": 7,
    "exchange_response_size": 8,
}
V12 = WireContext(version=0x12)
V14 = WireContext(version=0x14)


def test_key_exchange_has_its_parts_in_order():
    context = WireContext(version=0x12, **SIZES)
    data = bytes.fromhex("12e4ff03 3412 01 00") + RANDOM + b"request\x02\x00op"
    message = KeyExchange.parse(data, context)
    assert (message.measurement_summary_hash_type, message.slot_id) == (0xFF, 3)
    assert (message.req_session_id, message.session_policy) == (0x1234, 1)
    assert (message.random_data, message.exchange_data) == (RANDOM, b"request")
    assert message.opaque_data == b"op"
    assert message.build(context) == data


@pytest.mark.parametrize("in_the_clear", [False, True])
@pytest.mark.parametrize("summary", [False, True])
def test_key_exchange_rsp_has_its_parts_in_order(summary, in_the_clear):
    context = WireContext(
        version=0x12, summary=summary, handshake_in_the_clear=in_the_clear, **SIZES
    )
    parts = [bytes.fromhex("1264f000 cdab 04 02"), RANDOM, b"response"]
    parts += [b"sums"] if summary else []
    parts += [b"\x02\x00op", b"signed"]
    parts += [] if in_the_clear else [b"hmac"]
    data = b"".join(parts)
    message = KeyExchangeRsp.parse(data, context)
    assert (message.heartbeat_period, message.rsp_session_id) == (0xF0, 0xABCD)
    assert (message.mut_auth_requested, message.slot_id_param) == (4, 2)
    assert (message.random_data, message.exchange_data) == (RANDOM, b"response")
    assert message.measurement_summary_hash == (b"sums" if summary else b"")
    assert (message.opaque_data, message.signature) == (b"op", b"signed")
    assert message.responder_verify_data == (b"" if in_the_clear else b"hmac")
    assert message.build(context) == data


@pytest.mark.parametrize("version", [0x11, 0x12, 0x13, 0x14])
@pytest.mark.parametrize("signed", [False, True])
def test_finish_has_a_signature_if_it_says_so_and_opaque_data_from_1_4_on(version, signed):
    context = WireContext(version=version, **SIZES)
    opaque = b"\x02\x00op" if version >= 0x14 else b""
    data = bytes((version, 0xE5, signed, 2)) + opaque + (b"proof" if signed else b"") + b"hmac"
    message = Finish.parse(data, context)
    assert (message.signature_included, message.req_slot_id) == (signed, 2)
    assert (message.signature, message.requester_verify_data) == (
        b"proof" if signed else b"",
        b"hmac",
    )
    assert message.opaque_data == (b"op" if opaque else b"")
    assert message.build(context) == data


@pytest.mark.parametrize("version", [0x11, 0x13, 0x14])
@pytest.mark.parametrize("in_the_clear", [False, True])
def test_finish_rsp_has_the_hmac_if_the_handshake_is_in_the_clear(version, in_the_clear):
    context = WireContext(version=version, handshake_in_the_clear=in_the_clear, **SIZES)
    opaque = b"\x00\x00" if version >= 0x14 else b""
    data = bytes((version, 0x65, 0, 0)) + opaque + (b"hmac" if in_the_clear else b"")
    message = FinishRsp.parse(data, context)
    assert message.responder_verify_data == (b"hmac" if in_the_clear else b"")
    assert message.build(context) == data


def test_psk_exchange_tells_three_lengths_before_the_fields():
    data = bytes.fromhex("12e60101 3412 0400 0300 0200") + b"hint" + b"ctx" + b"op"
    message = PskExchange.parse(data, V12)
    assert (message.measurement_summary_hash_type, message.session_policy) == (1, 1)
    assert (message.psk_hint, message.requester_context) == (b"hint", b"ctx")
    assert message.opaque_data == b"op"
    unset = message.replace(
        psk_hint_length=None, requester_context_length=None, opaque_data_length=None
    )
    assert unset.build(V12) == data


@pytest.mark.parametrize("summary", [False, True])
def test_psk_exchange_rsp_has_the_summary_before_the_context(summary):
    context = WireContext(version=0x12, hash_size=4, summary=summary)
    data = bytes.fromhex("1266f000 3412 0000 0300 0200") + (b"sums" if summary else b"")
    data += b"ctx" + b"op" + b"hmac"
    message = PskExchangeRsp.parse(data, context)
    assert message.measurement_summary_hash == (b"sums" if summary else b"")
    assert (message.responder_context, message.opaque_data) == (b"ctx", b"op")
    assert message.responder_verify_data == b"hmac"
    assert message.build(context) == data


@pytest.mark.parametrize(("version", "size"), [(0x11, 4), (0x12, 8), (0x13, 8), (0x14, 8)])
def test_the_header_of_the_encapsulated_ack_grew_in_1_2(version, size):
    context = WireContext(version=version)
    message = EncapsulatedResponseAck(
        spdm_version=version,
        request_id=2,
        payload_type=1,
        ack_request_id=1 if size == 8 else None,
        encapsulated_request=b"request!",
    )
    data = message.build(context)
    assert len(data) == size + 8
    assert EncapsulatedResponseAck.parse(data, context).encapsulated_request == b"request!"
    assert embedded_in(data, version) == b"request!"


@pytest.mark.parametrize(
    ("data", "inside"),
    [
        ("126a0100 12810000", "12810000"),
        ("12eb0100 12010000", "12010000"),
        ("126b0002 01000000 03", ""),
        ("126b0000 01000000", ""),
        ("12ea0000", ""),
        ("12810000", ""),
        ("12", ""),
    ],
)
def test_what_encapsulated_messages_carry(data, inside):
    assert embedded_in(bytes.fromhex(data), 0x12) == bytes.fromhex(inside)


@pytest.mark.parametrize("message", [ChunkSend, ChunkResponse])
def test_a_chunk_has_numbers_of_16_bits_before_1_4_and_of_32_since(message):
    code = f"{message.CODE:02x}"
    old = bytes.fromhex(f"12{code}0107 0300 0000 02000000") + b"ab"
    new = bytes.fromhex(f"14{code}0107 03000100 02000000") + b"ab"
    for data, context, number in ((old, V12, 3), (new, V14, 0x10003)):
        chunk = message.parse(data, context)
        assert (chunk.last, chunk.handle, chunk.chunk_seq_no) == (True, 7, number)
        assert (chunk.large_message_size, chunk.spdm_chunk) == (None, b"ab")
        assert chunk.build(context) == data


@pytest.mark.parametrize("context", [V12, V14], ids=["1.2", "1.4"])
@pytest.mark.parametrize("message", [ChunkSend, ChunkResponse])
def test_the_first_chunk_tells_the_size_of_the_whole(message, context):
    version = context.version
    data = bytes((version, message.CODE, 0, 7)) + bytes.fromhex("00000000 02000000 64000000")
    chunk = message.parse(data + b"ab", context)
    assert (chunk.last, chunk.large_message_size, chunk.spdm_chunk) == (False, 100, b"ab")
    first = message(
        spdm_version=version,
        handle=7,
        chunk_seq_no=0,
        reserved=0 if version < 0x14 else None,
        large_message_size=100,
        spdm_chunk=b"ab",
    )
    assert first.build(context) == data + b"ab"


def test_the_messages_without_a_chunk():
    assert ChunkGet(spdm_version=0x12, handle=7, chunk_seq_no=3).build(V12) == bytes.fromhex(
        "12860007 0300"
    )
    assert ChunkGet(spdm_version=0x14, handle=7, chunk_seq_no=3).build(V14) == bytes.fromhex(
        "14860007 03000000"
    )
    ack = ChunkSendAck.parse(bytes.fromhex("12050107 0300 127f0100"), V12)
    assert (ack.attributes, ack.chunk_seq_no) == (1, 3)
    assert ack.response_to_large_request == bytes.fromhex("127f0100")


def chunks(data, size, code=0x85):
    """``data`` in chunks of ``size`` bytes, as 1.2 writes them."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for number, piece in enumerate(pieces):
        head = bytes((0x12, code, number == len(pieces) - 1, 7)) + number.to_bytes(4, "little")
        whole = len(data).to_bytes(4, "little") if number == 0 else b""
        yield head + len(piece).to_bytes(4, "little") + whole + piece


def test_large_messages_are_put_together_in_each_direction():
    large = LargeMessages()
    request, response = bytes(range(100)), bytes(range(100, 200))
    pairs = zip(chunks(request, 40), chunks(response, 40, 0x06), strict=True)
    found = [large.feed(message, V12) for pair in pairs for message in pair]
    assert found == [b"", b"", b"", b"", request, response]


@pytest.mark.parametrize(
    "messages",
    [
        list(chunks(bytes(100), 40))[1:],
        list(chunks(bytes(100), 40))[:1] + list(chunks(bytes(100), 40))[2:],
        [*list(chunks(bytes(100), 40))[:2], bytes.fromhex("12850107")],
        [b"", b"\x12"],
    ],
    ids=["no first", "a gap", "a broken last", "no messages"],
)
def test_what_is_not_whole_is_no_large_message(messages):
    large = LargeMessages()
    assert [large.feed(message, V12) for message in messages] == [b""] * len(messages)
