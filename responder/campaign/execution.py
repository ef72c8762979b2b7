"""Runs a campaign: gives its cases to workers, keeps what comes back, and knows when to stop."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from itertools import islice

from responder.campaign.attempt import Health, health_of, lacking, slim, unimplemented
from responder.campaign.executors import MakeExecutor, end_workers
from responder.campaign.expectations import Expectations
from responder.campaign.plan import Case
from responder.campaign.result import Control, End, Line, Observed, Result, When
from responder.campaign.target import Target
from responder.campaign.work import Done, Job, broke_down, do

BETWEEN = 500
"""After so many cases one conversation is held without a fault."""
_QUEUED = 2
"""Jobs that wait for each worker, so that none is idle."""
_CONTROLS_PER_JOB = 4

Told = Callable[["Progress"], None]


@dataclass(slots=True)
class Progress:
    """How far a campaign is.

    Attributes:
        total: cases that are to be run.
        done: cases of which there is a result.
        verdicts: how many of each.
        seconds: since the beginning.
        what: what is going on, in a few words.
        last: the last result.
    """

    total: int
    done: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    what: str = ""
    last: Result | None = None

    def count(self, result: Result) -> None:
        """Take a result in."""
        self.done += 1
        self.verdicts[result.verdict] += 1
        self.last = result


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a campaign is run.

    Attributes:
        target: the requester under test.
        work: a folder of its own.
        seed: of all randomness.
        jobs: how many cases may run at once.
        chunk: cases in one job.
        budget: seconds after which no case is begun; ``None`` for no end.
        repeat: how often a verdict that is no pass must be repeated.
        expectations: what is known to fail.
        between: after so many cases there is a control.
    """

    target: Target
    work: str
    seed: bytes
    jobs: int
    chunk: int
    budget: float | None = None
    repeat: int = 0
    expectations: Expectations = field(default_factory=Expectations)
    between: int = BETWEEN


class StoppedError(Exception):
    """A campaign cannot go on: its results would say nothing."""


class Execution:
    """One run of some cases."""

    def __init__(
        self,
        terms: Terms,
        make_executor: MakeExecutor,
        keep: Callable[[Line], None],
        tell: Told,
    ) -> None:
        """Begin the workers.

        Args:
            terms: how it is run.
            make_executor: makes what does the jobs.
            keep: takes each line of the store, in the order in which they come.
            tell: is told of the progress.
        """
        self._terms = terms
        self._make = make_executor
        self._executor: Executor = make_executor()
        self._keep = keep
        self._tell = tell
        self._begin = time.monotonic()
        self._progress = Progress(0)
        self._worked = self._own = 0.0
        self._since_control = 0
        self._futures: set[Future[Done]] = set()

    def run(self, cases: Sequence[Case]) -> End:
        """Run all of them.

        Returns:
            What the store ends with; ``stopped`` says why not all of them have a result.
        """
        self._progress = Progress(len(cases))
        stopped, late = "", False
        try:
            healths = self._controls(cases)
            self._cases(self._possible(cases, healths), healths)
            late = self._progress.done < len(cases)
            if late and not self._progress.done:
                stopped = "the budget was used up before any case was run"
            else:
                self._control(healths, "after")
        except StoppedError as error:
            stopped = str(error)
        except KeyboardInterrupt:
            end_workers()
            raise
        finally:
            self._give_up()
        share = self._own / self._worked if self._worked else 0.0
        return End(
            stopped=stopped,
            late=late,
            seconds=round(self._seconds(), 3),
            requester_share=round(share, 4),
        )

    # Controls.

    def _controls(self, cases: Sequence[Case]) -> dict[str, Health]:
        """Hold each conversation without a fault first.

        Raises:
            StoppedError: none of them goes well.
        """
        wanted = [*dict.fromkeys(case.setting.name for case in cases)]
        chunks = [
            wanted[at : at + _CONTROLS_PER_JOB] for at in range(0, len(wanted), _CONTROLS_PER_JOB)
        ]
        self._say(f"{len(wanted)} conversations without a fault")
        healths: dict[str, Health] = {}
        jobs = (self._job(settings=tuple(chunk)) for chunk in chunks)
        for done in self._done(jobs):
            for name, observed in done.controls.items():
                healths[name] = health = health_of(observed)
                self._keep(_control(name, "before", observed, health))
        if wanted and not any(health.passed for health in healths.values()):
            name = next((one for one in wanted if not healths[one].unimplemented), wanted[0])
            reason = f"without any fault the requester fails in {name}: {healths[name].text}"
            raise StoppedError(reason)
        return healths

    def _control(self, healths: dict[str, Health], when: When) -> None:
        """Hold one conversation without a fault once more; the first that went well.

        Raises:
            StoppedError: it does not go well any more.
        """
        name = next((name for name, health in healths.items() if health.passed), "")
        if not name:
            return
        self._since_control = 0
        done = next(iter(self._done([self._job(settings=(name,))])))
        observed = done.controls[name]
        health = health_of(observed)
        self._keep(_control(name, when, observed, health))
        if not health.passed:
            raise StoppedError(
                f"without any fault the requester fails in {name}, in which it did well before: "
                f"{health.text}; what was found since the last control may mean nothing"
            )

    # Cases.

    def _possible(self, cases: Sequence[Case], healths: dict[str, Health]) -> Iterator[Case]:
        """Cases that can be run; the others get their result at once."""
        for case in cases:
            disabled = self._terms.expectations.disabled(case.id)
            why = f"disabled: {disabled}" if disabled else lacking(case, healths[case.setting.name])
            if why:
                self._take(unimplemented(case, why))
            else:
                yield case

    def _cases(self, cases: Iterable[Case], healths: dict[str, Health]) -> None:
        known: dict[str, Case] = {}

        def jobs() -> Iterator[Job]:
            for chunk in _chunks(cases, self._terms.chunk):
                if self._is_late():
                    return
                known.update({case.id: case for case in chunk})
                own = {case.setting.name: healths[case.setting.name] for case in chunk}
                yield self._job(cases=tuple(case.id for case in chunk), healths=own)

        for done in self._done(jobs(), known):
            for result in done.results:
                self._take(result)
            if self._since_control >= self._terms.between and not self._is_late():
                self._control(healths, "between")

    def _take(self, result: Result) -> None:
        result = self._terms.expectations.applied(result)
        self._own += result.observed.requester_seconds
        self._since_control += result.attempts > 0
        self._keep(result)
        self._progress.count(result)
        self._say("")

    # Jobs.

    def _done(self, jobs: Iterable[Job], known: dict[str, Case] | None = None) -> Iterator[Done]:
        """Have jobs done, a few at a time; what comes first is first."""
        source = iter(jobs)
        under_way: dict[Future[Done], Job] = {}
        while True:
            for job in islice(source, self._terms.jobs * _QUEUED - len(under_way)):
                under_way[self._submit(job)] = job
            if not under_way:
                return
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                job = under_way.pop(future)
                self._futures.discard(future)
                try:
                    done = future.result()
                except BrokenExecutor:
                    lost = [job, *under_way.values()]
                    self._futures.difference_update(under_way)
                    under_way.clear()
                    yield from self._one_by_one(lost, known or {})
                    break
                self._worked += done.seconds
                yield done

    def _submit(self, job: Job) -> Future[Done]:
        """Have a job done; an executor that has broken down meanwhile says so in the future."""
        try:
            future = self._executor.submit(do, job)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self._futures.add(future)
        return future

    def _one_by_one(self, jobs: Iterable[Job], known: dict[str, Case]) -> Iterator[Done]:
        """A worker has ended: do what was under way case by case, to see which one it was."""
        self._executor.shutdown(wait=False)
        self._executor = self._make()
        for job in jobs:
            singles = [self._job(cases=(case,), healths=job.healths) for case in job.cases]
            for single in singles or [job]:
                try:
                    done = self._executor.submit(do, single).result()
                except BrokenExecutor as error:
                    if not single.cases:
                        raise StoppedError(
                            f"a worker process ended in a control: {error}"
                        ) from None
                    self._executor = self._make()
                    done = Done(results=[broke_down(known[single.cases[0]], str(error))])
                self._worked += done.seconds
                yield done

    def _job(
        self,
        *,
        cases: tuple[str, ...] = (),
        settings: tuple[str, ...] = (),
        healths: dict[str, Health] | None = None,
    ) -> Job:
        terms = self._terms
        return Job(
            target=terms.target,
            work=terms.work,
            seed=terms.seed,
            cases=cases,
            settings=settings,
            healths=healths or {},
            repeat=terms.repeat,
        )

    def _give_up(self) -> None:
        """Have no more done: not every executor can cancel what waits when it is shut down."""
        for future in self._futures:
            future.cancel()
        self._futures.clear()
        self._executor.shutdown(wait=False)

    def _is_late(self) -> bool:
        return self._terms.budget is not None and self._seconds() >= self._terms.budget

    def _seconds(self) -> float:
        return time.monotonic() - self._begin

    def _say(self, what: str) -> None:
        self._progress.what = what
        self._progress.seconds = self._seconds()
        self._tell(self._progress)


def _control(name: str, when: When, observed: Observed, health: Health) -> Control:
    kept = slim(observed) if health.passed else observed
    text = "" if health.passed else health.text
    return Control(setting=name, when=when, passed=health.passed, text=text, observed=kept)


def _chunks(cases: Iterable[Case], size: int) -> Iterator[list[Case]]:
    chunk: list[Case] = []
    for case in cases:
        chunk.append(case)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
