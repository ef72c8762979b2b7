"""Bad bytes at the framers and bindings: frames, or a FramingError, however the bytes arrive."""

import struct
from pathlib import Path

import pytest
from fuzzing import fuzzing
from hypothesis import given
from hypothesis import strategies as st

from responder.errors import ConfigError
from responder.transport.binding import Kind, binding_of
from responder.transport.doe import DataObject, DiscoveryRequest, DiscoveryResponse
from responder.transport.doe import answer_discovery as discover
from responder.transport.dsp0287 import Dsp0287Framer
from responder.transport.errors import FramingError
from responder.transport.socket_frame import SocketFramer
from responder.transport.uri import parse_uri

LIMIT = 300
FRAMERS = {"socket": SocketFramer, "dsp0287": Dsp0287Framer}
every_framer = pytest.mark.parametrize("name", FRAMERS)
GET_VERSION = bytes.fromhex("10840000")


def socket_frame(payload, command=1, transport=1):
    """A frame of the spdm-emu socket protocol, by hand."""
    return struct.pack(">III", command, transport, len(payload)) + payload


def tcp_message(message, kind=5):
    """A DSP0287 message, by hand."""
    return struct.pack("<HBB", len(message) + 2, 1, kind) + message


STREAMS = {
    "socket": [
        socket_frame(b"Client Hello!\0", command=0xDEAD, transport=0),
        socket_frame(b"\5" + GET_VERSION),
        socket_frame(bytes.fromhex("0100010003000000") + GET_VERSION, transport=2),
        socket_frame(b"", command=0xFFFD),
    ],
    "dsp0287": [tcp_message(GET_VERSION), tcp_message(b""), tcp_message(bytes(LIMIT - 4))],
}
PAYLOADS = {
    0: [GET_VERSION],
    1: [b"\5" + GET_VERSION, b"\6" + bytes(24)],
    2: [
        bytes.fromhex("0100010003000000") + GET_VERSION,
        bytes.fromhex("010000000300000000020000"),
        bytes.fromhex("01000200040000000102030405060700"),
        bytes.fromhex("0100040003000400") + GET_VERSION,
    ],
    3: [tcp_message(GET_VERSION), tcp_message(b"", 0xBF), b"\0\0\1\xbf", tcp_message(b"", 0xC0)],
}


def fed(name, portions):
    """The frames and, if there was one, the reason of the error."""
    framer = FRAMERS[name](LIMIT)
    frames, reason = [], None
    for portion in portions:
        try:
            frames += framer.feed(portion)
        except FramingError as error:
            frames += error.frames
            reason = error.reason
            assert framer.pending == 0
            with pytest.raises(FramingError):
                framer.feed(b"\0")
            break
        assert framer.pending < LIMIT + 12 + max(map(len, portions))
    if reason is None:
        try:
            framer.eof()
        except FramingError:
            assert framer.pending > 0
            reason = "cut"
        else:
            assert framer.pending == 0
    return frames, reason


def byte_at_a_time(stream):
    return [stream[place : place + 1] for place in range(len(stream))]


@every_framer
def test_byte_at_a_time(name):
    stream = b"".join(STREAMS[name])
    frames, reason = fed(name, byte_at_a_time(stream))
    assert len(frames) == len(STREAMS[name])
    assert reason is None
    assert fed(name, [stream]) == (frames, None)


@every_framer
def test_every_cut_of_the_stream_in_two(name):
    stream = b"".join(STREAMS[name])
    whole = fed(name, [stream])
    for place in range(len(stream) + 1):
        assert fed(name, [stream[:place], stream[place:]]) == whole


@every_framer
def test_every_truncation(name):
    stream = b"".join(STREAMS[name])
    ends = {0}
    for frame in STREAMS[name]:
        ends.add(max(ends) + len(frame))
    for size in range(len(stream)):
        frames, reason = fed(name, [stream[:size]])
        assert len(frames) == sum(1 for end in ends if 0 < end <= size)
        assert reason == (None if size in ends else "cut")


@every_framer
def test_every_single_bit(name):
    """With any one bit wrong, frames before it are whole; whole or by bytes makes no odds."""
    for number, frame in enumerate(STREAMS[name]):
        before, after = b"".join(STREAMS[name][:number]), b"".join(STREAMS[name][number + 1 :])
        for bit in range(8 * min(len(frame), 40)):
            wrong = bytearray(frame)
            wrong[bit // 8] ^= 1 << bit % 8
            stream = before + bytes(wrong) + after
            frames, reason = fed(name, [stream])
            assert len(frames) >= number
            assert fed(name, byte_at_a_time(stream)) == (frames, reason)


@pytest.mark.parametrize("size", [LIMIT + 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
def test_a_socket_frame_over_the_limit_is_refused_by_its_header_alone(size):
    good = STREAMS["socket"][1]
    frames, reason = fed("socket", [good + struct.pack(">III", 1, 1, size)])
    assert len(frames) == 1
    assert reason != "cut"
    assert reason is not None
    assert fed("socket", byte_at_a_time(good + struct.pack(">III", 1, 1, size)))[0] == frames


def test_a_frame_at_the_limit_is_taken():
    frames, reason = fed("socket", byte_at_a_time(socket_frame(bytes(LIMIT))))
    assert (len(frames), reason) == (1, None)
    frames, reason = fed("dsp0287", byte_at_a_time(tcp_message(bytes(LIMIT - 4))))
    assert (len(frames), reason) == (1, None)
    assert fed("dsp0287", [tcp_message(bytes(LIMIT - 3))])[1] not in (None, "cut")


portions = st.lists(st.binary(max_size=40), max_size=12)


@every_framer
@fuzzing(150)
@given(portions)
def test_random_streams(name, pieces):
    stream = b"".join(pieces)
    assert fed(name, pieces) == fed(name, [stream]) == fed(name, byte_at_a_time(stream))


@every_framer
@fuzzing(150)
@given(st.lists(st.binary(max_size=24), max_size=5), st.data())
def test_good_frames_with_a_random_edit(name, bodies, data):
    wrap = socket_frame if name == "socket" else tcp_message
    stream = bytearray(b"".join(wrap(body) for body in bodies))
    if stream:
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    whole = fed(name, [bytes(stream)])
    cut = data.draw(st.integers(0, len(stream)))
    assert fed(name, [bytes(stream[:cut]), bytes(stream[cut:])]) == whole


def unwrapped(transport, payload):
    """What a payload carries, or nothing if its framing is wrong."""
    binding = binding_of(transport)
    try:
        carried = binding.unwrap(payload)
    except FramingError:
        return None
    assert isinstance(carried.kind, Kind)
    assert payload.endswith(carried.message)
    if carried.kind is not Kind.OTHER:
        rebuilt = binding.wrap(carried.message, carried.kind)
        assert binding.unwrap(rebuilt).message.startswith(carried.message)
    return carried


@pytest.mark.parametrize("transport", PAYLOADS)
def test_every_bit_and_every_truncation_of_a_payload(transport):
    for payload in PAYLOADS[transport]:
        assert unwrapped(transport, payload)
        for bit in range(8 * len(payload)):
            wrong = bytearray(payload)
            wrong[bit // 8] ^= 1 << bit % 8
            unwrapped(transport, bytes(wrong))
        for size in range(len(payload)):
            unwrapped(transport, payload[:size])
            unwrapped(transport, payload + bytes(size + 1))


@pytest.mark.parametrize("transport", [1, 2, 3])
def test_a_payload_that_is_too_short_for_its_header_is_refused(transport):
    for size in range({1: 1, 2: 8, 3: 4}[transport]):
        assert unwrapped(transport, PAYLOADS[transport][0][:size]) is None


@pytest.mark.parametrize("transport", PAYLOADS)
@fuzzing(200)
@given(st.binary(max_size=40))
def test_random_payloads(transport, payload):
    unwrapped(transport, payload)


@fuzzing(200)
@given(st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 0xFFFF_FFFF), st.binary())
def test_random_data_objects(vendor, kind, word, body):
    data = struct.pack("<HBBI", vendor, kind, 0, word) + body
    for candidate in (data, data[:4] + struct.pack("<I", len(data) // 4) + body):
        try:
            found = DataObject.decode(candidate)
        except FramingError:
            continue
        assert found.encode() == candidate


@fuzzing(200)
@given(st.binary(max_size=10))
def test_random_discovery(payload):
    for codec in (DiscoveryRequest, DiscoveryResponse):
        try:
            found = codec.decode(payload)
        except FramingError:
            continue
        assert found.encode() == payload
    try:
        answer = discover(payload)
    except FramingError:
        return
    assert len(answer) == 4


@fuzzing(200)
@given(
    st.one_of(
        st.text(max_size=30),
        st.builds(
            "".join,
            st.lists(
                st.sampled_from(
                    ["spdm-emu", "dsp0287", "+", "doe", "unix", ":", "//", "[", "::1", "]", "80"]
                ),
                max_size=8,
            ),
        ),
    )
)
def test_random_uris(text):
    try:
        endpoint = parse_uri(text)
    except ConfigError:
        return
    assert parse_uri(str(endpoint)) == endpoint


CORPUS = Path(__file__).parent / "corpus" / "streams"


def corpus():
    """The cases: a framer and the bytes of a stream in hexadecimal, line by line."""
    for path in sorted(CORPUS.glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text = line.partition("#")[0]
            if text.strip():
                yield pytest.param(path.stem, text, id=f"{path.stem}:{number}")


@pytest.mark.parametrize(("name", "text"), list(corpus()))
def test_corpus(name, text):
    stream = bytes.fromhex(text)
    frames, reason = fed(name, [stream])
    assert fed(name, byte_at_a_time(stream)) == (frames, reason)
    for frame in frames:
        if name == "socket" and frame.transport in PAYLOADS:
            unwrapped(frame.transport, frame.payload)
        elif name == "dsp0287":
            unwrapped(3, frame)
