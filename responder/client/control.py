"""The other side of a control socket: gives commands to a running server."""

import json
import socket
from collections.abc import Iterator, Mapping
from errno import ECONNRESET
from types import TracebackType
from typing import Any, Self

from responder.errors import UnavailableError, system_reason

GREETING = "spdm-responder"
_NOT_OURS = "no control socket of spdm-responder"


class RefusedError(Exception):
    """A command was refused.

    Attributes:
        error: ``class``, ``desc`` and perhaps ``did_you_mean``, as answered.
    """

    def __init__(self, error: Mapping[str, str]) -> None:
        self.error = error
        super().__init__(error["desc"])


class ControlClient:
    """A channel to a server, as a context; each command waits for its answer.

    Args:
        path: of the control socket.
        timeout: seconds that an answer may take.

    Attributes:
        greeting: what the server said of itself.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self.greeting: dict[str, Any] = {}
        self._path = path
        self._timeout = timeout
        self._events: list[dict[str, Any]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no server of ours listens there.
        """
        try:
            self.greeting = self._greet()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave."""
        self._close()

    def execute(self, name: str, arguments: Mapping[str, Any], wait: float = 0.0) -> Any:
        """Give a command; what it returns.

        Args:
            name: of the command.
            arguments: by name.
            wait: seconds that the command itself may wait for something.

        Raises:
            RefusedError: it was refused.
            UnavailableError: no answer came.
        """
        self._socket.settimeout(self._timeout + wait)
        request = json.dumps({"execute": name, "arguments": arguments}) + "\n"
        try:
            self._socket.sendall(request.encode())
            while "event" in (answer := self._line()):
                self._events.append(answer["event"])
        except OSError as error:
            raise UnavailableError(f"unix:{self._path}: {system_reason(error)}") from error
        if "error" in answer:
            raise RefusedError(answer["error"])
        return answer["return"]

    def events(self) -> Iterator[dict[str, Any]]:
        """What the server tells to whoever has subscribed, until it ends."""
        self._socket.settimeout(None)
        yield from self._events
        for line in self._file:
            document = json.loads(line)
            if "event" in document:
                yield document["event"]

    def _greet(self) -> dict[str, Any]:
        try:
            self._socket.settimeout(self._timeout)
            self._socket.connect(self._path)
            greeting = self._line()
        except OSError as error:
            raise UnavailableError(f"unix:{self._path}: {system_reason(error)}") from error
        if GREETING not in greeting:
            reason = greeting.get("error", {}).get("desc", _NOT_OURS)
            raise UnavailableError(f"unix:{self._path}: {reason}")
        about: dict[str, Any] = greeting[GREETING]
        return about

    def _line(self) -> dict[str, Any]:
        line = self._file.readline()
        if not line:
            raise ConnectionResetError(ECONNRESET, "the server closed the channel")
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UnavailableError(f"unix:{self._path}: {_NOT_OURS}")
        return document

    def _close(self) -> None:
        self._file.close()
        self._socket.close()
