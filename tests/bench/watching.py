"""What processes hold: resident memory, descriptors, threads."""

import os
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Held:
    """What a process and its children hold at one time; ``seconds`` since the watch began."""

    seconds: float
    memory: int
    descriptors: int
    threads: int


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *map(int, children)]


def held(pid: int, seconds: float) -> Held:
    memory = descriptors = threads = 0
    for one in family(pid):
        proc = Path(f"/proc/{one}")
        memory += int((proc / "statm").read_text("ascii").split()[1]) * PAGE
        descriptors += len(list((proc / "fd").iterdir()))
        threads += len(list((proc / "task").iterdir()))
    return Held(seconds, memory, descriptors, threads)


def cpu(pid: int) -> float:
    """User and system time of a process and its children, in seconds."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Watch:
    """Looks at a process every now and then, in a thread, for as long as the context lasts."""

    def __init__(self, pid: int, every: float = 0.5) -> None:
        self.seen: list[Held] = []
        self._pid = pid
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._begin = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.seen.append(held(self._pid, time.perf_counter() - self._begin))
            if self._over.wait(self._every):
                return

    def growth(self, after: float, what: str = "memory") -> float:
        """How much more is held in the last tenth than in the tenth that follows ``after``.

        Medians, because one look may fall into the middle of something.
        """
        later = [getattr(one, what) for one in self.seen if one.seconds >= after]
        tenth = max(1, len(later) // 10)
        return statistics.median(later[-tenth:]) - statistics.median(later[:tenth])
