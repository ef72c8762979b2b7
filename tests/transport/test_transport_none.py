"""The bare binding, against payloads recorded from libspdm's emulator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.none import NoneBinding

GET_VERSION = bytes.fromhex("10840000")
VERSION = bytes.fromhex("1004000000010012")


@pytest.mark.parametrize("message", [GET_VERSION, VERSION])
def test_recorded_payload_is_the_message(message):
    assert NoneBinding().unwrap(message) == Carried(Kind.SPDM, message)
    assert NoneBinding().wrap(message) == message


@pytest.mark.parametrize("kind", [Kind.SECURED, Kind.OTHER])
def test_only_plain_messages_can_be_wrapped(kind):
    with pytest.raises(FramingError, match=f"cannot mark a message as {kind.value}"):
        NoneBinding().wrap(VERSION, kind)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message(payload):
    assert NoneBinding().unwrap(payload).message == payload
