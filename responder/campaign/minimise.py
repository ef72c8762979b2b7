"""Makes a case, and the conversation before it, smaller while the verdict stays the same.

A guess is kept if the requester under test fails in the same way as before, passes without the
fault, and - where the failure is not that it broke down - if our requester still does its duty:
a lie that became the truth would be accepted by everybody.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from responder.campaign.attempt import Health, attempt, health_of, lacking
from responder.campaign.plan import Case
from responder.campaign.result import FAILURES, Result
from responder.campaign.setting import Setting
from responder.campaign.simpler_fault import named, simpler_faults, without_names
from responder.campaign.simpler_setting import (
    simpler_devices,
    simpler_requesters,
    simpler_ways,
)
from responder.campaign.targets.reference import ReferenceRunner
from responder.campaign.targets.runner import Runner
from responder.campaign.written_device import Table, profile_text, written_device
from responder.errors import ConfigError
from responder.faults.written import written
from responder.profiles.load import load_profile
from responder.profiles.toml_text import toml_text

BREAKDOWNS = frozenset({"crash", "hang"})
"""Verdicts that are wrong whatever the fault is."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")


class Told(Protocol):
    """Is told of each guess that was tried."""

    def __call__(self, text: str, *, kept: bool) -> None:
        """``text`` says what was taken away, and ``kept`` whether it can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may be tried.

    Attributes:
        runs: of the requester under test.
        seconds: of real time.
        repeat: how often the verdict must come again at the beginning and at the end.
    """

    runs: int = 500
    seconds: float = 600.0
    repeat: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is made smaller.

    Attributes:
        case: what fails.
        runner: the requester under test.
        seed: of all randomness.
        work: a folder for profiles, which exists.
        ours: it is this project's requester, which does what the setting says.
    """

    case: Case
    runner: Runner
    seed: bytes
    work: Path
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A fault in a conversation.

    Attributes:
        fault: as a table of TOML.
        device: a profile without faults.
        setting: the rest of the conversation.
    """

    fault: Table
    device: Table
    setting: Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimised:
    """What came of it.

    Attributes:
        trial: the smallest that was found.
        result: the last run of it.
        taken: what was taken away, in order.
        stable: the verdict came each time; else nothing was made smaller, or what was found does
            not show it each time.
        checked: our requester does its duty in the case, and so was asked about each guess.
        runs: how often the requester under test ran.
        checks: how often our requester did.
        stopped: which bound ended it; empty if there was nothing left to try.
    """

    trial: Trial
    result: Result
    taken: list[str]
    stable: bool
    checked: bool
    runs: int
    checks: int
    stopped: str

    def profile(self) -> str:
        """The profile that shows it, for ``serve``: the device with the fault."""
        return profile_text(self.trial.device, self.trial.fault)


class Minimiser:
    """Makes one case smaller."""

    def __init__(
        self, subject: Subject, bounds: Bounds, clock: Callable[[], float], tell: Told
    ) -> None:
        """Prepare it; nothing runs yet.

        Args:
            subject: the case.
            bounds: how much may be tried.
            clock: seconds.
            tell: is told of each guess.
        """
        self._case, self._runner, self._seed = subject.case, subject.runner, subject.seed
        self._work, self._ours = subject.work, subject.ours
        self._bounds, self._clock, self._tell = bounds, clock, tell
        self._reference = ReferenceRunner()
        self._end = clock() + bounds.seconds
        self._failed: set[str] = set()
        self._health: dict[str, Health] = {}
        self._runs = self._checks = 0
        self._kind: tuple[str, str] = ("", "")
        self._checked = False

    def run(self) -> Minimised:
        """Make it as small as the bounds allow.

        Raises:
            ConfigError: it does not fail, so that there is nothing to make smaller.
        """
        case = self._case
        device = written_device(case.setting, narrowed=not self._ours)
        trial = Trial(named(written(case.fault)), device, case.setting)
        result = self._first(trial)
        if result.verdict not in FAILURES:
            raise ConfigError(f"{case.id} does not fail: {result.verdict}: {result.text}")
        self._kind = kind_of(result)
        if not all(self._is_kind(self._result(trial)) for _ in range(self._bounds.repeat - 1)):
            return self._minimised(trial, result, [], stable=False)
        self._checked = result.verdict not in BREAKDOWNS and self._is_met(trial)
        trial, taken = self._shrunk(trial)
        trial = replace(trial, fault=without_names(trial.fault))
        results = [self._result(trial) for _ in range(self._bounds.repeat)]
        stable = all(self._is_kind(one) for one in results)
        return self._minimised(trial, results[-1] or result, taken, stable=stable)

    def _first(self, trial: Trial) -> Result:
        case = self._case_of(trial)
        if case is None:
            raise ConfigError(f"{self._case.id}: its device cannot be written as one profile")
        why = lacking(case, self._healthy(trial, case))
        if why:
            raise ConfigError(f"{self._case.id} cannot be run: {why}")
        return self._run(trial, case)

    def _minimised(
        self, trial: Trial, result: Result, taken: list[str], *, stable: bool
    ) -> Minimised:
        return Minimised(
            trial=trial,
            result=result,
            taken=taken,
            stable=stable,
            checked=self._checked,
            runs=self._runs,
            checks=self._checks,
            stopped=self._spent(),
        )

    def _shrunk(self, trial: Trial) -> tuple[Trial, list[str]]:
        """Try one guess after the other, until none of a whole round is kept."""
        taken: list[str] = []
        at, kept = 0, False
        while not self._spent():
            guesses = list(self._guesses(trial))
            if at >= len(guesses):
                if not kept:
                    break
                at, kept = 0, False
                continue
            guess, text = guesses[at]
            if self._keeps(guess, text):
                trial, kept = guess, True
                taken.append(text)
            else:
                at += 1
        return trial, taken

    def _guesses(self, trial: Trial) -> Iterator[tuple[Trial, str]]:
        for setting, text in simpler_ways(trial.setting):
            yield replace(trial, setting=setting), text
        if self._ours:
            for setting, text in simpler_requesters(trial.setting):
                yield replace(trial, setting=setting), text
        for device, text in simpler_devices(trial.device):
            yield replace(trial, device=device), f"device: {text}"
        for fault, text in simpler_faults(trial.fault):
            yield replace(trial, fault=fault), f"fault: {text}"

    def _keeps(self, trial: Trial, text: str) -> bool:
        """Whether a guess fails as the case does."""
        key = repr(trial)
        if key in self._failed:
            return False
        kept = self._is_kind(self._result(trial)) and (not self._checked or self._is_met(trial))
        if not kept:
            self._failed.add(key)
        self._tell(text, kept=kept)
        return kept

    def _is_kind(self, result: Result | None) -> bool:
        return result is not None and kind_of(result) == self._kind

    def _result(self, trial: Trial) -> Result | None:
        """What the requester under test does; ``None`` if it cannot be, or fails anyway."""
        case = self._case_of(trial)
        try:
            if case is None or not self._healthy(trial, case).passed:
                return None
            return self._run(trial, case)
        except ConfigError:
            return None  # the requester, or the fault, does not fit such a device

    def _run(self, trial: Trial, case: Case) -> Result:
        self._runs += 1
        return attempt(self._runner, case, self._seed, self._healthy(trial, case))

    def _healthy(self, trial: Trial, case: Case) -> Health:
        """What the requester under test does without the fault."""
        key = repr((trial.device, trial.setting))
        if key not in self._health:
            self._runs += 1
            self._health[key] = health_of(self._runner.run(case.setting, (), self._seed))
        return self._health[key]

    def _is_met(self, trial: Trial) -> bool:
        """Whether our requester does its duty there, and needs none of the checks it should not."""
        case = self._case_of(trial)
        if case is None:
            return False
        self._checks += 2
        try:
            health = health_of(self._reference.run(case.setting, (), self._seed))
            met = attempt(self._reference, case, self._seed, health)
        except ConfigError:
            return False  # our requester does not fit such a device
        return health.passed and met.verdict == "pass"

    def _case_of(self, trial: Trial) -> Case | None:
        """The case of a trial; ``None`` if a profile cannot be like that."""
        text = toml_text(trial.device, empty=True)
        path = self._work / f"{sha256(text.encode()).hexdigest()[:16]}.toml"
        path.write_text(text, "utf-8")
        try:
            faults = load_profile(str(path), {"fault": [trial.fault]}).faults
        except ConfigError:
            return None
        (fault,) = (one for one in faults if one.id == trial.fault["id"])
        changes = {"vendor": trial.device.get("vendor", [])}
        setting = replace(trial.setting, profile=str(path), overrides=changes)
        return msgspec.structs.replace(self._case, fault=fault, setting=setting)

    def _spent(self) -> str:
        if self._runs >= self._bounds.runs:
            return f"{self._bounds.runs} runs"
        if self._clock() >= self._end:
            return f"{self._bounds.seconds:.0f} s"
        return ""


def kind_of(result: Result) -> tuple[str, str]:
    """What is the same in two failures of one kind: the verdict, and what broke down, or why."""
    observed = result.observed
    if result.verdict == "crash":
        return "crash", _NUMBER.sub("#", observed.crash)
    if result.verdict == "overstrict":
        return "overstrict", " ".join(observed.reasons) or _NUMBER.sub("#", observed.text)
    return result.verdict, ""
