"""TDISP in a session: an interface is locked, started and stopped (PCIe 6.2, 11.3)."""

from collections.abc import Container
from typing import TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.protocols import Versioned, ask_patiently, names_of, read_answer, zeros
from responder.requester.report_tdi import TdiReport, TdispCapabilityReport
from responder.spec.ide import PciProtocol
from responder.spec.registries import PCI_SIG_VENDOR_ID
from responder.spec.tdisp import (
    START_NONCE_SIZE,
    TDISP_VERSION_10,
    LockFlag,
    TdispErrorCode,
    TdispType,
    TdiState,
)
from responder.wire.names import header_version
from responder.wire.tdisp import (
    DeviceInterfaceState,
    GetDeviceInterfaceState,
    GetTdispCapabilities,
    GetTdispVersion,
    InterfaceId,
    LockInterfaceRequest,
    LockInterfaceResponse,
    StartInterfaceRequest,
    StartInterfaceResponse,
    StopInterfaceRequest,
    StopInterfaceResponse,
    TdispCapabilities,
    TdispError,
    TdispMessage,
    TdispVersion,
    function_id_text,
)

TDISP = Versioned(
    "tdi",
    PCI_SIG_VENDOR_ID,
    PciProtocol.TDISP,
    code_at=1,
    version=TDISP_VERSION_10,
    error=TdispError,
    codes=TdispErrorCode,
)
_REQUEST_BIT = 0x80
_MANDATORY = tuple(TdispType(_REQUEST_BIT | number) for number in range(1, 8))
_ADDRESS_WIDTHS = range(52, 65)

AnyTdisp = TypeVar("AnyTdisp", bound=TdispMessage)


def report_of(c: Conversation) -> TdiReport:
    """Where the report tells of the interface."""
    if c.report.tdi is None:
        c.report.tdi = TdiReport(function_id_text(c.options.tdi.function_id))
    return c.report.tdi


def exchange(c: Conversation, request: TdispMessage, kind: type[AnyTdisp]) -> Flow[AnyTdisp]:
    """Exchange a message of the interface; TDISP_ERROR is refused."""
    message = yield from exchange_if_possible(c, request, kind)
    if message is None:  # the check that refuses was left out
        return zeros(kind)
    return message


def exchange_if_possible(
    c: Conversation,
    request: TdispMessage,
    kind: type[AnyTdisp],
    bearable: Container[int] = (),
) -> Flow[AnyTdisp | None]:
    """Exchange a message of the interface.

    Args:
        c: the conversation.
        request: the message; its INTERFACE_ID is filled in.
        kind: the answer.
        bearable: codes of TDISP_ERROR that may answer it.

    Returns:
        The answer; ``None`` for TDISP_ERROR with such a code.
    """
    interface_id = InterfaceId(function_id=c.options.tdi.function_id).build()
    sent = request.replace(interface_id=interface_id)
    answer = yield from ask_patiently(c, TDISP, sent, bearable)
    return None if answer is None else _read(c, kind, answer)


def _read(c: Conversation, kind: type[AnyTdisp], answer: bytes) -> AnyTdisp:
    message = read_answer(c, TDISP, kind, answer)
    told = InterfaceId.read(message.interface_id)[0].function_id
    sent = c.options.tdi.function_id
    c.require(
        "tdi.interface-id",
        told == sent,
        f"function {function_id_text(told)}, sent {function_id_text(sent)}",
    )
    return message


def get_versions(c: Conversation) -> Flow[None]:
    """GET_TDISP_VERSION: 1.0 has to be among them."""
    message = yield from exchange(c, GetTdispVersion(), TdispVersion)
    versions = [header_version(one) for one in message.version_num_entries]
    common = TDISP_VERSION_10 in message.version_num_entries
    c.require("tdi.version-common", common, f"versions {', '.join(versions) or 'none'}")
    report_of(c).versions = versions


def get_capabilities(c: Conversation) -> Flow[None]:
    """GET_TDISP_CAPABILITIES: which requests and lock flags there are."""
    message = yield from exchange(c, GetTdispCapabilities(), TdispCapabilities)
    mask = int.from_bytes(message.req_msgs_supported, "little")
    missing = [one.name for one in _MANDATORY if not mask >> (one & ~_REQUEST_BIT) & 1]
    c.require("tdi.mandatory", not missing, f"without {', '.join(missing)}")
    flags = message.lock_interface_flags_supported
    c.tdi.supported_flags, c.tdi.supported_messages = flags, mask
    report_of(c).capabilities = TdispCapabilityReport(
        [one.name for one in TdispType if one & _REQUEST_BIT and mask >> (one & 0x7F) & 1],
        names_of(LockFlag, flags),
        message.dev_addr_width,
        message.num_req_this,
        message.num_req_all,
        message.dsm_caps,
    )
    note_reserved(c, "LOCK_INTERFACE_FLAGS_SUPPORTED", flags & ~sum(LockFlag))
    if message.dev_addr_width not in _ADDRESS_WIDTHS:
        c.report.observe("tdi.address-width", f"{message.dev_addr_width} bits")
    if not (message.num_req_this and message.num_req_all):
        told = f"NUM_REQ_THIS {message.num_req_this}, NUM_REQ_ALL {message.num_req_all}"
        c.report.observe("tdi.requests", told)


def note_reserved(c: Conversation, name: str, bits: int) -> None:
    """Say that reserved bits are set, if any are: a receiver takes no notice of them."""
    if bits:
        c.report.observe("tdi.reserved", f"{name}: 0x{bits:x}")


def get_state(c: Conversation) -> Flow[int]:
    """GET_DEVICE_INTERFACE_STATE."""
    message = yield from exchange(c, GetDeviceInterfaceState(), DeviceInterfaceState)
    state = message.tdi_state
    c.require("tdi.state-defined", state in list(TdiState), f"state {state} is reserved")
    report_of(c).states.append(state_name(state))
    if c.tdi.abandoned and state != TdiState.ERROR:
        c.report.observe("tdi.session-outlived", state_name(state))
    return state


def state_name(state: int) -> str:
    """The name of a state, or its number."""
    return TdiState(state).name if state in list(TdiState) else f"reserved {state}"


def check_state(c: Conversation) -> Flow[None]:
    """The interface still stands where it has to by what was done."""
    state = yield from get_state(c)
    if c.tdi.state is not None:
        told = f"{state_name(state)}, it was brought to {c.tdi.state.name}"
        c.require("tdi.state-kept", state == c.tdi.state, told)


def _reach(c: Conversation, check_id: str, wanted: TdiState) -> Flow[None]:
    """The state that a request was acknowledged for."""
    state = yield from get_state(c)
    c.require(check_id, state == wanted, f"{state_name(state)} instead of {wanted.name}")


def lock(c: Conversation) -> Flow[None]:
    """LOCK_INTERFACE, from the state that the options expect, to CONFIG_LOCKED."""
    tdi = c.options.tdi
    state = yield from get_state(c)
    if tdi.state_before is not None:
        told = f"{state_name(state)} instead of {tdi.state_before.name}"
        c.require("tdi.state-before", state == tdi.state_before, told)
    flags = yield from _lock_flags(c)
    request = LockInterfaceRequest(
        flags=flags,
        default_stream_id=tdi.stream_id,
        mmio_reporting_offset=tdi.reporting_offset,
        bind_p2p_address_mask=tdi.p2p_address_mask,
    )
    message = yield from exchange(c, request, LockInterfaceResponse)
    c.note_nonces("LOCK_INTERFACE_RESPONSE", b"", message.start_interface_nonce)
    session = c.session.id if c.session else None
    c.tdi.lock(flags, message.start_interface_nonce, session)
    report_of(c).lock_flags = names_of(LockFlag, flags)
    if not flags & LockFlag.NO_FW_UPDATE:
        c.report.observe("tdi.firmware-updates")
    yield from _reach(c, "tdi.locked", TdiState.CONFIG_LOCKED)


def _lock_flags(c: Conversation) -> Flow[int]:
    """The flags of the lock; the device has to support them."""
    if c.tdi.supported_flags is None:
        yield from get_capabilities(c)
    supported, wanted = c.tdi.supported_flags or 0, c.options.tdi.lock_flags
    if wanted is None:
        return supported & sum(LockFlag) & ~LockFlag.LOCK_MSIX
    missing = ", ".join(names_of(LockFlag, wanted & ~supported))
    c.checks.step = "LOCK_INTERFACE_REQUEST"
    c.require("tdi.lock-flags", not wanted & ~supported, f"without {missing}")
    return wanted


def start(c: Conversation) -> Flow[None]:
    """START_INTERFACE with the nonce of the lock, to RUN."""
    nonce = c.tdi.nonce or bytes(START_NONCE_SIZE)
    request = StartInterfaceRequest(start_interface_nonce=nonce)
    yield from exchange(c, request, StartInterfaceResponse)
    c.tdi.state, c.tdi.nonce = TdiState.RUN, b""
    yield from _reach(c, "tdi.running", TdiState.RUN)


def start_wrongly(c: Conversation) -> Flow[None]:
    """START_INTERFACE with another nonce than the lock's: INVALID_NONCE has to answer it."""
    nonce = bytes(byte ^ 0xFF for byte in c.tdi.nonce or bytes(START_NONCE_SIZE))
    request = StartInterfaceRequest(start_interface_nonce=nonce)
    bearable = (TdispErrorCode.INVALID_NONCE,)
    taken = yield from exchange_if_possible(c, request, StartInterfaceResponse, bearable)
    if taken is not None:
        c.tdi.state = TdiState.RUN
        c.report.observe("tdi.nonce-unchecked")
    yield from check_state(c)


def stop(c: Conversation) -> Flow[None]:
    """STOP_INTERFACE, to CONFIG_UNLOCKED."""
    yield from exchange(c, StopInterfaceRequest(), StopInterfaceResponse)
    c.tdi.stop()
    yield from _reach(c, "tdi.stopped", TdiState.CONFIG_UNLOCKED)
