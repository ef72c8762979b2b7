"""Cost of collecting a frame from many small portions."""

import time
import tracemalloc

import pytest

from responder.transport.errors import FramingError
from responder.transport.socket_frame import SocketFramer, wrap_frame

PORTION = 32


def _cpu_seconds_to_feed(payload_size: int) -> float:
    """Least CPU time of several runs, fed in portions of 32 bytes."""
    frame = wrap_frame(1, 1, bytes(payload_size))
    portions = [frame[at : at + PORTION] for at in range(0, len(frame), PORTION)]
    best = float("inf")
    for _ in range(5):
        framer = SocketFramer(payload_size)
        start = time.process_time()
        found = [whole for portion in portions for whole in framer.feed(portion)]
        best = min(best, time.process_time() - start)
        assert [len(one.payload) for one in found] == [payload_size]
    return best


def test_time_grows_with_the_bytes_and_not_with_their_square():
    # 16 times the bytes: linear code takes 16 times as long, concatenation about 256 times.
    small, large = (_cpu_seconds_to_feed(size) for size in (1 << 15, 1 << 19))
    assert large / small < 64


def test_a_claimed_size_reserves_no_memory():
    header = wrap_frame(1, 1)[:8] + (1 << 24).to_bytes(4, "big")
    framer = SocketFramer(1 << 24)
    tracemalloc.start()
    try:
        assert framer.feed(header + b"some") == []
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()
    assert framer.pending == 16


def test_a_delivered_frame_leaves_nothing_behind():
    framer = SocketFramer(1 << 20)
    tracemalloc.start()
    try:
        for _ in range(3):
            framer.feed(wrap_frame(1, 1, bytes(1 << 20)))
        assert tracemalloc.get_traced_memory()[0] < 1 << 16
    finally:
        tracemalloc.stop()


def test_what_is_fed_may_be_reused_by_the_caller():
    framer = SocketFramer(16)
    buffer = bytearray(wrap_frame(1, 2, b"abcd")[:14])
    assert framer.feed(memoryview(buffer)) == []
    buffer[:] = bytes(14)
    assert [frame.payload for frame in framer.feed(bytearray(b"cd"))] == [b"abcd"]


def test_a_stream_that_lost_its_place_stays_refused():
    framer = SocketFramer(4)
    with pytest.raises(FramingError, match="over the limit of 4"):
        framer.feed(wrap_frame(1, 1, b"12345"))
    with pytest.raises(FramingError, match="over the limit of 4"):
        framer.feed(wrap_frame(1, 1, b"1234"))
    assert framer.pending == 0
    framer.eof()
