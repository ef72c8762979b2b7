"""The request table: what each request needs, where it is kept, and who handles it.

It is the truth about the protocol's order (DSP0274 "SPDM messages exchange sequence"); the state
diagram in the documentation is drawn from it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from responder.core.connection import Phase
from responder.core.context import Context, Reply, Resume
from responder.core.handlers.algorithms import negotiate_algorithms
from responder.core.handlers.capabilities import get_capabilities
from responder.core.handlers.certificate import get_certificate
from responder.core.handlers.challenge import challenge
from responder.core.handlers.digests import get_digests
from responder.core.handlers.endpoint_info import get_endpoint_info
from responder.core.handlers.measurement_extension_log import get_measurement_extension_log
from responder.core.handlers.measurements import get_measurements
from responder.core.handlers.respond_if_ready import respond_if_ready
from responder.core.handlers.vendor_defined import vendor_defined
from responder.core.handlers.version import get_version
from responder.core.transcript import Buffer
from responder.spec.codes import RequestCode
from responder.spec.flags import EP_INFO, MEAS, Cap
from responder.wire.algorithms import NegotiateAlgorithms
from responder.wire.capabilities import GetCapabilities
from responder.wire.certificate import GetCertificate
from responder.wire.challenge import Challenge
from responder.wire.digests import GetDigests
from responder.wire.endpoint_info import GetEndpointInfo
from responder.wire.measurement_extension_log import GetMeasurementExtensionLog
from responder.wire.measurements import GetMeasurements
from responder.wire.message import Message
from responder.wire.respond_if_ready import RespondIfReady
from responder.wire.vendor_defined import VendorDefinedRequest
from responder.wire.version import GetVersion

Handler = Callable[[Any, Context], Reply | Resume]


class Row(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        codec: the class that parses it.
        handler: what answers it.
        first: the first phase in which it is allowed.
        last: the last such phase; all later ones if ``None``.
        capability: the responder offers it if it has any of these flags; 0 means always.
        enters: the phase that success reaches.
        buffer: the transcript buffer that keeps the exchange.
        deferrable: whether ResponseNotReady may answer it.
    """

    codec: type[Message]
    handler: Handler
    first: Phase
    last: Phase | None = None
    capability: Cap = Cap(0)
    enters: Phase | None = None
    buffer: Buffer | None = None
    deferrable: bool = True

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
        capability=Cap.CERT,
        enters=Phase.AFTER_DIGESTS,
        buffer=Buffer.B,
    ),
    RequestCode.GET_CERTIFICATE: Row(
        GetCertificate,
        get_certificate,
        first=Phase.NEGOTIATED,
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
        capability=MEAS,
        buffer=Buffer.M,
    ),
    RequestCode.GET_MEASUREMENT_EXTENSION_LOG: Row(
        GetMeasurementExtensionLog,
        get_measurement_extension_log,
        first=Phase.NEGOTIATED,
        capability=Cap.MEL,
    ),
    RequestCode.GET_ENDPOINT_INFO: Row(
        GetEndpointInfo,
        get_endpoint_info,
        first=Phase.NEGOTIATED,
        capability=EP_INFO,
        buffer=Buffer.E,
    ),
    RequestCode.VENDOR_DEFINED_REQUEST: Row(
        VendorDefinedRequest, vendor_defined, first=Phase.NEGOTIATED
    ),
    RequestCode.RESPOND_IF_READY: Row(
        RespondIfReady, respond_if_ready, first=Phase.AFTER_VERSION, deferrable=False
    ),
}
