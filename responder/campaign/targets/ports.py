"""The ports at which a requester that runs on finds its cases: one for each, upwards."""

import select
import socket
from collections import deque
from itertools import chain

from msgspec.structs import replace

from responder.errors import UnavailableError
from responder.server.listener import Listener
from responder.transport.uri import Endpoint

HOST = "127.0.0.1"
AHEAD = 16
"""How many ports are listened on before their turn: who connects early waits there."""
_TRIES = 50
_END = 65_536
_QUIET = range(20_000, 32_768, AHEAD)
"""Below what Linux gives to clients, whose ports stay taken for a minute after they have gone."""


class Ports:
    """Ports of the loopback address that follow each other.

    Args:
        first: the first one; 0 for any.

    Attributes:
        chosen: anybody may be told which ports there are; else somebody counts on them.
    """

    def __init__(self, first: int = 0) -> None:
        self.chosen = not first
        self._next = first
        self._open: deque[socket.socket] = deque()

    @property
    def numbers(self) -> list[int]:
        """Those that are listened on: that of the next case, and those of the cases after it."""
        return [sock.getsockname()[1] for sock in self._open]

    def prepare(self) -> bool:
        """Listen on more ports, if that of the next case is the last one.

        Returns:
            Whether the ports go on where they were; if not, somebody has to be told.

        Raises:
            UnavailableError: a port is in use.
        """
        if len(self._open) > 1:
            return True
        if self._next and self._take(_listen(self._next)):
            return True
        if not self.chosen:
            raise UnavailableError(f"port {self._next} and those after it cannot all be had")
        self.close()
        anywhere = (0 for _ in range(_TRIES))
        if any(self._take(_listen(first)) for first in chain(anywhere, _QUIET)):
            return False
        raise UnavailableError(f"there are no {AHEAD} free ports that follow each other")

    def listener(self, endpoint: Endpoint) -> Listener:
        """The port of the next case, which belongs to the caller now."""
        sock = self._open.popleft()
        return Listener(replace(endpoint, host=HOST, port=sock.getsockname()[1]), sock)

    def give_back(self, port: int) -> None:
        """Nobody came to the port of a case: it is that of the next one."""
        self._open.appendleft(socket.create_server((HOST, port)))

    def somebody_waits(self) -> bool:
        """Whether somebody has connected to the port of the case after this one."""
        return bool(self._open and select.select([self._open[0]], [], [], 0)[0])

    def close(self) -> None:
        """Stop listening."""
        while self._open:
            self._open.pop().close()

    def _take(self, found: list[socket.socket]) -> bool:
        self._open.extend(found)
        if found:
            self._next = self.numbers[-1] + 1
        return bool(found)


def _listen(first: int) -> list[socket.socket]:
    """Listen on so many ports from one on, 0 for any; empty if one of them cannot be had."""
    if first + AHEAD > _END:
        return []
    found: list[socket.socket] = []
    try:
        for _ in range(AHEAD):
            port = found[-1].getsockname()[1] + 1 if found else first
            found.append(socket.create_server((HOST, port)))
    except (OSError, OverflowError):  # the latter: there is no such port
        for sock in found:
            sock.close()
        return []
    return found
