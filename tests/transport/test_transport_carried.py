"""The laws that every binding keeps."""

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from responder.transport.binding import binding_of
from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

transports = st.sampled_from(list(TransportType))


@given(transports, st.sampled_from([Kind.SPDM, Kind.SECURED]), st.binary(max_size=70))
def test_unwrap_undoes_wrap_but_for_padding(transport, kind, message):
    binding = binding_of(transport)
    assume(transport is not TransportType.NONE or kind is Kind.SPDM)
    carried = binding.unwrap(binding.wrap(message, kind))
    added = carried.message[len(message) :]
    assert carried == Carried(kind, message + added)
    assert not any(added)
    assert len(added) <= binding.padding


@given(transports, st.binary(max_size=70))
def test_random_bytes_raise_only_framing_errors(transport, payload):
    with suppress(FramingError):
        carried = binding_of(transport).unwrap(payload)
        assert payload.endswith(carried.message)


@pytest.mark.parametrize(
    ("transport", "text"),
    [
        (TransportType.PCI_DOE, "010000000300000002000000"),
        (TransportType.PCI_DOE, "98 1e 07 00 03 00 00 00 aabbccdd"),
        (TransportType.PCI_DOE, "0100 03 00 03004801 10840000"),
        (TransportType.TCP, "000001bf"),
        (TransportType.TCP, "000001c1"),
        (TransportType.STORAGE, "e8080000000000"),
    ],
)
def test_the_header_of_something_else_is_kept_and_makes_the_same_payload(transport, text):
    payload = bytes.fromhex(text)
    binding = binding_of(transport)
    carried = binding.unwrap(payload)
    assert carried.kind is Kind.OTHER
    assert carried.header + carried.message == payload
    assert binding.wrap(carried.message, Kind.OTHER, carried.header) == payload
