"""Follows a conversation from outside: keeps what the layout of the next message depends on."""

from typing import TypeVar

from msgspec.structs import replace

from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    MULTI_KEY_CONNECTION,
    PQC_ASYM,
    TABLE_ALGORITHMS,
    Exchange,
    Signature,
    by_bit,
)
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import HEADER_SIZE, SUMMARY_NONE
from responder.spec.versions import ALL_VERSIONS, V13, V14
from responder.wire.algorithms import Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities, GetCapabilities
from responder.wire.chunk import ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.encapsulated import embedded_in
from responder.wire.endpoint_info import SIGNATURE_REQUESTED as INFO_SIGNATURE_REQUESTED
from responder.wire.errors import WireError
from responder.wire.large import LargeMessages
from responder.wire.measurements import SIGNATURE_REQUESTED
from responder.wire.message import Message

UNKNOWN_VERSION = 0
"""``WireContext.version`` while no version is agreed; each message's own header then counts."""

AnyMessage = TypeVar("AnyMessage", bound=Message)

NOTHING_KNOWN = WireContext(version=UNKNOWN_VERSION)
NOTHING_ASKED = {"summary": False, "signed": False}
REQUEST_BIT = 0x80


class Conversation:
    """Gives every plain SPDM message of a connection the context it is to be parsed with.

    Requests and responses are fed in the order in which they crossed the wire, those of sessions
    included; a message that cannot be read teaches nothing. What encapsulated messages and chunks
    carry is looked at as well.

    Attributes:
        context: what is known so far. GET_VERSION takes it back to what the caller began with:
            someone who listens from the middle says what was negotiated before.
        completed: the large message of which the latest message was the last chunk, and the
            context in which it is to be parsed; ``None`` after any other message.
    """

    def __init__(self, context: WireContext = NOTHING_KNOWN) -> None:
        self.context = context
        self.completed: tuple[bytes, WireContext] | None = None
        self._start = context
        self._large = LargeMessages()
        self._requester_flags = Cap(0)
        self._multi_key_asked = False
        self._embedded_asks = NOTHING_ASKED

    def feed(self, message: bytes) -> WireContext:
        """Take the next message; return the context in which it is to be parsed.

        For a message that carries another one, ``summary`` and ``signed`` are about that one.
        Transport padding may follow the message. Bytes too short for a header teach nothing.
        """
        self.completed = None
        if len(message) < HEADER_SIZE:
            return self.context
        context = self._feed(message)
        whole = self._large.feed(message, context)
        if len(whole) >= HEADER_SIZE:
            self.completed = (whole, self._feed(whole))
        if message[1] == ResponseCode.CHUNK_SEND_ACK:
            self._feed_response_in(message, context)
        return context

    def _feed(self, message: bytes) -> WireContext:
        before = self.context
        self._learn(message)
        is_request = message[1] & REQUEST_BIT
        # A request also says how its response is laid out; a response speaks of what comes later.
        context = self.context if is_request else before
        if context.version == UNKNOWN_VERSION:
            context = replace(context, version=message[0])
        embedded = embedded_in(message, context.version)
        if len(embedded) < HEADER_SIZE:
            return context
        if embedded[1] & REQUEST_BIT:
            self._embedded_asks = asked_for(embedded) or NOTHING_ASKED
        return context.replace(**self._embedded_asks)

    def _feed_response_in(self, message: bytes, context: WireContext) -> None:
        """A large request's response comes with the acknowledgement of its last chunk."""
        ack = _read(ChunkSendAck, message, context)
        if ack is not None and len(ack.response_to_large_request) >= HEADER_SIZE:
            self._feed(ack.response_to_large_request)

    def _learn(self, message: bytes) -> None:
        asked = asked_for(message)
        if asked is not None:
            self.context = self.context.replace(**asked)
        match message[1]:
            case RequestCode.GET_VERSION:
                self.context = self._start
                self._multi_key_asked = False
            case RequestCode.GET_CAPABILITIES:
                request = _read(GetCapabilities, message)
                self._requester_flags = Cap((request and request.flags) or 0)
            case ResponseCode.CAPABILITIES:
                self._capabilities(_read(Capabilities, message))
            case RequestCode.NEGOTIATE_ALGORITHMS:
                self._negotiate(_read(NegotiateAlgorithms, message))
            case ResponseCode.ALGORITHMS:
                self._algorithms(_read(Algorithms, message))

    def _capabilities(self, answer: Capabilities | None) -> None:
        if answer is None or answer.spdm_version not in ALL_VERSIONS:
            return
        multi_key = answer.spdm_version >= V13 and bool(answer.flags & Cap.MULTI_KEY_ONLY)
        in_the_clear = self._requester_flags & answer.flags & Cap.HANDSHAKE_IN_THE_CLEAR
        self.context = replace(
            self._start,
            version=answer.spdm_version,
            multi_key=multi_key,
            handshake_in_the_clear=bool(in_the_clear),
        )

    def _negotiate(self, request: NegotiateAlgorithms | None) -> None:
        if request is not None:
            asked = request.other_params_support & MULTI_KEY_CONNECTION
            self._multi_key_asked = request.spdm_version >= V13 and bool(asked)

    def _algorithms(self, answer: Algorithms | None) -> None:
        if answer is None:
            return
        base_hash = by_bit(BASE_HASHES, answer.base_hash_sel)
        measurement_hash = by_bit(MEASUREMENT_HASHES, answer.measurement_hash_algo)
        signature = by_bit(BASE_ASYM, answer.base_asym_sel)
        if signature is None and answer.spdm_version >= V14:
            signature = by_bit(PQC_ASYM, answer.pqc_asym_sel)
        multi_key_requester = answer.other_params_selection & MULTI_KEY_CONNECTION
        self.context = replace(
            self.context,
            hash_size=base_hash.size if base_hash else 0,
            measurement_hash_size=measurement_hash.size if measurement_hash else 0,
            signature_size=signature.size if signature else 0,
            multi_key=self.context.multi_key or self._multi_key_asked,
            multi_key_requester=answer.spdm_version >= V13 and bool(multi_key_requester),
            **_table_sizes(answer),
        )


def asked_for(request: bytes) -> dict[str, bool] | None:
    """The parts of a response that a request asks for, as ``WireContext`` names them.

    ``None`` if it is not a request whose response has such parts, or is too short to tell.
    """
    match request[1]:
        case RequestCode.CHALLENGE:
            return {"summary": request[3] != SUMMARY_NONE}
        case RequestCode.KEY_EXCHANGE | RequestCode.PSK_EXCHANGE:
            return {"summary": request[2] != SUMMARY_NONE}
        case RequestCode.GET_MEASUREMENTS:
            return {"signed": bool(request[2] & SIGNATURE_REQUESTED)}
        case RequestCode.GET_ENDPOINT_INFO if len(request) > HEADER_SIZE:
            return {"signed": bool(request[HEADER_SIZE] & INFO_SIGNATURE_REQUESTED)}
    return None


def _table_sizes(answer: Algorithms) -> dict[str, int]:
    """The sizes that the selected algorithm structures decide."""
    sizes: dict[str, int] = {}
    try:
        structures = answer.structures()
    except WireError:
        return sizes
    for structure in structures:
        row = by_bit(TABLE_ALGORITHMS.get(structure.alg_type, ()), structure.alg_supported)
        if isinstance(row, Exchange):
            sizes["exchange_request_size"] = row.request_size
            sizes["exchange_response_size"] = row.response_size
        elif isinstance(row, Signature):
            sizes["requester_signature_size"] = row.size
    return sizes


def _read(
    cls: type[AnyMessage], message: bytes, context: WireContext = NOTHING_KNOWN
) -> AnyMessage | None:
    try:
        return cls.read(message, context)[0]
    except WireError:
        return None
