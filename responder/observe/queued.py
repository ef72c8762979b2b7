"""A sink behind a bounded queue and a thread, for whatever may block: files, terminals, pipes."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from responder.observe.entry import Entry

DEFAULT_LIMIT = 10_000


class SinkFailedError(Exception):
    """What a sink wrote to takes no more."""


class QueuedSink:
    """Gives entries to ``write`` in a thread; those that find the queue full are dropped.

    Attributes:
        dropped: how many entries were lost.
        error: what ``write`` raised; everything after it is lost. Empty while all is well.
    """

    def __init__(self, write: Callable[[Entry], None], limit: int = DEFAULT_LIMIT) -> None:
        self.dropped = 0
        self.error = ""
        self._write = write
        self._limit = limit
        self._queue: SimpleQueue[Any] = SimpleQueue()
        # A daemon: a terminal or pipe that blocks for ever must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="spdm-observer", daemon=True)
        self._thread.start()

    def __call__(self, entry: Entry) -> None:
        """Queue ``entry`` or drop it; never blocks.

        Raises:
            SinkFailedError: ``write`` has failed before, so nothing is written any more.
        """
        if self.error:
            self.dropped += 1
            raise SinkFailedError(self.error)
        if self._queue.qsize() >= self._limit:
            self.dropped += 1
        else:
            self._queue.put(entry)

    def close(self, timeout: float) -> bool:
        """Write what is queued, for at most ``timeout`` seconds; whether all of it was written."""
        self._queue.put(None)
        self._thread.join(timeout)
        return not (self._thread.is_alive() or self.error)

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            if self.error:
                self.dropped += 1
                continue
            try:
                self._write(entry)
            except Exception as error:  # noqa: BLE001 - reported by whoever owns the sink
                self.error = f"{type(error).__name__}: {error}"
                self.dropped += 1
