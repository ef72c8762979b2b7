"""``serve --mqtt``: what a server publishes, and the commands that it takes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from responder import __version__
from responder.cli.mqtt import client_id, instance_name, link_of, run_id
from responder.observe.bus import Bus
from responder.observe.mqtt_control import ControlTopic, in_loop
from responder.observe.mqtt_device import DeviceState, claims
from responder.observe.mqtt_instance import Feed, Instance
from responder.observe.mqtt_topics import Numbered, Topics, topic_of
from responder.server.events import BrokerLost, BrokerReached
from responder.server.run import Control
from responder.server.server import Emulated, Server

if TYPE_CHECKING:
    from responder.core.events import Event

_FLUSH_TIME = 1.0
"""Seconds that a stop waits for events, and then for the farewell, to reach the broker."""
_REFUSAL = "this server takes no commands over MQTT; serve --mqtt-control allows them"


def published(
    stack: ExitStack, emulated: Emulated, options: Mapping[str, Any], bus: Bus
) -> Control:
    """Publish what happens to a server while it runs.

    Args:
        stack: its end waits for the broker, and says what was lost.
        emulated: what is served; a ``Steering`` if commands are allowed.
        options: those of ``serve``, by name.
        bus: tells what happens.

    Raises:
        UsageError: an option is wrong.
    """
    name = instance_name(options, emulated.name)
    run = run_id()
    topics = Topics(name)
    told = _Told()
    commands = ControlTopic(topics, _REFUSAL)
    state = DeviceState()
    about = {
        "kind": "responder",
        "version": __version__,
        "profile": emulated.name,
        "control": bool(options.get("mqtt_control")),
    }
    instance = Instance(
        topics,
        run,
        about,
        documents=lambda: {topics.device: {**claims(emulated), **state.document()}},
        lost=lambda: feed.lost,
        clears=[topics.device],
    )
    link = link_of(options, client_id(name, run), instance, commands, told)
    bus.add(state)
    feed = Feed(Numbered(topics, topic_of), link, bus)
    stack.callback(_close, feed)
    story = _public_story(bus) if options.get("mqtt_control") else None

    @asynccontextmanager
    async def control(server: Server, shut_down: Callable[[bool], None]) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        told.by(loop, server)
        if story is not None:
            from responder.server.control.commands import Commands  # noqa: PLC0415 - if allowed
            from responder.server.control.steered import Scene  # noqa: PLC0415 - if allowed

            scene = Scene(emulated, server, story, shut_down, name)  # type: ignore[arg-type]
            commands.allow(in_loop(Commands(scene).answer, loop))
        link.start()
        yield

    return control


def _public_story(bus: Bus) -> Any:
    from responder.observe.mqtt_story import PublicStory  # noqa: PLC0415 - if commands are allowed
    from responder.observe.story import Story  # noqa: PLC0415 - as above

    return PublicStory(Story(bus))


def _close(feed: Feed) -> None:
    if losses := feed.close(_FLUSH_TIME):
        click.echo(losses, err=True)


class _Told:
    """Tells the observers of a server how the link is."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None

    def by(self, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        """Have ``server`` tell them, in its loop."""
        self._loop, self._server = loop, server

    def reached(self, broker: str, birth: int) -> None:
        """The broker has the birth."""
        self._tell(BrokerReached(broker, birth))

    def lost(self, broker: str, reason: str) -> None:
        """The broker is not there."""
        self._tell(BrokerLost(broker, reason))

    def _tell(self, event: "Event") -> None:
        if self._loop is None or self._server is None:
            return
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._server.emit, 0, event)
