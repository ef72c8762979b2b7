"""What an attestation does, in order: steps outside of any session, then sessions with theirs.

Names of steps are those of ``responder.requester.step_table``.
"""

from dataclasses import dataclass

from responder.spec.limits import SUMMARY_ALL

CONNECTION_STEPS = ("authenticate", "challenge", "measurements", "vendor")
"""What an attestation does that was not asked for more."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One session.

    Attributes:
        steps: what is done in it.
        psk: open it by PSK_EXCHANGE.
        slot: the responder's slot, if it is another one than was authenticated.
        summary: MeasurementSummaryHashType, sent if the responder has MEAS_CAP.
        policy: SessionPolicy, cut to what the version and the responder have.
        end: end it with END_SESSION.
        attributes: Param1 of END_SESSION; only the last one may clear the negotiated state.
    """

    steps: tuple[str, ...] = ()
    psk: bool = False
    slot: int | None = None
    summary: int = SUMMARY_ALL
    policy: int = 0
    end: bool = True
    attributes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole attestation.

    Attributes:
        connection: steps outside of any session.
        sessions: sessions, one after the other.
        parallel: open all sessions before the steps of the first, and end them after those of
            the last.
    """

    connection: tuple[str, ...] = CONNECTION_STEPS
    sessions: tuple[SessionPlan, ...] = ()
    parallel: bool = False
