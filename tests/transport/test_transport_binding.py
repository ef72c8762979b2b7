"""Which binding a transport number means."""

import pytest

from responder.transport.binding import binding_of
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType


@pytest.mark.parametrize(
    ("number", "name", "padding"),
    [(0, "none", 0), (1, "mctp", 0), (2, "doe", 3), (3, "tcp", 0), (4, "storage", 0)],
)
def test_numbers_names_and_padding(number, name, padding):
    binding = binding_of(number)
    assert (binding.name, binding.transport, binding.padding) == (name, number, padding)
    assert binding_of(TransportType(number)) is binding


@pytest.mark.parametrize("number", [-1, 5, 6, 0x01000000, 0xFFFFFFFF])
def test_unknown_number(number):
    with pytest.raises(FramingError, match=r"transport type .* is not known"):
        binding_of(number)


@pytest.mark.parametrize(
    ("number", "payload"),
    [
        (0, "1004000000010012"),
        (1, "051004000000010012"),
        (2, "01000100040000001004000000010012"),
        (3, "0a0001051004000000010012"),
        (4, "e81400080000001004000000010012"),
    ],
)
def test_recorded_version_response_is_the_same_message_in_every_binding(number, payload):
    message = bytes.fromhex("1004000000010012")
    assert binding_of(number).unwrap(bytes.fromhex(payload)).message == message
    assert binding_of(number).wrap(message) == bytes.fromhex(payload)
