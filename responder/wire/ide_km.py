"""IDE_KM: keys for the streams of a port (PCIe 6.2, 6.33.3).

Messages begin behind the ProtocolID, with the ObjectID. Keys and invocation fields stay the bytes
that they are on the wire; ``swapped_dwords`` turns them into what AES-GCM works with.
"""

from typing import ClassVar

from responder.spec.ide import (
    ADDRESS_ASSOCIATION_SIZE,
    ADDRESS_ASSOCIATIONS_MASK,
    DIRECTION_SHIFT,
    IFV_SIZE,
    KEY_SIZE,
    LINK_BLOCK_SIZE,
    LINK_COUNT_MASK,
    LINK_COUNT_SHIFT,
    SUB_STREAM_SHIFT,
    Direction,
    IdeCapability,
    IdeControl,
    KeySet,
    KpAckStatus,
    ObjectId,
    StreamControl,
    SubStream,
)
from responder.wire.family import Coded, Family
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, Rest, When
from responder.wire.message import Record, wire

_DWORD = 4


def swapped_dwords(data: bytes) -> bytes:
    """A key or IV with the bytes of each DW in the other order; done twice, nothing has changed.

    The wire has the most significant DW first, each of them little-endian (PCIe 6.2, 6.33.3): AES
    key byte 4 i + j is wire byte 4 i + 3 - j. An invocation field comes out big-endian.
    """
    dwords = (data[at : at + _DWORD] for at in range(0, len(data), _DWORD))
    return b"".join(dword[::-1] for dword in dwords)


def key_sub_stream(sub_stream: SubStream, direction: Direction, key_set: KeySet) -> int:
    """The byte that tells a key from the others of its stream."""
    return sub_stream << SUB_STREAM_SHIFT | direction << DIRECTION_SHIFT | key_set


def key_sub_stream_text(value: int) -> str:
    """That byte in words: sub-stream, direction, key set, and the reserved bits that are set."""
    number = value >> SUB_STREAM_SHIFT
    known = number in SubStream.__members__.values()
    name = SubStream(number).name if known else f"sub-stream {number}"
    direction = Direction(value >> DIRECTION_SHIFT & 1)
    reserved = value & 0xC
    text = f"{name} {direction.name} {KeySet(value & 1).name}"
    return f"{text}, reserved 0x{reserved:x}" if reserved else text


class IdeKmMessage(Coded):
    """An IDE_KM message: a record that begins with its ObjectID."""

    CODE_FIELD: ClassVar[str] = "object_id"
    object_id: int = wire(Int8ul, default=0, show=ObjectId)


class Query(IdeKmMessage, code=ObjectId.QUERY):
    """Asks for a port's IDE capability; 3 bytes."""

    reserved: int = wire(Int8ul, default=0)
    port_index: int = wire(Int8ul, default=0)


class AddressAssociation(Record):
    """Addresses that a selective stream is for; 12 bytes."""

    address_1: int = wire(Int32ul, default=0)
    address_2: int = wire(Int32ul, default=0)
    address_3: int = wire(Int32ul, default=0)


class LinkStream(Record):
    """The registers of a link stream; 8 bytes."""

    control: int = wire(Int32ul, default=0, show=StreamControl)
    status: int = wire(Int32ul, default=0)


class SelectiveStream(Record):
    """The registers of a selective stream; 20 bytes, and 12 for each address association."""

    capability: int = wire(Int32ul, default=0)
    control: int = wire(Int32ul, default=0, show=StreamControl)
    status: int = wire(Int32ul, default=0)
    rid_1: int = wire(Int32ul, default=0)
    rid_2: int = wire(Int32ul, default=0)
    address_associations: bytes = wire(
        Blob(lambda c: (c.capability & ADDRESS_ASSOCIATIONS_MASK) * ADDRESS_ASSOCIATION_SIZE),
        default=b"",
        view=AddressAssociation,
    )


def link_stream_count(capability: int) -> int:
    """How many link streams an IDE capability register says that there are."""
    if not capability & IdeCapability.LINK_IDE:
        return 0
    return (capability >> LINK_COUNT_SHIFT & LINK_COUNT_MASK) + 1


class IdeRegisters(Record):
    """The registers of the IDE extended capability, all but its header."""

    capability: int = wire(Int32ul, show=IdeCapability)
    control: int = wire(Int32ul, default=0, show=IdeControl)
    link_streams: bytes = wire(
        Blob(lambda c: link_stream_count(c.capability) * LINK_BLOCK_SIZE),
        default=b"",
        view=LinkStream,
    )
    selective_streams: bytes = wire(
        When(lambda c: bool(c.capability & IdeCapability.SELECTIVE_IDE), Rest(), b""),
        default=b"",
        view=SelectiveStream,
    )
    rest: bytes = wire(Rest(), default=b"")


class QueryResp(IdeKmMessage, code=ObjectId.QUERY_RESP):
    """Where the port is, and its IDE registers from the capability register on; 7 bytes and those.

    MaxPortIndex is the highest port index of the device.
    """

    reserved: int = wire(Int8ul, default=0)
    port_index: int = wire(Int8ul, default=0)
    dev_func_num: int = wire(Int8ul, default=0)
    bus_num: int = wire(Int8ul, default=0)
    segment: int = wire(Int8ul, default=0)
    max_port_index: int = wire(Int8ul, default=0)
    ide_registers: bytes = wire(Rest(), default=b"", view=IdeRegisters)


class _OfKey(IdeKmMessage):
    """The 7 bytes that all messages about a key begin with."""

    reserved: int = wire(Int16ul, default=0)
    stream_id: int = wire(Int8ul, default=0)
    reserved_2: int = wire(Int8ul, default=0)
    key_sub_stream: int = wire(Int8ul, default=0, show=key_sub_stream_text)
    port_index: int = wire(Int8ul, default=0)


class KeyProg(_OfKey, code=ObjectId.KEY_PROG):
    """Programs a key, 32 bytes, and its invocation field, 8 bytes; 47 bytes."""

    key: bytes = wire(Blob(KEY_SIZE))
    ifv: bytes = wire(Blob(IFV_SIZE))


class KpAck(IdeKmMessage, code=ObjectId.KP_ACK):
    """Whether the key was taken; 7 bytes."""

    reserved: int = wire(Int16ul, default=0)
    stream_id: int = wire(Int8ul, default=0)
    status: int = wire(Int8ul, default=0, show=KpAckStatus)
    key_sub_stream: int = wire(Int8ul, default=0, show=key_sub_stream_text)
    port_index: int = wire(Int8ul, default=0)


class KSetGo(_OfKey, code=ObjectId.K_SET_GO):
    """Uses the programmed key set from now on; 7 bytes."""


class KSetStop(_OfKey, code=ObjectId.K_SET_STOP):
    """Uses the key set no longer; 7 bytes."""


class KGostopAck(_OfKey, code=ObjectId.K_GOSTOP_ACK):
    """Answers both; 7 bytes, of which none can refuse."""


class RawIdeKm(IdeKmMessage):
    """A message of an unknown ObjectID."""

    body: bytes = wire(Rest(), default=b"")


IDE_KM: Family[IdeKmMessage] = Family(
    "IDE_KM", (Query, QueryResp, KeyProg, KpAck, KSetGo, KSetStop, KGostopAck), RawIdeKm
)
