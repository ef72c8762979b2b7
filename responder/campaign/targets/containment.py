"""Runs one process until it and all that it started have ended; the heart of ``reaper``.

Whoever runs this is the parent of all orphans below it (PR_SET_CHILD_SUBREAPER), and has no other
children: when no child is left, nothing of the target is. The standard library only.
"""

import os
import re
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from responder.campaign.targets.caller import Caller
from responder.campaign.targets.descendants import (
    descendants,
    kill,
    proportional,
    resident,
    send,
)
from responder.campaign.targets.output import Kept, Search, search_report

TURN = 0.05
"""Seconds between two looks at the memory."""
SCAN = 0.5
"""Seconds between two looks for further processes, which cost more."""
SWEEP = 10.0
"""Seconds after which processes that SIGKILL does not end are given up."""
_CHUNK = 1 << 16


class StuckError(Exception):
    """Not even SIGKILL ends a process of the target."""


class Containment:
    """One run.

    Args:
        order: a ``process.Job`` as JSON has it.
        caller: who waits for the end, and may wish it.
        wake: a descriptor that becomes readable when a child has ended.
    """

    def __init__(self, order: dict[str, Any], caller: Caller, wake: int) -> None:
        limits = order["limits"]
        self._seconds: float = limits["seconds"]
        self._grace: float = limits["grace"]
        self._memory: int | None = limits["memory"]
        self._caller = caller
        self._wake = wake
        self._out, self._err = Kept(limits["output"]), Kept(limits["output"])
        self._report = search_report()
        self._done = [_done(order), _done(order)] if order["done"] else []
        self._streams: dict[int, tuple[Kept, list[Search]]] = {}
        self._pid = 0
        self._status: int | None = None
        self._why = ""
        self._stubborn = False
        self._kill_at = float("inf")
        self._known: list[int] = []
        self._scan_at = 0.0
        self._cpu = 0.0
        self._peak = 0
        self._left: set[int] = set()

    def run(self, start: Callable[[int, int], int]) -> dict[str, Any]:
        """Start a target and see it to its end.

        Args:
            start: forks; told where stdout and stderr go, it gives the id of the process.

        Returns:
            The fields of a ``result.Process``.

        Raises:
            OSError: the target cannot be started.
            StuckError: a process of it cannot be ended.
        """
        pipes = os.pipe(), os.pipe()
        (out, out_end), (err, err_end) = pipes
        begin = time.monotonic()
        try:
            self._pid = start(out_end, err_end)
        except BaseException:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        self._streams = {
            out: (self._out, self._done[:1]),
            err: (self._err, [*self._done[1:], self._report]),
        }
        for stream in self._streams:
            os.set_blocking(stream, False)
        try:
            while self._status is None:
                self._turn(begin)
            seconds = time.monotonic() - begin
        finally:
            self._sweep()
            self._drain()
        return self._said(seconds)

    def _turn(self, begin: float) -> None:
        """Wait for something to happen, and see to it."""
        poll = select.poll()
        for descriptor in (self._wake, self._caller.descriptor, *self._streams):
            poll.register(descriptor, select.POLLIN)
        now = time.monotonic()
        until = min(self._kill_at, begin + self._seconds if not self._why else now + SCAN)
        pause = TURN if self._memory is not None else SCAN
        ready = {fd for fd, _ in poll.poll(max(0.0, min(until - now, pause)) * 1000)}
        for stream in ready & self._streams.keys():
            self._read(stream)
        if self._wake in ready:
            os.read(self._wake, _CHUNK)
            self._reap()
        if self._status is None:
            self._judge(ready, time.monotonic(), begin)

    def _judge(self, ready: set[int], now: float, begin: float) -> None:
        """End the target if there is a reason to."""
        wish = self._caller.wish(self._caller.descriptor in ready)
        if wish:
            self._end(wish, now, at_once=wish == "gone")
        elif any(search.matched for search in self._done):
            self._end("done", now)
        elif self._over_memory(now):
            self._end("memory", now, at_once=True)
        elif now >= begin + self._seconds:
            self._end("time", now)
        if now >= self._kill_at:
            self._stubborn = self._stubborn or self._why != "memory"
            self._kill_at = float("inf")
            send(-self._pid, signal.SIGKILL)

    def _end(self, why: str, now: float, *, at_once: bool = False) -> None:
        if at_once and self._why != why:
            send(-self._pid, signal.SIGKILL)
        elif not self._why:
            send(-self._pid, signal.SIGTERM)
            self._kill_at = now + self._grace
        self._why = self._why or why

    def _over_memory(self, now: float) -> bool:
        if self._memory is None:
            return False
        if now >= self._scan_at:
            self._known = descendants()
            self._scan_at = now + SCAN
        return resident(self._known) > self._memory < proportional(self._known)

    def _read(self, stream: int) -> bool:
        """Take what a stream has; whether there may be more."""
        try:
            data = os.read(stream, _CHUNK)
        except BlockingIOError:
            return False
        kept, searches = self._streams[stream]
        kept.add(data)
        for search in searches:
            search.add(data)
        if not data:
            os.close(stream)
            del self._streams[stream]
        return bool(data)

    def _reap(self) -> bool:
        """Take leave of all children that have ended; whether there are others."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            self._cpu += usage.ru_utime + usage.ru_stime
            self._peak = max(self._peak, usage.ru_maxrss * 1024)
            if self._status is not None:
                self._left.add(pid)
            elif pid == self._pid:
                self._status = status

    def _sweep(self) -> None:
        """End what is left, and reap it; nothing is left then.

        Raises:
            StuckError: a process does not end.
        """
        deadline = time.monotonic() + SWEEP
        while self._reap():
            left = descendants()
            if time.monotonic() > deadline:
                raise StuckError(f"processes that cannot be ended: {left}")
            self._left.update(pid for pid in left if pid != self._pid)
            kill(left)
            poll = select.poll()
            poll.register(self._wake, select.POLLIN)
            if poll.poll(10):
                os.read(self._wake, _CHUNK)

    def _drain(self) -> None:
        """Read what is still in the pipes."""
        for stream in list(self._streams):
            while self._read(stream):
                pass
        for stream in self._streams:  # a process that cannot be ended has it
            os.close(stream)
        for search in (*self._done, self._report):
            search.end()

    def _said(self, seconds: float) -> dict[str, Any]:
        code = os.waitstatus_to_exitcode(self._status or 0)
        ours = bool(self._why) and -code in {signal.SIGTERM, signal.SIGKILL}
        return {
            "exit": code if code >= 0 else None,
            "signal": "" if code >= 0 or ours else _signal_name(-code),
            "done": any(search.matched for search in self._done),
            "timed_out": self._why == "time",
            "stubborn": self._stubborn,
            "over_memory": self._why == "memory",
            "over_output": self._out.over or self._err.over,
            "sanitizer": self._report.found.strip(),
            "seconds": seconds,
            "cpu_seconds": self._cpu,
            "peak_memory": self._peak,
            "left_behind": 0 if self._why else len(self._left),
            "stdout": self._out.text(),
            "stderr": self._err.text(),
        }


def _done(order: dict[str, Any]) -> Search:
    """A search for what says that the target is done."""
    return Search(re.compile(order["done"], order["done_flags"]))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
