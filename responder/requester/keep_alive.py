"""Sessions that nothing is said in get HEARTBEAT in time (DSP0274 1.1 "HEARTBEAT").

A responder ends a session after two periods without a message. Ours are never idle for half of one
as long as no single exchange, or wait for an answer, takes that long.
"""

from typing import TYPE_CHECKING

from responder.spec.codes import RequestCode
from responder.wire.heartbeat import Heartbeat, HeartbeatAck

if TYPE_CHECKING:
    from responder.requester.conversation import Conversation, Flow
    from responder.requester.session import Session

UNBROKEN = frozenset(
    {
        RequestCode.FINISH,
        RequestCode.PSK_FINISH,
        RequestCode.HEARTBEAT,
        RequestCode.GET_ENCAPSULATED_REQUEST,
        RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
    }
)
"""Requests before which nothing else may come."""
_PART = 4
"""HEARTBEAT is due when a session has been idle for this part of its period."""


def due_at(session: "Session") -> float | None:
    """When HEARTBEAT is due, in seconds on the conversation's clock; ``None`` if it never is."""
    if not session.heartbeat_period:
        return None
    return session.used + session.heartbeat_period / _PART


def keep_alive(c: "Conversation", *, but: "Session | None" = None) -> "Flow[None]":
    """HEARTBEAT in each open session in which it is due.

    Args:
        c: the conversation.
        but: the session in which something is said anyway.
    """
    for session in list(c.sessions.values()):
        due = due_at(session)
        if session is not but and due is not None and due <= c.now():
            yield from beat(c, session)


def beat(c: "Conversation", session: "Session") -> "Flow[None]":
    """Exchange HEARTBEAT and HEARTBEAT_ACK in a session."""
    before, c.session = c.session, session
    sent = Heartbeat(spdm_version=c.agreed.version).build()
    raw = yield from c.exchange(sent)
    _, response = c.read(HeartbeatAck, raw, c.agreed.wire())
    c.enter(sent, response)
    c.session = before
