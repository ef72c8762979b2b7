"""Worker processes that serve the same listening sockets: started, replaced, ended together."""

import asyncio
import os
import select
import signal
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, NoReturn, Protocol

from responder.server.server import Server

_STOPS = (signal.SIGTERM, signal.SIGINT)
_SIGNALS = (*_STOPS, signal.SIGHUP, signal.SIGCHLD)
_DEFECT = 70
"""Exit code of a worker that raised what nobody expected."""
_BY_SIGNAL = 128
"""Added to the signal's number, as shells do."""
_NUMBER_SIZE = 4
_AT_ONCE = 256 * _NUMBER_SIZE


class Leash(NamedTuple):
    """Descriptors by which a supervisor holds its workers; both end when it is gone.

    They are no signals, because a signal may come to a whole process group beside what the
    supervisor says.

    Attributes:
        stop: its end is the wish that the workers stop.
        give_up: its end is the wish that they give up what is still going on.
    """

    stop: int
    give_up: int

    @asynccontextmanager
    async def hold(self, _server: Server, shut_down: Callable[[bool], None]) -> AsyncIterator[None]:
        """Obey it; a ``responder.server.run.Control``."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            loop.remove_reader(self.stop)
            # What comes now is meant for the supervisor, or has come to both.
            for number in _STOPS:
                loop.add_signal_handler(number, lambda: None)
            shut_down(False)

        def give_up() -> None:
            loop.remove_reader(self.give_up)
            shut_down(True)

        loop.add_reader(self.stop, stop)
        loop.add_reader(self.give_up, give_up)
        try:
            yield
        finally:
            loop.remove_reader(self.stop)
            loop.remove_reader(self.give_up)


class Tie(NamedTuple):
    """What ties a worker to its supervisor.

    Attributes:
        number: the worker's, from 1; one that takes another's place has a number of its own.
        leash: by which the supervisor stops it.
        ready: to be called once the worker accepts connections and handles signals.
    """

    number: int
    leash: Leash
    ready: Callable[[], None]


Work = Callable[[Tie], int]
"""What a worker does in its process until it is stopped; returns the exit code."""


class Owner(Protocol):
    """Who started the workers and speaks for them."""

    def ready(self) -> None:
        """All workers accept connections; called once."""

    def stopping(self) -> None:
        """The workers have been told to stop; called once."""

    def say(self, text: str) -> None:
        """Something happened to a worker that a person should know."""


class Supervisor:
    """Forks workers and keeps them at their number until a signal comes.

    The first SIGTERM or SIGINT lets the workers drain, the second gives up what is still going on,
    the third kills. SIGHUP is passed on. Workers whose supervisor is gone give up.
    """

    def __init__(self, work: Work, owner: Owner) -> None:
        self._work = work
        self._owner = owner
        self._numbers: dict[int, int] = {}
        self._starting: set[int] = set()
        self._started = 0
        self._stops = 0
        self._told_ready = False
        self._code = 0

    def run(self, count: int) -> int:
        """Keep ``count`` workers; returns when the last has ended.

        It must be called in the main thread of a process that has no other: what a fork finds
        locked stays locked.

        Returns:
            The exit code of the first worker that failed, or 0. One that ends by itself before it
            was ready is not replaced, and all the others end with it.
        """
        (stop, hold_stop), (give_up, hold_give_up) = os.pipe(), os.pipe()
        self._leash = Leash(stop, give_up)
        self._held = Leash(hold_stop, hold_give_up)
        self._ready, self._ready_told = os.pipe()
        self._woken, self._wakes = os.pipe()
        for descriptor in (self._ready, self._woken, self._wakes):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wakes)
        for number in _SIGNALS:
            signal.signal(number, _woken)
        for _ in range(count):
            self._start()
        while self._numbers:
            self._turn()
        return self._code

    def _turn(self) -> None:
        select.select([self._ready, self._woken], [], [])
        signals = _read(self._woken)
        # After the signals: a worker that has ended had said before whether it was ready.
        ready = _read(self._ready)
        for at in range(0, len(ready), _NUMBER_SIZE):
            self._starting.discard(int.from_bytes(ready[at : at + _NUMBER_SIZE], "little"))
        if not (self._starting or self._told_ready or self._stops):
            self._told_ready = True
            self._owner.ready()
        for number in signals:
            self._received(number)

    def _received(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGHUP:
            self._send(signal.SIGHUP)
        else:
            self._stop()

    def _stop(self) -> None:
        self._stops += 1
        if self._stops <= len(self._held):
            os.close(self._held[self._stops - 1])
        else:
            self._send(signal.SIGKILL)
        if self._stops == 1:
            self._owner.stopping()

    def _send(self, number: signal.Signals) -> None:
        for pid in self._numbers:
            os.kill(pid, number)  # one that has ended is there until it is reaped

    def _reap(self) -> None:
        for pid, number in list(self._numbers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._numbers[pid]
                self._ended(number, pid, os.waitstatus_to_exitcode(status))

    def _ended(self, number: int, pid: int, code: int) -> None:
        how = f"ended with {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        what = f"worker {number} (pid {pid}) {how}"
        if not self._stops and (number not in self._starting or (code < 0 and self._told_ready)):
            self._starting.discard(number)
            self._start()
            self._owner.say(f"{what}; worker {self._started} takes its place")
            return
        if code:
            self._code = self._code or (code if code > 0 else _BY_SIGNAL - code)
            self._owner.say(what)
        if not self._stops:
            self._stop()

    def _start(self) -> None:
        self._started += 1
        self._starting.add(self._started)
        # Until the worker says that it is ready: a signal finds the handlers that are meant for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if not pid:
            self._be_worker()
        self._numbers[pid] = self._started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _be_worker(self) -> NoReturn:
        code = _DEFECT
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            for descriptor in (*self._held, self._ready, self._woken, self._wakes):
                os.close(descriptor)
            code = self._work(Tie(self._started, self._leash, self._say_ready))
        except BaseException:  # noqa: BLE001 - nothing of a worker may reach the supervisor's code
            traceback.print_exc()
        finally:
            os._exit(code)

    def _say_ready(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.write(self._ready_told, self._started.to_bytes(_NUMBER_SIZE, "little"))


def _woken(number: int, _frame: object) -> None:
    """The wakeup descriptor has the signal; there is nothing more to do."""


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _AT_ONCE)
    except BlockingIOError:
        return b""
