"""What a worker of a campaign does: jobs go to it, results come back; both can be pickled."""

import os
import time
from pathlib import Path

from msgspec import Struct

from responder.campaign.attempt import Health, attempt, result_of
from responder.campaign.plan import Case, cases_named
from responder.campaign.result import Observed, Result
from responder.campaign.settings import SETTINGS
from responder.campaign.target import Target
from responder.campaign.targets.runner import Runner, runner_of
from responder.campaign.verdict import Judgement


class Job(Struct, frozen=True, kw_only=True):
    """Some cases, or some conversations without a fault.

    Attributes:
        target: the requester under test.
        work: the campaign's folder.
        seed: of all randomness.
        cases: their ids.
        settings: names of the conversations that are held without a fault.
        healths: of the conversations of the cases, by name.
        repeat: how often a verdict that is no pass must be repeated.
    """

    target: Target
    work: str
    seed: bytes
    cases: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    healths: dict[str, Health] = {}
    repeat: int = 0


class Done(Struct, frozen=True, kw_only=True):
    """What came of a job.

    Attributes:
        results: of its cases.
        controls: of its conversations without a fault, by name.
        seconds: how long it took.
    """

    results: list[Result] = []
    controls: dict[str, Observed] = {}
    seconds: float = 0.0


def do(job: Job) -> Done:
    """Do a job."""
    begin = time.perf_counter()
    runner = runner_of(job.target, Path(job.work))
    try:
        controls = {name: runner.run(SETTINGS[name], (), job.seed) for name in job.settings}
        results = [_attempt(runner, case, job) for case in cases_named(job.cases)]
    finally:
        runner.close()
    return Done(results=results, controls=controls, seconds=time.perf_counter() - begin)


def _attempt(runner: Runner, case: Case, job: Job) -> Result:
    health = job.healths.get(case.setting.name)
    return attempt(runner, case, job.seed, health, repeat=job.repeat)


def broke_down(case: Case, why: str) -> Result:
    """The result of a case whose worker has ended with it."""
    return result_of(case, Judgement("crash", f"the worker process ended: {why}"), Observed())


def begin_worker() -> None:
    """Have this process end with the one that began it, also after a kill -9."""
    import signal  # noqa: PLC0415 - once for each worker
    from multiprocessing import parent_process  # noqa: PLC0415 - as above
    from threading import Thread  # noqa: PLC0415 - as above

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the campaign decides what is still done
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    from multiprocessing.connection import wait  # noqa: PLC0415 - once for each worker

    wait([sentinel])
    os._exit(1)
