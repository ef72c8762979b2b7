"""File descriptors that came with a message, and who closes them."""

import array
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress

from responder.server.vfio_user.codec import RequestError

_INT_SIZE = array.array("i").itemsize


class Descriptors:
    """The descriptors of one message; those that nobody takes are closed with it."""

    def __init__(self) -> None:
        self._held: list[int] = []
        self._cut = False

    def receive(self, ancillary: Iterable[tuple[int, int, bytes]], flags: int) -> None:
        """Add what ``recvmsg`` returned beside the bytes."""
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                found = array.array("i")
                found.frombytes(data[: len(data) - len(data) % _INT_SIZE])
                self.hold(found)
        self._cut = self._cut or bool(flags & socket.MSG_CTRUNC)

    def hold(self, descriptors: Iterable[int]) -> None:
        """Add some that are this message's to close."""
        self._held += descriptors

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def check(self, allowed: int) -> None:
        """Raise RequestError if there are more than ``allowed``, or some did not get through."""
        if self._cut:
            raise RequestError("more descriptors came than were announced, or than can be had")
        if len(self._held) > allowed:
            raise RequestError(f"{len(self._held)} descriptors came, not at most {allowed}")

    def take(self) -> list[int]:
        """All of them, which are the caller's to close."""
        taken, self._held = self._held, []
        return taken

    def close(self) -> None:
        """Close those that were not taken."""
        close_all(self.take())


def close_all(descriptors: Iterable[int]) -> None:
    """Close descriptors; what a client's file says to being closed is nobody's concern."""
    for descriptor in descriptors:
        with suppress(OSError):  # it is closed all the same: close(2) of Linux
            os.close(descriptor)
