"""Functions of declarations, as Lua."""

import pytest

from responder.dissector.expression import lua_function
from responder.wire.fields import negotiated, since, wire_of
from responder.wire.message import wire_fields
from responder.wire.opaque import OpaqueElement
from responder.wire.vendor_defined import VendorDefinedRequest

FLAG = 0x80


def cond(context):
    return bool(context.flags & FLAG and wire_of(context).version >= 0x14)


TWO_DECISIONS = (
    "if truthy(band(n(f.flags), 128)) then if truthy((n(w.version) >= 20)) then"
    " return n(f.large) else return n(f.small) end else return n(f.small) end"
)


def size(context):
    return int(context.large if cond(context) else context.small)


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (32, "32"),
        (lambda c: c.length, "return n(f.length)"),
        (lambda c: 4 * (c.count & 0xF), "return (4 * band(n(f.count), 15))"),
        (lambda c: c.mask.bit_count() * 2, "return (bit_count(n(f.mask)) * 2)"),
        (lambda c: c.word >> 16 & 7, "return band(shifted(n(f.word), 16), 7)"),
        (lambda c: -(4 + len(c.data)) % 4, "return ((-(4 + n(f.data))) % 4)"),
        (
            lambda c: max(0, c.length - 8),
            "if truthy(((n(f.length) - 8) > 0)) then return (n(f.length) - 8) else return 0 end",
        ),
        (negotiated("hash_size"), "return n(w.hash_size)"),
        (lambda c: wire_of(c).version < 0x12, "return (n(w.version) < 18)"),
        (
            since(0x13),
            "if truthy((n(w.version) >= 19)) then return true else return false end",
        ),
        (
            size,
            TWO_DECISIONS,
        ),
    ],
)
def test_what_a_declaration_does_is_written_down(function, body):
    whole = f"function(f, w) {body} end" if callable(function) else body
    assert lua_function(function) == whole


def test_what_only_a_stream_tells_is_refused():
    with pytest.raises(AttributeError, match="_io"):
        lua_function(lambda c: c._io.tell())


def test_without_end_is_refused():
    def count(context):
        number = 0
        while context.length > number:
            number += 1
        return number

    with pytest.raises(ValueError, match="too often"):
        lua_function(count)


def test_a_function_that_calls_others_and_the_one_of_padding_are_read():
    payload = wire_fields(VendorDefinedRequest)["payload"].construct
    assert "large_payload_length" in lua_function(payload.size)
    padding = wire_fields(OpaqueElement)["padding"].construct
    assert lua_function(padding.size).count("n(f.") == 2
