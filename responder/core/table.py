"""The request table: what each request needs, where it is kept, and who handles it.

It is the truth about the protocol's order (DSP0274 "SPDM messages exchange sequence"); the state
diagram in the documentation is drawn from it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from responder.core.connection import Phase
from responder.core.context import Context, Later, Reply, Resume, Whole
from responder.core.handlers.algorithms import negotiate_algorithms
from responder.core.handlers.capabilities import get_capabilities
from responder.core.handlers.certificate import get_certificate
from responder.core.handlers.challenge import challenge
from responder.core.handlers.chunk import chunk_get, chunk_send
from responder.core.handlers.csr import get_csr
from responder.core.handlers.digests import get_digests
from responder.core.handlers.encapsulated import (
    deliver_encapsulated_response,
    get_encapsulated_request,
)
from responder.core.handlers.endpoint_info import get_endpoint_info
from responder.core.handlers.events import (
    get_supported_event_types,
    send_event,
    subscribe_event_types,
)
from responder.core.handlers.finish import finish, psk_finish
from responder.core.handlers.key_exchange import key_exchange
from responder.core.handlers.key_pair_info import get_key_pair_info, set_key_pair_info
from responder.core.handlers.measurement_extension_log import get_measurement_extension_log
from responder.core.handlers.measurements import get_measurements
from responder.core.handlers.psk_exchange import psk_exchange
from responder.core.handlers.respond_if_ready import respond_if_ready
from responder.core.handlers.session import end_session, heartbeat, key_update
from responder.core.handlers.set_certificate import set_certificate
from responder.core.handlers.slot_management import slot_management
from responder.core.handlers.vendor_defined import vendor_defined
from responder.core.handlers.version import get_version
from responder.core.session import Sessions
from responder.core.transcript import Buffer
from responder.spec.codes import RequestCode
from responder.spec.flags import ANY_PSK, EP_INFO, MEAS, SESSION, Cap, ExtCap
from responder.wire.algorithms import NegotiateAlgorithms
from responder.wire.capabilities import GetCapabilities
from responder.wire.certificate import GetCertificate
from responder.wire.challenge import Challenge
from responder.wire.chunk import ChunkGet, ChunkSend
from responder.wire.csr import GetCsr
from responder.wire.digests import GetDigests
from responder.wire.encapsulated import DeliverEncapsulatedResponse, GetEncapsulatedRequest
from responder.wire.end_session import EndSession
from responder.wire.endpoint_info import GetEndpointInfo
from responder.wire.events import GetSupportedEventTypes, SendEvent, SubscribeEventTypes
from responder.wire.finish import Finish
from responder.wire.heartbeat import Heartbeat
from responder.wire.key_exchange import KeyExchange
from responder.wire.key_pair_info import GetKeyPairInfo, SetKeyPairInfo
from responder.wire.key_update import KeyUpdate
from responder.wire.measurement_extension_log import GetMeasurementExtensionLog
from responder.wire.measurements import GetMeasurements
from responder.wire.message import Message
from responder.wire.psk_exchange import PskExchange
from responder.wire.psk_finish import PskFinish
from responder.wire.respond_if_ready import RespondIfReady
from responder.wire.set_certificate import SetCertificate
from responder.wire.slot_management import SlotManagement
from responder.wire.vendor_defined import VendorDefinedRequest
from responder.wire.version import GetVersion

_ENCAPSULATION = Cap.ENCAP | Cap.MUT_AUTH
"""MUT_AUTH_CAP alone is enough in 1.2."""
_ESTABLISHED = Sessions.OUTSIDE | Sessions.ESTABLISHED

Handler = Callable[[Any, Context], Reply | Resume | Whole | Later]


class Row(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        codec: the class that parses it.
        handler: what answers it.
        first: the first phase in which it is allowed.
        last: the last such phase; all later ones if ``None``.
        sessions: whether it may come outside of sessions, and in which ones.
        capability: the responder offers it if it has any of these flags; 0 means always.
        ext_capability: the same with ExtFlags (1.4).
        enters: the phase that success reaches.
        buffer: the transcript buffer that keeps the exchange.
        deferrable: whether ResponseNotReady may answer it.
    """

    codec: type[Message]
    handler: Handler
    first: Phase
    last: Phase | None = None
    sessions: Sessions = Sessions.OUTSIDE
    capability: Cap = Cap(0)
    ext_capability: ExtCap = ExtCap(0)
    enters: Phase | None = None
    buffer: Buffer | None = None
    deferrable: bool = True

    def offered_by(self, flags: Cap, ext_flags: ExtCap) -> bool:
        """Whether a responder with these capabilities offers the request."""
        offered = not self.capability or int(flags) & int(self.capability)
        extended = not self.ext_capability or int(ext_flags) & int(self.ext_capability)
        return bool(offered and extended)

    def allows(self, phase: Phase) -> bool:
        """Whether the request may come in that phase."""
        return self.first <= phase and (self.last is None or phase <= self.last)


REQUESTS: dict[int, Row] = {
    RequestCode.GET_VERSION: Row(
        GetVersion, get_version, Phase.NOT_STARTED, buffer=Buffer.A, deferrable=False
    ),
    RequestCode.GET_CAPABILITIES: Row(
        GetCapabilities,
        get_capabilities,
        first=Phase.AFTER_VERSION,
        last=Phase.AFTER_VERSION,
        enters=Phase.AFTER_CAPABILITIES,
        buffer=Buffer.A,
        deferrable=False,
    ),
    RequestCode.NEGOTIATE_ALGORITHMS: Row(
        NegotiateAlgorithms,
        negotiate_algorithms,
        first=Phase.AFTER_CAPABILITIES,
        last=Phase.AFTER_CAPABILITIES,
        enters=Phase.NEGOTIATED,
        buffer=Buffer.A,
        deferrable=False,
    ),
    RequestCode.GET_DIGESTS: Row(
        GetDigests,
        get_digests,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.CERT,
        enters=Phase.AFTER_DIGESTS,
        buffer=Buffer.B,
    ),
    RequestCode.GET_CERTIFICATE: Row(
        GetCertificate,
        get_certificate,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.CERT,
        enters=Phase.AFTER_CERTIFICATE,
        buffer=Buffer.B,
    ),
    RequestCode.CHALLENGE: Row(
        Challenge,
        challenge,
        first=Phase.NEGOTIATED,
        capability=Cap.CHAL,
        enters=Phase.AUTHENTICATED,
        buffer=Buffer.C,
    ),
    RequestCode.GET_MEASUREMENTS: Row(
        GetMeasurements,
        get_measurements,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=MEAS,
        buffer=Buffer.M,
    ),
    RequestCode.GET_MEASUREMENT_EXTENSION_LOG: Row(
        GetMeasurementExtensionLog,
        get_measurement_extension_log,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.MEL,
    ),
    RequestCode.GET_ENDPOINT_INFO: Row(
        GetEndpointInfo,
        get_endpoint_info,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=EP_INFO,
        buffer=Buffer.E,
    ),
    RequestCode.GET_SUPPORTED_EVENT_TYPES: Row(
        GetSupportedEventTypes,
        get_supported_event_types,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ESTABLISHED,
        capability=Cap.EVENT,
    ),
    RequestCode.SUBSCRIBE_EVENT_TYPES: Row(
        SubscribeEventTypes,
        subscribe_event_types,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ESTABLISHED,
        capability=Cap.EVENT,
    ),
    RequestCode.SEND_EVENT: Row(
        SendEvent, send_event, first=Phase.NEGOTIATED, sessions=Sessions.ESTABLISHED
    ),
    RequestCode.GET_CSR: Row(
        GetCsr, get_csr, first=Phase.NEGOTIATED, sessions=_ESTABLISHED, capability=Cap.CSR
    ),
    RequestCode.SET_CERTIFICATE: Row(
        SetCertificate,
        set_certificate,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.SET_CERT,
    ),
    RequestCode.GET_KEY_PAIR_INFO: Row(
        GetKeyPairInfo,
        get_key_pair_info,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.GET_KEY_PAIR_INFO,
    ),
    RequestCode.SET_KEY_PAIR_INFO: Row(
        SetKeyPairInfo,
        set_key_pair_info,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        capability=Cap.SET_KEY_PAIR_INFO,
    ),
    RequestCode.SLOT_MANAGEMENT: Row(
        SlotManagement,
        slot_management,
        first=Phase.NEGOTIATED,
        sessions=_ESTABLISHED,
        ext_capability=ExtCap.SLOT_MGMT,
    ),
    RequestCode.VENDOR_DEFINED_REQUEST: Row(
        VendorDefinedRequest, vendor_defined, first=Phase.NEGOTIATED, sessions=Sessions.ANY
    ),
    RequestCode.RESPOND_IF_READY: Row(
        RespondIfReady,
        respond_if_ready,
        first=Phase.AFTER_VERSION,
        sessions=Sessions.ANY,
        deferrable=False,
    ),
    RequestCode.CHUNK_SEND: Row(
        ChunkSend,
        chunk_send,
        first=Phase.AFTER_CAPABILITIES,
        sessions=Sessions.ANY,
        capability=Cap.CHUNK,
        deferrable=False,
    ),
    # Without CHUNK_CAP no chunk is ever pending, and that is what requesters expect to hear.
    RequestCode.CHUNK_GET: Row(
        ChunkGet,
        chunk_get,
        first=Phase.AFTER_CAPABILITIES,
        sessions=Sessions.ANY,
        deferrable=False,
    ),
    RequestCode.KEY_EXCHANGE: Row(
        KeyExchange, key_exchange, first=Phase.NEGOTIATED, capability=Cap.KEY_EX
    ),
    RequestCode.FINISH: Row(
        Finish,
        finish,
        first=Phase.NEGOTIATED,
        sessions=Sessions.OUTSIDE | Sessions.HANDSHAKING,
        capability=Cap.KEY_EX,
    ),
    RequestCode.PSK_EXCHANGE: Row(
        PskExchange, psk_exchange, first=Phase.NEGOTIATED, capability=ANY_PSK
    ),
    RequestCode.PSK_FINISH: Row(
        PskFinish,
        psk_finish,
        first=Phase.NEGOTIATED,
        sessions=Sessions.HANDSHAKING,
        capability=ANY_PSK,
    ),
    RequestCode.HEARTBEAT: Row(
        Heartbeat,
        heartbeat,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ESTABLISHED,
        capability=Cap.HBEAT,
    ),
    RequestCode.KEY_UPDATE: Row(
        KeyUpdate,
        key_update,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ESTABLISHED,
        capability=Cap.KEY_UPD,
    ),
    RequestCode.END_SESSION: Row(
        EndSession,
        end_session,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ESTABLISHED,
        capability=SESSION,
    ),
    RequestCode.GET_ENCAPSULATED_REQUEST: Row(
        GetEncapsulatedRequest,
        get_encapsulated_request,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ANY,
        capability=_ENCAPSULATION,
        deferrable=False,
    ),
    RequestCode.DELIVER_ENCAPSULATED_RESPONSE: Row(
        DeliverEncapsulatedResponse,
        deliver_encapsulated_response,
        first=Phase.NEGOTIATED,
        sessions=Sessions.ANY,
        capability=_ENCAPSULATION,
        deferrable=False,
    ),
}
