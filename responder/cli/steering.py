"""What steers a server: the control channels that the command line of ``serve`` asks for."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from responder.faults.choice import chosen
from responder.observe.bus import Bus
from responder.observe.story import Story
from responder.profiles.load import Profile
from responder.server.control.channel import ControlSocket
from responder.server.control.commands import Commands
from responder.server.control.steered import Scene
from responder.server.control.steering import Steering
from responder.server.listener import open_private, remove_socket
from responder.server.run import Control
from responder.server.server import Server


def steered(
    stack: ExitStack, profile: Profile, options: Mapping[str, Any], bus: Bus
) -> tuple[Steering, list[Control]]:
    """What is served in the place of a profile, and the control socket if one is asked for.

    Args:
        stack: its end closes the control socket.
        profile: loaded with the changes and faults of the options.
        options: those of ``serve``, by name.
        bus: tells what happens.

    Raises:
        UnavailableError: the control socket cannot be had.
    """
    steering = Steering(profile, options.get("changes") or (), chosen(options.get("faults") or ()))
    path = options.get("ctrl")
    if path is None:
        return steering, []
    story = Story(bus)
    sock = open_private(path)
    stack.callback(remove_socket, path)
    stack.callback(sock.close)

    @asynccontextmanager
    async def control(server: Server, shut_down: Callable[[bool], None]) -> AsyncIterator[None]:
        instance = f"{profile.name}-{os.getpid()}"
        scene = Scene(steering, server, story, shut_down, instance)
        channel = ControlSocket(sock, scene, Commands(scene), story)
        await channel.start()
        asyncio.get_running_loop().run_in_executor(None, steering.prepare)
        try:
            yield
        finally:
            await channel.close("the server stops")

    return steering, [control]
