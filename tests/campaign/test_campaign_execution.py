"""Campaigns: all cases get their verdict, controls are held, and what breaks stops it."""

import os
import signal
from concurrent.futures import BrokenExecutor, Future

import pytest
from campaign import broken_executors

from responder.campaign.execution import Execution, Terms
from responder.campaign.executors import InlineExecutor, executor_of
from responder.campaign.expectations import Expectation, Expectations
from responder.campaign.plan import cases_named
from responder.campaign.result import Control, Result
from responder.campaign.target import read_target
from responder.errors import ConfigError

CASES = ("dig.all-wrong", "ver.count-zero", "err.busy-once", "mel.too-large")


def terms(tmp_path, **changes):
    usual = {
        "target": read_target("our-requester"),
        "work": str(tmp_path),
        "seed": b"execution",
        "jobs": 2,
        "chunk": 3,
    }
    return Terms(**{**usual, **changes})


def run(tmp_path, names=CASES, make=InlineExecutor, **changes):
    lines, states = [], []
    end = Execution(terms(tmp_path, **changes), make, lines.append, states.append).run(
        cases_named(names)
    )
    return lines, end, states


def verdicts(lines):
    return {line.case: line.verdict for line in lines if isinstance(line, Result)}


@pytest.fixture(scope="module")
def inline(tmp_path_factory):
    return run(tmp_path_factory.mktemp("inline"))


def test_each_case_has_one_result_and_all_pass(inline):
    lines, end, states = inline
    found = [line.case for line in lines if isinstance(line, Result)]
    assert sorted(found) == sorted(case.id for case in cases_named(CASES))
    assert set(verdicts(lines).values()) == {"pass"}
    assert end.stopped == ""
    assert states[-1].done == states[-1].total == len(found)


def test_controls_are_held_before_and_after(inline):
    lines = inline[0]
    assert isinstance(lines[0], Control)
    whens = [line.when for line in lines if isinstance(line, Control)]
    settings = {case.setting.name for case in cases_named(CASES)}
    assert whens == ["before"] * len(settings) + ["after"]


def test_controls_are_held_between(tmp_path):
    lines, _, _ = run(tmp_path, between=5)
    whens = [line.when for line in lines if isinstance(line, Control)]
    assert whens.count("between") >= 2


def test_the_share_of_the_requester_is_told(inline):
    assert 0 < inline[1].requester_share < 1


def test_processes_give_the_same_verdicts(tmp_path, inline):
    lines, _, _ = run(tmp_path, make=executor_of("processes", 2))
    assert verdicts(lines) == verdicts(inline[0])


def test_a_disabled_case_is_not_run_and_says_why(tmp_path):
    expectations = Expectations([Expectation(case="dig.*", reason="no slots", disabled=True)])
    lines, _, _ = run(tmp_path, expectations=expectations)
    found = next(x for x in lines if isinstance(x, Result) and x.case == "dig.all-wrong")
    assert (found.verdict, found.text, found.attempts) == ("unimplemented", "disabled: no slots", 0)


def test_a_budget_begins_no_more_cases_when_it_is_used_up(tmp_path):
    lines, end, _ = run(tmp_path, budget=1e-9)
    assert end.late
    assert "before any case" in end.stopped
    assert verdicts(lines) == {}


class Sick:
    """An executor whose controls fail from the second on."""

    def __init__(self):
        self.controls = 0
        self.inner = InlineExecutor()

    def submit(self, fn, job):
        self.controls += bool(job.settings)
        future = self.inner.submit(fn, job)
        if job.settings and self.controls > 2:
            done = future.result()
            for name, observed in done.controls.items():
                from msgspec.structs import replace

                done.controls[name] = replace(observed, succeeded=False, text="it is ill")
        return future

    def shutdown(self, **options):
        pass


def test_a_control_that_fails_stops_the_campaign_and_says_so(tmp_path):
    lines, end, _ = run(tmp_path, ("dig.all-wrong", "err.busy-once"), make=Sick, between=2)
    assert "it is ill" in end.stopped
    assert "did well before" in end.stopped
    assert isinstance(lines[-1], Control)
    assert not lines[-1].passed
    assert len(verdicts(lines)) < len(cases_named(["dig.all-wrong", "err.busy-once"]))


def test_a_worker_that_ends_is_replaced_and_its_case_is_a_crash(tmp_path, monkeypatch):
    monkeypatch.setattr("responder.campaign.execution.do", broken_executors.do_or_die)
    (tmp_path / broken_executors.VICTIM).write_text("ver.count-zero")
    lines, end, _ = run(tmp_path, make=executor_of("processes", 1))
    found = verdicts(lines)
    assert found.pop("ver.count-zero") == "crash"
    assert set(found.values()) == {"pass"}
    assert end.stopped == ""


class Frail(InlineExecutor):
    """Breaks down at its ``at``-th job of a kind; one that has begun with cases is lost with it."""

    def __init__(self, kind, at):
        self.kind, self.left = kind, at
        self.under_way = None

    def submit(self, fn, job):
        if self.left <= 0:
            raise BrokenExecutor("it broke down before")
        self.left -= bool(getattr(job, self.kind))
        if self.left <= 0 or (job.cases and self.under_way is None):
            future = Future()
            self.under_way = self.under_way or future
            if self.left <= 0:
                for lost in {future, self.under_way}:
                    lost.set_exception(BrokenExecutor("it breaks down"))
            return future
        return super().submit(fn, job)


@pytest.mark.parametrize(
    ("kind", "at"),
    [("cases", 2), ("cases", 3), ("settings", 2)],
    ids=["with a job", "with the next job as well", "in a control between cases"],
)
def test_what_is_lost_with_an_executor_is_done_once_more(tmp_path, inline, kind, at):
    frail = Frail(kind, at)
    executors = [frail]

    def make():
        return executors.pop() if executors else InlineExecutor()

    lines, end, _ = run(tmp_path, make=make, between=2)
    assert verdicts(lines) == verdicts(inline[0])
    assert end.stopped == ""
    assert frail.left <= 0, "it broke down"


@pytest.mark.parametrize("name", ["nothing", "no.such.module:f", "os:no_such_function"])
def test_an_executor_that_is_none_is_refused(name):
    with pytest.raises(ConfigError):
        executor_of(name, 1)


def test_any_executor_can_be_named():
    make = executor_of("responder.campaign.executors:InlineExecutor", 1)
    assert isinstance(make(), InlineExecutor)


def test_workers_end_with_the_campaign(tmp_path):
    make = executor_of("processes", 1)
    pool = make()
    worker = pool.submit(os.getpid).result()
    pool.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, signal.SIG_DFL)
