"""The way from a DOE mailbox to the SPDM endpoint of its function, and back."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from responder.core.effects import Close
from responder.core.hooks import Frame, Write, is_default
from responder.server.endpoint import Ending
from responder.server.events import PeerIgnored
from responder.server.link import HookedLink
from responder.transport.carried import Kind
from responder.transport.doe import DISCOVERY, DataObject, DoeBinding
from responder.transport.errors import FramingError
from responder.transport.records import records_of

if TYPE_CHECKING:
    from responder.core.events import Event
    from responder.server.clock import Handle
    from responder.server.function_host import FunctionHost

FRAMING = ("mailbox", "doe")
"""Framing and binding as hooks know them: there is nothing around a data object."""
_DISCOVERY = DataObject(*DISCOVERY, b"").encode()[:3]
"""VendorID and type of discovery, which a mailbox hands out where hooks see its answers."""


class MailboxPort:
    """One DOE instance; a ``PeerPort`` of its function's endpoint, from its first object on.

    Each exchange is answered once. An answer to one that was aborted in the meantime, and all
    answers but the first, come to nothing.

    Attributes:
        hooks: those of the client that the function is on the bus of.
    """

    def __init__(self, function: "FunctionHost", index: int) -> None:
        self.hooks = function.hooks
        self._function = function
        self._index = index
        self._binding = DoeBinding()
        self._submitted: deque[int] = deque()
        self._answering = 0
        self._attached = False
        self._later: dict[int, Handle] = {}
        self._calls = 0
        self._link: HookedLink | None = None

    @property
    def ordinal(self) -> int:
        """That of the client."""
        return self._function.ordinal

    # What the function's host calls.

    def received(self, exchange: int, data_object: bytes) -> None:
        """GO: answer a data object."""
        endpoint = self._function.endpoint
        try:
            carried = self._binding.unwrap(data_object)
        except FramingError as error:
            self.emit(PeerIgnored(f"data object: {error.reason}"))
            self._function.answer(self._index, exchange, None)
            return
        if carried.header.startswith(_DISCOVERY):
            self._discover(exchange, data_object)
            return
        if endpoint is None or carried.kind is Kind.OTHER:
            self.emit(PeerIgnored(f"data object {data_object[:4].hex()} is for nobody here"))
            self._function.answer(self._index, exchange, None)
            return
        if not self._attached:
            self._attached, self.hooks = True, self._function.hooks
            endpoint.attach(self)
        secured = records_of(self._binding.transport) if carried.kind is Kind.SECURED else None
        self._submitted.append(exchange)
        endpoint.submit(self, carried.message, self._binding.padding, secured)

    def abandoned(self, exchange: int) -> None:
        """ABORT: what is still to be said to an object comes to nothing."""
        if self._answering == exchange:
            self._drop()

    def forget(self) -> None:
        """The client is gone."""
        self._drop()
        self._link = None
        endpoint = self._function.endpoint if self._attached else None
        self._attached = False
        self._submitted.clear()
        if endpoint is not None:
            endpoint.detach(self, final=False)

    # What the endpoint calls.

    def send(self, message: bytes, *, secured: bool) -> None:
        """Answer the object with a message or record."""
        kind = Kind.SECURED if secured else Kind.SPDM
        frame = self._binding.wrap(message, kind)
        exchange = self._exchange()
        if is_default(self.hooks):
            self._function.answer(self._index, exchange, frame)
            return
        self._answering = exchange
        self._hooked().write(Frame(*FRAMING, "secured" if secured else "spdm", frame))

    def ignored(self) -> None:
        """Nothing is said: the object is discarded, and Busy clears."""
        self._function.answer(self._index, self._exchange(), None)

    def close(self, reason: str, how: Ending = "fin") -> None:
        """There is no connection to be closed; the object is discarded."""
        del how
        self.emit(PeerIgnored(f"an object, because of: {reason}"))
        self._function.answer(self._index, self._exchange(), None)

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``delay`` seconds, unless the exchange is over by then."""
        self._calls += 1
        clock = self._function.clock
        call = partial(self._call, self._calls, self._exchange(), action)
        self._later[self._calls] = clock.call_at(clock.now() + delay, call)

    def emit(self, event: "Event", at: float | None = None) -> None:
        """Tell the observers, of something that was ``at`` if it is not now."""
        self._function.emit(event, at)

    def answered(self) -> None:
        """The endpoint is done with the object; if nothing was said, the mailbox stays Busy."""
        if self._submitted:
            self._answering = self._submitted.popleft()

    # Inside.

    def _discover(self, exchange: int, request: bytes) -> None:
        self.hooks, self._answering = self._function.hooks, exchange
        answer, delay = self._function.discover(self._index, request)
        write = partial(self._hooked().write, Frame(*FRAMING, "discovery", answer))
        if delay:
            self.later(delay, write)
        else:
            write()

    def _exchange(self) -> int:
        """The exchange that the endpoint speaks of: what it has not done with, else the last."""
        return self._submitted[0] if self._submitted else self._answering

    def _call(self, number: int, exchange: int, action: Callable[[], None]) -> None:
        del self._later[number]
        submitted, self._submitted = self._submitted, deque([exchange])
        try:
            action()
        finally:
            self._submitted = submitted

    def _drop(self) -> None:
        for handle in self._later.values():
            handle.cancel()
        self._later.clear()
        if self._link is not None:
            self._link.drop()

    def _hooked(self) -> HookedLink:
        if self._link is None:
            clock = self._function.clock
            self._link = HookedLink(self.hooks, clock, self.emit, self._do, lambda call: call())
        return self._link

    def _do(self, deed: Write | Close) -> None:
        if isinstance(deed, Write):
            padded = deed.data + bytes(-len(deed.data) % 4)
            self._function.answer(self._index, self._answering, padded)
        else:
            self.close(deed.reason)
