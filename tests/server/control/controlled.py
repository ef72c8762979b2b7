"""A steered server in the test's loop, its commands, and controllers at its socket."""

import asyncio
import json
from contextlib import asynccontextmanager

from responder.observe.bus import Bus
from responder.observe.story import Story
from responder.profiles.load import load_profile
from responder.server.control.channel import ControlSocket
from responder.server.control.commands import Commands
from responder.server.control.errors import CommandError
from responder.server.control.steered import Scene
from responder.server.control.steering import Steering
from responder.server.listener import open_private

PATIENCE = 60
"""Seconds for an answer on a machine with much to do."""


class Controlled:
    """A server and what steers it.

    Attributes:
        stops: what ``shutdown`` asked for.
    """

    def __init__(self, running, steering, story):
        self.running = running
        self.server = running.server
        self.events = running.events
        self.steering = steering
        self.story = story
        self.stops = []
        self.scene = Scene(steering, running.server, story, self.stops.append, "test")
        self.commands = Commands(self.scene)

    async def do(self, name, /, **arguments):
        """The result of a command."""
        return await self.commands.execute(name, arguments)

    async def refused(self, name, /, **arguments):
        """Class, text and suggestion of a command that is refused."""
        try:
            done = await self.commands.execute(name, arguments)
        except CommandError as error:
            return error.kind, error.text, error.did_you_mean
        raise AssertionError(f"{name} was carried out: {done}")

    @asynccontextmanager
    async def socket(self, folder):
        """The control socket, in ``folder``."""
        sock = open_private(str(folder / "ctrl"))
        channel = ControlSocket(sock, self.scene, self.commands, self.story)
        await channel.start()
        try:
            yield channel
        finally:
            await channel.close("the test is over")
            sock.close()


async def controlled(serving, *uris, profile="default", overrides=None, clock=None, **options):
    """A server of a profile that can be steered."""
    bus = Bus()
    story = Story(bus)
    steering = Steering(load_profile(profile, overrides))
    running = await serving(*uris, profile=steering, clock=clock, bus=bus, gated=True, **options)
    return Controlled(running, steering, story)


class Controller:
    """The other side of a control socket."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, folder):
        return cls(*await asyncio.open_unix_connection(str(folder / "ctrl"), limit=1 << 26))

    def send(self, line):
        self.writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    async def line(self):
        """The next line; ``None`` at the end."""
        async with asyncio.timeout(PATIENCE):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def ask(self, name, /, **arguments):
        """The answer to a command; events before it are passed over."""
        self.send({"execute": name, "arguments": arguments})
        while "event" in (answer := await self.line()):
            pass
        return answer

    async def events(self, count):
        """The next events."""
        return [(await self.line())["event"] for _ in range(count)]

    def close(self):
        self.writer.close()
