"""The transport frames that SPDM messages travel in, for addressing and for reading.

Each layer reads whatever its lengths say, so that a lie can be shown; the framers and bindings of
``responder.transport`` are what checks them.
"""

from collections.abc import Mapping
from typing import Any

from construct import Bytes, Int32ub

from responder.spec.registries import PCI_SIG_VENDOR_ID, DoeType, MctpType
from responder.wire.fields import Int8ul, Int16ul, Int32ul, LengthOf, Rest
from responder.wire.message import Record, wire

_DW = 4
_DOE_LENGTH_MASK = (1 << 18) - 1
_NORMAL = 1
_TCP_VERSION = 1
_TCP_SPDM, _TCP_SECURED = 0x05, 0x06
STORAGE_VERSION = 0x1000
_STORAGE_DISCOVERY_SIZE = 32
_STORAGE_PENDING_SIZE = 12


class SocketHeader(Record):
    """A frame of the spdm-emu socket protocol."""

    command: int = wire(Int32ub, default=_NORMAL)
    transport: int = wire(Int32ub, default=0)
    size: int | None = wire(LengthOf("payload", Int32ub), default=None)
    payload: bytes = wire(Rest(), default=b"")


class _DoeLength(LengthOf):
    """Length in DW, rounded up, header included; 0 stands for 2^18."""

    def computed(self, context: Any) -> int:
        """The length that is true, or as much of it as the field holds."""
        return (-(-len(context[self.target]) // _DW) + self.extra) & _DOE_LENGTH_MASK


class DoeObject(Record):
    """A PCIe data object (PCIe 6.2 6.30); the payload is written without padding to a DW."""

    vendor_id: int = wire(Int16ul, default=PCI_SIG_VENDOR_ID)
    object_type: int = wire(Int8ul, default=int(DoeType.SPDM), show=DoeType)
    reserved: int = wire(Int8ul, default=0)
    length: int | None = wire(_DoeLength("payload", Int32ul, _DW, 2), default=None)
    payload: bytes = wire(Rest(), default=b"")


class DiscoveryResponse(Record):
    """One entry of a device's list of data objects (PCIe 6.2 "DOE Discovery").

    ``extended`` is the second DW, 4 bytes, that version 2 may append.
    """

    vendor_id: int = wire(Int16ul, default=PCI_SIG_VENDOR_ID)
    object_type: int = wire(Int8ul, default=int(DoeType.DISCOVERY), show=DoeType)
    next_index: int = wire(Int8ul, default=0)
    extended: bytes = wire(Rest(), default=b"")


class StorageDiscovery(Record):
    """What a storage device says of itself, 32 bytes (DSP0286)."""

    data_length: int = wire(Int16ul, default=_STORAGE_DISCOVERY_SIZE)
    binding_version: int = wire(Int16ul, default=STORAGE_VERSION)
    max_connection_id: int = wire(Int8ul, default=0)
    reserved: bytes = wire(Bytes(3), default=bytes(3))
    operations: int = wire(Int8ul, default=0)
    rest: bytes = wire(Rest(), default=bytes(23))


class StoragePendingInfo(Record):
    """Whether a storage device has a response, and how long it is, 12 bytes (DSP0286)."""

    data_length: int = wire(Int16ul, default=_STORAGE_PENDING_SIZE)
    binding_version: int = wire(Int16ul, default=STORAGE_VERSION)
    flags: int = wire(Int32ul, default=0)
    response_length: int = wire(Int32ul, default=0)


class MctpMessage(Record):
    """A whole MCTP message (DSP0236): the IC bit, 0x80, and the type share the first byte."""

    message_type: int = wire(Int8ul, default=int(MctpType.SPDM), show=MctpType)
    payload: bytes = wire(Rest(), default=b"")


def _carries(context: Any) -> bool:
    """Whether a DSP0287 message is more than a header, whose PayloadLength is written as 0."""
    return bool(context["payload"]) or context["message_type"] in (_TCP_SPDM, _TCP_SECURED)


class Dsp0287Message(Record):
    """SPDM over TCP (DSP0287); PayloadLength counts all that follows it."""

    payload_length: int | None = wire(
        LengthOf("payload", Int16ul, extra=2, applies=_carries), default=None
    )
    binding_version: int = wire(Int8ul, default=_TCP_VERSION)
    message_type: int = wire(Int8ul, default=_TCP_SPDM)
    payload: bytes = wire(Rest(), default=b"")


LAYERS: Mapping[str, type[Record]] = {
    "socket": SocketHeader,
    "doe": DoeObject,
    "mctp": MctpMessage,
    "tcp": Dsp0287Message,
    "discovery": DiscoveryResponse,
    "storage_discovery": StorageDiscovery,
    "pending_info": StoragePendingInfo,
}
"""The layers of a frame, as addresses name them."""


_STORAGE_LAYERS = {"discovery": ("storage_discovery",), "pending-info": ("pending_info",)}


def layers_of(framing: str, binding: str, kind: str) -> tuple[str, ...]:
    """The names in ``LAYERS`` of what a frame is made of, outermost first.

    What the last of them carries is the SPDM message or secured record, if that is its kind.

    Args:
        framing: ``spdm-emu``, ``dsp0287``, or ``mailbox``: a data object with nothing around it.
        binding: ``none``, ``mctp``, ``doe``, ``tcp`` or ``storage``.
        kind: ``spdm``, ``secured``, ``discovery``, ``pending-info``, or ``command`` for what is the
            transport's own: the payload of a socket frame that carries such is no message of the
            binding.
    """
    if framing == "dsp0287":
        return ("tcp",)
    if framing == "mailbox":
        return (binding, "discovery") if kind == "discovery" else (binding,)
    if binding == "storage":
        return ("socket", *_STORAGE_LAYERS.get(kind, ()))
    if kind == "command" or binding == "none":
        return ("socket",)
    return ("socket", binding, "discovery") if kind == "discovery" else ("socket", binding)
