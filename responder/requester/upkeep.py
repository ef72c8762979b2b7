"""HEARTBEAT, KEY_UPDATE and END_SESSION (DSP0274, clauses of those names)."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.encapsulated import answer_flow
from responder.requester.encapsulated_answers import Answers
from responder.requester.keep_alive import beat, due_at, keep_alive
from responder.requester.session import Session
from responder.requester.steps import Prompt
from responder.spec.codes import RequestCode
from responder.spec.sessions import EndSessionAttributes, KeyOperation
from responder.wire.end_session import EndSession, EndSessionAck
from responder.wire.key_update import KeyUpdate, KeyUpdateAck

_MICROSECONDS = 1_000_000
_LEAST_PAUSE = 1_000


def heartbeat(c: Conversation, session: Session) -> Flow[None]:
    """Exchange HEARTBEAT and HEARTBEAT_ACK, if the session has a period."""
    if not session.heartbeat_period:
        c.report.observe("heartbeat.none")
        return
    yield from beat(c, session)


def stay(c: Conversation, session: Session) -> Flow[None]:
    """Say nothing for as long as the options want, but what keeps sessions alive."""
    del session
    left = c.options.stay
    while left:
        due = [at for one in c.sessions.values() if (at := due_at(one)) is not None]
        pause = round((min(due) - c.now()) * _MICROSECONDS) if due else left
        pause = min(left, max(pause, _LEAST_PAUSE))
        left -= pause
        yield from c.wait(pause)
        yield from keep_alive(c)


def update_key(c: Conversation, session: Session) -> Flow[None]:
    """The next keys for our requests."""
    yield from _operate(c, session, KeyOperation.UPDATE_KEY)
    session.update_request()
    yield from _operate(c, session, KeyOperation.VERIFY_NEW_KEY)


def update_all_keys(c: Conversation, session: Session) -> Flow[None]:
    """The next keys for both directions; the acknowledgement comes under the new ones already."""
    session.update_response()
    yield from _operate(c, session, KeyOperation.UPDATE_ALL_KEYS)
    session.update_request()
    yield from _operate(c, session, KeyOperation.VERIFY_NEW_KEY)


def _operate(c: Conversation, session: Session, operation: KeyOperation) -> Flow[None]:
    tag = c.next_handle()
    request = KeyUpdate(spdm_version=c.agreed.version, key_operation=operation, tag=tag)
    sent = request.build()
    all_keys = operation == KeyOperation.UPDATE_ALL_KEYS
    raw = yield from c.exchange(sent)
    if all_keys:
        c.require("upd.ack-keys", session.response_next is None, "an answer under the old keys")
    message, response = c.read(KeyUpdateAck, raw, c.agreed.wire())
    c.enter(sent, response)
    told = message.key_operation
    c.require("upd.operation", told == operation, f"operation {told}, asked for {operation}")
    c.require("upd.tag", message.tag == tag, f"tag {message.tag}, sent {tag}")


def update_responder(c: Conversation, session: Session) -> Flow[None]:
    """Have the responder update its own keys, and answer it."""
    yield Prompt(RequestCode.KEY_UPDATE, session.id)
    answers = Answers(c, session)
    yield from answer_flow(c, answers)
    if RequestCode.KEY_UPDATE not in answers.answered:
        c.report.observe("encapsulated.nothing", "KEY_UPDATE was prompted")


def end_session(c: Conversation, session: Session, attributes: int) -> Flow[None]:
    """Exchange END_SESSION and END_SESSION_ACK; the session is over whatever comes."""
    sent = EndSession(spdm_version=c.agreed.version, attributes=attributes).build()
    try:
        raw = yield from c.exchange(sent)
        _, response = c.read(EndSessionAck, raw, c.agreed.wire())
        c.enter(sent, response)
        if attributes & EndSessionAttributes.CLEAR_NEGOTIATED_STATE:
            c.report.negotiated_state = []
    finally:
        c.session = None
        c.sessions.pop(session.id, None)
