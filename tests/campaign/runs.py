"""Runs made by hand: a requester's exchanges, and where a fault struck."""

from responder.campaign.run import Exchanged, Run
from responder.core.events import FaultFired
from responder.observe.entry import Entry
from responder.requester.report import Observation, Refusal, Report

GET_VERSION = bytes.fromhex("10840000")
GET_CAPABILITIES = bytes.fromhex("12e10000")
GET_DIGESTS = bytes.fromhex("12810000")
RESPOND_IF_READY = bytes.fromhex("12ff8101")
ANSWER = bytes.fromhex("12010203")


def fired(hook="message", before=b"\1", after=b"\2", fault="a.fault"):
    """A piece of evidence."""
    return FaultFired(fault, hook, "changed", "DIGESTS", before, after)


def report(verdict="attested", check="", observations=()):
    """A report; one that names a check is a refusal."""
    return Report(
        verdict=verdict,
        refusal=Refusal("GET_DIGESTS", check, "seen") if check else None,
        observations=[Observation(one, "") for one in observations],
    )


def run_of(steps, *reports, seconds=1.0):
    """A run of requests (with what came), evidence where it fell; ``None`` ends an attestation.

    A request without an answer given is answered ``ANSWER``.
    """
    run = Run(reports=list(reports), seconds=seconds)
    attestation = 0
    waiting = []
    for step in steps:
        if step is None:
            attestation += 1
        elif isinstance(step, FaultFired):
            waiting.append(step)
        else:
            request, response = step if isinstance(step, tuple) else (step, ANSWER)
            run.journal += [Entry(0.0, 1, event) for event in waiting]
            waiting = []
            run.exchanges.append(Exchanged(attestation, request, response, len(run.journal)))
    run.journal += [Entry(0.0, 1, event) for event in waiting]
    return run
