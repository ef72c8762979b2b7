"""CXL_IDE_KM: keys for CXL.cachemem (CXL 3.1, 11.4.2).

Messages begin behind the ProtocolID, with the ObjectID. Keys and IVs stay the bytes that they are
on the wire; ``responder.wire.ide_km.swapped_dwords`` turns them into what AES-GCM works with.
"""

from typing import ClassVar

from responder.spec.cxl import (
    CXL_IDE_KM_VERSION,
    CXL_IDE_KM_VERSION_MASK,
    CXL_IV_SIZE,
    CXL_SUB_STREAM,
    DEFAULT_IV,
    CxlKpAckStatus,
    CxlObjectId,
    CxlQueryCaps,
)
from responder.spec.ide import DIRECTION_SHIFT, KEY_SIZE, SUB_STREAM_SHIFT, Direction
from responder.wire.family import Coded, Family
from responder.wire.fields import Blob, Int8ul, Int16ul, Rest
from responder.wire.message import wire


def cxl_key_sub_stream(direction: Direction, *, bit_3: bool = False) -> int:
    """The byte that tells a key from the other of its stream.

    Bit 3 is ``DEFAULT_IV`` in KEY_PROG and ``CONTAINMENT_MODE`` in K_SET_GO.
    """
    return (
        CXL_SUB_STREAM << SUB_STREAM_SHIFT
        | direction << DIRECTION_SHIFT
        | (DEFAULT_IV if bit_3 else 0)
    )


def _sub_stream_text(value: int) -> str:
    number = value >> SUB_STREAM_SHIFT
    name = "CXL.cachemem" if number == CXL_SUB_STREAM else f"sub-stream {number}"
    return f"{name} {Direction(value >> DIRECTION_SHIFT & 1).name}"


def _programmed(value: int) -> str:
    return f"{_sub_stream_text(value)}, {'default' if value & DEFAULT_IV else 'initial'} IV"


def _mode(value: int) -> str:
    mode = "containment" if value & DEFAULT_IV else "skid"
    return f"{_sub_stream_text(value)}, {mode} mode"


def _caps(value: int) -> str:
    names = [str(flag.name) for flag in CxlQueryCaps if flag & value]
    return ", ".join([f"version {value & CXL_IDE_KM_VERSION_MASK}", *names])


class CxlIdeKmMessage(Coded):
    """A CXL_IDE_KM message: a record that begins with its ObjectID."""

    CODE_FIELD: ClassVar[str] = "object_id"
    object_id: int = wire(Int8ul, default=0, show=CxlObjectId)


class CxlQuery(CxlIdeKmMessage, code=CxlObjectId.QUERY):
    """Asks for a port's IDE capability; 3 bytes."""

    reserved: int = wire(Int8ul, default=0)
    port_index: int = wire(Int8ul, default=0)


class CxlQueryResp(CxlIdeKmMessage, code=CxlObjectId.QUERY_RESP):
    """Where the port is, what it can do, and its CXL IDE capability; 8 bytes and that."""

    reserved: int = wire(Int8ul, default=0)
    port_index: int = wire(Int8ul, default=0)
    dev_func_num: int = wire(Int8ul, default=0)
    bus_num: int = wire(Int8ul, default=0)
    segment: int = wire(Int8ul, default=0)
    max_port_index: int = wire(Int8ul, default=0)
    caps: int = wire(Int8ul, default=CXL_IDE_KM_VERSION, show=_caps)
    ide_registers: bytes = wire(Rest(), default=b"")


class _OfKey(CxlIdeKmMessage):
    """The 7 bytes that all messages about a key begin with."""

    reserved: int = wire(Int16ul, default=0)
    stream_id: int = wire(Int8ul, default=0)
    reserved_2: int = wire(Int8ul, default=0)
    key_sub_stream: int = wire(Int8ul, default=0, show=_sub_stream_text)
    port_index: int = wire(Int8ul, default=0)


class CxlKeyProg(_OfKey, code=CxlObjectId.KEY_PROG):
    """Programs a key, 32 bytes, and its initial IV, 12 bytes; 51 bytes."""

    key_sub_stream: int = wire(Int8ul, default=0, show=_programmed)
    key: bytes = wire(Blob(KEY_SIZE))
    iv: bytes = wire(Blob(CXL_IV_SIZE))


class CxlKpAck(CxlIdeKmMessage, code=CxlObjectId.KP_ACK):
    """Whether the key was taken; 7 bytes."""

    reserved: int = wire(Int16ul, default=0)
    stream_id: int = wire(Int8ul, default=0)
    status: int = wire(Int8ul, default=0, show=CxlKpAckStatus)
    key_sub_stream: int = wire(Int8ul, default=0, show=_sub_stream_text)
    port_index: int = wire(Int8ul, default=0)


class CxlKSetGo(_OfKey, code=CxlObjectId.K_SET_GO):
    """Uses the programmed key from now on; 7 bytes."""

    key_sub_stream: int = wire(Int8ul, default=0, show=_mode)


class CxlKSetStop(_OfKey, code=CxlObjectId.K_SET_STOP):
    """Uses the key no longer; 7 bytes."""


class CxlKGostopAck(_OfKey, code=CxlObjectId.K_GOSTOP_ACK):
    """Answers both; 7 bytes, of which none can refuse."""


class CxlGetKey(_OfKey, code=CxlObjectId.GET_KEY):
    """Asks the device to make a key; 7 bytes."""


class CxlGetKeyAck(_OfKey, code=CxlObjectId.GET_KEY_ACK):
    """The key that the device has made, 32 bytes, and an IV, 12 bytes; 51 bytes."""

    key: bytes = wire(Blob(KEY_SIZE))
    iv: bytes = wire(Blob(CXL_IV_SIZE))


class RawCxlIdeKm(CxlIdeKmMessage):
    """A message of an unknown ObjectID."""

    body: bytes = wire(Rest(), default=b"")


CXL_IDE_KM: Family[CxlIdeKmMessage] = Family(
    "CXL_IDE_KM",
    (
        CxlQuery,
        CxlQueryResp,
        CxlKeyProg,
        CxlKpAck,
        CxlKSetGo,
        CxlKSetStop,
        CxlKGostopAck,
        CxlGetKey,
        CxlGetKeyAck,
    ),
    RawCxlIdeKm,
)
