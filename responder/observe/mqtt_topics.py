"""What is published where: the topics of an instance and the payloads, without any secret.

What a session protects is told by its size alone, and so is what a fault changed: both may be keys.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from responder.core import events as core
from responder.core.events import Event
from responder.observe.entry import Entry, entry_as_dict
from responder.server import events as server

ROOT = "spdm"
OBSERVER = "mqtt"
"""The name under which what is lost here is told."""
STATUS, DEVICE, CONTROL, REPLY = "status", "device", "control", "reply"
PROGRESS, VERDICTS = "campaign/progress", "campaign/verdicts"
MAX_PAYLOAD = 1 << 16
MAX_MESSAGE = 1 << 14
"""Bytes; of an SPDM message that is longer only the size is told."""
PAYLOAD_VERSION = 1
"""Of the objects that are published: grows when a reader must be changed."""
_CONNECTIONS, _MESSAGES, _SESSIONS, _FAULTS, _DEVICE, _SERVICE = (
    f"events/{name}"
    for name in ("connections", "messages", "sessions", "faults", "device", "service")
)
TOPICS: Mapping[str, tuple[bool, str]] = {
    STATUS: (True, "whether it is online; the last will says when it is not"),
    DEVICE: (True, "what the device is and how it is; gone after an orderly stop"),
    _CONNECTIONS: (False, "peers that come and go, phases of their connections"),
    _MESSAGES: (False, "requests and responses; inside sessions their sizes only"),
    _SESSIONS: (False, "sessions that begin and end"),
    _FAULTS: (False, "what faults did"),
    _DEVICE: (False, "resets, measurements that change, what happens to functions"),
    _SERVICE: (False, "all that concerns the program: errors, lost events"),
    CONTROL: (False, "commands are sent here"),
    REPLY: (False, "answers to commands that name no response topic"),
    PROGRESS: (True, "how far a campaign is; stays when it has ended"),
    VERDICTS: (False, "the verdict of each case of a campaign"),
}
"""By what follows ``spdm/<instance>/``: whether it is retained, and what it is for."""

_TOPIC_OF: Mapping[type[Event], str] = {
    core.RequestReceived: _MESSAGES,
    core.ResponseSent: _MESSAGES,
    core.ApplicationData: _MESSAGES,
    core.RecordDropped: _MESSAGES,
    core.PhaseChanged: _CONNECTIONS,
    server.PeerArrived: _CONNECTIONS,
    server.PeerLeft: _CONNECTIONS,
    server.PeerIgnored: _CONNECTIONS,
    core.SessionStarted: _SESSIONS,
    core.SessionEstablished: _SESSIONS,
    core.SessionEnded: _SESSIONS,
    core.FaultFired: _FAULTS,
    core.FaultMissed: _FAULTS,
    server.DeviceReset: _DEVICE,
    server.FunctionNotice: _DEVICE,
    server.MeasurementChanged: _DEVICE,
}
"""Events that are in none of these concern the program."""


class Message(msgspec.Struct, frozen=True):
    """Something to publish.

    Attributes:
        topic: in full.
        payload: JSON.
    """

    topic: str
    payload: bytes


class Topics:
    """The topics of one instance."""

    def __init__(self, instance: str) -> None:
        self._base = f"{ROOT}/{instance}/"
        self.status = self.of(STATUS)
        self.device = self.of(DEVICE)
        self.control = self.of(CONTROL)
        self.reply = self.of(REPLY)
        self.progress = self.of(PROGRESS)

    def of(self, name: str) -> str:
        """The topic whose last levels are ``name``."""
        return self._base + name

    def may_answer_on(self, topic: str) -> bool:
        """Whether a controller may have answers there: not where instances publish or listen.

        Names with wildcards are no topics; those with ``$`` are the broker's (MQTT 5 section 4.7).
        """
        if not topic or topic.startswith("$") or any(char in topic for char in "+#\0"):
            return False
        return not f"{topic}/".startswith(f"{ROOT}/") or topic == self.reply


class Numbered:
    """Makes events into messages: one a topic, with the events of a batch in a JSON array.

    Each event has ``seq``, which counts all events of the process, so also those that were lost
    because the broker was too slow. Where some were lost, an ``EventsLost`` takes the last of their
    numbers.
    """

    def __init__(
        self,
        topics: Topics,
        topic_of: Callable[[Event], str],
    ) -> None:
        """Begin with number 1.

        Args:
            topics: of the instance.
            topic_of: the last levels of an event's topic.
        """
        self.latest = 0
        self._topics = topics
        self._topic_of = topic_of

    def messages(self, entries: Iterable[Entry]) -> list[Message]:
        """What to publish of a batch; no payload with several events passes ``MAX_PAYLOAD``."""
        open_: dict[str, list[bytes]] = {}
        made: list[Message] = []
        for entry in entries:
            event = entry.event
            own_loss = isinstance(event, server.EventsLost) and event.observer == OBSERVER
            self.latest += event.count if isinstance(event, server.EventsLost) and own_loss else 1
            topic = self._topics.of(self._topic_of(event))
            values = public(type(event), entry_as_dict(entry))
            data = msgspec.json.encode({"seq": self.latest, **values})
            waiting = open_.setdefault(topic, [])
            if sum(map(len, waiting)) + len(data) > MAX_PAYLOAD and waiting:
                made.append(_array(topic, waiting))
                waiting.clear()
            waiting.append(data)
        return [*made, *(_array(topic, waiting) for topic, waiting in open_.items())]


def topic_of(event: Event) -> str:
    """The last levels of the topic of an event."""
    return _TOPIC_OF.get(type(event), _SERVICE)


def public(kind: type[Event], values: Mapping[str, Any]) -> dict[str, Any]:
    """An event as everybody may see it: its ``entry_as_dict`` without any secret.

    Bytes become their number, ``<field>_size``, but for messages outside of sessions.
    """
    shown = dict(values)
    for field in _bytes_fields(kind):
        size = len(shown[field]) // 2
        if field == "message" and shown.get("session_id") is None and size <= MAX_MESSAGE:
            continue
        del shown[field]
        shown[f"{field}_size"] = size
    if kind is core.InternalError:
        del shown["traceback"]  # may quote any value
    return shown


@cache
def _bytes_fields(kind: type[Event]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.type is bytes)


def _array(topic: str, elements: Sequence[bytes]) -> Message:
    return Message(topic, b"[" + b",".join(elements) + b"]")
