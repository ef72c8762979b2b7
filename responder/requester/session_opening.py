"""What KEY_EXCHANGE and PSK_EXCHANGE have in common: from a request for a session to its keys."""

from dataclasses import dataclass, field

from responder.crypto.random_tree import RandomTree
from responder.errors import ConfigError
from responder.requester.conversation import Conversation
from responder.requester.key_schedule import KeySchedule
from responder.requester.plan import SessionPlan
from responder.requester.record import Direction
from responder.requester.secured_versions import Secured
from responder.requester.session import Session
from responder.requester.session_transcript import SessionTranscript
from responder.spec.algorithms import AEADS
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_NONE
from responder.spec.sessions import INVALID_SESSION_ID, SessionPolicy
from responder.spec.versions import V12, V13

_ID_SIZE = 2
_RESPONDER_SHIFT = 16
_REQUESTER_MASK = 0xFFFF


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that is about to be asked for.

    Attributes:
        random: what it draws from.
        req_session_id: the requester's half of its id.
        summary: MeasurementSummaryHashType.
        policy: SessionPolicy.
    """

    random: RandomTree
    req_session_id: int
    summary: int
    policy: int

    def whole_id(self, rsp_session_id: int) -> int:
        """The id of the session; our half alone makes it another one than those that are open."""
        return rsp_session_id << _RESPONDER_SHIFT | self.req_session_id

    @property
    def summarised(self) -> bool:
        """Whether the response carries a measurement summary hash."""
        return self.summary != SUMMARY_NONE


def begin_opening(c: Conversation, plan: SessionPlan) -> Opening:
    """Draw what the next session needs, and cut what is asked for to what the version has."""
    random = c.random.child("session", c.next_session())
    ids = random.child("id")
    taken = {INVALID_SESSION_ID, *(whole_id & _REQUESTER_MASK for whole_id in c.sessions)}
    req_session_id = INVALID_SESSION_ID
    while req_session_id in taken:
        req_session_id = int.from_bytes(ids.bytes(_ID_SIZE), "little")
    return Opening(
        random,
        req_session_id,
        plan.summary if c.agreed.measures else SUMMARY_NONE,
        _policy(c, plan),
    )


def _policy(c: Conversation, plan: SessionPlan) -> int:
    version = c.agreed.version
    known = SessionPolicy(0)
    if version >= V12:
        known = SessionPolicy.TERMINATION_POLICY
    if version >= V13 and c.agreed.has(Cap.EVENT):
        known |= SessionPolicy.EVENT_ALL_POLICY
    return plan.policy & known


def check_period(c: Conversation, message: str, period: int) -> None:
    """HeartbeatPeriod is 0 unless both sides do HEARTBEAT."""
    allowed = not period or c.agreed.both(Cap.HBEAT)
    c.require(f"{message}.heartbeat", allowed, f"HeartbeatPeriod is {period}")


@dataclass(frozen=True, slots=True)
class Handshaken:
    """What the keys of a handshake follow from.

    Attributes:
        secret: what the key exchange agreed on, or the PSK.
        th1: the hash TH1.
        psk: it is a PSK.
    """

    secret: bytes = field(repr=False)
    th1: bytes
    psk: bool = False


def make_session(
    c: Conversation, whole_id: int, secured: Secured, th: SessionTranscript, done: Handshaken
) -> Session:
    """The session under its handshake's keys.

    Raises:
        ConfigError: nobody said how the transport carries records.
    """
    agreed, form = c.agreed, c.options.records
    if form is None:
        raise ConfigError("this transport carries no records of sessions")
    aead = agreed.aead or AEADS[0]
    schedule = KeySchedule(agreed.version, agreed.base_hash, aead)
    handshake = schedule.handshake(schedule.salt_0(psk=done.psk), done.secret, done.th1)
    request, response = (
        Direction(
            aead,
            traffic,
            encrypted=agreed.both(Cap.ENCRYPT),
            sequence_size=form.sequence_size,
        )
        for traffic in (handshake.request, handshake.response)
    )
    return Session(
        whole_id,
        form,
        schedule,
        handshake,
        th,
        c.outside.fork(),
        request,
        response,
        c.random.child("padding", whole_id),
        limit=secured.limit,
        psk=done.psk,
        secured_version=secured.version,
    )
