"""Commands that come over MQTT: who may have them carried out, and where the answer goes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from responder.observe.mqtt_link import Reply, Request
from responder.observe.mqtt_topics import Topics

MAX_COMMAND = 1 << 20
"""Bytes of a command, as on the control channel."""
Answer = Callable[[bytes], Awaitable[bytes]]
"""Carries one command out: JSON in, JSON out; raises nothing."""


class ControlTopic:
    """Answers what is sent to ``spdm/<instance>/control``.

    The answer goes to the response topic of MQTT 5 with its correlation data; without one it goes
    to ``spdm/<instance>/reply``. Commands that a broker has kept are for nobody.
    """

    def __init__(self, topics: Topics, refusal: str) -> None:
        """Refuse all commands.

        Args:
            topics: of the instance.
            refusal: why.
        """
        self.topic = topics.control
        self._topics = topics
        self._refusal = refusal
        self._answer: Answer | None = None

    def allow(self, answer: Answer) -> None:
        """Have commands carried out from now on."""
        self._answer = answer

    async def reply(self, request: Request) -> Reply | None:
        """The answer to a command."""
        if request.retained:
            return None
        topic = request.response_topic or self._topics.reply
        if not self._topics.may_answer_on(topic):
            text = "answers may not be had on that response topic"
            return self._error(self._topics.reply, request, "BadRequest", text)
        if self._answer is None:
            return self._error(topic, request, "NotPossible", self._refusal)
        if len(request.payload) > MAX_COMMAND:
            text = f"a command has at most {MAX_COMMAND} bytes"
            return self._error(topic, request, "BadRequest", text)
        return Reply(topic, await self._answer(request.payload), request.correlation)

    @staticmethod
    def _error(topic: str, request: Request, kind: str, text: str) -> Reply:
        payload = msgspec.json.encode({"error": {"class": kind, "desc": text}})
        return Reply(topic, payload, request.correlation)


def in_loop(
    answer: Callable[[bytes], Coroutine[Any, Any, bytes]], loop: asyncio.AbstractEventLoop
) -> Answer:
    """``answer`` for another thread; ``loop`` is the one that it runs in."""

    async def ask(request: bytes) -> bytes:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(request), loop))

    return ask
