"""Tests a requester that runs on, and connects by itself: to one port for each case, upwards.

It is started with the first case, unless it runs already, somewhere else; then it begins at the
target's first port. Ports are listened on before it is their turn. What a case came to is told by
the wire alone.
"""

import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from responder.campaign.result import Observed, Process, Wire
from responder.campaign.setting import Setting
from responder.campaign.target import ConversationSpec, Target
from responder.campaign.targets.ports import Ports
from responder.campaign.targets.process import ProcessLimits, Reaper, program
from responder.campaign.targets.served import Served, endpoint_of, served
from responder.campaign.targets.sockets import SocketRunner, crash_of, unfit
from responder.faults.rule import FaultSpec
from responder.observe.entry import Entry
from responder.server.events import PeerArrived, PeerLeft
from responder.spec.codes import ResponseCode

LIST = "{ports}"
LINGER = 1.0
"""Seconds after a conversation in which the requester may connect once more."""
_LOOK = 0.02
_NO_END = 1e9
_NEXT_PORT = "next-port"
_SILENT = "the wire alone cannot tell: nothing comes after the answer that was changed"


class _Seen(Struct, frozen=True):
    """How a conversation ended.

    Attributes:
        came: the requester connected, and asked for something.
        open: it was still connected at the end of the time.
        process: how its process ended, if it did.
        seconds: how long it took.
    """

    came: bool
    open: bool
    process: Process | None
    seconds: float


class ServiceRunner(SocketRunner):
    """Serves one device after the other for a requester that comes by itself; a ``Runner``."""

    def __init__(self, target: Target, work: Path) -> None:
        """As ``SocketRunner``."""
        super().__init__(target, work)
        # Who runs already does not begin again at the first port when a runner does.
        self._kept = work / _NEXT_PORT if target.first_port and not target.command else None
        first = target.first_port
        if self._kept is not None and self._kept.exists():
            first = int(self._kept.read_text("ascii"))
        self._ports = Ports(first)
        self._reaper = Reaper()
        self._running = False
        self._told: Sequence[int] = ()

    def run(
        self, setting: Setting, faults: Sequence[FaultSpec], seed: bytes, case: str = ""
    ) -> Observed:
        """As ``Runner.run``."""
        del case
        spec = next(iter(self._target.ways(setting.name)), None)
        transport = self._transport(setting, spec) if spec is not None else None
        if spec is None or transport is None:
            return unfit(setting, spec)
        knows = self._ports.prepare()
        numbers = self._ports.numbers
        if not knows or (self._told and numbers[0] not in self._told):
            self._end()
        listener = self._ports.listener(endpoint_of(transport))
        try:
            with served(setting, faults, seed, transport, spec.overrides, listener) as device:
                if self._target.command and not self._running:
                    self._begin(spec, device, setting, numbers)
                seen = self._watch(device)
        except BaseException:
            listener.close()
            self._ports.give_back(numbers[0])
            raise
        self._leave(seen, numbers)
        return self._judged(seen, device.wire(), bool(faults), setting, seed)

    def close(self) -> None:
        """End the requester, if it was started here, and stop listening."""
        if self._kept is not None and self._ports.somebody_waits():
            self._keep(self._ports.numbers[0])  # whose connection ends now
        self._reaper.close()
        self._ports.close()
        super().close()

    def _begin(
        self, spec: ConversationSpec, device: Served, setting: Setting, numbers: Sequence[int]
    ) -> None:
        own = self._work / "service"
        own.mkdir(exist_ok=True)
        values = self._values(device, setting, "", own)
        values["ports"] = ",".join(str(number) for number in numbers)
        invocation = self._invocation(spec, values, own)
        limits = ProcessLimits(seconds=_NO_END, memory=self._target.memory)
        job = program(invocation.command, limits, env=invocation.env, cwd=invocation.cwd)
        self._reaper.start(job)
        self._running = True
        self._told = numbers if any(LIST in word for word in self._target.command) else ()

    def _end(self) -> None:
        if self._running:
            self._running = False
            self._reaper.stop()
            shutil.rmtree(self._work / "service", ignore_errors=True)

    def _watch(self, device: Served) -> _Seen:
        """Wait until the conversation is over, or its time is."""
        begin = time.monotonic()
        over_at = float("inf")
        while True:
            process = self._look()
            now = time.monotonic()
            came, here = _peers(device.entries)
            moved_on = self._ports.somebody_waits() and not here
            over_at = (
                min(over_at, now + LINGER) if (came or moved_on) and not here else float("inf")
            )
            late = now - begin >= self._target.time_limit
            if process or late or now >= over_at or (came and moved_on):
                return _Seen(came=came, open=here, process=process, seconds=now - begin)

    def _look(self) -> Process | None:
        """Wait a little; how the requester ended, if it did."""
        if not self._running:
            time.sleep(_LOOK)
            return None
        process = self._reaper.wait(_LOOK)
        self._running = process is None
        return process

    def _leave(self, seen: _Seen, numbers: Sequence[int]) -> None:
        """Go on to the next port, if somebody came to this one or passed it by."""
        if seen.open or not seen.came:
            self._end()
        if not (seen.came or self._ports.somebody_waits()):
            self._ports.give_back(numbers[0])
        else:
            self._keep(numbers[0])

    def _keep(self, used: int) -> None:
        """Let the next runner go on after a port."""
        if self._kept is not None:
            self._kept.write_text(str(used + 1), "ascii")

    def _judged(
        self, seen: _Seen, wire: Wire, faulty: bool, setting: Setting, seed: bytes
    ) -> Observed:
        process = seen.process
        crash = _ended(process, seen.came) if process is not None else ""
        unable = process is not None and process.exit == self._target.unimplemented_exit
        well = not (crash or seen.open) and _answered(wire)
        well = well and (not faulty or self._reached_end(wire, setting, seed))
        silent = well and faulty and wire.strikes and wire.strikes[0].exchange >= wire.count - 1
        text = _SILENT if silent else _text(wire, process)
        return Observed(
            succeeded=well,
            unimplemented=unable or bool(silent),
            crash="" if unable else crash,
            hang=_hang(seen, wire),
            text=text,
            wire=wire,
            process=process,
            seconds=seen.seconds,
            requester_seconds=seen.seconds,
        )


def _peers(entries: Iterable[Entry]) -> tuple[bool, bool]:
    """Whether somebody came who asked for something, and whether somebody is still there."""
    events = [entry.event for entry in entries if entry.connection]
    arrived = sum(isinstance(event, PeerArrived) for event in events)
    left = sum(isinstance(event, PeerLeft) for event in events)
    return arrived > 0, arrived > left


def _answered(wire: Wire) -> bool:
    """Whether the last request was answered, and not by ERROR."""
    last = wire.exchanges[-1].response if wire.exchanges else b""
    return len(last) > 1 and last[1] != ResponseCode.ERROR


def _ended(process: Process, came: bool) -> str:
    """Why a service that ended broke down; one that ends with 0 only ends."""
    broke = crash_of(process)
    if not broke and process.exit:
        broke = f"the service ended with exit code {process.exit}"
    return broke if came or not broke else f"{broke}, before it came: perhaps of the case before"


def _hang(seen: _Seen, wire: Wire) -> str:
    if seen.process is not None or not seen.open:
        return ""
    return f"it was still connected after {seen.seconds:.1f} s, and {wire.count} requests"


def _text(wire: Wire, process: Process | None) -> str:
    if not wire.connections:
        return "it did not connect"
    times = f" on {wire.connections} connections" if wire.connections > 1 else ""
    last = "" if _answered(wire) else ", the last one without an answer or with ERROR"
    end = "; then it ended" if process is not None else ""
    return f"{wire.count} requests{times}{last}{end}"
