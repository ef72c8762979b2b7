"""SPDM in PCIe data objects: the object header and DOE discovery (PCIe 6.2 6.30, 6.31).

A data object is VendorID (2 bytes), Type (1), reserved (1), then a 4-byte word with the Length in
DW in bits 17:0, and the payload, zero-padded to a DW; all little-endian.
"""

import struct
from collections.abc import Sequence

import msgspec

from responder.spec.registries import PCI_SIG_VENDOR_ID, DoeType
from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

HEADER_SIZE = 8
DW = 4
MAX_OBJECT_DW = 1 << 18
"""The largest object, header included; its Length field is 0."""
_LENGTH_MASK = MAX_OBJECT_DW - 1
_CONNECTION_ID_SHIFT = 18
MAX_CONNECTION_ID = (1 << 12) - 1
_HEADER = struct.Struct("<HBBI")

DISCOVERY = (PCI_SIG_VENDOR_ID, DoeType.DISCOVERY)
SPDM_OBJECTS: tuple[tuple[int, int], ...] = (
    DISCOVERY,
    (PCI_SIG_VENDOR_ID, DoeType.SPDM),
    (PCI_SIG_VENDOR_ID, DoeType.SECURED_SPDM),
)
"""The (VendorID, Type) that a device with SPDM lists in discovery, index 0 first."""

NO_VENDOR_ID = 0xFFFF
NO_TYPE = 0xFF
"""What a device answers for an index beyond its list."""
_WITH_CONNECTION_ID = frozenset(
    (PCI_SIG_VENDOR_ID, kind)
    for kind in (DoeType.SPDM_CONNECTION_ID, DoeType.SECURED_SPDM_CONNECTION_ID)
)


class DataObject(msgspec.Struct, frozen=True):
    """One data object.

    Attributes:
        vendor_id: 16-bit vendor.
        type: 8-bit type within the vendor, for the PCI-SIG a ``DoeType``.
        payload: what follows the header, padding included when decoded.
        connection_id: 12 bits beside the length, in PCI-SIG types 3 and 4 only.
    """

    vendor_id: int
    type: int
    payload: bytes
    connection_id: int = 0

    def encode(self) -> bytes:
        """Header and payload, zero-padded to a DW.

        Raises:
            FramingError: the object is over 2^18 DW, or of a type that has no connection id.
        """
        length = (HEADER_SIZE + len(self.payload) + DW - 1) // DW
        if length > MAX_OBJECT_DW:
            raise FramingError(f"{len(self.payload)} bytes do not fit a data object")
        word = length & _LENGTH_MASK
        if self.connection_id:
            if (self.vendor_id, self.type) not in _WITH_CONNECTION_ID:
                raise FramingError(f"DOE type 0x{self.type:02x} has no connection id")
            word |= self.connection_id << _CONNECTION_ID_SHIFT
        header = _HEADER.pack(self.vendor_id, self.type, 0, word)
        return header + self.payload + bytes(-len(self.payload) % DW)

    @classmethod
    def decode(cls, data: bytes) -> "DataObject":
        """The object that is exactly ``data``.

        Raises:
            FramingError: the header is short, Length has reserved bits, or is not the size.
        """
        vendor_id, object_type, length, connection_id = _split_header(data)
        if length * DW != len(data):
            raise FramingError(f"DOE length {length} DW, but {len(data)} bytes came")
        return cls(vendor_id, object_type, data[HEADER_SIZE:], connection_id)


def object_type(header: bytes) -> tuple[int, int]:
    """The (VendorID, Type) in the 8 bytes of an object header; FramingError if it is wrong."""
    vendor_id, kind, _, _ = _split_header(header)
    return vendor_id, kind


def object_size(header: bytes) -> int:
    """Bytes of the whole object, from the 8 bytes of its header; FramingError if it is wrong."""
    return _split_header(header)[2] * DW


def with_connection_id(vendor_id: int, kind: int) -> bool:
    """Whether objects of that type carry a connection id beside their length."""
    return (vendor_id, kind) in _WITH_CONNECTION_ID


def without_reserved_bits(data: bytes) -> bytes:
    """The object with the reserved bits of its length word cleared; short ones as they are."""
    if len(data) < HEADER_SIZE:
        return data
    vendor_id, kind, _, word = _HEADER.unpack_from(data)
    used = _LENGTH_MASK
    if with_connection_id(vendor_id, kind):
        used |= MAX_CONNECTION_ID << _CONNECTION_ID_SHIFT
    return data[:DW] + struct.pack("<I", word & used) + data[HEADER_SIZE:]


def _split_header(data: bytes) -> tuple[int, int, int, int]:
    """VendorID, Type, length in DW and connection id."""
    if len(data) < HEADER_SIZE:
        raise FramingError(f"{len(data)} bytes are no DOE header")
    vendor_id, kind, _reserved, word = _HEADER.unpack_from(data)
    connection_id, high = 0, word >> _CONNECTION_ID_SHIFT
    if with_connection_id(vendor_id, kind):
        connection_id, high = high & MAX_CONNECTION_ID, high >> 12
    if high:
        raise FramingError(f"reserved bits of the DOE length are set: 0x{word:08x}")
    length = (word & _LENGTH_MASK) or MAX_OBJECT_DW
    if length * DW < HEADER_SIZE:
        raise FramingError(f"DOE length {length} DW is less than its header")
    return vendor_id, kind, length, connection_id


class DiscoveryRequest(msgspec.Struct, frozen=True):
    """Asks for one entry of a device's list (PCIe 6.2 "DOE Discovery").

    Attributes:
        index: 0 to 255.
        version: 2 if the DOE capability has version 2 or later, else 0.
    """

    index: int
    version: int = 0

    def encode(self) -> bytes:
        """The 4 bytes of the payload."""
        return bytes((self.index, self.version, 0, 0))

    @classmethod
    def decode(cls, payload: bytes) -> "DiscoveryRequest":
        """The request in a payload; FramingError unless 4 bytes with the last two 0."""
        if len(payload) != DW:
            raise FramingError(f"a DOE discovery request of {len(payload)} bytes")
        if payload[2] or payload[3]:
            raise FramingError("reserved bytes of the DOE discovery request are set")
        return cls(payload[0], payload[1])


class DiscoveryResponse(msgspec.Struct, frozen=True):
    """One entry of a device's list (PCIe 6.2 "DOE Discovery").

    Attributes:
        vendor_id: 0xFFFF beyond the list.
        type: 0xFF beyond the list.
        next_index: index of the next entry, 0 after the last.
        extended: the second DW that version 2 may append: the largest object in DW in bits 17:0,
            the rest by type; None if absent.
    """

    vendor_id: int
    type: int
    next_index: int
    extended: int | None = None

    def encode(self) -> bytes:
        """The 4 or 8 bytes of the payload."""
        first = struct.pack("<HBB", self.vendor_id, self.type, self.next_index)
        return first if self.extended is None else first + struct.pack("<I", self.extended)

    @classmethod
    def decode(cls, payload: bytes) -> "DiscoveryResponse":
        """The response in a payload; FramingError unless it has 4 or 8 bytes."""
        if len(payload) not in (DW, 2 * DW):
            raise FramingError(f"a DOE discovery response of {len(payload)} bytes")
        vendor_id, kind, next_index = struct.unpack_from("<HBB", payload)
        extended = int.from_bytes(payload[DW:], "little") if len(payload) > DW else None
        return cls(vendor_id, kind, next_index, extended)


def answer_discovery(
    request_payload: bytes, table: Sequence[tuple[int, int]] = SPDM_OBJECTS
) -> bytes:
    """The payload with which a device that has ``table`` answers a discovery request.

    The version of the request changes nothing: the second DW of version 2 is optional.

    Args:
        request_payload: what follows the object header of the request.
        table: (VendorID, Type) of at most 256 objects, index 0 first.

    Raises:
        FramingError: the request is malformed.
    """
    return discovery_entry(DiscoveryRequest.decode(request_payload).index, table).encode()


def discovery_entry(index: int, table: Sequence[tuple[int, int]]) -> DiscoveryResponse:
    """What a device that has ``table`` says of an index, beyond the table too."""
    if index >= len(table):
        return DiscoveryResponse(NO_VENDOR_ID, NO_TYPE, 0)
    vendor_id, kind = table[index]
    return DiscoveryResponse(vendor_id, kind, index + 1 if index + 1 < len(table) else 0)


_KINDS: dict[tuple[int, int], Kind] = {
    (PCI_SIG_VENDOR_ID, DoeType.SPDM): Kind.SPDM,
    (PCI_SIG_VENDOR_ID, DoeType.SECURED_SPDM): Kind.SECURED,
}
_TYPES = {kind: vendor_and_type for vendor_and_type, kind in _KINDS.items()}


class DoeBinding:
    """Carries SPDM as PCI-SIG type 1 and secured records as type 2; see ``Binding``."""

    name = "doe"
    transport = TransportType.PCI_DOE
    padding = DW - 1

    def unwrap(self, payload: bytes) -> Carried:
        """The payload of a data object, with its padding; FramingError as ``DataObject.decode``."""
        data = DataObject.decode(payload)
        kind = _KINDS.get((data.vendor_id, data.type), Kind.OTHER)
        header = payload[:HEADER_SIZE] if kind is Kind.OTHER else b""
        return Carried(kind, data.payload, header)

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """The data object; ``Kind.OTHER`` takes its type from ``header``, discovery without one.

        Raises:
            FramingError: the message is too long, or ``header`` is no object header.
        """
        if kind is not Kind.OTHER:
            return DataObject(*_TYPES[kind], message).encode()
        if not header:
            return DataObject(*DISCOVERY, message).encode()
        vendor_id, object_kind, _, connection_id = _split_header(header)
        return DataObject(vendor_id, object_kind, message, connection_id).encode()
