"""The live view where there is no terminal to draw on: a line now and then."""

import threading
from collections.abc import Callable, Sequence

from responder.observe.entry import Entry
from responder.observe.live import Live
from responder.observe.live_text import counted

_INTERVAL = 10.0
"""Seconds between two lines, while something happens."""


def summary(live: Live, now: float) -> str:
    """What there is, and was so far, in one line; ``now`` is virtual time in seconds."""
    struck = [one.count for one in live.faults.values() if one.count]
    parts = [
        f"{counted(len(live.connections), 'connection')} of {live.arrived:,}",
        counted(live.sessions, "session"),
        f"{counted(live.requests, 'request')} ({live.rate.per_second(now):.1f}/s)",
        counted(live.errors, "error"),
    ]
    if live.faults:
        faults = counted(len(struck), "fault")
        parts.append(f"{counted(sum(struck), 'strike')} of {faults}")
    if live.lost:
        parts.append(f"{counted(live.lost.total(), 'event')} lost")
    return ", ".join(parts)


class LiveLines:
    """Says ``summary`` every ten seconds if it has changed, and at the end."""

    def __init__(
        self,
        live: Live,
        now: Callable[[], float],
        say: Callable[[str], None],
        interval: float = _INTERVAL,
    ) -> None:
        """Begin to say it.

        Args:
            live: what is told of; only ``take`` may change it from here on.
            now: virtual time in seconds.
            say: prints a line.
            interval: seconds.
        """
        self._interval = interval
        self._live = live
        self._now = now
        self._say = say
        self._told = 0
        self._taken = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spdm-live-lines", daemon=True)
        self._thread.start()

    def take(self, entries: Sequence[Entry]) -> None:
        """Bring the state up to date."""
        with self._lock:
            self._live.take(entries)
            self._taken += len(entries)

    def close(self, timeout: float) -> None:
        """Say it for the last time."""
        self._closing.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(self._interval)
            with self._lock:
                changed = self._taken != self._told
                self._told = self._taken
                text = summary(self._live, self._now())
            if changed or closing:
                self._say(f"live: {text}")
