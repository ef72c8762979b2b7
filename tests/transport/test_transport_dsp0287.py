"""SPDM over TCP, against bytes recorded from libspdm's emulator."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.carried import Carried, Kind
from responder.transport.dsp0287 import (
    MAX_MESSAGE,
    Dsp0287Binding,
    Dsp0287Framer,
    MessageType,
    header_only,
    message_type,
)
from responder.transport.errors import FramingError

LIMIT = 1 << 17
GET_VERSION = bytes.fromhex("0600010510840000")
VERSION = bytes.fromhex("0a0001051004000000010012")
GET_CAPABILITIES = bytes.fromhex("1600010512e1000000000000c6f702000012000000800200")
SECURED = bytes.fromhex("22000106ffffffff1a00ab900e8949786332835a3fbe01bd6284fc5daed1380dd4de02df")
STREAM = [GET_VERSION, VERSION, GET_CAPABILITIES, SECURED, header_only(MessageType.ROLE_INQUIRY)]
HEADER_ONLY = [0xBF, 0xC0, 0xC1, 0xC2, 0xC3]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (GET_VERSION, Kind.SPDM),
        (VERSION, Kind.SPDM),
        (GET_CAPABILITIES, Kind.SPDM),
        (SECURED, Kind.SECURED),
    ],
    ids=["GET_VERSION", "VERSION", "GET_CAPABILITIES", "secured"],
)
def test_recorded_payload(payload, kind):
    assert Dsp0287Binding().unwrap(payload) == Carried(kind, payload[4:])
    assert Dsp0287Binding().wrap(payload[4:], kind) == payload
    assert Dsp0287Framer(LIMIT).feed(payload) == [payload]


def test_types_have_the_numbers_of_the_facts():
    assert [int(kind) for kind in MessageType] == [5, 6, *HEADER_ONLY]


@pytest.mark.parametrize("kind", HEADER_ONLY)
@pytest.mark.parametrize("length", [0, 2])
def test_a_header_alone_may_tell_length_0_or_2(kind, length):
    payload = bytes((length, 0, 1, kind))
    assert Dsp0287Binding().unwrap(payload) == Carried(Kind.OTHER, b"", payload)
    assert message_type(payload) == kind
    assert Dsp0287Framer(LIMIT).feed(payload + GET_VERSION) == [payload, GET_VERSION]


@pytest.mark.parametrize("kind", HEADER_ONLY)
def test_a_header_alone_is_sent_with_length_0(kind):
    assert header_only(MessageType(kind)) == bytes((0, 0, 1, kind))
    assert Dsp0287Binding().wrap(b"", Kind.OTHER, bytes((2, 0, 1, kind))) == bytes((0, 0, 1, kind))


def test_role_inquiry_is_what_needs_no_header():
    assert Dsp0287Binding().wrap(b"", Kind.OTHER).hex() == "000001bf"


@pytest.mark.parametrize("kind", HEADER_ONLY)
@pytest.mark.parametrize("length", [1, 3, 6, 0xFFFF])
def test_a_header_alone_with_any_other_length(kind, length):
    payload = length.to_bytes(2, "little") + bytes((1, kind)) + bytes(max(length - 2, 0))
    for read in (Dsp0287Binding().unwrap, Dsp0287Framer(LIMIT).feed):
        with pytest.raises(FramingError, match=f"0x{kind:02x} has PayloadLength {length}"):
            read(payload)


def test_a_header_alone_carries_no_message():
    with pytest.raises(FramingError, match="carries no message"):
        Dsp0287Binding().wrap(b"\x10", Kind.OTHER)
    with pytest.raises(FramingError, match="type 0x05 needs a message"):
        header_only(MessageType.SPDM)


@pytest.mark.parametrize("kind", [5, 6])
@pytest.mark.parametrize("length", [0, 1])
def test_a_message_cannot_tell_less_than_its_header(kind, length):
    payload = bytes((length, 0, 1, kind))
    for read in (Dsp0287Binding().unwrap, Dsp0287Framer(LIMIT).feed):
        with pytest.raises(FramingError, match=f"PayloadLength {length} is less"):
            read(payload + bytes(4))


@pytest.mark.parametrize("version", [0, 2, 0xFF])
def test_binding_version(version):
    payload = GET_VERSION[:2] + bytes((version,)) + GET_VERSION[3:]
    for read in (Dsp0287Binding().unwrap, Dsp0287Framer(LIMIT).feed):
        with pytest.raises(FramingError, match=f"binding version {version} is not 1"):
            read(payload)


@pytest.mark.parametrize("kind", [0, 4, 7, 0x7F, 0x85, 0xBE, 0xC4, 0xFF])
def test_unknown_type(kind):
    payload = GET_VERSION[:3] + bytes((kind,)) + GET_VERSION[4:]
    for read in (Dsp0287Binding().unwrap, Dsp0287Framer(LIMIT).feed):
        with pytest.raises(FramingError, match=f"type 0x{kind:02x} is not known"):
            read(payload)


@pytest.mark.parametrize("size", range(len(GET_VERSION)))
def test_truncation_at_every_byte(size):
    reason = "no DSP0287 header" if size < 4 else f"tells 8 bytes, but {size} came"
    with pytest.raises(FramingError, match=reason):
        Dsp0287Binding().unwrap(GET_VERSION[:size])
    framer = Dsp0287Framer(LIMIT)
    assert framer.feed(GET_VERSION[:size]) == []
    if size:
        with pytest.raises(FramingError, match=f"ends after {size} of"):
            framer.eof()


@pytest.mark.parametrize("length", [2, 5, 7, 0xFFFF])
def test_wrong_length_in_a_socket_frame(length):
    payload = length.to_bytes(2, "little") + GET_VERSION[2:]
    with pytest.raises(FramingError, match=f"tells {length + 2} bytes, but 8 came"):
        Dsp0287Binding().unwrap(payload)


def test_byte_at_a_time():
    framer = Dsp0287Framer(LIMIT)
    found = [one for byte in b"".join(STREAM) for one in framer.feed(bytes((byte,)))]
    assert found == STREAM
    framer.eof()


def test_all_messages_in_one_feed():
    assert Dsp0287Framer(LIMIT).feed(b"".join(STREAM)) == STREAM


def test_the_limit_counts_the_header():
    assert Dsp0287Framer(8).feed(GET_VERSION) == [GET_VERSION]
    with pytest.raises(FramingError, match="payload of 8 bytes is over the limit of 7"):
        Dsp0287Framer(7).feed(GET_VERSION[:4])


def test_messages_before_the_error_are_handed_over():
    framer = Dsp0287Framer(LIMIT)
    with pytest.raises(FramingError) as caught:
        framer.feed(GET_VERSION + SECURED + b"\0\0\0\0" + VERSION)
    assert caught.value.frames == (GET_VERSION, SECURED)
    assert framer.pending == 0


def test_the_longest_message():
    payload = Dsp0287Binding().wrap(bytes(MAX_MESSAGE))
    assert payload[:4].hex() == "ffff0105"
    assert Dsp0287Framer(LIMIT).feed(payload) == [payload]
    assert len(Dsp0287Binding().unwrap(payload).message) == 0xFFFF - 2
    with pytest.raises(FramingError, match="do not fit"):
        Dsp0287Binding().wrap(bytes(MAX_MESSAGE + 1))


@given(st.lists(st.binary(max_size=60), max_size=5), st.data())
def test_round_trip_in_any_portions(messages, data):
    sent = [Dsp0287Binding().wrap(message) for message in messages]
    stream = b"".join(sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer = Dsp0287Framer(LIMIT)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.feed(stream[start:end])
    assert found == sent
    assert [Dsp0287Binding().unwrap(one).message for one in found] == messages


@given(
    st.lists(
        st.binary(max_size=20)
        | st.builds(
            lambda length, kind: bytes((length, 0, 1, kind)),
            st.integers(0, 30),
            st.sampled_from(list(MessageType)),
        ),
        max_size=8,
    )
)
def test_random_bytes_raise_only_framing_errors(portions):
    framer = Dsp0287Framer(64)
    taken = 0
    with suppress(FramingError):
        for portion in portions:
            for payload in framer.feed(portion):
                Dsp0287Binding().unwrap(payload)
                taken += len(payload)
        assert taken + framer.pending == sum(map(len, portions))
        framer.eof()
