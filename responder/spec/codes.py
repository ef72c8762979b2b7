"""Request, response and error codes (DSP0274 "SPDM request codes", "SPDM response codes", "ERROR").

The version in which each code appears is data, because a request that the connection's
version does not define is answered UnsupportedRequest.
"""

from enum import IntEnum

from responder.spec.versions import V10, V11, V12, V13, V14, SpdmVersion


class RequestCode(IntEnum):
    """RequestResponseCode values of requests; bit 7 is set."""

    GET_DIGESTS = 0x81
    GET_CERTIFICATE = 0x82
    CHALLENGE = 0x83
    GET_VERSION = 0x84
    CHUNK_SEND = 0x85
    CHUNK_GET = 0x86
    GET_ENDPOINT_INFO = 0x87
    SLOT_MANAGEMENT = 0x88
    GET_MEASUREMENTS = 0xE0
    GET_CAPABILITIES = 0xE1
    GET_SUPPORTED_EVENT_TYPES = 0xE2
    NEGOTIATE_ALGORITHMS = 0xE3
    KEY_EXCHANGE = 0xE4
    FINISH = 0xE5
    PSK_EXCHANGE = 0xE6
    PSK_FINISH = 0xE7
    HEARTBEAT = 0xE8
    KEY_UPDATE = 0xE9
    GET_ENCAPSULATED_REQUEST = 0xEA
    DELIVER_ENCAPSULATED_RESPONSE = 0xEB
    END_SESSION = 0xEC
    GET_CSR = 0xED
    SET_CERTIFICATE = 0xEE
    GET_MEASUREMENT_EXTENSION_LOG = 0xEF
    SUBSCRIBE_EVENT_TYPES = 0xF0
    SEND_EVENT = 0xF1
    GET_KEY_PAIR_INFO = 0xFC
    SET_KEY_PAIR_INFO = 0xFD
    VENDOR_DEFINED_REQUEST = 0xFE
    RESPOND_IF_READY = 0xFF


class ResponseCode(IntEnum):
    """RequestResponseCode values of responses; bit 7 is clear."""

    DIGESTS = 0x01
    CERTIFICATE = 0x02
    CHALLENGE_AUTH = 0x03
    VERSION = 0x04
    CHUNK_SEND_ACK = 0x05
    CHUNK_RESPONSE = 0x06
    ENDPOINT_INFO = 0x07
    SLOT_MANAGEMENT_RESP = 0x08
    MEASUREMENTS = 0x60
    CAPABILITIES = 0x61
    SUPPORTED_EVENT_TYPES = 0x62
    ALGORITHMS = 0x63
    KEY_EXCHANGE_RSP = 0x64
    FINISH_RSP = 0x65
    PSK_EXCHANGE_RSP = 0x66
    PSK_FINISH_RSP = 0x67
    HEARTBEAT_ACK = 0x68
    KEY_UPDATE_ACK = 0x69
    ENCAPSULATED_REQUEST = 0x6A
    ENCAPSULATED_RESPONSE_ACK = 0x6B
    END_SESSION_ACK = 0x6C
    CSR = 0x6D
    SET_CERTIFICATE_RSP = 0x6E
    MEASUREMENT_EXTENSION_LOG = 0x6F
    SUBSCRIBE_EVENT_TYPES_ACK = 0x70
    EVENT_ACK = 0x71
    KEY_PAIR_INFO = 0x7C
    SET_KEY_PAIR_INFO_ACK = 0x7D
    VENDOR_DEFINED_RESPONSE = 0x7E
    ERROR = 0x7F


class ErrorCode(IntEnum):
    """Error codes: Param1 of ERROR."""

    INVALID_REQUEST = 0x01
    BUSY = 0x03
    UNEXPECTED_REQUEST = 0x04
    UNSPECIFIED = 0x05
    DECRYPT_ERROR = 0x06
    UNSUPPORTED_REQUEST = 0x07
    REQUEST_IN_FLIGHT = 0x08
    INVALID_RESPONSE_CODE = 0x09
    SESSION_LIMIT_EXCEEDED = 0x0A
    SESSION_REQUIRED = 0x0B
    RESET_REQUIRED = 0x0C
    RESPONSE_TOO_LARGE = 0x0D
    REQUEST_TOO_LARGE = 0x0E
    LARGE_RESPONSE = 0x0F
    MESSAGE_LOST = 0x10
    INVALID_POLICY = 0x11
    DATA_TOO_LARGE = 0x12
    VERSION_MISMATCH = 0x41
    RESPONSE_NOT_READY = 0x42
    REQUEST_RESYNCH = 0x43
    OPERATION_FAILED = 0x44
    NO_PENDING_REQUESTS = 0x45
    REQUEST_SESSION_TERMINATED = 0x46
    INVALID_STATE = 0x47
    VENDOR_DEFINED = 0xFF


_SINCE_V10 = (
    RequestCode.GET_DIGESTS,
    RequestCode.GET_CERTIFICATE,
    RequestCode.CHALLENGE,
    RequestCode.GET_VERSION,
    RequestCode.GET_MEASUREMENTS,
    RequestCode.GET_CAPABILITIES,
    RequestCode.NEGOTIATE_ALGORITHMS,
    RequestCode.VENDOR_DEFINED_REQUEST,
    RequestCode.RESPOND_IF_READY,
)
_SINCE_V11 = (
    RequestCode.KEY_EXCHANGE,
    RequestCode.FINISH,
    RequestCode.PSK_EXCHANGE,
    RequestCode.PSK_FINISH,
    RequestCode.HEARTBEAT,
    RequestCode.KEY_UPDATE,
    RequestCode.GET_ENCAPSULATED_REQUEST,
    RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
    RequestCode.END_SESSION,
)
_SINCE_V12 = (
    RequestCode.CHUNK_SEND,
    RequestCode.CHUNK_GET,
    RequestCode.GET_CSR,
    RequestCode.SET_CERTIFICATE,
)
_SINCE_V14 = (RequestCode.SLOT_MANAGEMENT,)


def _since(code: RequestCode) -> SpdmVersion:
    for version, codes in ((V10, _SINCE_V10), (V11, _SINCE_V11), (V12, _SINCE_V12)):
        if code in codes:
            return version
    return V14 if code in _SINCE_V14 else V13


REQUEST_SINCE: dict[RequestCode, SpdmVersion] = {code: _since(code) for code in RequestCode}
"""The first version that defines each request."""


def response_code_of(request_code: int) -> int:
    """The code of the response that answers a request: bit 7 cleared."""
    return request_code & 0x7F


_NAMES: dict[int, str] = {
    **{int(code): code.name for code in RequestCode},
    **{int(code): code.name for code in ResponseCode},
}


def name_of_error(code: int) -> str:
    """An error code in the specification's words, such as ``InvalidRequest``, or its value."""
    if code not in set(ErrorCode):
        return f"0x{code:02x}"
    return "".join(word.capitalize() for word in ErrorCode(code).name.split("_"))


def name_of_code(code: int) -> str:
    """The specification's name of a request or response code, or its hexadecimal value."""
    return _NAMES.get(code) or f"0x{code:02x}"
