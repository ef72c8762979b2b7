"""The declared transport frames against what the transports write and what QEMU sends."""

import pytest

from responder.transport.binding import Kind, binding_of
from responder.transport.doe import DataObject, DiscoveryResponse
from responder.transport.dsp0287 import MessageType, header_only
from responder.transport.socket_frame import Command, TransportType, wrap_frame
from responder.transport.storage import DiscoveryData, encode_pending
from responder.wire import frames
from responder.wire.errors import WireError
from responder.wire.frames import LAYERS, layers_of
from responder.wire.message import spans

QEMU_GET_VERSION = bytes.fromhex("00000001 00000002 0000000c 01000100 03000000 10840000")
"""Seen on the wire from QEMU 10."""
SIZES = (0, 1, 3, 4, 5, 61)


def rebuilt(record, data):
    """Read ``data``, and build it with its length given and with its length computed."""
    read = record.parse(data)
    lengths = {"size", "length", "payload_length"} & read.__dict__.keys()
    return read.build(), read.replace(**dict.fromkeys(lengths)).build()


def test_every_field_of_what_qemu_sends():
    outer = frames.SocketHeader.parse(QEMU_GET_VERSION)
    assert (outer.command, outer.transport, outer.size) == (1, 2, 12)
    inner = frames.DoeObject.parse(outer.payload)
    assert (inner.vendor_id, inner.object_type, inner.reserved, inner.length) == (1, 1, 0, 3)
    assert inner.payload == bytes.fromhex("10840000")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("command", [Command.NORMAL, Command.SHUTDOWN, 0xFFFFFFFF])
def test_socket_frames_are_those_of_the_transport(size, command):
    data = wrap_frame(command, TransportType.TCP, bytes(size))
    assert rebuilt(frames.SocketHeader, data) == (data, data)
    assert frames.SocketHeader(command=command, transport=3, payload=bytes(size)).build() == data


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [Kind.SPDM, Kind.SECURED])
@pytest.mark.parametrize(
    ("transport", "layer"),
    [(TransportType.PCI_DOE, "doe"), (TransportType.MCTP, "mctp"), (TransportType.TCP, "tcp")],
)
def test_bound_messages_are_those_of_the_transport(size, kind, transport, layer):
    data = binding_of(transport).wrap(bytes(range(1, size + 1)), kind)
    assert rebuilt(LAYERS[layer], data) == (data, data)
    assert LAYERS[layer].parse(data).payload[:size] == bytes(range(1, size + 1))


@pytest.mark.parametrize("size", [*SIZES, (1 << 20) - 12, (1 << 20) - 11, (1 << 20) - 8])
def test_a_doe_length_is_computed_as_the_transport_does(size):
    theirs = DataObject.decode(DataObject(1, 1, bytes(size)).encode()).encode()
    ours = frames.DoeObject(payload=bytes(size)).build()
    assert ours[:8] == theirs[:8]
    assert len(ours) == 8 + size


@pytest.mark.parametrize("kind", [one for one in MessageType if one >= MessageType.ROLE_INQUIRY])
def test_dsp0287_headers_alone_have_payload_length_zero(kind):
    data = header_only(kind)
    assert rebuilt(frames.Dsp0287Message, data) == (data, data)


@pytest.mark.parametrize("extended", [None, 0x01020304])
def test_discovery_entries(extended):
    data = DiscoveryResponse(1, 2, 3, extended).encode()
    assert rebuilt(frames.DiscoveryResponse, data) == (data, data)
    read = frames.DiscoveryResponse.parse(data)
    assert (read.vendor_id, read.object_type, read.next_index) == (1, 2, 3)


def test_what_a_storage_device_says_of_itself():
    data = DiscoveryData(frozenset({1, 2, 5}), 3).encode()
    assert rebuilt(frames.StorageDiscovery, data) == (data, data)
    read = frames.StorageDiscovery.parse(data)
    assert (read.data_length, read.max_connection_id, read.operations) == (32, 3, 0x26)


@pytest.mark.parametrize(("length", "flags"), [(None, 0), (300, 1)])
def test_pending_info(length, flags):
    data = encode_pending(length)
    assert rebuilt(frames.StoragePendingInfo, data) == (data, data)
    read = frames.StoragePendingInfo.parse(data)
    assert (read.flags, read.response_length) == (flags, length or 0)


@pytest.mark.parametrize(
    ("record", "length"),
    [
        (frames.SocketHeader, {"size": 0xFFFFFFFF}),
        (frames.DoeObject, {"length": 0}),
        (frames.Dsp0287Message, {"payload_length": 1}),
    ],
)
def test_lengths_may_lie_and_are_read_as_they_are(record, length):
    data = record(payload=b"12345", **length).build()
    read = record.parse(data)
    assert read.payload == b"12345"
    assert {name: getattr(read, name) for name in length} == length
    assert read.build() == data


@pytest.mark.parametrize(
    ("record", "least"),
    list(zip(LAYERS.values(), (12, 8, 1, 4, 4, 9, 12), strict=True)),
    ids=LAYERS,
)
def test_a_header_must_be_there(record, least):
    with pytest.raises(WireError):
        record.parse(bytes(least - 1))
    assert record.parse(bytes(least)).build() == bytes(least)


def test_fields_have_their_places():
    found = {span.path: (span.start, span.end) for span in spans(frames.DoeObject, bytes(12))}
    assert found == {
        "vendor_id": (0, 2),
        "object_type": (2, 3),
        "reserved": (3, 4),
        "length": (4, 8),
        "payload": (8, 12),
    }


@pytest.mark.parametrize(
    ("framing", "binding", "kind", "layers"),
    [
        ("spdm-emu", "doe", "spdm", ("socket", "doe")),
        ("spdm-emu", "mctp", "secured", ("socket", "mctp")),
        ("spdm-emu", "tcp", "spdm", ("socket", "tcp")),
        ("spdm-emu", "none", "spdm", ("socket",)),
        ("spdm-emu", "doe", "command", ("socket",)),
        ("spdm-emu", "doe", "discovery", ("socket", "doe", "discovery")),
        ("spdm-emu", "storage", "secured", ("socket",)),
        ("spdm-emu", "storage", "command", ("socket",)),
        ("spdm-emu", "storage", "discovery", ("socket", "storage_discovery")),
        ("spdm-emu", "storage", "pending-info", ("socket", "pending_info")),
        ("dsp0287", "tcp", "spdm", ("tcp",)),
        ("dsp0287", "tcp", "command", ("tcp",)),
        ("mailbox", "doe", "spdm", ("doe",)),
        ("mailbox", "doe", "secured", ("doe",)),
        ("mailbox", "doe", "discovery", ("doe", "discovery")),
    ],
)
def test_the_layers_of_a_frame(framing, binding, kind, layers):
    assert layers_of(framing, binding, kind) == layers
    assert set(layers) <= set(LAYERS)
