"""From socket payloads to SPDM messages: bindings, records, encapsulation and chunks."""

from collections.abc import Callable
from dataclasses import dataclass

from responder.replay.heard import Heard, hear
from responder.replay.ledger import MESSAGES, Ledger
from responder.replay.terms import UnreplayableError
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.doe import DISCOVERY, object_type
from responder.transport.errors import FramingError
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType
from responder.wire.context import WireContext
from responder.wire.encapsulated import embedded_in
from responder.wire.follow import Conversation

_SESSION_ID_SIZE = 4

PEER_SURPLUS: dict[int, int] = {ResponseCode.KEY_PAIR_INFO: 6}
"""Zeros that libspdm 1e16c60f sends behind a message that does not declare them."""

Opener = Callable[[int, bytes, int], bytes]
"""Session id, record and padding to application data; UnreplayableError if it does not open."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one payload brought.

    Attributes:
        code: of the message in it.
        whole: the message that is complete with it: that of its chunks, or itself; ``None`` while
            there is more to come.
    """

    code: int
    whole: Heard | None


class Line:
    """The socket of one run; every message is read and built again on the way."""

    def __init__(self, transport: int, ledger: Ledger) -> None:
        self.records = records_of(TransportType(transport))
        self._binding = binding_of(transport)
        self._conversation = Conversation()
        self._ledger = ledger

    def arrive(self, payload: bytes, opener: Opener) -> Arrived | None:
        """Take in the next payload; ``None`` if it carries no SPDM message.

        Raises:
            UnreplayableError: it is not what it should be.
        """
        try:
            carried = self._binding.unwrap(payload)
        except FramingError as error:
            raise UnreplayableError(str(error)) from None
        if carried.kind is Kind.OTHER:
            if self._binding.transport == TransportType.PCI_DOE:
                _only_discovery(carried.header)
            return None
        if carried.kind is Kind.SPDM:
            return self._message(carried.message, None, self._binding.padding)
        session = int.from_bytes(carried.message[:_SESSION_ID_SIZE], "little")
        data = opener(session, carried.message, self._binding.padding)
        try:
            message = self.records.disclose(data)
        except FramingError:  # application data of another protocol than SPDM
            return None
        return self._message(message, session, 0)

    @property
    def context(self) -> WireContext:
        """What is known of the conversation so far."""
        return self._conversation.context

    def embedded(self, carrier: Heard) -> Heard | None:
        """The encapsulated message in a message, if there is one."""
        data = embedded_in(carrier.raw, carrier.context.version)
        context = carrier.context.of_requester()
        return self._hear(data, context, carrier.session, self._binding.padding) if data else None

    def _message(self, data: bytes, session: int | None, padding: int) -> Arrived:
        message = self._hear(data, self._conversation.feed(data), session, padding)
        return Arrived(message.code, self._whole(message))

    def _whole(self, message: Heard) -> Heard | None:
        if message.code == RequestCode.CHUNK_GET:
            return None
        if message.code in (RequestCode.CHUNK_SEND, ResponseCode.CHUNK_RESPONSE):
            done = self._conversation.completed
            return self._hear(*done, message.session, 0) if done else None
        if message.code == ResponseCode.CHUNK_SEND_ACK:
            data = message.message.response_to_large_request
            if not data:
                return None
            padding = self._binding.padding
            message = self._hear(data, self._conversation.context, message.session, padding)
        large = ResponseCode.ERROR, ErrorCode.LARGE_RESPONSE
        return None if tuple(message.raw[1:3]) == large else message

    def _hear(self, data: bytes, context: WireContext, session: int | None, padding: int) -> Heard:
        heard = hear(data, context, session)
        if heard.left_over > padding:
            surplus = PEER_SURPLUS.get(heard.code, 0)
            reason = f"{heard.left_over} bytes follow {heard.message.name}"
            if heard.left_over > padding + surplus:
                raise UnreplayableError(reason)
            self._ledger.note(f"{surplus} zeros follow {heard.message.name}, as libspdm sends it")
        self._ledger.count(MESSAGES)
        return heard


def _only_discovery(header: bytes) -> None:
    """Data objects without SPDM are those of DOE discovery."""
    vendor_id, kind = object_type(header)
    if (vendor_id, kind) != DISCOVERY:
        raise UnreplayableError(f"a data object of vendor 0x{vendor_id:04x}, type {kind}")
