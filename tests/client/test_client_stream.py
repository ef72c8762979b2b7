"""A stream socket with one request and one answer at a time."""

import asyncio
import socket

import pytest
from client.socket_server import serving

from responder.client.channel import ChannelError
from responder.client.stream import Stream
from responder.transport.socket_frame import SocketFrame, SocketFramer, wrap_frame
from responder.transport.uri import parse_uri

FRAME = wrap_frame(1, 0, b"answer")


async def connect(server, seconds=5.0, limit=100):
    endpoint = parse_uri(f"spdm-emu://127.0.0.1:{server.port}")
    return await Stream.connect(endpoint, SocketFramer(limit), seconds)


async def fails(stream, data=b"x"):
    with pytest.raises(ChannelError) as error:
        await stream.request(data)
    return error.value


async def test_a_request_and_its_answer():
    async with serving(lambda _: [FRAME]) as server:
        stream = await connect(server)
        assert await stream.request(b"ask") == SocketFrame(1, 0, b"answer")
        assert stream.open
        await stream.close()
        assert not stream.open
        await stream.close()
        assert (await fails(stream)).kind == "closed"
    assert server.received == [b"ask"]


async def test_an_answer_byte_by_byte():
    async with serving(lambda _: [bytes((byte,)) for byte in FRAME]) as server:
        stream = await connect(server)
        assert (await stream.request(b"ask")).payload == b"answer"
        await stream.close()


async def test_a_second_frame_answers_nothing_later():
    answers = [[FRAME + wrap_frame(1, 0, b"early")], [wrap_frame(1, 0, b"right")]]
    async with serving(lambda _: answers.pop(0)) as server:
        stream = await connect(server)
        assert (await stream.request(b"1")).payload == b"answer"
        assert (await stream.request(b"2")).payload == b"right"
        assert stream.dropped == 1
        await stream.close()


async def test_silence_ends_the_stream():
    async with serving(lambda _: []) as server:
        stream = await connect(server, seconds=0.05)
        error = await fails(stream)
        assert (error.kind, error.reason) == ("timeout", "no answer within 0.05 s")
        assert (await fails(stream)).kind == "timeout", "a late answer must not answer this"
        await stream.close()


async def test_half_a_frame_and_silence():
    async with serving(lambda _: [FRAME[:13]]) as server:
        stream = await connect(server, seconds=0.05)
        assert "13 bytes of a frame" in (await fails(stream)).reason
        await stream.close()


async def test_a_peer_that_leaves():
    for chunks, said in (([None], "closed the connection"), ([FRAME[:5], None], "5 bytes")):
        async with serving(lambda _, chunks=chunks: chunks) as server:
            stream = await connect(server)
            error = await fails(stream)
            assert error.kind == "closed"
            assert said in error.reason
            await stream.close()


async def test_a_frame_over_the_limit():
    async with serving(lambda _: [wrap_frame(1, 0, bytes(101))]) as server:
        stream = await connect(server, limit=100)
        assert (await fails(stream)).kind == "framing"
        assert not stream.open
        await stream.close()


async def test_a_frame_before_the_fault_still_counts():
    huge = b"\0\0\0\1" * 2 + b"\xff" * 4
    async with serving(lambda _: [FRAME + huge]) as server:
        stream = await connect(server)
        assert (await stream.request(b"1")).payload == b"answer"
        assert (await fails(stream)).kind == "framing"
        await stream.close()


async def test_nobody_listens():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ChannelError) as error:
        await Stream.connect(parse_uri(f"spdm-emu://127.0.0.1:{port}"), SocketFramer(1), 5.0)
    assert error.value.kind == "closed"


async def test_a_unix_socket(tmp_path):
    path = tmp_path / "s"
    async with serving(lambda _: [FRAME], path):
        stream = await Stream.connect(parse_uri(f"spdm-emu+unix:{path}"), SocketFramer(9), 5.0)
        assert (await stream.request(b"ask")).payload == b"answer"
        await stream.close()


async def test_a_peer_that_reads_nothing_does_not_hold_the_close():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    endpoint = parse_uri(f"spdm-emu://127.0.0.1:{listener.getsockname()[1]}")
    stream = await Stream.connect(endpoint, SocketFramer(9), 0.05)
    assert (await fails(stream, bytes(1 << 24))).kind == "timeout"
    async with asyncio.timeout(5):
        await stream.close()
    listener.close()


async def test_nagle_is_off():
    async with serving(lambda _: [FRAME]) as server:
        stream = await connect(server)
        sock = stream._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await stream.close()
