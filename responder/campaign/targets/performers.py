"""Runs a requester once: as a program, or as a Python function in a process of its own."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from responder.campaign.result import Process
from responder.campaign.target import Target
from responder.campaign.targets.process import Job, ProcessLimits, Reaper, program


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a requester.

    Attributes:
        command: its command line, filled in.
        env: what is added to its environment.
        cwd: its working directory, which exists.
        values: what was filled in, by name.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    values: Mapping[str, str] = field(default_factory=dict)


class Performer(Protocol):
    """Runs a requester, one time after the other."""

    def __call__(self, invocation: Invocation) -> Process:
        """Run it once, to its end; errors as of ``process.Reaper.run``."""

    def close(self) -> None:
        """End what was started."""


class ProgramPerformer:
    """Runs the command of a target; a ``Performer``."""

    def __init__(self, target: Target) -> None:
        self._limits = limits_of(target)
        self._done = re.compile(target.done) if target.done else None
        self._reaper = Reaper()

    def __call__(self, invocation: Invocation) -> Process:
        """As ``Performer``."""
        command, env, cwd = invocation.command, invocation.env, invocation.cwd
        return self._reaper.run(program(command, self._limits, env=env, cwd=cwd, done=self._done))

    def close(self) -> None:
        """End the helper process."""
        self._reaper.close()


class CallPerformer:
    """Calls the function of a target; a ``Performer``.

    Its module is imported once, and looked for where programs of this interpreter look, and in the
    working directory of this process.
    """

    def __init__(self, target: Target) -> None:
        self._name = target.callable
        self._limits = limits_of(target)
        self._reaper = Reaper(site=True)

    def __call__(self, invocation: Invocation) -> Process:
        """As ``Performer``."""
        job = Job(
            limits=self._limits,
            call=self._name,
            arguments=dict(invocation.values),
            path=(str(Path.cwd()), *sys.path),
            env=dict(invocation.env),
            cwd=str(invocation.cwd),
        )
        return self._reaper.run(job)

    def close(self) -> None:
        """End the helper process."""
        self._reaper.close()


def limits_of(target: Target) -> ProcessLimits:
    """What a run may take."""
    return ProcessLimits(seconds=target.time_limit, memory=target.memory)
