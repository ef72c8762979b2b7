"""One sitting of a search: from a conversation without faults to profiles of what was found."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from responder.campaign.attempt import health_of
from responder.campaign.fuzz.behaviour import Signature, signature_of
from responder.campaign.fuzz.corpus import Kept
from responder.campaign.fuzz.drive import Observe, Terms, drive
from responder.campaign.fuzz.findings import Findings
from responder.campaign.fuzz.folder import Folder
from responder.campaign.fuzz.inputs import Input
from responder.campaign.fuzz.search import ROUND, Breakdown, Search, begin
from responder.campaign.fuzz.shrink import shrunk
from responder.campaign.rehearsal import setting_named
from responder.campaign.targets.runner import Runner
from responder.crypto.random_tree import RandomTree
from responder.errors import UnavailableError

_SAVE_EVERY = 10.0
"""Seconds between two times that the state of the search is saved."""
_TRIES = {"crash": 64, "hang": 12}
"""How often the requester is run to make an input smaller; each hang takes its time limit."""


class Progress(msgspec.Struct, frozen=True):
    """How far a session is.

    Attributes:
        runs: inputs that were run in it.
        seconds: since it began.
        kept: inputs in the corpus.
        breakdowns: crashes and hangs that are known.
        new: what has just been found, or is about to be done; empty otherwise.
    """

    runs: int
    seconds: float
    kept: int
    breakdowns: int
    new: str = ""


class Bounds(msgspec.Struct, frozen=True):
    """When it is enough; ``None`` is never.

    Attributes:
        runs: inputs.
        seconds: of real time, from the beginning of the session.
    """

    runs: int | None = None
    seconds: float | None = None


def prepare(
    runner: Runner, terms: Terms, messages: tuple[str, ...], corpus: Path | None
) -> tuple[Search, Folder | None]:
    """The search, and the folder of its corpus if it is to have one.

    Args:
        runner: the requester under test; it holds the conversation once without any fault.
        terms: how it is run.
        messages: the responses that are mutated; all if none is named.
        corpus: the folder.

    Raises:
        UnavailableError: the requester fails without any fault.
        ConfigError: there is no such conversation, it has none of these responses, or the folder
            holds something else.
        OSError: the folder cannot be made.
    """
    setting = setting_named(terms.setting)
    healthy = runner.run(setting, (), terms.seed)
    health = health_of(healthy)
    if not health.passed:
        reason = f"the conversation {setting.name} fails without any fault: {health.text}"
        raise UnavailableError(reason)
    state, folder = begin(messages), None
    if corpus is not None:
        key = [terms.target.digest, terms.setting, terms.seed.hex(), *sorted(messages)]
        folder = Folder(corpus, " ".join(key))
        state = folder.load(state)
    return Search(state, healthy, RandomTree(terms.seed).child("fuzz")), folder


class Session:
    """One sitting."""

    def __init__(
        self,
        search: Search,
        folder: Folder | None,
        findings: Findings,
        alone: Observe,
        clock: Callable[[], float],
        tell: Callable[[Progress], None],
    ) -> None:
        """Begin.

        Args:
            search: the search.
            folder: where its corpus is kept; nowhere if ``None``.
            findings: where crashes and hangs are saved.
            alone: runs inputs while nothing else runs.
            clock: seconds.
            tell: is told how far it is, after each run.
        """
        self._search, self._folder, self._findings = search, folder, findings
        self._alone, self._clock, self._tell = alone, clock, tell
        self._begin = self._saved = clock()
        self._from = search.state.runs
        self._new: list[Breakdown] = []

    def run(self, observe: Observe, bounds: Bounds) -> None:
        """Run inputs until it is enough; each breakdown is saved at once."""

        def enough(runs: int) -> int:
            if bounds.seconds is not None and self.seconds >= bounds.seconds:
                return 0
            return ROUND if bounds.runs is None else self._from + bounds.runs - runs

        drive(self._search, observe, enough, self._took)

    def shrink(self) -> None:
        """Make the inputs of all new breakdowns smaller, and save them again."""
        for found in self._new:
            self._say(f"making smaller: {found.signature.text}")
            still = partial(self._shows, found.signature)
            small = shrunk(found.rules, still, _TRIES[found.signature.kind])
            note = "It did not come again when the input was run once more."
            if small.again:
                smaller = small.rules != found.rules
                note = f"It came again{f', and was made smaller in {small.runs} runs' * smaller}."
            self._findings.save(found, small.rules, note)

    def save(self) -> None:
        """Save the state of the search, if it has a folder."""
        if self._folder is not None:
            self._folder.save(self._search.state)
            self._saved = self._clock()

    @property
    def seconds(self) -> float:
        """Since the session began."""
        return self._clock() - self._begin

    @property
    def summary(self) -> list[str]:
        """What came of it, in lines."""
        state = self._search.state
        runs, seconds = state.runs - self._from, max(self.seconds, 1e-9)
        rate = f"{runs} inputs in {seconds:.1f} s ({runs / seconds:.1f}/s), {state.runs} in all"
        lines = [f"{rate}; {state.unstruck} changed nothing; {len(state.corpus.kept)} are kept"]
        for found in state.breakdowns:
            signature = found.signature
            times = f"{found.count} times, first in run {found.run}"
            path = self._findings.path(signature)
            lines.append(f"{signature.kind}: {signature.text} ({times}): {path}")
        kinds = Counter(found.signature.kind for found in state.breakdowns)
        return [*lines, f"crashes: {kinds['crash']}, hangs: {kinds['hang']}"]

    def _took(self, kept: Kept | None, found: Breakdown | None) -> None:
        if kept is not None and self._folder is not None:
            self._folder.keep(kept)
        self._say(self._broke(found) if found is not None else "")
        if self._clock() - self._saved >= _SAVE_EVERY:
            self.save()

    def _broke(self, found: Breakdown) -> str:
        """Save a breakdown; a hang only if it comes again, since a busy machine makes them too."""
        text = f"{found.signature.kind}: {found.signature.text}"
        if found.signature.kind == "hang" and not self._shows(found.signature, found.rules):
            self._search.state.breakdowns.remove(found)
            return f"{text}, once and not again"
        self._new.append(found)
        self._findings.save(found, found.rules, "Not made smaller.")
        return text

    def _shows(self, signature: Signature, rules: Input) -> bool:
        """Whether the requester breaks down in this way on an input."""
        return any(signature_of(observed) == signature for observed in self._alone([rules]))

    def _say(self, new: str) -> None:
        state = self._search.state
        runs, kept = state.runs - self._from, len(state.corpus.kept)
        self._tell(Progress(runs, self.seconds, kept, len(state.breakdowns), new))
