"""Payloads of VENDOR_DEFINED messages that begin with a ProtocolID: PCI-SIG's and CXL's.

The standards body is the PCI-SIG for both; the vendor tells them apart. PayloadLength counts the
ProtocolID.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from responder.spec.cxl import CXL_VENDOR_ID, CxlProtocol
from responder.spec.ide import PciProtocol
from responder.spec.registries import PCI_SIG_VENDOR_ID, StandardId
from responder.wire.cxl_ide_km import CXL_IDE_KM
from responder.wire.cxl_tsp import TSP
from responder.wire.errors import WireError
from responder.wire.family import Coded, Family
from responder.wire.ide_km import IDE_KM
from responder.wire.tdisp import TDISP

VENDOR_ID_SIZE = 2

PROTOCOLS: Mapping[tuple[int, int], Family[Any]] = MappingProxyType(
    {
        (PCI_SIG_VENDOR_ID, PciProtocol.IDE_KM): IDE_KM,
        (PCI_SIG_VENDOR_ID, PciProtocol.TDISP): TDISP,
        (CXL_VENDOR_ID, CxlProtocol.IDE_KM): CXL_IDE_KM,
        (CXL_VENDOR_ID, CxlProtocol.TSP): TSP,
    }
)
"""The protocol of each vendor and ProtocolID."""


def protocol_of(standard_id: int, vendor_id: bytes, payload: bytes) -> Family[Any] | None:
    """The protocol of a payload, ``None`` if it is another's or empty.

    Args:
        standard_id: StandardID of the message.
        vendor_id: its VendorID as on the wire.
        payload: its payload, ProtocolID included.
    """
    if standard_id != StandardId.PCI_SIG or len(vendor_id) != VENDOR_ID_SIZE or not payload:
        return None
    return PROTOCOLS.get((int.from_bytes(vendor_id, "little"), payload[0]))


def parse_payload(standard_id: int, vendor_id: bytes, payload: bytes) -> Coded:
    """The typed message in a payload.

    Raises:
        WireError: nobody knows the protocol, or the bytes do not fit the layout of their code.
    """
    protocol = protocol_of(standard_id, vendor_id, payload)
    if protocol is None:
        raise WireError("the payload is of no known protocol", "payload")
    message: Coded = protocol.parse(payload[1:])
    return message


def build_payload(protocol_id: int, message: Coded) -> bytes:
    """The payload that carries a message."""
    return bytes([protocol_id]) + message.build()
