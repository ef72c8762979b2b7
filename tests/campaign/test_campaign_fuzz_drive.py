"""Inputs are run one after the other or several at once, and it makes no difference."""

from concurrent.futures import Executor, Future

import pytest
from fuzzed import SEED, search_of, seen

from responder.campaign.executors import InlineExecutor
from responder.campaign.fuzz.drive import Terms, alone, drive, in_workers
from responder.campaign.fuzz.search import ROUND
from responder.campaign.target import read_target
from responder.campaign.targets.reference import ReferenceRunner


@pytest.fixture
def terms(tmp_path):
    return Terms(read_target("our-requester"), "attestation", SEED, str(tmp_path))


def texts(some):
    def observe(inputs):
        some.append(len(inputs))
        yield from (seen(str(len(rules))) for rules in inputs)

    return observe


def test_it_ends_when_it_is_enough():
    search, rounds, told = search_of(), [], []
    drive(search, texts(rounds), lambda runs: 40 - runs, lambda *took: told.append(took))
    assert (search.state.runs, rounds) == (40, [ROUND, ROUND, 40 - 2 * ROUND])
    assert len(told) == 40


def test_it_ends_in_the_middle_of_a_round_when_the_time_is_over():
    search = search_of()
    drive(search, texts([]), lambda runs: 0 if runs >= 20 else ROUND, lambda *_: None)
    assert search.state.runs == 20


def test_workers_see_what_one_process_sees(terms):
    states = []
    for observe in (alone(ReferenceRunner(), terms), in_workers(InlineExecutor(), terms)):
        search = search_of()
        drive(search, observe, lambda runs: 48 - runs, lambda *_: None)
        states.append(search.state)
    assert states[0] == states[1]
    assert states[0].corpus.kept


class Busy(Executor):
    """Has done the first job, and begins no other."""

    def __init__(self):
        self.futures = []

    def submit(self, fn, /, *args, **kwargs):
        del fn, args, kwargs
        self.futures.append(Future())
        self.futures[0].done() or self.futures[0].set_result([seen("done")])
        return self.futures[-1]


def test_inputs_that_were_not_begun_are_dropped_at_the_end(terms):
    executor = Busy()
    observed = in_workers(executor, terms)([trial.rules for trial in search_of().round()])
    assert next(observed).text == "done"
    observed.close()
    first, *others = executor.futures
    assert not first.cancelled()
    assert others
    assert all(future.cancelled() for future in others)
