"""Writes classic pcap files for ``spdm-dump``, as the ``--pcap`` of spdm-emu does.

The file has MCTP messages, each behind a packet's header, or PCIe data objects, and no network. The
link types are those that the tools look for; libpcap gave their numbers to others.
"""

import struct
from collections.abc import Sequence
from typing import ClassVar

from responder.core.events import Event
from responder.observe.batch import Batch
from responder.observe.entry import Entry
from responder.observe.wire_frames import WireFrames
from responder.server.events import BytesReceived, BytesSent, WireClosed, WireOpened
from responder.transport.socket_frame import Command, SocketFrame, TransportType

LINK_TYPES = {TransportType.MCTP: 291, TransportType.PCI_DOE: 292}
_MAGIC = 0xA1B2C3D4
_VERSION = (2, 4)
_MAX_PACKET = 1 << 16
_MCTP_HEADER = bytes.fromhex("000000c0")
"""Of a packet that is a whole message, between endpoints without addresses (DSP0236)."""
_MICROSECONDS = 1_000_000
_MICROSECOND = 1000


class SpdmDump:
    """Takes the events of ``kinds`` and writes packets; of both directions alike.

    The first message decides which of the two transports the file has.

    Attributes:
        left_out: messages of other transports, which such a file cannot hold.
    """

    kinds: ClassVar[tuple[type[Event], ...]] = (WireOpened, BytesReceived, BytesSent, WireClosed)

    def __init__(self, file: Batch, begin: int) -> None:
        """Begin a file, with its first message; ``begin`` is virtual time 0 in nanoseconds."""
        self.left_out = 0
        self._file = file
        self._begin = begin
        self._transport: int | None = None
        self._wires: dict[int, tuple[WireFrames, WireFrames]] = {}

    def take(self, entries: Sequence[Entry]) -> None:
        """Write packets.

        Raises:
            OSError: the file takes no more.
        """
        for entry in entries:
            match entry.event:
                case WireOpened(wire, framing):
                    self._wires[wire] = (WireFrames(framing), WireFrames(framing))
                case WireClosed(wire):
                    self._wires.pop(wire, None)
                case BytesReceived(wire, data) if wire in self._wires:
                    self._frames(entry.time, self._wires[wire][0].feed(data))
                case BytesSent(wire, data) if wire in self._wires:
                    self._frames(entry.time, self._wires[wire][1].feed(data))
        self._file.flush()

    def close(self) -> None:
        """End the file; one without any message is of MCTP."""
        if self._transport is None:
            self._header(TransportType.MCTP)
        self._file.flush()

    def _frames(self, time: float, frames: Sequence[SocketFrame]) -> None:
        for frame in frames:
            if frame.command != Command.NORMAL:
                continue
            if self._transport is None and frame.transport in LINK_TYPES:
                self._header(frame.transport)
            if frame.transport == self._transport:
                self._packet(time, frame.payload)
            else:
                self.left_out += 1

    def _header(self, transport: int) -> None:
        self._transport = transport
        link_type = LINK_TYPES[TransportType(transport)]
        self._file.write(struct.pack("<IHHiIII", _MAGIC, *_VERSION, 0, 0, _MAX_PACKET, link_type))

    def _packet(self, time: float, payload: bytes) -> None:
        packet = _MCTP_HEADER + payload if self._transport == TransportType.MCTP else payload
        at = self._begin // _MICROSECOND + round(time * _MICROSECONDS)
        seconds, microseconds = divmod(at, _MICROSECONDS)
        kept = packet[:_MAX_PACKET]
        self._file.write(struct.pack("<IIII", seconds, microseconds, len(kept), len(packet)) + kept)
