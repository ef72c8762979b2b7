"""What all reports tell of a campaign: counts, what failed by its weight, what is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from responder.campaign.reports.printable import one_line
from responder.campaign.result import FAILURES, VERDICTS, Result, Verdict
from responder.campaign.store import Campaign, part_of
from responder.faults.catalogue import groups

SECURITY = "security failure"
_LOUD = frozenset({"crash", "hang"})
_BASES = ("spec", "reference", "judgement")
_SOME = 3
"""Conversations that are named."""
NO_GROUP = "-"
"""Stands for the group of cases that are not of the catalogue."""


class Group(msgspec.Struct, frozen=True):
    """The cases of a group.

    Attributes:
        letter: its letter.
        title: what it is about.
        results: in the order of the plan.
        counts: how many have each verdict.
    """

    letter: str
    title: str
    results: list[Result]
    counts: Mapping[Verdict, int]


class Summary(msgspec.Struct, frozen=True):
    """A campaign in numbers.

    Attributes:
        campaign: what was read of its store.
        counts: how many cases have each verdict, in the order of ``VERDICTS``; those that no case
            has are not there.
        groups: those that have cases, in the order of the plan.
        failures: cases that failed and were not expected to, the heaviest first.
        expected: cases that failed as was expected.
        unreached: cases in which the fault never struck.
        problems: why the campaign says less than it should, each in a sentence.
        notes: what was left out as it should be, each in a sentence.
    """

    campaign: Campaign
    counts: Mapping[Verdict, int]
    groups: list[Group]
    failures: list[Result]
    expected: list[Result]
    unreached: list[Result]
    problems: list[str]
    notes: list[str]

    @property
    def total(self) -> int:
        """How many cases have a verdict."""
        return len(self.campaign.results)

    @property
    def stale(self) -> tuple[str, ...]:
        """Entries of the expectations that nothing met."""
        return self.campaign.end.stale if self.campaign.end else ()

    @property
    def headline(self) -> str:
        """The outcome in a line."""
        count = len(self.failures)
        cases = cases_text(self.total)
        parts = [f"{count} of {cases} failed" if count else f"{cases}, none failed"]
        security = sum(failure.weight == SECURITY for failure in self.failures)
        if security:
            parts[0] += f", {security} of them as a {SECURITY}"
        if self.expected:
            parts.append(f"{len(self.expected)} more failed as expected")
        if self.unreached:
            parts.append(f"{len(self.unreached)} unreached")
        return "; ".join(parts)

    @property
    def pace(self) -> str:
        """How fast it was, and how much of the time was not the requester's; empty if unknown."""
        end = self.campaign.end
        if end is None or not end.seconds:
            return ""
        rate = f"{self.campaign.recent / end.seconds:.1f} cases per second, {end.seconds:.1f} s"
        return f"{rate}; {1 - end.requester_share:.0%} of it not the requester's own"


def summarise(campaign: Campaign) -> Summary:
    """Count what a campaign found."""
    results = campaign.results
    failures = [result for result in results if result.failed]
    return Summary(
        campaign=campaign,
        counts=_counts(results),
        groups=_groups(results),
        failures=sorted(failures, key=_heaviness),
        expected=[one for one in results if one.verdict in FAILURES and one.expectation],
        unreached=[one for one in results if one.verdict == "unreached"],
        problems=list(_problems(campaign)),
        notes=list(_notes(campaign)),
    )


def given_reasons(result: Result) -> str:
    """Why the requester refused, as far as it can be told: ids of checks, else its own words."""
    observed = result.observed
    said = "" if observed.succeeded else observed.text
    return one_line(", ".join(observed.reasons) or said)


def fault_of(result: Result) -> str:
    """The id of the fault that the case is one of; ``@`` precedes what a wider plan adds."""
    return result.case.partition("@")[0].partition(":")[0]


def verdict_text(result: Result) -> str:
    """The verdict, and how much an ``accepted`` means."""
    return f"{result.verdict} ({result.weight})" if result.weight else result.verdict


def cases_text(count: int) -> str:
    """Some cases."""
    return f"{count} case{'' if count == 1 else 's'}"


def basis_rank(result: Result) -> int:
    """0 for a duty that a clause demands, and more the less it weighs."""
    return _BASES.index(result.basis) if result.basis in _BASES else len(_BASES)


def _heaviness(result: Result) -> tuple[bool, bool, int, int]:
    return (
        result.weight != SECURITY,
        result.verdict not in _LOUD,
        basis_rank(result),
        result.importance,
    )


def _counts(results: Iterable[Result]) -> Mapping[Verdict, int]:
    counted = Counter(result.verdict for result in results)
    return {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]}


def _groups(results: Sequence[Result]) -> list[Group]:
    titles = {group.letter: group.title for group in groups()}
    by_letter: dict[str, list[Result]] = {}
    for result in results:
        by_letter.setdefault(result.group or NO_GROUP, []).append(result)
    return [
        Group(letter, titles.get(letter, "not of the catalogue"), some, _counts(some))
        for letter, some in by_letter.items()
    ]


def _problems(campaign: Campaign) -> Iterator[str]:
    end = campaign.end
    if end is None:
        yield "the campaign was interrupted"
    elif end.stopped:
        yield f"the campaign stopped: {one_line(end.stopped)}"
    if not (end and end.stopped):
        for control in campaign.controls:
            if control.when != "before" and not control.passed:
                yield f"the control {control.setting}, {control.when} the cases, failed"
    if campaign.missing and not (end and end.late):
        yield _without_verdict(campaign)


def _notes(campaign: Campaign) -> Iterator[str]:
    if campaign.missing and campaign.end and campaign.end.late:
        yield f"the budget was used up: {_without_verdict(campaign)}"
    before = {one.setting: one for one in campaign.controls if one.when == "before"}
    failed = [one for one in before.values() if not one.passed]
    if failed:
        some = [f"{one.setting} ({one_line(one.text)})" for one in failed[:_SOME]]
        more = [f"{len(failed) - _SOME} more"] if len(failed) > _SOME else []
        yield (
            f"{len(failed)} of {len(before)} conversations do not go well without a fault either:"
            f" {', '.join([*some, *more])}"
        )


def _without_verdict(campaign: Campaign) -> str:
    cases = cases_text(len(part_of(campaign.begin)))
    return f"{len(campaign.missing)} of {cases} have no verdict"
