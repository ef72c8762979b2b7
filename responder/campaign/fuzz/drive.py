"""Runs the inputs of a search, one after the other or several at once, until it is enough."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

import msgspec

from responder.campaign.fuzz.corpus import Kept
from responder.campaign.fuzz.inputs import Input, fault_of
from responder.campaign.fuzz.search import Breakdown, Search
from responder.campaign.rehearsal import setting_named
from responder.campaign.result import Observed
from responder.campaign.target import Target
from responder.campaign.targets.runner import Runner, runner_of

Observe = Callable[[Sequence[Input]], Generator[Observed, None, None]]
"""Runs some inputs; what was seen comes in their order, as soon as it is there."""
Took = Callable[[Kept | None, Breakdown | None], None]
"""Is told of each run: the input if it was kept, and the breakdown if it is a new one."""

_AT_ONCE = 4
"""Inputs that a worker is given at once."""


class Terms(msgspec.Struct, frozen=True):
    """How inputs are run.

    Attributes:
        target: the requester under test.
        setting: the conversation, by name.
        seed: of all randomness of the device.
        work: a folder for the runner, which exists.
    """

    target: Target
    setting: str
    seed: bytes
    work: str


def drive(search: Search, observe: Observe, enough: Callable[[int], int], took: Took) -> None:
    """Run a search.

    Args:
        search: the search.
        observe: runs its inputs.
        enough: is asked before each run with the number of runs so far, and says how many more
            there may be; 0 ends the search.
        took: is told of each run.
    """
    while (left := enough(search.state.runs)) > 0:
        trials = search.round()[:left]
        with closing(observe([trial.rules for trial in trials])) as seen:
            for trial, observed in zip(trials, seen, strict=True):
                took(*search.take(trial, observed))
                if enough(trial.run) <= 0:
                    return


def alone(runner: Runner, terms: Terms) -> Observe:
    """Runs inputs in this process, each when its turn comes."""
    setting = setting_named(terms.setting)

    def observe(inputs: Sequence[Input]) -> Generator[Observed, None, None]:
        for rules in inputs:
            yield runner.run(setting, [fault_of(rules)], terms.seed)

    return observe


def in_workers(executor: Executor, terms: Terms) -> Observe:
    """Runs inputs in the workers of an executor; those not begun are dropped at the end."""

    def observe(inputs: Sequence[Input]) -> Generator[Observed, None, None]:
        parts = [inputs[at : at + _AT_ONCE] for at in range(0, len(inputs), _AT_ONCE)]
        futures = [executor.submit(_run_some, terms, part) for part in parts]
        try:
            for future in futures:
                yield from future.result()
        finally:
            for future in futures:
                future.cancel()

    return observe


def _run_some(terms: Terms, inputs: Sequence[Input]) -> list[Observed]:
    """What a worker does."""
    runner = runner_of(terms.target, Path(terms.work))
    try:
        return list(alone(runner, terms)(inputs))
    finally:
        runner.close()
