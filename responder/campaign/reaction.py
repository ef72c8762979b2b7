"""What the requester did about a fault, and whether that is its duty."""

from collections.abc import Sequence

from responder.campaign.run import Exchanged, Run
from responder.faults.rule import Duty, FaultSpec
from responder.requester.report import Report
from responder.spec.codes import RequestCode

MAX_SECONDS = 3_600.0
"""Nor is more virtual time than this."""

_RETRIES = frozenset({RequestCode.RESPOND_IF_READY})


def reaction(run: Run) -> Duty:
    """What the requester did after the first strike of a fault.

    ``resync`` and ``retry`` are those that it did before it ended well; one that gave up without
    a verdict on the device (nothing answered) is ``bounded``.
    """
    kinds = reactions(run)
    order: Sequence[Duty] = ("resync", "retry", "accept", "reject", "bounded")
    return next(kind for kind in order if kind in kinds)


def reactions(run: Run) -> frozenset[Duty]:
    """All duties that what the requester did would fulfil; ``policy`` and ``end`` apart."""
    found: set[Duty] = set()
    if _bounded(run):
        found.add("bounded")
    report = struck_report(run)
    if report is None:
        return frozenset(found or {"bounded"})
    after = _after(run)
    restarted = any(exchange.request[1] == RequestCode.GET_VERSION for exchange in after[1:])
    if report.attested:
        found.add("accept")
        if _retried(after):
            found.add("retry")
        if restarted:
            found.add("resync")
    elif report.verdict == "refused":
        found |= {"reject", "end"}
    return frozenset(found)


def satisfies(
    fault: FaultSpec, run: Run, *, judged: bool = True, healthy: Run | None = None
) -> bool:
    """Whether what the requester did is the fault's duty, or as good.

    Args:
        fault: the fault.
        run: the conversation in which it struck.
        judged: the requester can judge this fault; else it only has to end.
        healthy: the same conversation without it: what is told there as well tells nothing.
    """
    if run.crash or not _bounded(run):
        return False
    if not judged:
        return True
    wanted = {fault.duty, *fault.allows}
    if wanted & reactions(run):
        return fault.duty != "accept" or _surfaced(fault, run, healthy)
    return "policy" in wanted and _surfaced(fault, run, healthy)


def struck_report(run: Run) -> Report | None:
    """The report of the last attestation in which a fault struck; the last one if none is clear."""
    if not run.reports:
        return None
    struck = run.struck()
    if not struck or not run.exchanges:
        return run.reports[-1]
    number = run.exchanges[struck[-1]].attestation
    return run.reports[min(number, len(run.reports) - 1)]


def _surfaced(fault: FaultSpec, run: Run, healthy: Run | None) -> bool:
    if not fault.surfaces:
        return True
    told = _told(run) - (_told(healthy) if healthy else set())
    return bool(told & set(fault.surfaces))


def _told(run: Run) -> set[str]:
    """The observations of all attestations, and the checks that refused."""
    told = {seen.id for report in run.reports for seen in report.observations}
    return told | {report.refusal.check for report in run.reports if report.refusal}


def _bounded(run: Run) -> bool:
    return len(run.exchanges) <= run.limit and run.seconds <= MAX_SECONDS


def _after(run: Run) -> list[Exchanged]:
    """The exchanges from the first strike on, to the end of its attestation."""
    struck = run.struck()
    if not struck or not run.exchanges:
        return []
    first = run.exchanges[struck[0]]
    return [e for e in run.exchanges[struck[0] :] if e.attestation == first.attestation]


def _retried(after: Sequence[Exchanged]) -> bool:
    """Whether the request that was struck came again at once, or RESPOND_IF_READY did."""
    if len(after) < 2:
        return False
    struck, following = after[0].request, after[1].request
    return following == struck or following[1] in _RETRIES
