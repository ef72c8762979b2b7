"""What a link to a broker says and hears, whatever library carries it."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec

from responder.observe.mqtt_topics import Message


class Heard(Enum):
    """What somebody's status on our topic means."""

    NOTHING = "nothing is to be done"
    OVERWRITTEN = "ours has to be said again"
    TAKEN = "another program has our name now"


class Presence(Protocol):
    """What an instance publishes about itself; called in the link's thread."""

    topic: str
    """Where its status is."""

    def will(self, birth: int) -> Message:
        """What the broker is to say if the link breaks; ``birth`` counts the links, from 1."""

    def heard(self, payload: bytes, birth: int) -> Heard:
        """What a status on our topic means, our own ones included; ``birth`` is the latest."""

    def documents(self, birth: int) -> Sequence[Message]:
        """What is retained, as it is now; the birth is the first."""

    def farewell(self, birth: int) -> Sequence[Message]:
        """What is retained after an orderly stop; an empty payload clears a topic."""


class Request(msgspec.Struct, frozen=True):
    """What came in on the topic for commands.

    Attributes:
        payload: whatever somebody sent.
        response_topic: where the answer is wanted; empty if that was not said.
        correlation: what belongs to the answer, if anything.
        retained: it is not for us, but what somebody once left there.
    """

    payload: bytes
    response_topic: str = ""
    correlation: bytes | None = None
    retained: bool = False


class Reply(msgspec.Struct, frozen=True):
    """An answer: where it goes, and what."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


class Commands(Protocol):
    """Who carries commands out; called in the link's thread."""

    topic: str
    """Where they are heard."""

    async def reply(self, request: Request) -> Reply | None:
        """The answer; ``None`` for silence."""


class Told(Protocol):
    """Who is told how the link is; called in the link's thread."""

    def reached(self, broker: str, birth: int) -> None:
        """The broker has the birth."""

    def lost(self, broker: str, reason: str) -> None:
        """The broker cannot be reached, or not any more; the link tries again."""
