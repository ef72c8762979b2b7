"""ERROR, RESPOND_IF_READY and VENDOR_DEFINED against the layouts of the specification."""

import pytest

from responder.spec.codes import ErrorCode
from responder.wire.context import WireContext
from responder.wire.error import Error, ResponseNotReadyData
from responder.wire.errors import WireError
from responder.wire.respond_if_ready import RespondIfReady
from responder.wire.vendor_defined import VendorDefinedRequest, VendorDefinedResponse

V12 = WireContext(version=0x12)
V14 = WireContext(version=0x14)


def test_error_is_four_bytes_and_its_extended_data():
    error = Error.parse(bytes.fromhex("127f0781"))
    assert (error.error_code, error.error_data) == (ErrorCode.UNSUPPORTED_REQUEST, 0x81)
    assert error.extended_error_data == b""


def test_response_not_ready_says_what_to_ask_for_again():
    error = Error.parse(bytes.fromhex("127f420005830702"))
    data = ResponseNotReadyData.parse(error.extended_error_data)
    assert (data.rdt_exponent, data.request_code, data.token, data.rdtm) == (5, 0x83, 7, 2)
    assert data.build() == bytes.fromhex("05830702")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5])
def test_response_not_ready_data_is_four_bytes(size):
    with pytest.raises(WireError):
        ResponseNotReadyData.parse(bytes(size))


def test_respond_if_ready_names_request_and_token():
    message = RespondIfReady(spdm_version=0x12, original_request_code=0xE0, token=5)
    assert message.build() == bytes.fromhex("12ffe005")


@pytest.mark.parametrize("message", [VendorDefinedRequest, VendorDefinedResponse])
def test_vendor_defined_tells_vendor_and_payload(message):
    data = bytes((0x12, message.CODE, 0, 0)) + bytes.fromhex("03000201000300616263")
    parsed = message.parse(data, V12)
    assert (parsed.standard_id, parsed.vendor_id, parsed.payload) == (3, b"\x01\x00", b"abc")
    assert parsed.build(V12) == data
    assert message(spdm_version=0x12, standard_id=3, vendor_id=b"\x01\0", payload=b"abc").build(
        V12
    ) == (data)


def test_a_large_payload_has_a_length_of_32_bits_from_1_4_on():
    large = VendorDefinedRequest(param1=0x80, standard_id=0, reserved=0, payload=b"abc")
    assert large.build(V14) == bytes.fromhex("10fe8000000000000003000000") + b"abc"
    small = bytes.fromhex("13fe80000000000300") + b"abc"
    assert VendorDefinedRequest.parse(small, WireContext(version=0x13)).payload == b"abc"
