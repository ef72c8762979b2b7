"""GET_CAPABILITIES and CAPABILITIES (DSP0274, clause of that name).

The layout follows the version in the message's own header: 4 bytes (request, 1.0), 12 bytes
(request 1.1; response 1.0 and 1.1), 20 bytes (both, 1.2 and later).
"""

from typing import Any

from construct import StreamError

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap, ExtCap
from responder.spec.versions import V11, V12, V13
from responder.wire.algorithms import BLOCK_FIXED_SIZE, AlgorithmOffer
from responder.wire.fields import (
    Blob,
    Condition,
    Int8ul,
    Int16ul,
    Int32ul,
    When,
)
from responder.wire.message import Message, wire

SUPPORTED_ALGORITHMS = 1 << 0
"""Param1 bit 0 (1.3): the request asks for, the response carries, the algorithms block."""


def _own_version(version: int) -> Condition:
    return lambda context: bool(context.spdm_version >= version)


class GetCapabilities(Message, code=RequestCode.GET_CAPABILITIES):
    """The requester's capabilities; its header selects the connection's version."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    reserved: int | None = wire(When(_own_version(V11), Int8ul), default=None)
    ct_exponent: int | None = wire(When(_own_version(V11), Int8ul), default=None)
    ext_flags: int | None = wire(When(_own_version(V11), Int16ul), default=None, show=ExtCap)
    flags: int | None = wire(When(_own_version(V11), Int32ul), default=None, show=Cap)
    data_transfer_size: int | None = wire(When(_own_version(V12), Int32ul), default=None)
    max_spdm_msg_size: int | None = wire(When(_own_version(V12), Int32ul), default=None)


def _has_block(context: Any) -> bool:
    return bool(context.spdm_version >= V13 and context.param1 & SUPPORTED_ALGORITHMS)


def _block_size(context: Any) -> int:
    """The block's own length field, bytes 2 and 3 of it, read ahead."""
    here = context._io.tell()  # noqa: SLF001 - construct's name for the stream
    head: bytes = context._io.read(4)  # noqa: SLF001
    context._io.seek(here)  # noqa: SLF001
    length = int.from_bytes(head[2:4], "little")
    if length < BLOCK_FIXED_SIZE:
        reason = f"Length says {length} bytes, {BLOCK_FIXED_SIZE} are the least"
        raise StreamError(reason, path="supported_algorithms")
    return length


class Capabilities(Message, code=ResponseCode.CAPABILITIES):
    """The responder's capabilities, with its supported algorithms on request (1.3)."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    reserved: int = wire(Int8ul, default=0)
    ct_exponent: int = wire(Int8ul, default=0)
    ext_flags: int = wire(Int16ul, default=0, show=ExtCap)
    flags: int = wire(Int32ul, default=0, show=Cap)
    data_transfer_size: int | None = wire(When(_own_version(V12), Int32ul), default=None)
    max_spdm_msg_size: int | None = wire(When(_own_version(V12), Int32ul), default=None)
    supported_algorithms: bytes = wire(
        When(_has_block, Blob(_block_size), b""), default=b"", view=AlgorithmOffer
    )
