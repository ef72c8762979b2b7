"""Which class a code is parsed with."""

from responder.spec.limits import HEADER_SIZE
from responder.wire.algorithms import Algorithms, NegotiateAlgorithms
from responder.wire.capabilities import Capabilities, GetCapabilities
from responder.wire.certificate import Certificate, GetCertificate
from responder.wire.challenge import Challenge, ChallengeAuth
from responder.wire.chunk import ChunkGet, ChunkResponse, ChunkSend, ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.csr import Csr, GetCsr
from responder.wire.digests import Digests, GetDigests
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
    GetEncapsulatedRequest,
)
from responder.wire.end_session import EndSession, EndSessionAck
from responder.wire.endpoint_info import EndpointInfo, GetEndpointInfo
from responder.wire.error import Error
from responder.wire.errors import WireError
from responder.wire.events import (
    EventAck,
    GetSupportedEventTypes,
    SendEvent,
    SubscribeEventTypes,
    SubscribeEventTypesAck,
    SupportedEventTypes,
)
from responder.wire.finish import Finish, FinishRsp
from responder.wire.heartbeat import Heartbeat, HeartbeatAck
from responder.wire.key_exchange import KeyExchange, KeyExchangeRsp
from responder.wire.key_pair_info import (
    GetKeyPairInfo,
    KeyPairInfo,
    SetKeyPairInfo,
    SetKeyPairInfoAck,
)
from responder.wire.key_update import KeyUpdate, KeyUpdateAck
from responder.wire.measurement_extension_log import (
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
)
from responder.wire.measurements import GetMeasurements, Measurements
from responder.wire.message import Message
from responder.wire.psk_exchange import PskExchange, PskExchangeRsp
from responder.wire.psk_finish import PskFinish, PskFinishRsp
from responder.wire.raw import RawMessage
from responder.wire.respond_if_ready import RespondIfReady
from responder.wire.set_certificate import SetCertificate, SetCertificateRsp
from responder.wire.slot_management import SlotManagement, SlotManagementResp
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse
from responder.wire.version import GetVersion, Version

MESSAGES: tuple[type[Message], ...] = (
    GetVersion,
    Version,
    GetCapabilities,
    Capabilities,
    NegotiateAlgorithms,
    Algorithms,
    GetDigests,
    Digests,
    GetCertificate,
    Certificate,
    Challenge,
    ChallengeAuth,
    GetMeasurements,
    Measurements,
    GetMeasurementExtensionLog,
    MeasurementExtensionLog,
    GetEndpointInfo,
    EndpointInfo,
    GetSupportedEventTypes,
    SupportedEventTypes,
    SubscribeEventTypes,
    SubscribeEventTypesAck,
    SendEvent,
    EventAck,
    GetCsr,
    Csr,
    SetCertificate,
    SetCertificateRsp,
    GetKeyPairInfo,
    KeyPairInfo,
    SetKeyPairInfo,
    SetKeyPairInfoAck,
    SlotManagement,
    SlotManagementResp,
    VendorDefinedRequest,
    VendorDefinedResponse,
    RespondIfReady,
    Error,
    KeyExchange,
    KeyExchangeRsp,
    Finish,
    FinishRsp,
    PskExchange,
    PskExchangeRsp,
    PskFinish,
    PskFinishRsp,
    Heartbeat,
    HeartbeatAck,
    KeyUpdate,
    KeyUpdateAck,
    EndSession,
    EndSessionAck,
    GetEncapsulatedRequest,
    EncapsulatedRequest,
    DeliverEncapsulatedResponse,
    EncapsulatedResponseAck,
    ChunkSend,
    ChunkSendAck,
    ChunkGet,
    ChunkResponse,
)

BY_CODE: dict[int, type[Message]] = {message.CODE: message for message in MESSAGES}


def class_of(data: bytes) -> type[Message]:
    """The class that parses ``data``; ``RawMessage`` for an unknown code.

    Raises:
        WireError: there are fewer than the 4 bytes of a header.
    """
    if len(data) < HEADER_SIZE:
        raise WireError(f"{len(data)} bytes are no SPDM message")
    return BY_CODE.get(data[1], RawMessage)


def parse_message(data: bytes, context: WireContext, *, padding: int = 0) -> Message:
    """The typed message in ``data``.

    Raises:
        WireError: the bytes do not fit the layout of their code, or too many are left over.
    """
    return class_of(data).parse(data, context, padding=padding)
