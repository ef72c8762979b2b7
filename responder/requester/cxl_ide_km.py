"""CXL_IDE_KM: the two keys of CXL.cachemem (CXL 3.1, 11.4.2), over a session.

Ports make an initial IV of their own: KEY_PROG says that the default one is used.
"""

from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.protocols import Protocol, ask, names_of, read_answer
from responder.requester.report_cxl import CxlPortReport
from responder.spec.cxl import (
    CXL_IDE_KM_VERSION,
    CXL_IDE_KM_VERSION_MASK,
    CXL_IV_SIZE,
    CXL_VENDOR_ID,
    CxlKpAckStatus,
    CxlProtocol,
    CxlQueryCaps,
)
from responder.spec.ide import KEY_SIZE, Direction
from responder.spec.tdisp import SEGMENT_SHIFT, SEGMENT_VALID
from responder.wire.cxl_ide_km import (
    CxlGetKey,
    CxlGetKeyAck,
    CxlIdeKmMessage,
    CxlKeyProg,
    CxlKGostopAck,
    CxlKpAck,
    CxlKSetGo,
    CxlKSetStop,
    CxlQuery,
    CxlQueryResp,
    cxl_key_sub_stream,
)
from responder.wire.ide_km import swapped_dwords
from responder.wire.tdisp import function_id_text

CXL_IDE_KM = Protocol("cxl", CXL_VENDOR_ID, CxlProtocol.IDE_KM, code_at=0)
_DEFAULT_IV = swapped_dwords(b"\x80".ljust(CXL_IV_SIZE, b"\0"))
_DWORD = 4

AnyCxl = TypeVar("AnyCxl", bound=CxlIdeKmMessage)
OfKey = CxlKeyProg | CxlKSetGo | CxlKSetStop | CxlGetKey


def query(c: Conversation) -> Flow[None]:
    """QUERY: where the port is, and what it can do."""
    port = c.options.tdi.port_index
    message = yield from _exchange(c, CxlQuery(port_index=port), CxlQueryResp)
    _check_port(c, message.port_index)
    version = message.caps & CXL_IDE_KM_VERSION_MASK
    c.require("cxl.version", version == CXL_IDE_KM_VERSION, f"version {version}")
    size = len(message.ide_registers)
    c.require("cxl.registers-whole", size % _DWORD == 0, f"{size} bytes of registers")
    if port > message.max_port_index:
        c.report.observe("cxl.max-port", f"port {port}, MaxPortIndex {message.max_port_index}")
    place = message.bus_num << 8 | message.dev_func_num
    if message.segment:
        place |= message.segment << SEGMENT_SHIFT | SEGMENT_VALID
    report = _report(c)
    report.max_port_index, report.version = message.max_port_index, version
    report.function = function_id_text(place)
    report.capabilities = names_of(CxlQueryCaps, message.caps)
    report.registers = message.ide_registers.hex()
    c.cxl.capabilities = message.caps


def get_keys(c: Conversation) -> Flow[None]:
    """GET_KEY: have the port make a key for each direction."""
    if not (yield from _supported(c, CxlQueryCaps.KEY_GEN)):
        return
    for direction in Direction:
        request = CxlGetKey(**_address(c, cxl_key_sub_stream(direction)))
        message = yield from _exchange(c, request, CxlGetKeyAck)
        _check_echo(c, request, message)
        if not any(message.key) or message.key in c.cxl.made:
            c.report.observe("cxl.key-odd", direction.name)
        c.cxl.made.add(message.key)


def program_keys(c: Conversation) -> Flow[None]:
    """KEY_PROG for both directions."""
    for direction in Direction:
        key = cxl_key_sub_stream(direction, bit_3=True)
        secret = swapped_dwords(c.ide_keys.bytes(KEY_SIZE))
        request = CxlKeyProg(**_address(c, key), key=secret, iv=_DEFAULT_IV)
        message = yield from _exchange(c, request, CxlKpAck)
        _check_echo(c, request, message)
        taken, status = message.status == CxlKpAckStatus.SUCCESS, message.status
        c.require("cxl.status", taken, f"status {status} for {direction.name}")
        c.cxl.keys[direction] = "programmed"
    _note_keys(c)


def use_keys(c: Conversation) -> Flow[None]:
    """K_SET_GO for both directions, in skid mode."""
    yield from _acknowledged(c, CxlKSetGo)
    c.cxl.keys = dict.fromkeys(Direction, "in use")
    _note_keys(c)


def stop_keys(c: Conversation) -> Flow[None]:
    """K_SET_STOP for both directions, if the port has it."""
    if (yield from _supported(c, CxlQueryCaps.K_SET_STOP)):
        yield from _acknowledged(c, CxlKSetStop)
        c.cxl.keys = {}
        _note_keys(c)


def _acknowledged(c: Conversation, kind: type[CxlKSetGo] | type[CxlKSetStop]) -> Flow[None]:
    for direction in Direction:
        request = kind(**_address(c, cxl_key_sub_stream(direction)))
        message = yield from _exchange(c, request, CxlKGostopAck)
        _check_echo(c, request, message)


def _supported(c: Conversation, capability: CxlQueryCaps) -> Flow[bool]:
    """Whether the port has a capability; it is asked if it was not yet."""
    if c.cxl.capabilities is None:
        yield from query(c)
    if (c.cxl.capabilities or 0) & capability:
        return True
    c.report.observe("cxl.unsupported", str(capability.name))
    return False


def _exchange(c: Conversation, request: CxlIdeKmMessage, kind: type[AnyCxl]) -> Flow[AnyCxl]:
    answer = yield from ask(c, CXL_IDE_KM, request)
    return read_answer(c, CXL_IDE_KM, kind, answer)


def _address(c: Conversation, key: int) -> dict[str, int]:
    tdi = c.options.tdi
    return {"stream_id": tdi.stream_id, "key_sub_stream": key, "port_index": tdi.port_index}


def _check_echo(
    c: Conversation, request: OfKey, message: CxlKpAck | CxlKGostopAck | CxlGetKeyAck
) -> None:
    told, sent = message.stream_id, request.stream_id
    c.require("cxl.stream", told == sent, f"stream {told}, sent {sent}")
    told, sent = message.key_sub_stream, request.key_sub_stream
    c.require("cxl.sub-stream", told == sent, f"0x{told:02x}, sent 0x{sent:02x}")
    _check_port(c, message.port_index)


def _check_port(c: Conversation, told: int) -> None:
    port = c.options.tdi.port_index
    c.require("cxl.port", told == port, f"port {told}, sent {port}")


def _report(c: Conversation) -> CxlPortReport:
    if c.report.cxl_port is None:
        c.report.cxl_port = CxlPortReport(c.options.tdi.port_index)
    return c.report.cxl_port


def _note_keys(c: Conversation) -> None:
    stream = c.options.tdi.stream_id
    _report(c).keys = [f"stream {stream} {way.name}, {how}" for way, how in c.cxl.keys.items()]
