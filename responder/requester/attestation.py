"""The attestation: authenticate a device and read its measurements, without any I/O.

``attest`` is a generator: it yields ``Transmit`` and ``Wait`` steps, is sent the responses, and
returns a report. Whoever drives it owns the transport and the clock.
"""

from collections.abc import Callable, Sequence

from responder.crypto.random_tree import RandomTree
from responder.requester.algorithms import negotiate_algorithms
from responder.requester.capabilities import get_capabilities
from responder.requester.chain import load_root
from responder.requester.check_table import CHECKS
from responder.requester.checks import Refused
from responder.requester.conversation import Clock, Conversation, Flow
from responder.requester.options import AttestOptions
from responder.requester.recovery import ResynchError
from responder.requester.report import Passed, Refusal, Report, Verdict
from responder.requester.run_plan import check_options, run_plan
from responder.requester.steps import Step, Transmit, TransportFailedError, Wait
from responder.requester.stored_state import StateForgottenError
from responder.requester.version import get_version

__all__ = ["AttestOptions", "Refused", "Report", "Step", "Transmit", "Wait", "attest", "unreached"]

Part = Callable[[Conversation], Flow[None]]
"""A part of an attestation: sends some requests and judges their answers."""


PARTS: tuple[Part, ...] = (get_version, get_capabilities, negotiate_algorithms, run_plan)
"""A whole attestation; the last part does what the options' plan says."""


def attest(
    options: AttestOptions,
    random: RandomTree,
    parts: Sequence[Part] = PARTS,
    clock: Clock | None = None,
) -> Flow[Report]:
    """Authenticate a device and read its measurements.

    Args:
        options: what to do; see there.
        random: where nonces and contexts are drawn from.
        parts: what is done, in order.
        clock: seconds, for the heartbeats of sessions; without it only the time that is waited for
            counts.

    Yields:
        ``Transmit``, to be answered with the response of the responder, padding included; or
        ``Wait``, to be answered with ``b""``. Throw ``TransportFailedError`` in where no
        response came.

    Returns:
        The report of a device that was attested.

    Raises:
        Refused: a check refused; its ``report`` says how far it came.
        TransportFailedError: as thrown in; its ``report`` likewise.
        ConfigError: the options name a check that does not exist, or a root that is none, or their
            plan cannot be carried out, or their negotiated state was agreed by another offer.
    """
    for root in options.roots:
        load_root(root)
    check_options(options)
    c = Conversation(options, random, clock)
    try:
        yield from _with_restarts(c, parts)
    except Refused as refusal:
        source = CHECKS[refusal.check_id].source
        found = Refusal(refusal.step, refusal.check_id, refusal.detail, source)
        refusal.report = _finish(c, "refused", found)
        raise
    except TransportFailedError as error:
        failed = unreached("", error.kind, str(error), step=c.checks.step)
        error.report = _finish(c, failed.verdict, failed.refusal)
        raise
    return _finish(c, "attested", None)


def unreached(target: str, kind: str, reason: str, *, step: str = "CONNECT") -> Report:
    """The report where no response came: refused if the peer's framing was wrong, else failed."""
    verdict: Verdict = "refused" if kind == "framing" else "failed"
    return Report(verdict, Refusal(step, f"transport.{kind}", reason), target)


def _with_restarts(c: Conversation, parts: Sequence[Part]) -> Flow[None]:
    """The attestation, begun anew when the responder asks for that, or has forgotten its state."""
    restarts = 0
    while True:
        try:
            return (yield from _attest(c, parts))
        except StateForgottenError:
            c.report.observe("state.forgotten")
            c.restart()
        except ResynchError:
            restarts += 1
            limit = c.options.patience.resynch
            c.require("err.resynch-limit", restarts <= limit, f"{restarts} RequestResynch")
            c.restart()


def _attest(c: Conversation, parts: Sequence[Part]) -> Flow[None]:
    for part in parts:
        yield from part(c)
    c.checks.step = "POLICY"
    c.require("auth.proof", c.report.signed, "neither CHALLENGE, a session nor a signature")


def _finish(c: Conversation, verdict: Verdict, refusal: Refusal | None) -> Report:
    c.note_changes()
    c.report.verdict = verdict
    c.report.refusal = refusal
    c.report.passed_over = [
        Passed(passed.step, passed.check_id, passed.detail) for passed in c.checks.passed_over
    ]
    return c.report
