"""IDE_KM: keys for a stream (PCIe 6.2, 6.33.3), over a session.

Keys come from the requester's randomness; none is sent twice in an attestation.
"""

from collections.abc import Iterator
from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.protocols import Protocol, ask, granted, names_of, read_answer
from responder.requester.report_tdi import IdeReport, StreamReport
from responder.spec.ide import (
    FIRST_INVOCATION,
    IFV_SIZE,
    KEY_SIZE,
    SELECTIVE_COUNT_MASK,
    SELECTIVE_COUNT_SHIFT,
    STREAM_ID_MASK,
    STREAM_ID_SHIFT,
    STREAM_STATE_MASK,
    Direction,
    IdeCapability,
    KeySet,
    KpAckStatus,
    PciProtocol,
    StreamControl,
    StreamState,
    SubStream,
)
from responder.spec.registries import PCI_SIG_VENDOR_ID
from responder.spec.tdisp import SEGMENT_SHIFT, SEGMENT_VALID
from responder.wire.errors import WireError
from responder.wire.ide_km import (
    IdeKmMessage,
    IdeRegisters,
    KeyProg,
    KGostopAck,
    KpAck,
    KSetGo,
    KSetStop,
    LinkStream,
    Query,
    QueryResp,
    SelectiveStream,
    key_sub_stream,
    swapped_dwords,
)
from responder.wire.ide_km import key_sub_stream_text as _text
from responder.wire.tdisp import function_id_text

IDE_KM = Protocol("ide", PCI_SIG_VENDOR_ID, PciProtocol.IDE_KM, code_at=0)
IFV = swapped_dwords(FIRST_INVOCATION.to_bytes(IFV_SIZE, "big"))
_DWORD = 4
_DEVICE = 0xF8
"""The bits of a device number in a routing id without ARI; with ARI it is 0."""
_EXTENDED_SPACE = 4096 - 256
"""Bytes of extended configuration space, where the capability and its header are."""

AnyIdeKm = TypeVar("AnyIdeKm", bound=IdeKmMessage)


def query(c: Conversation) -> Flow[None]:
    """QUERY: where the port is, and how its streams stand; report them."""
    port = c.options.tdi.port_index
    message = yield from _exchange(c, Query(port_index=port), QueryResp)
    _check_port(c, message.port_index)
    blocks = message.ide_registers
    c.require("ide.registers-whole", len(blocks) % _DWORD == 0, f"{len(blocks)} bytes of registers")
    fits = _DWORD + len(blocks) <= _EXTENDED_SPACE
    c.require("ide.registers-fit", fits, f"{len(blocks)} bytes of registers")
    report = _report(c)
    report.max_port_index = message.max_port_index
    if port > message.max_port_index:
        c.report.observe("ide.max-port", f"port {port}, MaxPortIndex {message.max_port_index}")
    _note_place(c, message)
    _note_registers(c, blocks)


def program_keys(c: Conversation) -> Flow[None]:
    """KEY_PROG for the six keys of the stream and key set of the options."""
    yield from _program(c, c.options.tdi.key_set)


def use_keys(c: Conversation) -> Flow[None]:
    """K_SET_GO for those keys: receivers first, then transmitters."""
    yield from _go(c, c.options.tdi.key_set)


def refresh_keys(c: Conversation) -> Flow[None]:
    """Program the other key set than the one in use, and use it."""
    used = c.ide.key_set
    key_set = KeySet((c.options.tdi.key_set if used is None else used) ^ 1)
    yield from _program(c, key_set)
    yield from _go(c, key_set)


def stop_keys(c: Conversation) -> Flow[None]:
    """K_SET_STOP for the keys in use."""
    used = c.ide.key_set
    key_set = c.options.tdi.key_set if used is None else used
    for key in _keys(key_set):
        yield from _acknowledged(c, KSetStop(**_address(c, key)))
        c.ide.programmed.discard(key)
    c.ide.key_set, c.ide.secure = None, False
    c.tdi.fail()
    _note_keys(c)


def retire_keys(c: Conversation) -> Flow[None]:
    """K_SET_STOP for the keys that are no longer in use; the stream stays secure without them."""
    for key in sorted(c.ide.programmed):
        if key & 1 != c.ide.key_set:
            yield from _acknowledged(c, KSetStop(**_address(c, key)))
            c.ide.programmed.discard(key)
    _note_keys(c)


def go_too_early(c: Conversation) -> Flow[None]:
    """K_SET_GO for a key that was not programmed: it has to be refused."""
    key = next(key for key in _keys(c.options.tdi.key_set) if key not in c.ide.programmed)
    if (yield from granted(c, IDE_KM, KSetGo(**_address(c, key)))):
        c.report.observe("ide.go-unchecked", _text(key))


def repeat_key(c: Conversation) -> Flow[None]:
    """KEY_PROG with one key twice: AES-GCM takes none twice, so that it ought to be refused."""
    key = next(_keys(KeySet(c.options.tdi.key_set ^ 1)))
    secret = swapped_dwords(c.ide_keys.bytes(KEY_SIZE))
    request = KeyProg(**_address(c, key), key=secret, ifv=IFV)
    yield from _take(c, request, key)
    message = yield from _exchange(c, request, KpAck)
    _check_echo(c, request, message)
    if message.status == KpAckStatus.SUCCESS:
        c.report.observe("ide.key-repeated", _text(key))


def _keys(key_set: KeySet) -> Iterator[int]:
    """The sub-stream bytes of a key set, receivers first."""
    for direction in Direction:
        for sub_stream in SubStream:
            yield key_sub_stream(sub_stream, direction, key_set)


def _address(c: Conversation, key: int) -> dict[str, int]:
    tdi = c.options.tdi
    return {"stream_id": tdi.stream_id, "key_sub_stream": key, "port_index": tdi.port_index}


def _program(c: Conversation, key_set: KeySet) -> Flow[None]:
    for key in _keys(key_set):
        secret = c.ide_keys.bytes(KEY_SIZE)
        request = KeyProg(**_address(c, key), key=swapped_dwords(secret), ifv=IFV)
        yield from _take(c, request, key)
    _note_keys(c)


def _take(c: Conversation, request: KeyProg, key: int) -> Flow[None]:
    """KEY_PROG of a key that has to be taken."""
    message = yield from _exchange(c, request, KpAck)
    _check_echo(c, request, message)
    status, known = message.status, {one.value: one.name for one in KpAckStatus}
    told = known.get(status, f"reserved status {status}")
    c.require("ide.status", status == KpAckStatus.SUCCESS, f"{told} for {_text(key)}")
    c.ide.programmed.add(key)
    c.ide.session = c.session.id if c.session else None


def _go(c: Conversation, key_set: KeySet) -> Flow[None]:
    keys = set(_keys(key_set))
    for key in _keys(key_set):
        yield from _acknowledged(c, KSetGo(**_address(c, key)))
    missing = keys - c.ide.programmed
    if missing:
        c.report.observe("ide.go-without-keys", f"without {', '.join(map(_text, sorted(missing)))}")
    c.ide.key_set, c.ide.secure = key_set, not missing
    _note_keys(c)


def _acknowledged(c: Conversation, request: KSetGo | KSetStop) -> Flow[None]:
    message = yield from _exchange(c, request, KGostopAck)
    _check_echo(c, request, message)


def _exchange(c: Conversation, request: IdeKmMessage, kind: type[AnyIdeKm]) -> Flow[AnyIdeKm]:
    answer = yield from ask(c, IDE_KM, request)
    return read_answer(c, IDE_KM, kind, answer)


def _check_echo(
    c: Conversation, request: KeyProg | KSetGo | KSetStop, message: KpAck | KGostopAck
) -> None:
    told, sent = message.stream_id, request.stream_id
    c.require("ide.stream", told == sent, f"stream {told}, sent {sent}")
    key, sent_key = message.key_sub_stream, request.key_sub_stream
    c.require("ide.sub-stream", key == sent_key, f"{_text(key)}, sent {_text(sent_key)}")
    _check_port(c, message.port_index)


def _check_port(c: Conversation, told: int) -> None:
    port = c.options.tdi.port_index
    c.require("ide.port", told == port, f"port {told}, sent {port}")


def _report(c: Conversation) -> IdeReport:
    if c.report.ide is None:
        c.report.ide = IdeReport(c.options.tdi.port_index)
    return c.report.ide


def _note_keys(c: Conversation) -> None:
    stream, used = c.options.tdi.stream_id, c.ide.key_set
    _report(c).keys = [
        f"stream {stream} {_text(key)}" + (", in use" if key & 1 == used else "")
        for key in sorted(c.ide.programmed)
    ]


def _note_place(c: Conversation, message: QueryResp) -> None:
    """Where the port is: it is function 0 of the device that the interface is a function of."""
    wanted = c.options.tdi.function_id
    place = message.bus_num << 8 | message.dev_func_num
    if message.segment:
        place |= message.segment << SEGMENT_SHIFT | SEGMENT_VALID
    _report(c).function = function_id_text(place)
    segment = wanted >> SEGMENT_SHIFT & 0xFF if wanted & SEGMENT_VALID else message.segment
    same = (segment, wanted >> 8 & 0xFF) == (message.segment, message.bus_num)
    if not (same and message.dev_func_num in {0, wanted & _DEVICE}):
        told = f"port at {function_id_text(place)}, interface {function_id_text(wanted)}"
        c.report.observe("ide.other-function", told)


def _note_registers(c: Conversation, blocks: bytes) -> None:
    """What the registers say of the port, and of the stream whose keys were programmed."""
    report = _report(c)
    try:
        registers = IdeRegisters.parse(blocks)
        selective = SelectiveStream.parse_all(registers.selective_streams)
        links = LinkStream.parse_all(registers.link_streams)
    except WireError as error:
        c.report.observe("ide.registers-odd", str(error))
        return
    capability = registers.capability
    report.capabilities = names_of(IdeCapability, capability)
    if not capability & IdeCapability.SELECTIVE_IDE or not capability & IdeCapability.IDE_KM:
        c.report.observe("ide.no-selective", ", ".join(report.capabilities) or "no capability")
    count = (capability >> SELECTIVE_COUNT_SHIFT & SELECTIVE_COUNT_MASK) + 1
    if not capability & IdeCapability.SELECTIVE_IDE:
        count = 0
    if registers.rest or len(selective) != count:
        told = f"{len(selective)} selective streams, {len(registers.rest)} bytes more"
        c.report.observe("ide.registers-odd", told)
    report.streams = [_stream("link", one.control, one.status) for one in links]
    report.streams += [_stream("selective", one.control, one.status) for one in selective]
    _note_stream(c, report)


def _stream(kind: str, control: int, status: int) -> StreamReport:
    state, known = status & STREAM_STATE_MASK, {one.value: one.name for one in StreamState}
    return StreamReport(
        kind,
        control >> STREAM_ID_SHIFT & STREAM_ID_MASK,
        bool(control & StreamControl.ENABLE),
        known.get(state, f"reserved {state}"),
    )


def _note_stream(c: Conversation, report: IdeReport) -> None:
    stream_id, secure = c.options.tdi.stream_id, StreamState.SECURE.name
    states = {one.state for one in report.streams if one.stream_id == stream_id}
    if not states:
        c.report.observe("ide.stream-unknown", f"stream {stream_id}")
    elif c.ide.secure and secure not in states:
        c.report.observe("ide.insecure", f"stream {stream_id}: {', '.join(sorted(states))}")
    elif not c.ide.secure and secure in states:
        c.report.observe("ide.still-secure", f"stream {stream_id}")
