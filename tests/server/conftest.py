"""A server in the test's loop."""

import pytest
from server_peers import PlainProfile, Remembered, Running

from responder.server.listener import open_listeners
from responder.server.server import Server, ServerOptions
from responder.transport.uri import parse_uri


@pytest.fixture
async def serving():
    """Makes servers: ``await serving("spdm-emu://127.0.0.1:0", profile=…, clock=…, **options)``.

    With ``bus`` what happens is told to that, which passes it on.
    """
    servers = []

    async def serve(*uris, profile=None, clock=None, bus=None, **options):
        events = Remembered()
        if bus is not None:
            bus.add(lambda entry: events(entry.time, entry.connection, entry.event))
        options = ServerOptions(seed=b"test", **options)
        server = Server(profile or PlainProfile(), options, bus or events, clock)
        uris = uris or ("spdm-emu://127.0.0.1:0",)
        listeners = open_listeners([parse_uri(uri) for uri in uris], allow_remote=False)
        running = Running(server, await server.start(listeners), events)
        servers.append(running)
        return running

    yield serve
    for running in servers:
        for peer in running.peers:
            peer.writer.close()
        running.server.abort("the test is over")
        await running.server.stop("the test is over")
        for peer in running.peers:
            try:
                await peer.writer.wait_closed()
            except ConnectionError:
                continue
