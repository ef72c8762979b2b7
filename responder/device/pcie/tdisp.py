"""TDISP on the side of the device: the interfaces of its functions (PCIe 6.2, 11.3)."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from responder.core.errors import invalid
from responder.core.interfaces import SessionToken
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.interfaces import FunctionEffect, Noticed, Outbox, TdiState
from responder.device.pcie.policies import TdispPolicy
from responder.device.pcie.refusal import RefusedError
from responder.device.pcie.secure_session import require_session
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdi_table import TdiEvent
from responder.spec.tdisp import (
    HEADER_SIZE,
    INTERFACE_ID_SIZE,
    TDISP_VERSION_10,
    LockFlag,
    TdispErrorCode,
    TdispType,
)
from responder.wire.errors import WireError
from responder.wire.tdisp import (
    TDISP,
    BindP2pStreamResponse,
    DeviceInterfaceReport,
    DeviceInterfaceState,
    InterfaceId,
    LockInterfaceResponse,
    MmioRange,
    SetMmioAttributeResponse,
    SetTdispConfigResponse,
    StartInterfaceResponse,
    StopInterfaceResponse,
    TdispCapabilities,
    TdispError,
    TdispMessage,
    TdispVersion,
    UnbindP2pStreamResponse,
    VdmResponse,
    supported_messages,
)

EVENTS = {kind: TdiEvent(kind.name) for kind in TdispType if kind >= TdispType.GET_TDISP_VERSION}
"""What each request is to the state machine."""

BOUND = frozenset(
    {
        TdiEvent.REPORT,
        TdiEvent.START,
        TdiEvent.STOP,
        TdiEvent.BIND_P2P,
        TdiEvent.UNBIND_P2P,
        TdiEvent.SET_MMIO_ATTRIBUTE,
    }
)
"""What has to come over the session that locked."""

_OPTIONAL: dict[TdispType, tuple[str, object]] = {
    TdispType.BIND_P2P_STREAM_REQUEST: ("p2p", True),
    TdispType.UNBIND_P2P_STREAM_REQUEST: ("p2p", True),
    TdispType.SET_MMIO_ATTRIBUTE_REQUEST: ("mmio_attributes", True),
    TdispType.VDM_REQUEST: ("vdm", "echo"),
    TdispType.SET_TDISP_CONFIG_REQUEST: ("set_config", True),
}
"""The field of the policy, and its value, with which a request is supported."""

_XT_CAPABLE = 1 << 0
"""DSM_CAPS where SET_TDISP_CONFIG is supported: which bit that is, nobody has confirmed."""


class _Asked(NamedTuple):
    """A request that may be granted: of which interface, what, and in which session."""

    tdi: Tdi
    request: Any
    session: SessionToken | None


class TdispHost:
    """Answers TDISP for the interfaces of a device; messages begin with TDISPVersion.

    Requests are answered one after the other, so that none has to wait (BUSY).

    Args:
        interfaces: those that it hosts, each of another function.
        policy: what it does where there is a choice; that of its interfaces.
        port: whose streams interfaces are bound to, if there is one.
        outbox: takes what happens besides answers.
    """

    def __init__(
        self,
        interfaces: Sequence[Tdi],
        policy: TdispPolicy,
        port: IdePort | None,
        outbox: Outbox,
    ) -> None:
        self._interfaces = tuple(interfaces)
        self._port = port
        self._outbox = outbox
        self._set(policy)
        if port is not None:
            port.watch(self._stream_lost)

    def _set(self, policy: TdispPolicy) -> None:
        self._policy = policy
        self._supported = supported_requests(policy)

    def use(self, policy: TdispPolicy) -> None:
        """Go by another policy from now on, the interfaces too."""
        self._set(policy)
        for tdi in self._interfaces:
            tdi.use(policy)

    def request(self, message: bytes, session: SessionToken | None) -> bytes:
        """The answer to a message that came in a session, or outside of all.

        What is wrong is found in this order: version, interface, type, length, session, state, and
        what the request itself says.

        Raises:
            ProtocolError: InvalidRequest: there is no whole header, so that nothing can answer.
            OutsideError, UnexpectedRequest: as ``require_session``.
        """
        if self._policy.session_required:
            require_session(session, "TDISP")
        if len(message) < HEADER_SIZE:
            raise invalid(f"{len(message)} bytes are no TDISP message")
        interface_id = message[HEADER_SIZE - INTERFACE_ID_SIZE : HEADER_SIZE]
        try:
            answer = self._answer(message, interface_id, session)
        except RefusedError as error:
            self._outbox.append((0, Noticed("tdisp-refused", f"{error.code.name}: {error}")))
            answer = TdispError(error_code=error.code, error_data=error.data)
        return answer.replace(interface_id=interface_id).build()

    def session_ended(self, session: SessionToken) -> None:
        """A session is over: what was locked in it is an ERROR, or whatever the policy says."""
        for tdi in self._interfaces:
            self._tell(tdi, tdi.session_ended(session))

    def _answer(
        self, message: bytes, interface_id: bytes, session: SessionToken | None
    ) -> TdispMessage:
        version, kind = message[0], message[1]
        if version != TDISP_VERSION_10:
            raise RefusedError(TdispErrorCode.VERSION_MISMATCH, f"version {version:#x}")
        tdi = self._interface(InterfaceId.parse(interface_id).function_id & 0xFFFF, kind)
        if kind not in self._supported:
            raise RefusedError(TdispErrorCode.UNSUPPORTED_REQUEST, f"type {kind:#x}", kind)
        if TdispType(kind).name == self._policy.refuses:
            return TdispError(error_code=self._policy.refusal)
        try:
            request = TDISP.parse(message)
        except WireError as error:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, str(error)) from None
        event = EVENTS[TdispType(kind)]
        bound = self._policy.session_bound and event in BOUND and tdi.session is not None
        if bound and tdi.session is not session:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, "another session has locked")
        tdi.admit(event)
        return self._HANDLERS[event](self, _Asked(tdi, request, session))

    def _interface(self, function_id: int, kind: int) -> Tdi:
        policy, first = self._policy, self._interfaces[0]
        if policy.learn_function_id and len(self._interfaces) == 1:
            begins = policy.version_restarts and kind == TdispType.GET_TDISP_VERSION
            if first.learned_id is None or begins:
                first.learned_id = function_id
        found = next((tdi for tdi in self._interfaces if tdi.function_id == function_id), None)
        if found is None:
            raise RefusedError(TdispErrorCode.INVALID_INTERFACE, f"function {function_id:#06x}")
        return found

    def _version(self, asked: _Asked) -> TdispMessage:
        self._tell(asked.tdi, asked.tdi.happen(TdiEvent.GET_VERSION))
        return TdispVersion()

    def _capabilities(self, _: _Asked) -> TdispMessage:
        policy = self._policy
        return TdispCapabilities(
            dsm_caps=_XT_CAPABLE if policy.set_config else 0,
            req_msgs_supported=supported_messages(self._supported),
            lock_interface_flags_supported=self._lock_flags,
            dev_addr_width=policy.dev_addr_width,
            num_req_this=policy.num_req_this,
            num_req_all=policy.num_req_all,
        )

    @property
    def _lock_flags(self) -> int:
        return self._policy.lock_flags | (LockFlag.BIND_P2P if self._policy.p2p else 0)

    def _lock(self, asked: _Asked) -> TdispMessage:
        tdi, request, session = asked
        if request.flags & ~self._lock_flags:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, f"lock flags {request.flags:#x}")
        problem = self._stream_problem(request.default_stream_id, session)
        if problem:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, problem)
        nonce, effects = tdi.lock(request, session)
        self._tell(tdi, effects)
        return LockInterfaceResponse(start_interface_nonce=nonce)

    def _stream_problem(self, stream_id: int, session: SessionToken | None) -> str:
        """Why a stream may not be the default one of a lock in that session; empty if it may be."""
        if self._policy.ide_binding == "none":
            return ""
        if self._port is None:
            return "the device has no IDE"
        if not self._port.keyed(stream_id, session):
            return f"stream {stream_id} has no six keys of this session in use"
        if self._policy.ide_binding == "keys":
            return ""
        return self._port.default_stream_problem(stream_id)

    def _report(self, asked: _Asked) -> TdispMessage:
        request = asked.request
        report = self._told_of(asked.tdi, "report").served()
        length = min(request.length, self._policy.report_portion or request.length)
        if not length or request.offset >= len(report):
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, "no such part of the report")
        portion = report[request.offset :][:length]
        return DeviceInterfaceReport(
            remainder_length=len(report) - request.offset - len(portion), report_bytes=portion
        )

    def _state(self, asked: _Asked) -> TdispMessage:
        return DeviceInterfaceState(tdi_state=self._told_of(asked.tdi, "state").told)

    def _told_of(self, tdi: Tdi, what: str) -> Tdi:
        """The interface whose report or state is told."""
        following = self._interfaces.index(tdi) + (self._policy.crossed == what)
        return self._interfaces[following % len(self._interfaces)]

    def _start(self, asked: _Asked) -> TdispMessage:
        self._tell(asked.tdi, asked.tdi.start(asked.request.start_interface_nonce))
        return StartInterfaceResponse()

    def _stop(self, asked: _Asked) -> TdispMessage:
        self._tell(asked.tdi, asked.tdi.happen(TdiEvent.STOP))
        return StopInterfaceResponse()

    def _bind(self, asked: _Asked) -> TdispMessage:
        tdi, stream_id = asked.tdi, asked.request.p2p_stream_id
        known = self._policy.ide_binding == "none" or (
            self._port is not None
            and self._port.keyed(stream_id, asked.session)
            and (self._policy.ide_binding == "keys" or self._port.secure(stream_id))
        )
        if not known or stream_id in tdi.streams or not tdi.lock_flags & LockFlag.BIND_P2P:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, f"stream {stream_id} not to bind")
        other = self._policy.p2p_streams == "other"
        tdi.streams.append(stream_id ^ other)
        return BindP2pStreamResponse()

    def _unbind(self, asked: _Asked) -> TdispMessage:
        streams, stream_id = asked.tdi.streams, asked.request.p2p_stream_id
        if stream_id not in streams[1:]:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, "the stream is not bound")
        if self._policy.p2p_streams != "kept":
            streams.remove(stream_id)
        return UnbindP2pStreamResponse()

    def _set_mmio(self, asked: _Asked) -> TdispMessage:
        asked.tdi.set_mmio_attribute(MmioRange.parse(asked.request.mmio_range))
        return SetMmioAttributeResponse()

    def _vdm(self, asked: _Asked) -> TdispMessage:
        request = asked.request
        return VdmResponse(
            registry_id=request.registry_id,
            vendor_id=request.vendor_id,
            vendor_data=request.vendor_data,
        )

    def _set_config(self, _: _Asked) -> TdispMessage:
        """Every interface has to be unlocked, not only the one that is named."""
        if any(one.told is not TdiState.CONFIG_UNLOCKED for one in self._interfaces):
            raise RefusedError(TdispErrorCode.INVALID_INTERFACE_STATE, "not all are unlocked")
        return SetTdispConfigResponse()

    def _stream_lost(self, stream_id: int, reason: str) -> None:
        if self._policy.ide_binding == "none" or not self._policy.watch_streams:
            return
        for tdi in self._interfaces:
            self._tell(tdi, tdi.stream_lost(stream_id, reason))

    def _tell(self, tdi: Tdi, effects: Sequence[FunctionEffect]) -> None:
        self._outbox += [(tdi.host.number, effect) for effect in effects]

    _HANDLERS: ClassVar[dict[TdiEvent, Callable[..., TdispMessage]]] = {
        TdiEvent.GET_VERSION: _version,
        TdiEvent.GET_CAPABILITIES: _capabilities,
        TdiEvent.LOCK: _lock,
        TdiEvent.REPORT: _report,
        TdiEvent.STATE: _state,
        TdiEvent.START: _start,
        TdiEvent.STOP: _stop,
        TdiEvent.BIND_P2P: _bind,
        TdiEvent.UNBIND_P2P: _unbind,
        TdiEvent.SET_MMIO_ATTRIBUTE: _set_mmio,
        TdiEvent.VDM: _vdm,
        TdiEvent.SET_CONFIG: _set_config,
    }


def supported_requests(policy: TdispPolicy) -> list[TdispType]:
    """The requests that a device answers with anything but UNSUPPORTED_REQUEST."""
    wanted = {kind: getattr(policy, name) == value for kind, (name, value) in _OPTIONAL.items()}
    return [kind for kind in EVENTS if wanted.get(kind, True)]
