"""A server for client tests: answers each chunk that arrives as a script says."""

import asyncio
from contextlib import asynccontextmanager


class Server:
    """Collects what arrives; ``reply`` turns a received chunk into chunks to send."""

    def __init__(self, reply):
        self.reply = reply
        self.received = []
        self.port = 0
        self.writers = []

    async def serve(self, reader, writer):
        self.writers.append(writer)
        while data := await reader.read(65536):
            self.received.append(data)
            for chunk in self.reply(data):
                if chunk is None:
                    writer.close()
                    return
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(reply, path=None):
    """A listening server on a free port, or on a Unix socket."""
    server = Server(reply)
    if path is None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
    else:
        listener = await asyncio.start_unix_server(server.serve, path)
    async with listener:
        yield server
        for writer in server.writers:
            writer.close()
