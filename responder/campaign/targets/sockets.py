"""Runs a requester under test as a process that connects to a served device."""

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path

from responder.campaign.result import Observed, Process, Wire
from responder.campaign.setting import Setting
from responder.campaign.target import ConversationSpec, Target, Transport
from responder.campaign.targets.performers import Invocation, Performer, ProgramPerformer
from responder.campaign.targets.process import ProcessLimits, run_process
from responder.campaign.targets.served import Served, served, transport_of
from responder.errors import ConfigError, UnavailableError, data_root, suggest
from responder.faults.rule import FaultSpec

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class SocketRunner:
    """Serves the device on a loopback port, and has the requester connect to it; a ``Runner``."""

    def __init__(self, target: Target, work: Path, perform: Performer | None = None) -> None:
        """Prepare a folder of the runner's own below ``work``.

        Args:
            target: the requester under test.
            work: a folder that exists.
            perform: runs the requester; its command if not given.

        Raises:
            UnavailableError: the target's command is not there.
        """
        if target.command:
            _check_command(target.command[0], target)
        self._target = target
        self._perform = perform or ProgramPerformer(target)
        self._work = Path(tempfile.mkdtemp(prefix="runner-", dir=work))
        self._healthy: dict[tuple[str, str], Wire] = {}

    def run(
        self, setting: Setting, faults: Sequence[FaultSpec], seed: bytes, case: str = ""
    ) -> Observed:
        """As ``Runner.run``; a way in which a fault does not strike is followed by the next one."""
        observed = unfit(setting, None)
        for spec in self._target.ways(setting.name):
            transport = self._transport(setting, spec)
            if transport is None:
                return unfit(setting, spec)
            observed = self._run(setting, faults, seed, case, spec, transport)
            if observed.wire.strikes or not faults:
                break
        return observed

    def _run(
        self,
        setting: Setting,
        faults: Sequence[FaultSpec],
        seed: bytes,
        case: str,
        spec: ConversationSpec,
        transport: Transport,
    ) -> Observed:
        own = Path(tempfile.mkdtemp(prefix="case-", dir=self._work))
        try:
            with self._serve(setting, faults, seed, spec, transport, own) as device:
                values = self._values(device, setting, case, own)
                process = self._run_all(self._invocation(spec, values, own), setting)
                if self._target.reset:
                    reset = _filled(self._target.reset, values)
                    run_process(reset, ProcessLimits(seconds=self._target.time_limit), cwd=own)
            return self._observed(process, device.wire(), setting, own, seed)
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def close(self) -> None:
        """End what was started, and remove its folder."""
        self._perform.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _transport(self, setting: Setting, spec: ConversationSpec) -> Transport | None:
        """What carries a conversation that the requester is brought to hold so."""
        return transport_of(setting, self._target, spec)

    def _serve(
        self,
        setting: Setting,
        faults: Sequence[FaultSpec],
        seed: bytes,
        spec: ConversationSpec,
        transport: Transport,
        own: Path,
    ) -> AbstractContextManager[Served]:
        del own
        return served(setting, faults, seed, transport, spec.overrides)

    def _run_all(self, invocation: Invocation, setting: Setting) -> Process:
        """As often as the setting has connections, or until one does not end well."""
        process = self._perform(invocation)
        for _ in range(setting.connections * setting.runs - 1):
            if not self._ended_well(process):
                break
            process = self._perform(invocation)
        return process

    def _values(self, device: Served, setting: Setting, case: str, own: Path) -> dict[str, str]:
        endpoint, algorithms = device.endpoint, device.profile.spec.algorithms
        values = {
            "uri": str(endpoint),
            "host": endpoint.host,
            "port": str(endpoint.port),
            "path": endpoint.path,
            "vfio_user": endpoint.path if endpoint.framing == "vfio-user" else "",
            "version": device.version,
            "transport": device.transport,
            "case": case,
            "setting": setting.name,
            "root": str(self._certs / "roots.pem"),
            "certs": str(self._certs),
            "dir": str(own),
            "python": sys.executable,
            **{
                name: next(iter(getattr(algorithms, name)), "")
                for name in ("base_asym", "base_hash", "measurement_hash", "dhe", "aead")
            },
        }
        names = self._target.names
        return {key: names.get(value, value) for key, value in values.items()}

    @cached_property
    def _certs(self) -> Path:
        """A folder with the roots, and the layout that the target asks for."""
        folder = self._work / "certs"
        for name, content in _certificates(self._target).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def _invocation(
        self, spec: ConversationSpec, values: Mapping[str, str], own: Path
    ) -> Invocation:
        target = self._target
        command = _filled([*target.command, *spec.args], values)
        if command and "/" in command[0]:  # of this folder, and not of the one it is run in
            command[0] = str(Path(command[0]).absolute())
        env = _filled_values({**target.env, **spec.env}, values)
        cwd = Path(_fill(target.cwd, values)).absolute() if target.cwd else own
        if not cwd.is_dir():
            raise ConfigError(f"cwd: there is no folder {cwd}", where=target.name)
        return Invocation(command, env, cwd, values)

    def _observed(
        self, process: Process, wire: Wire, setting: Setting, own: Path, seed: bytes
    ) -> Observed:
        target, output = self._target, f"{process.stdout}\n{process.stderr}"
        unimplemented = process.exit == target.unimplemented_exit
        succeeded = self._ended_well(process) and self._came_far(wire, setting, seed)
        return Observed(
            succeeded=succeeded and not unimplemented,
            unimplemented=unimplemented,
            crash=crash_of(process),
            hang=_hang(process, wire),
            reasons=() if succeeded else _reasons(target, output),
            surfaced=_surfaced(target, output, own),
            text=_last_line(process, target.done) or _end(process),
            wire=wire,
            process=process,
            seconds=process.seconds,
            requester_seconds=process.seconds,
        )

    def _ended_well(self, process: Process) -> bool:
        """Whether it says that all is well."""
        success, output = self._target.success, f"{process.stdout}\n{process.stderr}"
        return (
            (process.exit in success.exit or process.done)
            and all(re.search(one, output, re.MULTILINE) for one in success.must)
            and not any(re.search(one, output, re.MULTILINE) for one in success.must_not)
        )

    def _came_far(self, wire: Wire, setting: Setting, seed: bytes) -> bool:
        """Whether it came as far as it has to."""
        wanted = self._target.success.wire == "end" and wire.strikes
        return not wanted or self._reached_end(wire, setting, seed)

    def _reached_end(self, wire: Wire, setting: Setting, seed: bytes) -> bool:
        """Whether the last request of a conversation without faults was sent and answered."""
        key = setting.name, setting.profile
        if key not in self._healthy:
            self._healthy[key] = self.run(setting, (), seed).wire
        healthy = self._healthy[key].exchanges
        if not healthy or not wire.exchanges:
            return False
        last, here = healthy[-1], wire.exchanges[-1]
        return last.request[:2] == here.request[:2] and last.response[:2] == here.response[:2]


def unfit(setting: Setting, spec: ConversationSpec | None) -> Observed:
    """What is observed of a conversation that a target cannot hold."""
    what = "hold this conversation" if spec is None else "be reached in this way"
    text = f"the target cannot {what}: {setting.name}: {setting.text}"
    return Observed(unimplemented=True, text=text)


def _check_command(program: str, target: Target) -> None:
    if "{" in program or shutil.which(program) or Path(program).exists():
        return
    raise UnavailableError(f"target {target.name}: there is no program {program!r}")


def _certificates(target: Target) -> dict[str, bytes]:
    from responder.pki.export import export_pem  # noqa: PLC0415 - once for each worker
    from responder.pki.sets import ROOTS  # noqa: PLC0415 - as above
    from responder.pki.spdm_emu import export_spdm_emu  # noqa: PLC0415 - as above

    source = data_root("certs")
    roots = [
        path.read_bytes()
        for path in sorted((source / ROOTS).glob("*.pem"))
        if not path.name.endswith(".key.pem")
    ]
    export = export_spdm_emu if target.certificates == "spdm-emu" else export_pem
    return {**export("device", source), "roots.pem": b"".join(roots)}


def _filled(texts: Sequence[str], values: Mapping[str, str]) -> list[str]:
    return [_fill(text, values) for text in texts]


def _filled_values(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {key: _fill(text, values) for key, text in texts.items()}


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in ``{name}``; other braces stay as they are.

    Raises:
        ConfigError: it names something that there is not.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in values:
            reason = f"{text!r} has {{{name}}}; there are {', '.join(values)}"
            raise ConfigError(reason, suggestion=suggest(name, values))
        return values[name]

    return _PLACEHOLDER.sub(value, text)


def crash_of(process: Process) -> str:
    """How a process broke down; empty if it did not."""
    if process.sanitizer:
        return process.sanitizer
    if process.over_memory:
        return f"it took more memory than it may have ({process.peak_memory >> 20} MiB)"
    if process.signal and not process.timed_out:
        return f"it was ended by {process.signal}"
    return ""


def _hang(process: Process, wire: Wire) -> str:
    if not process.timed_out:
        return ""
    stubborn = ", and SIGTERM did not end it" if process.stubborn else ""
    last = f" after {wire.count} requests" if wire.count else ", and it never asked for anything"
    return f"it was still running after {process.seconds:.1f} s{last}{stubborn}"


def _reasons(target: Target, output: str) -> tuple[str, ...]:
    found = [
        reason
        for pattern, reasons in target.reasons.items()
        if re.search(pattern, output, re.MULTILINE)
        for reason in reasons
    ]
    return tuple(dict.fromkeys(found))


def _surfaced(target: Target, output: str, own: Path) -> tuple[str, ...] | None:
    """What it told; ``None`` if the target has no way to."""
    wanted = target.surfaced
    if not (wanted.must or wanted.file):
        return None
    told = bool(wanted.must and re.search(wanted.must, output, re.MULTILINE))
    if wanted.file:
        with suppress(OSError):
            told = told or (own / wanted.file).stat().st_size > 0
    return ("told",) if told else ()


def _last_line(process: Process, done: str) -> str:
    """The last line that it wrote; of a target with ``done``, what was found of that."""
    output = f"{process.stdout}\n{process.stderr}"
    found = re.search(done, output, re.MULTILINE) if done else None
    lines = found.group().splitlines() if found else output.splitlines()
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


def _end(process: Process) -> str:
    return process.signal or f"exit code {process.exit}"
