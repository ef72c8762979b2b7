"""Every way in which a connection can end has a reason in its event."""

from server_peers import GET_VERSION, NONE, NORMAL, SHUTDOWN, TEST, VERSION, socket_frame

from responder.server.events import (
    BytesReceived,
    BytesSent,
    PeerArrived,
    PeerLeft,
    WireClosed,
    WireOpened,
)


async def test_arrival_and_leave_name_the_peer(serving):
    running = await serving()
    peer = await running.peer()
    await peer.exchange(1, NONE, bytes.fromhex("10840000"))
    host, port = peer.writer.get_extra_info("sockname")
    await peer.exchange(0xFFFE, NONE)
    await running.events.reasons()
    (arrived,) = running.events.of(PeerArrived)
    (left,) = running.events.of(PeerLeft)
    assert (arrived.peer, left.peer) == (f"{host}:{port}",) * 2
    assert arrived.listener == str(running.endpoints[0])


async def test_a_peer_that_only_said_hello_leaves_without_having_arrived(serving):
    running = await serving()
    peer = await running.peer()
    await peer.exchange(TEST, NONE)
    peer.writer.close()
    await running.events.reasons()
    assert running.events.of(PeerArrived) == []


def streams(events, wire):
    """What the peer of a connection has sent and got."""
    told = [one for one in events.of(BytesReceived | BytesSent) if one.wire == wire]
    return tuple(
        b"".join(one.data for one in told if isinstance(one, kind))
        for kind in (BytesReceived, BytesSent)
    )


async def test_observers_are_told_of_the_wire_if_that_is_wanted(serving):
    running = await serving(wire=True)
    silent = await running.peer()
    silent.send(b"garbage")
    peer = await running.peer()
    hello = await peer.exchange(TEST, NONE)
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    await peer.exchange(SHUTDOWN, NONE)
    silent.writer.close()
    closed = await running.events.wait_for(WireClosed, 2)
    assert {one.wire: one.reason for one in closed} == {
        1: "the peer closed the connection: the stream ends after 7 of 12 bytes of a frame header",
        2: "the peer asked for shutdown",
    }
    opened = running.events.of(WireOpened)
    assert [(one.wire, one.framing) for one in opened] == [(1, "spdm-emu"), (2, "spdm-emu")]
    assert opened[0].listener == str(running.endpoints[0])
    assert streams(running.events, 1) == (b"garbage", b"")
    received, sent = streams(running.events, 2)
    assert received == b"".join(
        socket_frame(*frame) for frame in [(TEST, NONE), (NORMAL, NONE, GET_VERSION), (SHUTDOWN, 0)]
    )
    answers = [hello, (NORMAL, NONE, VERSION), (SHUTDOWN, NONE)]
    assert sent == b"".join(socket_frame(*frame) for frame in answers)
    ordinals = {type(event): ordinal for _, ordinal, event in running.events.entries}
    assert (ordinals[WireOpened], ordinals[BytesSent]) == (0, 1)


async def test_nobody_is_told_of_the_wire_else(serving):
    running = await serving()
    peer = await running.peer()
    await peer.exchange(NORMAL, NONE, GET_VERSION)
    peer.writer.close()
    await running.events.reasons()
    assert running.events.of(WireOpened | BytesReceived | BytesSent | WireClosed) == []
