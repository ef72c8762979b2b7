"""Judges what a requester did about a fault: the verdict, and one sentence that says why."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType

from msgspec import Struct

from responder.campaign.result import Observed, Verdict, Weight, Wire
from responder.faults.rule import Basis, Duty, FaultSpec
from responder.spec.codes import RequestCode

_WEIGHTS: Mapping[Basis, Weight] = MappingProxyType(
    {
        "spec": "security failure",
        "reference": "differs from the reference",
        "judgement": "from our judgement",
    }
)
_DUTIES: Mapping[Duty, str] = MappingProxyType(
    {
        "reject": "it must refuse this",
        "accept": "it must accept this",
        "retry": "it must ask again, and then go on",
        "resync": "it must begin again at GET_VERSION",
        "end": "it must end the session",
        "bounded": "it must come to an end",
        "policy": "it must tell somebody of this",
    }
)


class Judgement(Struct, frozen=True):
    """A verdict.

    Attributes:
        verdict: see ``responder.campaign.result.Verdict``.
        text: why, in one sentence.
        weight: of ``accepted``, how much it means.
    """

    verdict: Verdict
    text: str
    weight: Weight = ""


def judge(
    fault: FaultSpec,
    observed: Observed,
    healthy: Observed | None = None,
    expected: Sequence[str] = (),
    *,
    judged: bool = True,
) -> Judgement:
    """Judge one run.

    Args:
        fault: what went wrong, and the duty.
        observed: what the requester did.
        healthy: what it does without the fault: what it tells then as well tells nothing.
        expected: the checks for which a conforming requester refuses.
        judged: the requester can be expected to judge this fault; else it only has to end.
    """
    told = _told(observed, healthy)
    broken = _broken(observed)
    if broken is not None:
        return broken
    if not judged:
        return Judgement("pass", "it came to an end, and no more can be asked of it here")
    duties: tuple[Duty, ...] = (fault.duty, *fault.allows)
    met = next((duty for duty in duties if _MEETS[duty](fault, observed, told)), None)
    if met is not None:
        return _met(met, observed, expected)
    if fault.duty == "policy" and observed.surfaced is None:
        return Judgement("unimplemented", "the target has no way to tell of anything")
    return _failed(fault, observed)


def _broken(observed: Observed) -> Judgement | None:
    """The verdict on a run that did not come to its end, or never met the fault."""
    if observed.crash:
        return Judgement("crash", observed.crash)
    if observed.hang:
        return Judgement("hang", observed.hang)
    if observed.unimplemented:
        return Judgement("unimplemented", observed.text or "it says that it cannot do this")
    if not observed.wire.strikes:
        near = observed.wire.nearest or "the conversation ended before"
        return Judgement("unreached", f"the fault did not strike: {near}")
    return None


def _told(observed: Observed, healthy: Observed | None) -> frozenset[str] | None:
    """What it told because of the fault; ``None`` if it has no way to."""
    if observed.surfaced is None:
        return None
    before = healthy.surfaced if healthy is not None else None
    return frozenset(observed.surfaced) - frozenset(before or ())


Told = frozenset[str] | None


def _refused(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    del fault, told
    return not observed.succeeded


def _accepted(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    return observed.succeeded and _surfaced(fault, told, otherwise=True)


def _retried(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    del fault, told
    again = {"retry", "RESPOND_IF_READY"} & set(observed.wire.reaction[:1])
    return observed.succeeded and bool(again)


def _restarted(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    del fault, told
    return observed.succeeded and _at_get_version(observed.wire)


def _at_get_version(wire: Wire) -> bool:
    """Whether GET_VERSION was sent after the strike, also if that struck GET_VERSION itself."""
    first = wire.strikes[0].exchange
    struck = wire.exchanges[first].request if first < len(wire.exchanges) else b""
    again = "retry" in wire.reaction and struck[1:2] == bytes([RequestCode.GET_VERSION])
    return again or "GET_VERSION" in wire.reaction


def _ended(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    del fault, observed, told
    return True


def _policy(fault: FaultSpec, observed: Observed, told: Told) -> bool:
    return not observed.succeeded or _surfaced(fault, told, otherwise=False)


def _surfaced(fault: FaultSpec, told: Told, *, otherwise: bool) -> bool:
    """Whether it told what it should; ``otherwise`` if it cannot tell at all."""
    if not fault.surfaces:
        return True
    if told is None:
        return otherwise
    return bool(told & {*fault.surfaces, "told"})


_MEETS: Mapping[Duty, Callable[[FaultSpec, Observed, Told], bool]] = MappingProxyType(
    {
        "reject": _refused,
        "accept": _accepted,
        "retry": _retried,
        "resync": _restarted,
        "end": _refused,
        "bounded": _ended,
        "policy": _policy,
    }
)


def _met(duty: Duty, observed: Observed, expected: Sequence[str]) -> Judgement:
    refused = duty in {"reject", "end", "policy"} and not observed.succeeded
    if not refused:
        return Judgement("pass", f"{_DUTIES[duty]}, and it did")
    late = _late(observed)
    if observed.reasons and expected and not _fits(observed.reasons, expected):
        given, meant = ", ".join(observed.reasons), ", ".join(expected)
        return Judgement("pass-loose", f"it refused for {given}, and not for {meant}{late}")
    why = f" for {', '.join(observed.reasons)}" if observed.reasons else ""
    return Judgement("pass", f"it refused{why}{late}")


def _fits(reasons: Sequence[str], expected: Sequence[str]) -> bool:
    return any(fnmatchcase(check, reason) for reason in reasons for check in expected)


def _late(observed: Observed) -> str:
    went_on = observed.wire.went_on
    return f", after it had gone on with {', '.join(went_on)}" if went_on else ""


def _failed(fault: FaultSpec, observed: Observed) -> Judgement:
    duty = f"{_DUTIES[fault.duty]} ({fault.source}; {fault.basis})"
    if fault.duty in {"retry", "resync"}:
        did = ", ".join(observed.wire.reaction) or "nothing"
        end = "ended well" if observed.succeeded else "gave up"
        return Judgement("wrong-recovery", f"{duty}; it did: {did}, and {end}")
    if observed.succeeded:
        silent = fault.duty in {"policy", "accept"}
        what = "it went on and told nobody" if silent else "it accepted it"
        return Judgement("accepted", f"{what}; {duty}", _WEIGHTS[fault.basis])
    why = ", ".join(observed.reasons) or observed.text
    return Judgement("overstrict", f"{duty}; it refused" + (f": {why}" if why else ""))
