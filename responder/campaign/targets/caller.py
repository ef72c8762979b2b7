"""The process for which ``reaper`` works: its orders come on a pipe, answers go back on another.

The standard library only: ``reaper`` starts with it.
"""

import json
import os
import select
from typing import Any

LOOK = 1.0
"""Seconds between two looks whether it still exists."""
_CHUNK = 1 << 16


class Caller:
    """The process that started this one.

    Args:
        orders: where its orders come from, lines of JSON; an empty object is the wish that the
            target which runs be ended.
        answers: where answers go.

    Attributes:
        descriptor: becomes readable when there is something to find out by ``wish``.
    """

    def __init__(self, orders: int, answers: int) -> None:
        self.descriptor = orders
        self._answers = answers
        self._parent = os.getppid()
        self._lines = b""
        self._gone = False

    def order(self) -> dict[str, Any]:
        """Wait for the next order; empty if the caller is gone."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        while not self._gone:
            line, found, rest = self._lines.partition(b"\n")
            if not found:
                self._read(bool(poll.poll(LOOK * 1000)))
                continue
            self._lines = rest
            order: dict[str, Any] = json.loads(line)
            if order:  # else the target that it was to end had ended before
                return order
        return {}

    def wish(self, ready: bool) -> str:
        """What to do with the target that runs: ``stopped`` to end it, ``gone`` to do so at once.

        Args:
            ready: ``descriptor`` is readable.
        """
        self._read(ready)
        if self._gone:
            return "gone"
        return "stopped" if self._lines else ""

    def answer(self, answer: dict[str, Any]) -> None:
        """Tell it how an order ended."""
        line = json.dumps(answer).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._answers, line) :]
        except BrokenPipeError:
            self._gone = True

    def close(self) -> None:
        """Close what a child of this process is not to have."""
        os.close(self.descriptor)
        os.close(self._answers)

    def _read(self, ready: bool) -> None:
        if ready:
            data = os.read(self.descriptor, _CHUNK)
            self._lines += data
            self._gone = not data
        elif os.getppid() != self._parent:
            self._gone = True
