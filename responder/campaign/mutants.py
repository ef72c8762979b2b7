"""Measures the catalogue by mutants: our requester with one check left out, for each check.

A mutant is killed by a case in which our requester refuses by that check, and the mutant fails. It
is noticed where it only refuses later, for another reason than is expected.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from responder.campaign.attempt import Health, attempt, health_of
from responder.campaign.executors import InlineExecutor, executor_of
from responder.campaign.plan import Case, cases_named, full_plan
from responder.campaign.result import FAILURES, Result, Verdict
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.requester.check_table import CHECKS

Outcome = Literal["killed", "noticed", "survived", "unreached"]
_CORRECT: Verdict = "pass"
OUTCOMES: Sequence[Outcome] = ("killed", "noticed", "survived", "unreached")
"""The best first."""
LIMIT = 60
"""Cases in which a mutant is tried, of all that name its check."""


class Mutant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one check being left out.

    Attributes:
        check: its id.
        outcome: ``unreached`` if our requester refuses by it in no case.
        case: that kills the mutant or in which it is noticed, else the first one that was tried.
        verdict: on the mutant in that case.
        behind: where it was noticed, the checks for which it refused instead, in order.
    """

    check: str
    outcome: Outcome = "unreached"
    case: str = ""
    verdict: Verdict = "pass"
    behind: tuple[str, ...] = ()


class Measured(Struct, frozen=True):
    """A mutant, and how it was measured.

    Attributes:
        mutant: what came of it.
        correct: the verdict on our whole requester in the case that kills the mutant.
        conversations: how many were held.
        seconds: of processor time that they took.
    """

    mutant: Mutant
    correct: Verdict
    conversations: int
    seconds: float


def measure(
    checks: Iterable[str], seed: bytes, *, jobs: int, known: Mapping[str, Mutant]
) -> Iterator[Measured]:
    """Measure mutants, in the order of the table of checks.

    Args:
        checks: their ids.
        seed: of all randomness.
        jobs: how many processes work at once.
        known: what came of them before: the cases that killed them are tried first.
    """
    wanted = set(checks)
    naming = cases_by_check(full_plan())
    with InlineExecutor() if jobs == 1 else executor_of("processes", jobs)() as executor:
        found = [
            executor.submit(_measure, check, cases, seed)
            for check in CHECKS
            if check in wanted
            for cases in [_first(naming.get(check, ()), known.get(check))]
        ]
        for future in found:
            yield future.result()


def cases_by_check(plan: Iterable[Case]) -> dict[str, list[str]]:
    """The cases that name each check, by id: the most different first.

    Those of virtual time come before those on sockets, one of each fault before its others, and
    those in which the check is the first to refuse before those in which it follows another.
    """
    found: dict[str, list[tuple[tuple[bool, int, int, int], str]]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for case in plan:
        for place, check in enumerate(case.expected):
            family = (check, case.fault.family)
            order = (bool(case.setting.listen), seen[family], place, len(case.expected))
            found.setdefault(check, []).append((order, case.id))
            seen[family] += 1
    return {check: [case for _, case in sorted(cases)] for check, cases in found.items()}


def _first(cases: Sequence[str], before: Mutant | None) -> tuple[str, ...]:
    """The cases to try: that which told most before, if it is still there, and then the others."""
    best = before.case if before is not None else ""
    return tuple(dict.fromkeys([best, *cases] if best in cases else cases))[:LIMIT]


def _measure(check: str, cases: Sequence[str], seed: bytes) -> Measured:
    """Try a mutant until a case kills it."""
    begin, tried = time.process_time(), 0
    runner = ReferenceRunner(frozenset({check}))
    best, correct = Mutant(check=check), _CORRECT
    for case in _cases(cases):
        health = _health(case.setting.name, seed)
        found = _mutant(check, attempt(runner, case, seed, health))
        tried += 1
        if OUTCOMES.index(found.outcome) < OUTCOMES.index(best.outcome):
            best = found
        if best.outcome == "killed":
            correct = attempt(ReferenceRunner(), case, seed, health).verdict
            tried += 1
            break
    return Measured(best, correct, tried, time.process_time() - begin)


def _mutant(check: str, result: Result) -> Mutant:
    """What one case says of a mutant."""
    outcome, behind = _outcome(result.verdict), result.observed.reasons
    return Mutant(
        check=check,
        outcome=outcome,
        case=result.case,
        verdict=result.verdict,
        behind=behind if outcome == "noticed" else (),
    )


def _outcome(verdict: Verdict) -> Outcome:
    if verdict in FAILURES:
        return "killed"
    return "noticed" if verdict == "pass-loose" else "survived"


def _cases(ids: Sequence[str]) -> Iterator[Case]:
    """Cases by their ids; the first one, which is enough for most mutants, by itself."""
    yield from cases_named(ids[:1])
    yield from cases_named(ids[1:])


@cache
def _health(setting: str, seed: bytes) -> Health:
    return health_of(ReferenceRunner().run(SETTINGS[setting], (), seed))


def problems(
    found: Iterable[Measured], reasons: Mapping[str, str], *, whole: bool = True
) -> Iterator[str]:
    """What is wrong with measured mutants, in words.

    Args:
        found: what came of them.
        reasons: why those are not killed that are not, by check.
        whole: all mutants were measured.
    """
    for one in found:
        mutant = one.mutant
        if one.correct in FAILURES:
            yield f"{mutant.case}: our requester itself: {one.correct}"
        if mutant.outcome != "killed" and mutant.check not in reasons:
            yield f"{mutant.check}: {mutant.outcome}, and nothing explains why"
        if mutant.outcome == "killed" and mutant.check in reasons:
            yield f"{mutant.check}: {mutant.case} kills it, though it is explained why none does"
    if whole:
        yield from (f"{check}: explained, but no check" for check in reasons if check not in CHECKS)
