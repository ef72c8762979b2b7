"""Every way in which a connection can end has a reason in its event."""

from server_peers import NONE, TEST

from responder.server.events import PeerArrived, PeerLeft


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
