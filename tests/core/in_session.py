"""Requests inside an established session, without its records: only what they mean."""

from core.dialogue import Dialogue

from responder.core.effects import Emit
from responder.core.events import InternalError, ResponseSent
from responder.core.session import SecuredSuite, Session, SessionPhase
from responder.core.turn import Turn
from responder.spec.algorithms import AEADS, BASE_HASHES, by_bit

SUITE = SecuredSuite(aead=AEADS[0], encrypted=True, secured_version=0x1100, limit=1 << 64)


class InSession:
    """A session of a dialogue that has negotiated; as many as one likes."""

    def __init__(self, dialogue: Dialogue, session_id=0xFFFF_0001, *, queue=4):
        self.dialogue = dialogue
        self.responder = dialogue.responder
        base_hash = by_bit(BASE_HASHES, dialogue.base_hash)
        session = Session(session_id, SUITE, base_hash, dialogue.version, psk=False)
        session.phase = SessionPhase.ESTABLISHED
        session.transcript = self.responder.connection.transcript.of_session()
        session.events = type(session.events)(queue)
        self.responder.connection.open_session(session)
        self.session = session

    def say(self, request):
        """The one answer to a request in the session."""
        turn = Turn(self.responder, request, self.dialogue.now, 0, session=self.session)
        self.responder.device.tick(self.dialogue.now)
        events = [effect.event for effect in turn.take() if isinstance(effect, Emit)]
        for event in events:
            assert not isinstance(event, InternalError), event.traceback
        (answer,) = [event for event in events if isinstance(event, ResponseSent)]
        assert answer.session_id == self.session.session_id
        return answer.message

    def ask(self, request, code):
        """The answer to a request, which must be of that code."""
        answer = self.say(request)
        assert answer[1] == code, f"{request.hex()} is answered {answer.hex()}"
        return answer
