"""One fault against the reference requester: a healthy conversation, the same with the fault.

Conversations in this process run on virtual time; those of the transport need sockets and real time.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace as with_changes
from functools import cache

import msgspec

from responder.campaign.run import Run, converse
from responder.campaign.settings import IN_PROCESS, ON_SOCKETS, SETTINGS, Setting
from responder.core.events import FaultFired, RequestReceived
from responder.crypto.signing import PublicKey
from responder.faults.rule import Duty, FaultSpec
from responder.pki.sets import identity_path, read_identity, shipped_roots
from responder.profiles.load import Profile, load_profile
from responder.requester.report import Report
from responder.requester.options import AttestOptions
from responder.spec.codes import RequestCode

SEED = b"rehearsal"
_LINK_HOOKS = frozenset({"frame", "connection"})
_MOST_EXCHANGES = 1_000
_MOST_SECONDS = 3_600.0
"""Of virtual time: beyond these a requester is not bounded."""


class Rehearsal(msgspec.Struct):
    """What became of a fault.

    Attributes:
        fault: the fault.
        setting: where it was shown.
        healthy: the conversation without it.
        faulted: the conversation with it.
        nearest: what came nearest, if it did not strike.
    """

    fault: FaultSpec
    setting: Setting
    healthy: Run
    faulted: Run
    nearest: str

    @property
    def fired(self) -> list[FaultFired]:
        """The evidence, in order."""
        return [one.event for one in self.faulted.events if isinstance(one.event, FaultFired)]

    @property
    def report(self) -> Report | None:
        """The requester's last report; ``None`` of a scripted client, which judges nothing."""
        return self.faulted.reports[-1] if self.faulted.reports else None

    @property
    def struck_at(self) -> int:
        """How many exchanges were over, in all connections, when the fault struck first."""
        received = 0
        for entry in self.faulted.events:
            if isinstance(entry.event, FaultFired):
                break
            received += isinstance(entry.event, RequestReceived)
        return max(0, received - 1)


def rehearse(fault: FaultSpec, setting: Setting | None = None, *, seed: bytes = SEED) -> Rehearsal:
    """Show a fault in a setting; without one, in the first in which it strikes.

    Args:
        fault: one case of a fault.
        setting: where; the fault's own, or those that are usual, if not given.
        seed: of both sides.
    """
    shown: Rehearsal | None = None
    for one in [setting] if setting else _candidates(fault):
        shown = _in(fault, one, seed)
        if shown.fired:
            break
    if shown is None:
        raise LookupError(f"{fault.id} has no setting")
    return shown


def _candidates(fault: FaultSpec) -> Iterator[Setting]:
    if fault.setting:
        yield SETTINGS[fault.setting]
        return
    on_link = any(rule.hook in _LINK_HOOKS for rule in fault.rules)
    for name in ON_SOCKETS if on_link else IN_PROCESS:
        yield SETTINGS[name]


def _in(fault: FaultSpec, setting: Setting, seed: bytes) -> Rehearsal:
    profile = _device(setting.name).fresh((fault,))
    faulted = asyncio.run(converse(profile, setting, _options(setting.name), seed))
    missed = [event for event in profile.missed() if getattr(event, "fault", "") == fault.id]
    nearest = getattr(missed[0], "nearest", "") if missed else ""
    return Rehearsal(fault, setting, healthy(setting.name, seed), faulted, nearest)


@cache
def healthy(name: str, seed: bytes = SEED) -> Run:
    """The conversation of a setting without any fault."""
    setting = SETTINGS[name]
    return asyncio.run(converse(_device(name), setting, _options(name), seed))


@cache
def _device(name: str) -> Profile:
    setting = SETTINGS[name]
    return load_profile(setting.profile, setting.overrides or None)


@cache
def _options(name: str) -> AttestOptions:
    setting = SETTINGS[name]
    options = with_changes(setting.options, roots=tuple(shipped_roots().values()))
    if "public_key" in setting.overrides:
        leaf = read_identity(identity_path("device", "ecp256", 0)).chain[-1]
        return with_changes(options, public_key=PublicKey.from_certificate(leaf).der())
    return options


def satisfies(rehearsal: Rehearsal) -> bool:
    """Whether the requester did its duty, or what is as good."""
    fault, run = rehearsal.fault, rehearsal.faulted
    if run.defects or not run.reports:
        return not run.defects
    return any(_DUTIES[duty](rehearsal) for duty in (fault.duty, *fault.allows))


def reaction(rehearsal: Rehearsal) -> Duty:
    """What the requester did, in the words of duties."""
    if _resynced(rehearsal):
        return "resync"
    if not _attested(rehearsal):
        return "reject"
    return "retry" if _retried(rehearsal) else "accept"


def _attested(rehearsal: Rehearsal) -> bool:
    return rehearsal.report is not None and rehearsal.report.verdict == "attested"


def _after(rehearsal: Rehearsal) -> list[bytes]:
    """The requests from the one on at which the fault struck."""
    return [request for request, _ in rehearsal.faulted.exchanges[rehearsal.struck_at :]]


def _retried(rehearsal: Rehearsal) -> bool:
    requests = _after(rehearsal)
    polled = any(request[1] == RequestCode.RESPOND_IF_READY for request in requests)
    return polled or any(a == b for a, b in zip(requests, requests[1:], strict=False))


def _resynced(rehearsal: Rehearsal) -> bool:
    return any(request[1] == RequestCode.GET_VERSION for request in _after(rehearsal)[1:])


def _bounded(rehearsal: Rehearsal) -> bool:
    run = rehearsal.faulted
    return len(run.exchanges) < _MOST_EXCHANGES and run.seconds < _MOST_SECONDS


def _surfaced(rehearsal: Rehearsal) -> bool:
    wanted = set(rehearsal.fault.surfaces)
    report = rehearsal.report
    if not wanted or report is None:
        return True
    seen = {one.id for one in report.observations}
    return bool(wanted & (seen | ({report.refusal.check} if report.refusal else set())))


_DUTIES = {
    "reject": lambda shown: not _attested(shown),
    "accept": _attested,
    "retry": lambda shown: _attested(shown) and _retried(shown),
    "resync": _resynced,
    "end": lambda shown: not _attested(shown),
    "bounded": _bounded,
    "policy": _surfaced,
}


def summary(rehearsal: Rehearsal) -> str:
    """One line for people."""
    report = rehearsal.report
    told: str = "scripted" if report is None else report.verdict
    if report is not None and report.refusal:
        told += f" at {report.refusal.step} by {report.refusal.check}"
    fired = rehearsal.fired
    what = f"{fired[0].hook}: {fired[0].detail}" if fired else f"not fired: {rehearsal.nearest}"
    return f"{rehearsal.fault.id} [{rehearsal.setting.name}] {what[:90]} -> {told}"
