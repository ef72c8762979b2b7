"""What has happened, as everybody may see it: what commands over MQTT answer."""

from collections.abc import Iterator
from functools import cache
from typing import Protocol

from msgspec.structs import replace

from responder.core.events import Event
from responder.observe.mqtt_topics import public
from responder.server.control.results import Counters, JournalPage


class Whole(Protocol):
    """What is used of a ``responder.observe.story.Story``."""

    @property
    def position(self) -> int:
        """How many entries there have been."""

    def page(self, since: int | None, limit: int, connection: int | None) -> JournalPage:
        """A part of the journal."""

    def counters(self) -> Counters:
        """How often each thing has happened."""


class PublicStory:
    """A story without secrets."""

    def __init__(self, story: Whole) -> None:
        self._story = story
        self.counters = story.counters

    @property
    def position(self) -> int:
        """How many entries there have been."""
        return self._story.position

    def page(self, since: int | None, limit: int, connection: int | None) -> JournalPage:
        """A part of the journal; what sessions protect is told by its size."""
        page = self._story.page(since, limit, connection)
        shown = [public(_class_of(entry["event"]), entry) for entry in page.entries]
        return replace(page, entries=shown)


@cache
def _class_of(name: str) -> type[Event]:
    return next(kind for kind in _kinds(Event) if kind.__name__ == name)


def _kinds(cls: type[Event]) -> Iterator[type[Event]]:
    for kind in cls.__subclasses__():
        yield kind
        yield from _kinds(kind)
