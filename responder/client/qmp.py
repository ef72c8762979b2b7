"""QEMU's machine protocol, QMP: commands such as ``system_reset``, and events.

A JSON object a line (QEMU "docs/interop/qmp-spec.rst").
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from responder.client.channel import ChannelError


class QmpLink(asyncio.Protocol):
    """The QMP connection: an answer for each command, in order, and events between them.

    Args:
        timeout: seconds that an answer or an event may take.
        explain: what QEMU wrote to stderr so far, for the reason of an error.
    """

    def __init__(self, timeout: float, explain: Callable[[], str]) -> None:
        self._timeout = timeout
        self._explain = explain
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: deque[tuple[str, asyncio.Future[Any]]] = deque()
        self._events: defaultdict[str, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """QEMU is there; it greets first."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("QMP needs a stream")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand each answer to the command that waits longest, and keep each event."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "event" in message:
                self._events[message["event"]].put_nowait(message.get("data", {}))
            elif "return" in message or "error" in message:
                self._answered(message)

    def _answered(self, message: dict[str, Any]) -> None:
        command, answer = self._waiting.popleft()
        if answer.done():
            return
        if "error" in message:
            reason = f"QMP command {command!r} failed: {message['error']['desc']}"
            answer.set_exception(ChannelError("framing", reason))
        else:
            answer.set_result(message["return"])

    def connection_lost(self, exc: Exception | None) -> None:
        """QEMU is gone, so no command will be answered."""
        self._transport = None
        reason = f"QEMU closed the QMP connection ({exc or 'end of file'}): {self._explain()}"
        while self._waiting:
            answer = self._waiting.popleft()[1]
            if not answer.done():
                answer.set_exception(ChannelError("closed", reason))

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    async def execute(self, command: str, **arguments: Any) -> Any:
        """What a command returns.

        Raises:
            ChannelError: the connection is ``closed``, the answer did not come in time, or it is
                an error.
        """
        if self._transport is None:
            raise ChannelError("closed", f"no QMP connection: {self._explain()}")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        request = {"execute": command, "arguments": arguments}
        self._transport.write(json.dumps(request).encode() + b"\n")
        return await self._within(answer, f"answer {command!r}")

    async def event(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name that was not yet taken.

        Raises:
            ChannelError: it did not come in time.
        """
        data: dict[str, Any] = await self._within(self._events[name].get(), f"send {name}")
        return data

    async def _within(self, awaitable: Any, what: str) -> Any:
        try:
            async with asyncio.timeout(self._timeout):
                return await awaitable
        except TimeoutError as error:
            reason = f"QEMU did not {what} in {self._timeout:g} s: {self._explain()}"
            raise ChannelError("timeout", reason) from error
