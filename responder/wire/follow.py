"""Follows a conversation from outside: keeps what the layout of the next message depends on."""

from typing import TypeVar

from msgspec.structs import replace

from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    MULTI_KEY_CONNECTION,
    PQC_ASYM,
    by_bit,
)
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import HEADER_SIZE, SUMMARY_NONE
from responder.spec.versions import ALL_VERSIONS, V13, V14
from responder.wire.algorithms import Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities
from responder.wire.context import WireContext
from responder.wire.endpoint_info import SIGNATURE_REQUESTED as INFO_SIGNATURE_REQUESTED
from responder.wire.measurements import SIGNATURE_REQUESTED
from responder.wire.message import Message, WireError

UNKNOWN_VERSION = 0
"""``WireContext.version`` while no version is agreed; each message's own header then counts."""

AnyMessage = TypeVar("AnyMessage", bound=Message)

NOTHING_KNOWN = WireContext(version=UNKNOWN_VERSION)


class Conversation:
    """Gives every plain SPDM message of a connection the context it is to be parsed with.

    Requests and responses are fed in the order in which they crossed the wire, those of sessions
    included; a message that cannot be read teaches nothing.

    Attributes:
        context: what is known so far. GET_VERSION takes it back to what the caller began with:
            someone who listens from the middle says what was negotiated before.
    """

    def __init__(self, context: WireContext = NOTHING_KNOWN) -> None:
        self.context = context
        self._start = context
        self._multi_key_asked = False

    def feed(self, message: bytes) -> WireContext:
        """Take the next message; return the context in which it is to be parsed.

        Transport padding may follow the message. Bytes too short for a header teach nothing.
        """
        if len(message) < HEADER_SIZE:
            return self.context
        before = self.context
        self._learn(message)
        is_request = message[1] & 0x80
        # A request also says how its response is laid out; a response speaks of what comes later.
        context = self.context if is_request else before
        if context.version == UNKNOWN_VERSION:
            return replace(context, version=message[0])
        return context

    def _learn(self, message: bytes) -> None:
        match message[1]:
            case RequestCode.GET_VERSION:
                self.context = self._start
                self._multi_key_asked = False
            case ResponseCode.CAPABILITIES:
                self._capabilities(_read(Capabilities, message))
            case RequestCode.NEGOTIATE_ALGORITHMS:
                self._negotiate(_read(NegotiateAlgorithms, message))
            case ResponseCode.ALGORITHMS:
                self._algorithms(_read(Algorithms, message))
            case RequestCode.CHALLENGE:
                self.context = replace(self.context, summary=message[3] != SUMMARY_NONE)
            case RequestCode.GET_MEASUREMENTS:
                signed = bool(message[2] & SIGNATURE_REQUESTED)
                self.context = replace(self.context, signed=signed)
            case RequestCode.GET_ENDPOINT_INFO:
                signed = bool(message[4:5] and message[4] & INFO_SIGNATURE_REQUESTED)
                self.context = replace(self.context, signed=signed)

    def _capabilities(self, answer: Capabilities | None) -> None:
        if answer is None or answer.spdm_version not in ALL_VERSIONS:
            return
        multi_key = answer.spdm_version >= V13 and bool(answer.flags & Cap.MULTI_KEY_ONLY)
        self.context = replace(self._start, version=answer.spdm_version, multi_key=multi_key)

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
        self.context = replace(
            self.context,
            hash_size=base_hash.size if base_hash else 0,
            measurement_hash_size=measurement_hash.size if measurement_hash else 0,
            signature_size=signature.size if signature else 0,
            multi_key=self.context.multi_key or self._multi_key_asked,
        )


def _read(cls: type[AnyMessage], message: bytes) -> AnyMessage | None:
    try:
        return cls.read(message)[0]
    except WireError:
        return None
