"""What this side asks of the requester (DSP0274 "GET_ENCAPSULATED_REQUEST").

A flow is a generator: it yields the requests that it wants sent, is sent each response, and returns
the requester's slot that it has settled on, if any.
"""

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING

import msgspec

from responder.core.errors import ProtocolError
from responder.wire.message import Message

if TYPE_CHECKING:
    from responder.core.hooked import Hooked


class Delivered(msgspec.Struct, frozen=True):
    """An encapsulated response.

    Attributes:
        response: its bytes, padding included.
        hooked: of the exchange that brought it.
    """

    response: bytes
    hooked: "Hooked"


Flow = Generator[Message, Delivered, int | None]

IMPLICIT_REQUEST_ID = 0
"""Of the GET_DIGESTS that MutAuthRequested "with digests" stands for."""
_FIRST_REQUEST_ID = 1

ANYWHERE = -1
"""In the place of a session id: the requester may ask in any session, or outside of all."""


class _Entry(msgspec.Struct, frozen=True, eq=False):
    """A flow, the place it is asked in, the session it ends with, and whether it must be next."""

    flow: Flow
    place: int | None
    session_id: int | None
    demanded: bool = False


class Encapsulation:
    """The flows of one connection: at most one runs, others wait until they are asked for.

    Attributes:
        request_id: of the request whose response is awaited.
        request: that request; ``None`` while none is.
        aside: something else than the flow's request was asked; the response is for no flow.
    """

    def __init__(self) -> None:
        self.request_id = IMPLICIT_REQUEST_ID
        self.request: Message | None = None
        self.aside = False
        self._running: _Entry | None = None
        self._place: int | None = None
        self._waiting: deque[_Entry] = deque()

    @property
    def in_flight(self) -> bool:
        """Whether the requester has to see a flow through before it may ask for anything else."""
        demanded = any(entry.demanded for entry in self._waiting)
        return demanded or self._running is not None or self.aside

    def demand(
        self, flow: Flow, session_id: int | None, *, clear: bool = False, implicit: bool = False
    ) -> None:
        """The requester must begin this flow next, in that session or (``None``) outside of all.

        Args:
            flow: the flow.
            session_id: where; the flow ends with the session.
            clear: the handshake of that session is in the clear: its flow is outside of all.
            implicit: its first request is understood: the requester delivers the response.
        """
        place = None if clear else session_id
        self._waiting.appendleft(_Entry(flow, place, session_id, demanded=True))
        if implicit:
            self.begin(place)
            self.request_id = IMPLICIT_REQUEST_ID

    def offer(self, flow: Flow, session_id: int | None, *, anywhere: bool = False) -> None:
        """A flow for when the requester asks for one there, or in whatever place it does."""
        self._waiting.append(_Entry(flow, ANYWHERE if anywhere else session_id, session_id))

    def begin(self, session_id: int | None) -> Message | None:
        """The first request of the next flow of a session; ``None`` if there is none.

        A flow that still runs is given up.
        """
        self.end()
        places = (session_id, ANYWHERE)
        entry = next((one for one in self._waiting if one.place in places), None)
        if entry is None:
            return None
        self._waiting.remove(entry)
        self._place, self._running = session_id, entry
        self.request_id = _FIRST_REQUEST_ID
        self.request = next(entry.flow, None)
        if self.request is None:
            self.end()
        return self.request

    def asked(self, request: Message | None, session_id: int | None) -> None:
        """What the requester is asked in the end; ``None``: nothing more."""
        if request is None:
            self.end()
            return
        self.aside = request is not self.request
        if self.request is None:
            self.request_id = _following(self.request_id)
        self._place = session_id

    @property
    def awaiting(self) -> bool:
        """Whether a response is awaited."""
        return self.request is not None or self.aside

    def awaits(self, request_id: int, session_id: int | None) -> bool:
        """Whether the response to that request is awaited there."""
        expected = (self.request_id, self._place)
        return self.awaiting and (request_id, session_id) == expected

    def resume(self) -> Message | None:
        """The response to what was asked aside has come; the flow's request, if there is one."""
        self.aside = False
        self.request_id = _following(self.request_id)
        return self.request

    def deliver(self, delivered: Delivered) -> tuple[Message | None, int | None]:
        """Hand a response to the flow; its next request, or at its end the requester's slot.

        Raises:
            ProtocolError: as the flow raises it, and is then over.
        """
        if self._running is None:
            return None, None
        try:
            self.request = self._running.flow.send(delivered)
        except StopIteration as done:
            self.end()
            return None, done.value
        except ProtocolError:
            self.end()
            raise
        self.request_id = _following(self.request_id)
        return self.request, None

    def end(self) -> None:
        """The running flow is over, or given up."""
        if self._running is not None:
            self._running.flow.close()
        self._running = self.request = None
        self.aside = False

    def forget(self, session_id: int) -> None:
        """A session is gone, and what was to be asked in it."""
        self._waiting = deque(one for one in self._waiting if one.session_id != session_id)
        running = None if self._running is None else self._running.session_id
        if session_id in (self._place, running):
            self.end()


def _following(request_id: int) -> int:
    return request_id % 0xFF + 1
