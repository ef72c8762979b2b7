"""Capture files as spdm-emu's ``--pcap`` writes them: MCTP packets or DOE data objects, no network.

The format is that of draft-ietf-opsawg-pcap; the link types are IANA's.
"""

import struct
from collections.abc import Iterator

from responder.transport.socket_frame import TransportType

_MAGICS = {
    bytes.fromhex("a1b2c3d4"): ">",
    bytes.fromhex("a1b23c4d"): ">",
    bytes.fromhex("d4c3b2a1"): "<",
    bytes.fromhex("4d3cb2a1"): "<",
}
"""The first bytes of a file (time in microseconds or nanoseconds), and its byte order."""
_PCAPNG = bytes.fromhex("0a0d0d0a")
_FILE_HEADER_SIZE = 24
_PACKET_HEADER_SIZE = 16
_MAGIC_SIZE = 4
_LINK_TYPE_MASK = 0xFFFF

_MCTP, _PCI_DOE = 291, 292
_TRANSPORTS = {_MCTP: TransportType.MCTP, _PCI_DOE: TransportType.PCI_DOE}
_MCTP_HEADER_SIZE = 4
_MCTP_WHOLE = 0xC0
"""SOM and EOM: the packet begins a message and ends it (DSP0236)."""


def is_capture(content: bytes) -> bool:
    """Whether ``content`` begins as a capture file does."""
    return content[:_MAGIC_SIZE] in _MAGICS or content.startswith(_PCAPNG)


class Packets:
    """The payloads in a capture file, in order.

    Attributes:
        transport: the transport type of the socket protocol that carries such payloads.
        problem: why there are no more payloads, empty if the file is whole; known at the end.
    """

    def __init__(self, content: bytes) -> None:
        self.transport: TransportType | None = None
        self.problem = ""
        self._rest = content[_FILE_HEADER_SIZE:]
        self._order = _MAGICS.get(content[:_MAGIC_SIZE], "")
        if not self._order:
            self.problem = "pcapng is not read; editcap -F pcap converts it"
        elif len(content) < _FILE_HEADER_SIZE:
            self.problem = "the capture file ends inside its header"
        else:
            link = struct.unpack_from(f"{self._order}20xI", content)[0] & _LINK_TYPE_MASK
            self.transport = _TRANSPORTS.get(link)
            if self.transport is None:
                self.problem = (
                    f"captures of link type {link} are not read, only MCTP ({_MCTP}) and PCI DOE "
                    f"({_PCI_DOE}); of a TCP connection, save the stream's bytes to a file"
                )

    def __iter__(self) -> Iterator[bytes]:
        """What follows the link's own header in each packet."""
        while self._rest and not self.problem:
            packet = self._packet()
            if self.transport == TransportType.MCTP and not self.problem:
                packet = self._mctp(packet)
            if not self.problem:
                yield packet

    def _packet(self) -> bytes:
        if len(self._rest) < _PACKET_HEADER_SIZE:
            self.problem = "the capture file ends inside the header of a packet"
            return b""
        size, real = struct.unpack_from(f"{self._order}8xII", self._rest)
        packet = self._rest[_PACKET_HEADER_SIZE : _PACKET_HEADER_SIZE + size]
        self._rest = self._rest[_PACKET_HEADER_SIZE + size :]
        if len(packet) < real:
            self.problem = f"the capture has {len(packet)} of the {real} bytes of a packet"
        return packet

    def _mctp(self, packet: bytes) -> bytes:
        if len(packet) < _MCTP_HEADER_SIZE:
            self.problem = f"{len(packet)} bytes are no MCTP packet"
        elif packet[_MCTP_HEADER_SIZE - 1] & _MCTP_WHOLE != _MCTP_WHOLE:
            self.problem = "MCTP messages in several packets are not put together"
        return packet[_MCTP_HEADER_SIZE:]
