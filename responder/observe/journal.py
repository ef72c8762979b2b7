"""What happened, kept in memory."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import overload

from responder.core.events import RequestReceived, ResponseSent
from responder.observe.entry import Entry


class Journal(Sequence[Entry]):
    """The entries in order; a sink of ``responder.observe.bus.Bus``.

    Attributes:
        dropped: how many of the oldest entries gave way to newer ones.
    """

    def __init__(self, limit: int | None = None) -> None:
        """Keep all entries, or the latest ``limit``."""
        self.dropped = 0
        self._entries: deque[Entry] = deque(maxlen=limit)

    def __call__(self, entry: Entry) -> None:
        """Keep ``entry``."""
        if len(self._entries) == self._entries.maxlen:
            self.dropped += 1
        self._entries.append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._snapshot())

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        return self._snapshot()[index]

    def messages(self) -> list[Entry]:
        """The requests and responses alone."""
        wanted = (RequestReceived, ResponseSent)
        return [entry for entry in self._snapshot() if isinstance(entry.event, wanted)]

    def names(self) -> list[str]:
        """The names of the requests and responses, such as ``GET_VERSION``."""
        return [entry.name for entry in self.messages()]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.dropped = 0

    def _snapshot(self) -> list[Entry]:
        # A copy in one step of the interpreter: the server may append from its own thread.
        return list(self._entries)
