"""Codes and the version that each request appeared in, as DSP0274 lists them."""

import pytest

from responder.spec.codes import (
    REQUEST_SINCE,
    ErrorCode,
    RequestCode,
    ResponseCode,
    name_of_code,
    response_code_of,
)

SINCE = {
    0x10: "81 82 83 84 E0 E1 E3 FE FF",
    0x11: "E4 E5 E6 E7 E8 E9 EA EB EC",
    0x12: "85 86 ED EE",
    0x13: "87 E2 EF F0 F1 FC FD",
    0x14: "88",
}
ERRORS = (
    "01 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 41 42 43 44 45 46 47 FF"  # 02 is reserved
)


def codes(text):
    return {int(word, 16) for word in text.split()}


@pytest.mark.parametrize("version", SINCE, ids=hex)
def test_the_requests_that_a_version_added(version):
    assert {c for c, since in REQUEST_SINCE.items() if since == version} == codes(SINCE[version])


def test_every_request_has_bit_7_and_every_response_has_it_clear():
    assert all(code & 0x80 for code in RequestCode)
    assert not any(code & 0x80 for code in ResponseCode)


def test_a_response_has_the_code_of_its_request_without_bit_7():
    without_own_response = {RequestCode.RESPOND_IF_READY}
    answered = {response_code_of(code) for code in set(RequestCode) - without_own_response}
    assert answered == set(ResponseCode) - {ResponseCode.ERROR}


def test_the_error_codes():
    assert set(ErrorCode) == codes(ERRORS)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x83, "CHALLENGE"),
        (0x03, "CHALLENGE_AUTH"),
        (0x7F, "ERROR"),
        (0x99, "0x99"),
        (2, "CERTIFICATE"),
    ],
)
def test_the_name_of_a_code(code, name):
    assert name_of_code(code) == name
