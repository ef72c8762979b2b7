"""SPDM in the packets of a capture: in TCP connections, in packets of its own, out of records."""

import struct
from collections.abc import Iterator
from typing import BinaryIO
from weakref import WeakKeyDictionary

from responder.decode.capture_file import DamagedError, Packet, packets
from responder.decode.network import LINK_TYPES, segment_in
from responder.decode.payload import Payload
from responder.decode.streams import SpdmStreams
from responder.decode.tcp import Connection, Connections, Piece
from responder.observe.pcapng import (
    LINK_TYPE_UPPER_PDU,
    PLAINTEXT_DISSECTOR,
    PLAINTEXT_HEADER,
    PLAINTEXT_MESSAGE,
    PLAINTEXT_VERSION,
)
from responder.observe.spdm_dump import LINK_TYPES as TOOL_LINK_TYPES
from responder.transport.socket_frame import TransportType

_MCTP_HEADER_SIZE = 4
_MCTP_WHOLE = 0xC0
"""SOM and EOM: the packet begins a message and ends it (DSP0236)."""
_TRANSPORTS = {link_type: transport for transport, link_type in TOOL_LINK_TYPES.items()}
_TAG_DISSECTOR = 12
_TAGS_OF_ENDS = ((20, 25), (21, 26))
"""Of a packet's source and destination: the tags of IPv4 address and port."""


def capture_payloads(file: BinaryIO, framing: str = "") -> Iterator[Payload]:
    """The payloads in a capture file, which is read as they are asked for.

    Args:
        file: stands at its beginning.
        framing: of all TCP connections, ``spdm-emu`` or ``dsp0287``; else that of each is found.
    """
    found = _Found(framing)
    try:
        for packet in packets(file):
            yield from found.take(packet)
        yield from found.flush()
    except DamagedError as error:
        yield Payload(b"", str(error))
        return
    if found.passed_over and not found.any_spdm:
        others = ", ".join(sorted(found.passed_over))
        yield Payload(b"", f"there is no SPDM in this capture, only {others}")


class _Found:
    """What has been found in a capture so far.

    Attributes:
        any_spdm: there was SPDM in it.
        passed_over: what else there was, in words.
    """

    def __init__(self, framing: str) -> None:
        self.any_spdm = False
        self.passed_over: set[str] = set()
        self._framing = framing
        self._connections = Connections()
        self._streams: WeakKeyDictionary[Connection, SpdmStreams] = WeakKeyDictionary()

    def take(self, packet: Packet) -> Iterator[Payload]:
        """The payloads that end in a packet."""
        if packet.link_type in _TRANSPORTS:
            self.any_spdm = True
            yield _message(packet)
        elif packet.link_type == LINK_TYPE_UPPER_PDU:
            yield from self._plaintext(packet)
        elif packet.link_type not in LINK_TYPES:
            self.passed_over.add(f"packets of link type {packet.link_type}")
        elif (segment := segment_in(packet.link_type, packet.data)) is None:
            self.passed_over.add("packets without TCP")
        else:
            for piece in self._connections.take(segment):
                yield from self._piece(piece, packet)

    def flush(self) -> Iterator[Payload]:
        """The capture is over."""
        open_ones = list(self._streams.items())
        for piece in self._connections.flush():
            yield from self._piece(piece, Packet(0, 0, None, b"", 0))
        for _, streams in open_ones:
            yield from streams.end()

    def _piece(self, piece: Piece, packet: Packet) -> Iterator[Payload]:
        streams = self._streams.get(piece.connection)
        if streams is None:
            streams = SpdmStreams(piece.connection, self._framing)
            self._streams[piece.connection] = streams
        yield from streams.take(piece, packet)
        if streams.framing:
            self.any_spdm = True
        else:
            self.passed_over.add("TCP connections of other protocols")

    def _plaintext(self, packet: Packet) -> Iterator[Payload]:
        """What a record carried, as ``serve --capture-plaintext`` writes it."""
        tags, data = _tags(packet.data)
        name = tags.get(_TAG_DISSECTOR, b"").rstrip(b"\0").decode(errors="replace")
        if name != PLAINTEXT_DISSECTOR or len(data) < PLAINTEXT_HEADER.size:
            self.passed_over.add(f"packets for the dissector {name!r}")
            return
        source, destination = (
            (tags.get(address, b""), int.from_bytes(tags.get(port, b""), "big"))
            for address, port in _TAGS_OF_ENDS
        )
        connection = self._connections.find(source, destination)
        streams = self._streams.get(connection) if connection is not None else None
        version, kind, _, session = PLAINTEXT_HEADER.unpack_from(data)
        if version != PLAINTEXT_VERSION or connection is None or streams is None:
            self.passed_over.add("plaintext of records that are not there")
            return
        yield Payload(
            data[PLAINTEXT_HEADER.size :],
            transport=TransportType.NONE,
            connection=connection.number,
            received=source == connection.ends[1 - streams.responder],
            time=packet.time,
            frame=packet.number,
            session=session,
            inside=True,
            label="" if kind == PLAINTEXT_MESSAGE else "application data",
        )


def _message(packet: Packet) -> Payload:
    """A packet that is a message, as spdm-emu writes them."""
    transport = _TRANSPORTS[packet.link_type]
    data, problem = packet.data, ""
    if transport == TransportType.MCTP:
        if len(data) < _MCTP_HEADER_SIZE:
            problem = f"{len(data)} bytes are no MCTP packet"
        elif data[_MCTP_HEADER_SIZE - 1] & _MCTP_WHOLE != _MCTP_WHOLE:
            problem = "MCTP messages in several packets are not put together"
        data = b"" if problem else data[_MCTP_HEADER_SIZE:]
    if len(packet.data) < packet.size:
        problem = f"the capture has {len(packet.data)} of the {packet.size} bytes of a packet"
    return Payload(
        data,
        problem,
        transport=transport,
        time=packet.time,
        frame=packet.number,
        comment=packet.comment,
    )


def _tags(data: bytes) -> tuple[dict[int, bytes], bytes]:
    """The tags of an exported PDU, and what follows them."""
    tags: dict[int, bytes] = {}
    while len(data) >= 4:
        tag, size = struct.unpack_from(">HH", data)
        value, data = data[4 : 4 + size], data[4 + size :]
        if not tag:
            break
        tags[tag] = value
    return tags, data
