"""The application data of records, as the captures have it."""

import pytest

from responder.transport.errors import FramingError
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType

HEARTBEAT = bytes.fromhex("12e80000")
ENCLOSED = {
    TransportType.MCTP: (2, 32, "0512e80000"),
    TransportType.PCI_DOE: (0, 0, "12e80000"),
    TransportType.TCP: (0, 0, "0600010512e80000"),
}


@pytest.mark.parametrize("transport", ENCLOSED)
def test_a_message_is_enclosed_as_the_binding_says(transport):
    sequence_size, max_padding, data = ENCLOSED[transport]
    records = records_of(transport)
    assert (records.sequence_size, records.max_padding) == (sequence_size, max_padding)
    assert records.enclose(HEARTBEAT).hex() == data
    assert records.disclose(bytes.fromhex(data)) == HEARTBEAT


@pytest.mark.parametrize(
    ("transport", "data"),
    [(TransportType.MCTP, ""), (TransportType.MCTP, "0612e80000"), (TransportType.TCP, "12e80000")],
)
def test_what_holds_no_message_is_refused(transport, data):
    with pytest.raises(FramingError):
        records_of(transport).disclose(bytes.fromhex(data))
