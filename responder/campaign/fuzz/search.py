"""The search itself: which inputs come next, and what is learnt from each. No clock, no files."""

from collections.abc import Iterable

import msgspec

from responder.campaign.fuzz.behaviour import Signature, behaviour, signature_of
from responder.campaign.fuzz.breed import Breeder, Ground
from responder.campaign.fuzz.corpus import Corpus, Kept
from responder.campaign.fuzz.inputs import Input
from responder.campaign.fuzz.sites import Sites
from responder.campaign.result import Observed
from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError

ROUND = 16
"""Inputs that are made before the first of them is run, however many are run at once."""


class Trial(msgspec.Struct, frozen=True):
    """An input that is to be run.

    Attributes:
        run: its number, from 1.
        rules: the input.
    """

    run: int
    rules: Input


class Breakdown(msgspec.Struct):
    """A crash or hang.

    Attributes:
        signature: which one.
        run: the run that showed it first.
        rules: that run's input.
        said: what was seen then, in the words of the runner.
        count: how many runs showed it.
    """

    signature: Signature
    run: int
    rules: Input
    said: str
    count: int = 1


class State(msgspec.Struct, kw_only=True):
    """All that a search goes on with.

    Attributes:
        ground: where inputs come from.
        corpus: inputs whose behaviour was new.
        next: inputs that were made, or found by others, and have not been run.
        runs: how many inputs were run.
        unstruck: how many of them changed nothing.
        breakdowns: the crashes and hangs, in the order in which they were found.
    """

    ground: Ground
    corpus: Corpus = msgspec.field(default_factory=Corpus)
    next: list[Input] = []
    runs: int = 0
    unstruck: int = 0
    breakdowns: list[Breakdown] = []


class Search:
    """One search.

    Attributes:
        state: all that it knows.
    """

    def __init__(self, state: State, healthy: Observed, random: RandomTree) -> None:
        """Begin, or go on.

        Args:
            state: what is known so far; this search changes it.
            healthy: what was seen in a conversation without faults.
            random: where all choices come from.

        Raises:
            ConfigError: the conversation has none of the responses that are to be mutated.
        """
        self.state = state
        self._healthy = healthy
        self._breeder = Breeder(state.ground, random)
        self._breeder.learn(healthy.wire)
        if not state.ground.sites.by_message:
            wanted = " or ".join(sorted(state.ground.sites.only)) or "response"
            raise ConfigError(f"the conversation has no {wanted} to mutate")

    def round(self) -> list[Trial]:
        """The next inputs: those that are left of the last round, or else as many new ones."""
        state = self.state
        if not state.next:
            numbers = range(state.runs + 1, state.runs + ROUND + 1)
            state.next = [self._breeder.make(number, state.corpus.pick) for number in numbers]
        some = enumerate(state.next[:ROUND], state.runs + 1)
        return [Trial(run, rules) for run, rules in some]

    def take(self, trial: Trial, observed: Observed) -> tuple[Kept | None, Breakdown | None]:
        """Learn from a run: the input if it is kept, and the breakdown if that is new.

        Trials are taken in their order.

        What a requester breaks down on is not kept: whatever follows from it breaks down there.
        """
        state = self.state
        state.runs = trial.run
        del state.next[0]
        signature = signature_of(observed)
        if signature is not None:
            return None, self._broke(signature, trial, observed)
        if not observed.wire.strikes:
            state.unstruck += 1
            return None, None
        one = Kept(trial.rules, behaviour(observed, self._healthy), trial.run)
        if not state.corpus.take(one):
            return None, None
        self._breeder.learn(observed.wire)
        return one, None

    def _broke(self, signature: Signature, trial: Trial, observed: Observed) -> Breakdown | None:
        for known in self.state.breakdowns:
            if known.signature == signature:
                known.count += 1
                return None
        said = observed.crash or observed.hang
        found = Breakdown(signature, trial.run, trial.rules, said)
        self.state.breakdowns.append(found)
        return found


def begin(messages: Iterable[str] = ()) -> State:
    """The state of a search that knows nothing yet; ``messages`` are the responses to mutate."""
    return State(ground=Ground(Sites(frozenset(messages))))
