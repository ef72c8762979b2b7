"""MCTP message types, against payloads recorded from libspdm's emulator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.mctp import MctpBinding

FINISH = (
    "06ffffffff00002f00da35f8eb50ee58d1d79bb6666bd321c5b9567403006952b0e4c3f025f8e783c574d27b2468"
    "5855d1420e7c51fe9465"
)
RECORDED = {
    "GET_VERSION": ("0510840000", Kind.SPDM),
    "VERSION": ("051004000000010012", Kind.SPDM),
    "GET_CAPABILITIES": ("0512e1000000000000c6f702000012000000800200", Kind.SPDM),
    "FINISH": (FINISH, Kind.SECURED),
    "HEARTBEAT": (
        "06ffffffff010018003afd65599a0d8407f2f2dec08b48c580a2ee2b252f2f7b53",
        Kind.SECURED,
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_payload(name):
    text, kind = RECORDED[name]
    payload = bytes.fromhex(text)
    assert MctpBinding().unwrap(payload) == Carried(kind, payload[1:])
    assert MctpBinding().wrap(payload[1:], kind) == payload


def test_an_empty_payload_is_refused():
    with pytest.raises(FramingError, match="no MCTP message type"):
        MctpBinding().unwrap(b"")


@pytest.mark.parametrize("first", range(0x100))
def test_every_first_byte_but_two_is_refused(first):
    payload = bytes((first,)) + b"\x10\x84\0\0"
    if first in (5, 6):
        assert MctpBinding().unwrap(payload).message == b"\x10\x84\0\0"
        return
    reason = "integrity check" if first & 0x80 else "not SPDM"
    with pytest.raises(FramingError, match=f"0x{first:02x} .*{reason}"):
        MctpBinding().unwrap(payload)


def test_a_type_byte_alone_carries_the_empty_message():
    assert MctpBinding().unwrap(b"\x05") == Carried(Kind.SPDM, b"")


def test_cannot_wrap_anything_else():
    with pytest.raises(FramingError, match="nothing but SPDM"):
        MctpBinding().wrap(b"", Kind.OTHER)


@given(st.binary(max_size=40))
def test_random_bytes_raise_only_framing_errors(payload):
    try:
        carried = MctpBinding().unwrap(payload)
    except FramingError:
        return
    assert MctpBinding().wrap(carried.message, carried.kind) == payload
