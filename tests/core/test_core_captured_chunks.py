"""Ground truth: transfers of an independent implementation, byte for byte."""

import pytest
from captures.loader import runs
from core.chunks import (
    CHUNK_GET,
    CHUNK_SEND,
    cut,
)

from responder.core.chunking import Chunking
from responder.wire.chunk import ChunkGet, ChunkSend
from responder.wire.context import WireContext


def transfers(run):
    """Captured CHUNK_GETs with their CHUNK_RESPONSEs, one transfer at a time."""
    found = []
    for pair in run.messages():
        if pair.request[1] == CHUNK_GET:
            found.append(pair)
            if pair.response[2] & 1:
                yield found
                found = []


@pytest.mark.parametrize(
    "run", [run for run in runs() if any(transfers(run))], ids=lambda run: run.name
)
def test_captured_large_responses_are_cut_byte_for_byte_as_recorded(run):
    count = 0
    for pairs in transfers(run):
        whole = b"".join(cut(unpadded(pair.response)).data for pair in pairs)
        chunking, version = Chunking(), whole[0]
        handle = pairs[0].request[3]
        for _ in range(handle - 1):
            chunking.offer(b"", None)
        assert chunking.offer(whole, None) == handle
        limit = len(unpadded(pairs[0].response))
        for pair in pairs:
            request, _ = ChunkGet.read(pair.request, WireContext(version=version))
            chunk = chunking.give(request, None, limit)
            assert chunk.build(WireContext(version=version)) == unpadded(pair.response)
        assert chunking.response is None
        count += 1
    assert count


def unpadded(message):
    """A chunk without DOE's padding."""
    head = 12 if message[4:8] != bytes(4) else 16
    return message[: head + int.from_bytes(message[8:12], "little")]


def test_captured_large_requests_are_taken_as_they_were_sent():
    """What comes out is what ``loader`` puts together, which knows nothing of our code."""
    found = []
    for run in runs():
        chunking = Chunking()
        for pair in run.messages():
            if pair.request[1] == CHUNK_SEND:
                context = WireContext(version=pair.request[0])
                chunk, _ = ChunkSend.read(pair.request, context)
                found.append(chunking.take(chunk, pair.session, 0x28000))
    whole = [request for request in found if request]
    expected = [
        pair.request
        for run in runs()
        for pair in run.whole_messages()
        if pair.reassembled and len(pair.request) > 0x1000
    ]
    assert whole == expected
    assert len(whole) == 25
