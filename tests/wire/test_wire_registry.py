"""Codes find their declaration."""

import pytest

from responder.spec.codes import REQUEST_SINCE, RequestCode
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.raw import RawMessage
from responder.wire.registry import BY_CODE, class_of, parse_message

UNKNOWN = 0x95


def test_every_request_and_its_response_are_declared():
    requests = {code for code in BY_CODE if code & 0x80}
    assert requests == set(REQUEST_SINCE)
    answers = {code & 0x7F for code in requests - {RequestCode.RESPOND_IF_READY}}
    assert set(BY_CODE) - requests == answers | {0x7F}


@pytest.mark.parametrize("code", sorted(BY_CODE), ids=hex)
def test_a_code_is_parsed_by_its_class(code):
    assert code == class_of(bytes((0x12, code, 0, 0))).CODE


def test_an_unknown_request_is_raw_and_keeps_its_bytes():
    data = bytes((0x12, UNKNOWN, 0, 0))
    message = parse_message(data, WireContext(version=0x12))
    assert isinstance(message, RawMessage)
    assert (message.name, message.build()) == ("0x95", data)


def test_a_raw_message_takes_what_padding_there_is_as_its_own():
    data = bytes((0x12, UNKNOWN, 0, 0, 0, 0, 0))
    assert parse_message(data, WireContext(), padding=3).build() == data


def test_three_bytes_have_no_class():
    with pytest.raises(WireError):
        class_of(b"\x10\x84\x00")
