"""The places at which a draft passes by on its way out; the core calls, faults implement.

The default changes nothing, and no rule of the protocol is written in terms of faults. Hooks of
parts that do not exist yet (derive, encap, seal, record, register) come with those parts.
"""

from typing import TYPE_CHECKING

import msgspec

from responder.core.errors import ProtocolError
from responder.core.interfaces import SigningKey
from responder.spec.algorithms import Hash, Signature
from responder.wire.context import WireContext
from responder.wire.message import Message

if TYPE_CHECKING:
    from responder.core.connection import Connection
    from responder.core.events import Event

Parts = list[tuple[str, bytes]]
"""A transcript: messages as sent, each with the name of its code."""


class Exchange(msgspec.Struct):
    """One request and what becomes of it; hooks see it and may keep nothing of it.

    Attributes:
        connection: the SPDM connection, read only.
        request: the parsed request.
        raw_request: its bytes, without transport padding.
        wire: the context that request and response are written in.
        now: virtual time in seconds.
        evidence: events that hooks add; they are emitted after the response.
    """

    connection: "Connection"
    request: Message
    raw_request: bytes
    wire: WireContext
    now: float
    evidence: "list[Event]" = msgspec.field(default_factory=list)


class Signing(msgspec.Struct):
    """A signature about to be made (hook ``pre_sign``); every field may be changed.

    Attributes:
        key: the private key of the slot.
        scheme: the negotiated signature algorithm.
        base_hash: the negotiated hash.
        version: the version in the 1.2+ prefix.
        context: the signer context, such as ``responder-challenge_auth signing``.
        parts: the transcript; hashed only after the hook.
    """

    key: SigningKey
    scheme: Signature
    base_hash: Hash
    version: int
    context: str
    parts: Parts


class Drop(Exception):  # noqa: N818 - a verdict, not an error
    """Raised by the ``request`` hook: the request gets no answer."""


class Defer(msgspec.Struct):
    """Returned by the ``request`` hook: answer ResponseNotReady and keep the request.

    Attributes:
        ready_after: microseconds until RESPOND_IF_READY is answered.
        rdt_exponent, token, rdtm: as sent; ``None`` lets the core choose.
    """

    ready_after: int
    rdt_exponent: int | None = None
    token: int | None = None
    rdtm: int | None = None


class Hooks:
    """Every hook, doing nothing; a fault engine overrides what it needs."""

    def connection(self, event: str, connection: "Connection") -> None:
        """A peer arrived or left: ``event`` is ``opened`` or ``closed``."""

    def request(self, exchange: Exchange) -> Defer | ProtocolError | bytes | None:
        """Before the handler: ``None`` to go on, else the fate of the request.

        A ``ProtocolError`` refuses it, ``Defer`` delays it, bytes are sent as its response.

        Raises:
            Drop: the request gets no answer.
        """

    def draft(self, exchange: Exchange, response: Message) -> Message:
        """The response before it is signed; the signature covers what comes back."""
        del exchange
        return response

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Key, context and transcript of a signature."""
        del exchange
        return signing

    def post_sign(self, exchange: Exchange, signature: bytes) -> bytes:
        """The signature."""
        del exchange
        return signature

    def message(self, exchange: Exchange, message: bytes) -> list[bytes]:
        """The encoded response; what comes back is sent, in order. The core does not notice."""
        del exchange
        return [message]

    def transition(self, connection: "Connection", before: str, after: str) -> bool:
        """A phase change about to happen; ``False`` suppresses it."""
        del connection, before, after
        return True

    def frame(self, frame: bytes) -> list[bytes]:
        """A transport frame about to be written; called by the server."""
        return [frame]
