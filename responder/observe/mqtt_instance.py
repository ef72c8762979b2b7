"""One program that publishes over MQTT: its birth, its will, its state, and its events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from responder.observe.bus import Bus
from responder.observe.entry import Entry
from responder.observe.mqtt_link import Heard, Presence
from responder.observe.mqtt_topics import OBSERVER, PAYLOAD_VERSION, Message, Numbered, Topics


class _Status(msgspec.Struct):
    """What is looked at of a status."""

    run: str = ""
    state: str = ""
    birth: int = 0


class Link(Protocol):
    """What is used of a ``responder.observe.mqtt.MqttLink``."""

    @property
    def is_there(self) -> bool:
        """Whether the broker is."""

    def publish(self, messages: Sequence[Message]) -> bool:
        """Wait until the broker has the messages; whether it took them."""

    def refresh(self) -> None:
        """What is retained may have changed."""

    def close(self, timeout: float) -> bool:
        """Say farewell."""


class Instance(Presence):
    """What is retained about one program.

    Args:
        topics: its topics.
        run: tells this process from others that had the name.
        about: what a birth says beside its state.
        documents: what else is retained, by topic; looked at in the link's thread.
        lost: how many events the broker did not get.
        clears: the topics that are empty after an orderly stop.
    """

    def __init__(
        self,
        topics: Topics,
        run: str,
        about: Mapping[str, Any],
        documents: Callable[[], Mapping[str, Mapping[str, Any]]],
        lost: Callable[[], int],
        clears: Sequence[str] = (),
    ) -> None:
        self.topic = topics.status
        self._run = run
        self._echoed = 0
        self._about = about
        self._documents = documents
        self._lost = lost
        self._clears = clears

    def will(self, birth: int) -> Message:
        """Offline, because the link broke."""
        return self._status(birth, "offline", {"reason": "connection lost"})

    def heard(self, payload: bytes, birth: int) -> Heard:
        """The latest birth has the name; all see births in the order in which the broker has them.

        A program whose machine is gone may be told offline long after we were born.
        """
        try:
            status = msgspec.json.decode(payload, type=_Status)
        except msgspec.DecodeError:
            return Heard.OVERWRITTEN
        online, ours = status.state == "online", status.run == self._run
        if online and ours:
            self._echoed = status.birth
        if self._echoed < birth or (online and ours):
            return Heard.NOTHING
        return Heard.TAKEN if online else Heard.OVERWRITTEN

    def documents(self, birth: int) -> list[Message]:
        """Online, and what else is retained."""
        status = self._status(birth, "online", {**self._about, "events_lost": self._lost()})
        others = self._documents().items()
        return [status, *(self._message(topic, values) for topic, values in others)]

    def farewell(self, birth: int) -> list[Message]:
        """Offline, because it was stopped."""
        cleared = [Message(topic, b"") for topic in self._clears]
        last = {"reason": "stopped", "events_lost": self._lost()}
        others = [
            self._message(topic, values)
            for topic, values in self._documents().items()
            if topic not in self._clears
        ]
        return [*cleared, *others, self._status(birth, "offline", last)]

    def _status(self, birth: int, state: str, values: Mapping[str, Any]) -> Message:
        return self._message(self.topic, {"state": state, "birth": birth, **values})

    def _message(self, topic: str, values: Mapping[str, Any]) -> Message:
        document = {"v": PAYLOAD_VERSION, "run": self._run, **values}
        return Message(topic, msgspec.json.encode(document))


class Feed:
    """Publishes the events of a bus.

    Attributes:
        link: where to.
    """

    def __init__(self, numbered: Numbered, link: Link, bus: Bus) -> None:
        """Take all events from now on, and publish them once the link is there."""
        self.link = link
        self._numbered = numbered
        self._refused = 0
        self._observed = bus.observe(OBSERVER, self.take)

    @property
    def lost(self) -> int:
        """How many events the broker did not get."""
        return self._refused + self._observed.lost

    def take(self, entries: Sequence[Entry]) -> None:
        """Publish a batch, and wait until the broker has it.

        Raises:
            LinkEndedError: the link has ended.
        """
        if not self.link.publish(self._numbered.messages(entries)):
            self._refused += len(entries)
        self.link.refresh()

    def close(self, timeout: float) -> str:
        """Publish what waits, and say farewell, for at most ``timeout`` seconds each.

        Returns:
            What to tell people of losses; empty if there were none.
        """
        reason = self._observed.error
        self._observed.close(timeout if self.link.is_there else 0.0)
        self.link.close(timeout)
        return f"mqtt: {self.lost} events lost {reason}".rstrip() if self.lost else ""
