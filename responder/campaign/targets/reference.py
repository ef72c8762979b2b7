"""The requester of this project as the one under test, in this process and in virtual time."""

import time
from collections.abc import Sequence
from dataclasses import replace

from responder.campaign.conversation import converse
from responder.campaign.expected import named
from responder.campaign.reaction import MAX_SECONDS, struck_report
from responder.campaign.result import Observed
from responder.campaign.run import Run
from responder.campaign.setting import Setting
from responder.campaign.wire import wire_of_run
from responder.faults.rule import FaultSpec


class ReferenceRunner:
    """Runs our requester; a ``Runner``."""

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        """``without`` names checks that it has not: a mutant."""
        self._without = without

    def run(
        self, setting: Setting, faults: Sequence[FaultSpec], seed: bytes, case: str = ""
    ) -> Observed:
        """As ``Runner.run``."""
        del case
        if self._without:
            options = replace(setting.options, without=self._without)
            setting = replace(setting, options=options)
        begin = time.perf_counter()
        run = converse(setting, faults, seed)
        return observed_of(run, seconds=time.perf_counter() - begin)

    def close(self) -> None:
        """There is nothing to end."""


def observed_of(run: Run, *, seconds: float = 0.0) -> Observed:
    """What a conversation in this process came to."""
    report = struck_report(run)
    surfaced = {seen.id for one in run.reports for seen in one.observations}
    refusals = [one.refusal for one in run.reports if one.refusal]
    checks = named(run)
    told = [f"{one.step} {one.check}: {one.reason}" for one in refusals]
    return Observed(
        succeeded=report is not None and report.attested,
        crash=run.crash,
        hang=_unbounded(run),
        reasons=checks,
        surfaced=tuple(sorted(surfaced | set(checks))),
        text="; ".join(told) or (report.verdict if report else "nothing"),
        wire=wire_of_run(run),
        seconds=seconds,
        requester_seconds=run.requester_seconds,
    )


def _unbounded(run: Run) -> str:
    if len(run.exchanges) > run.limit:
        return f"{len(run.exchanges)} exchanges, and it went on"
    if run.seconds > MAX_SECONDS:
        return f"{run.seconds:.0f} s of virtual time, and it went on"
    return ""
