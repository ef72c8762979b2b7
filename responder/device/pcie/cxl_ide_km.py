"""CXL_IDE_KM on the side of the device: keys for CXL.cachemem (CXL 3.1, 11.4)."""

from collections.abc import Callable

import msgspec

from responder.core.interfaces import SessionToken
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.ide_keys import Key, KeyHistory
from responder.device.pcie.interfaces import Outbox
from responder.device.pcie.key_manager import KeyManager
from responder.device.pcie.policies import CxlIdePolicy
from responder.spec.cxl import (
    CONTAINMENT_MODE,
    CXL_IDE_KM_VERSION,
    CXL_IV_SIZE,
    CXL_SUB_STREAM,
    DEFAULT_IV,
    CxlKpAckStatus,
    CxlQueryCaps,
)
from responder.spec.ide import DIRECTION_SHIFT, KEY_SIZE, SUB_STREAM_SHIFT, Direction
from responder.wire.cxl_ide_km import (
    CXL_IDE_KM,
    CxlGetKey,
    CxlGetKeyAck,
    CxlKeyProg,
    CxlKGostopAck,
    CxlKpAck,
    CxlKSetGo,
    CxlKSetStop,
    CxlQuery,
    CxlQueryResp,
)
from responder.wire.errors import WireError
from responder.wire.ide_km import swapped_dwords

_OF_KEY_SIZE = 7
_REGISTERS_SIZE = 36
"""Bytes of the CXL IDE capability structure; the device has nothing behind it, they are zero."""
_INITIAL_IV = bytes.fromhex("00000080 00000000 01000000")
"""As GET_KEY_ACK gives it: 8000_0000h in the first DW, 1 in the last, little-endian."""


STOCK_CXL_IDE = CxlIdePolicy(
    session_required=False,
    exclusive_session=False,
    max_port_index=7,
    wipe_on_session_end=False,
    check_fields=False,
    go_without_key=True,
    status_for_all=False,
)
"""As the reference responder does, as far as that is a matter of policy."""


class _Slot(msgspec.Struct):
    """The keys of a direction: the one that waits for its GO, and the one in use."""

    pending: Key | None = None
    active: Key | None = None


class CxlIdeKm(KeyManager):
    """Answers CXL_IDE_KM; messages begin with the ObjectID. There is one stream, of id 0.

    Args:
        policy: what it does where there is a choice.
        function_id: the routing id of the port's function, when it is asked for.
        random: the branch that generated keys are drawn from.
        outbox: takes what happens besides answers.

    Attributes:
        containment: the mode that the last K_SET_GO asked for; else it is skid mode.
    """

    def __init__(
        self,
        policy: CxlIdePolicy,
        function_id: Callable[[], int],
        random: RandomTree,
        outbox: Outbox,
    ) -> None:
        super().__init__("CXL_IDE_KM", policy, outbox)
        self.containment = False
        self._policy = policy
        self._function_id = function_id
        self._random = random
        self._slots = {direction: _Slot() for direction in Direction}
        self._history = KeyHistory()
        self._secure = False

    @property
    def secure(self) -> bool:
        """Whether both directions have a key in use."""
        return all(slot.active for slot in self._slots.values())

    def request(self, message: bytes, session: SessionToken | None) -> bytes:
        """The answer to a message that came in a session, or outside of all.

        Raises:
            ProtocolError: the message is wrong in a way that no message of the protocol can tell.
            IgnoredError, OutsideError, UnexpectedRequest: as ``admit``.
        """
        self.admit(session)
        try:
            kind = CXL_IDE_KM.class_of(message)
            if kind is CxlKeyProg and self._policy.status_for_all:
                return self._key_prog(message, session).build()
            request = kind.parse(message)
        except WireError as error:
            raise self.refused(str(error)) from None
        match request:
            case CxlQuery():
                return self._query(request).build()
            case CxlKeyProg():
                self.check_port(request.port_index)
                return self._key_prog(message, session).build()
            case CxlKSetGo():
                return self._go(request).build()
            case CxlKSetStop() if self._policy.k_set_stop:
                return self._stop(request).build()
            case CxlGetKey() if self._policy.key_generation or self._policy.iv_generation:
                return self._get_key(request).build()
        raise self.refused(f"{request.name} is not offered")

    def session_ended(self, session: SessionToken) -> None:
        """A session is over: another one may own the protocol; its keys are gone with it."""
        self.release(session)
        if self._policy.wipe_on_session_end:
            for slot in self._slots.values():
                slot.pending = _unless_of(session, slot.pending)
                slot.active = _unless_of(session, slot.active)
            self._settle("the session that programmed its keys ended")

    def reset(self) -> None:
        """The device was reset: keys are gone."""
        self._slots = {direction: _Slot() for direction in Direction}
        self._settle("reset")

    def _query(self, query: CxlQuery) -> CxlQueryResp:
        self.check_port(query.port_index)
        policy, function_id = self._policy, self._function_id()
        offered = {
            CxlQueryCaps.IV_GEN: policy.iv_generation,
            CxlQueryCaps.KEY_GEN: policy.key_generation,
            CxlQueryCaps.K_SET_STOP: policy.k_set_stop,
        }
        return CxlQueryResp(
            port_index=query.port_index,
            dev_func_num=function_id & 0xFF,
            bus_num=function_id >> 8 & 0xFF,
            max_port_index=policy.max_port_index,
            caps=CXL_IDE_KM_VERSION | sum(cap for cap, there in offered.items() if there),
            ide_registers=bytes(_REGISTERS_SIZE),
        )

    def _key_prog(self, message: bytes, session: SessionToken | None) -> CxlKpAck:
        """Take a key, or say that something is wrong; the rest of the answer is the request's."""
        head = message[:_OF_KEY_SIZE].ljust(_OF_KEY_SIZE, b"\0")
        ack = CxlKpAck(stream_id=head[3], key_sub_stream=head[5], port_index=head[6])
        try:
            request = CxlKeyProg.parse(message)
        except WireError:
            return ack.replace(status=CxlKpAckStatus.INVALID)
        known = self._known(request.stream_id, request.key_sub_stream, DEFAULT_IV)
        if request.port_index > self._policy.max_port_index or not known:
            return ack.replace(status=CxlKpAckStatus.INVALID)
        key = Key(swapped_dwords(request.key), request.iv, session)
        if self._history.again(key):
            self.notice("ide-key-reuse", "CXL.cachemem: an earlier key")
        self._slot(request.key_sub_stream).pending = key
        return ack

    def _go(self, request: CxlKSetGo) -> CxlKGostopAck:
        self.check_port(request.port_index)
        known = self._known(request.stream_id, request.key_sub_stream, CONTAINMENT_MODE)
        slot = self._slot(request.key_sub_stream)
        if known and slot.pending:
            slot.active, slot.pending = slot.pending, None
            self.containment = bool(request.key_sub_stream & CONTAINMENT_MODE)
            self._settle("K_SET_GO")
        elif not self._policy.go_without_key:
            raise self.refused("there is no such key to use")
        return _acknowledged(request)

    def _stop(self, request: CxlKSetStop) -> CxlKGostopAck:
        """Always well: without such a key there is none to stop."""
        if self._known(request.stream_id, request.key_sub_stream, 0):
            self._slots[_direction(request.key_sub_stream)] = _Slot()
            self._settle("K_SET_STOP")
        return _acknowledged(request)

    def _get_key(self, request: CxlGetKey) -> CxlGetKeyAck:
        """A key that the device makes; what it cannot make is zero."""
        self.check_port(request.port_index)
        if not self._known(request.stream_id, request.key_sub_stream, 0):
            raise self.refused("there is no such key to make")
        policy = self._policy
        return CxlGetKeyAck(
            stream_id=request.stream_id,
            key_sub_stream=request.key_sub_stream,
            port_index=request.port_index,
            key=self._random.bytes(KEY_SIZE) if policy.key_generation else bytes(KEY_SIZE),
            iv=_INITIAL_IV if policy.iv_generation else bytes(CXL_IV_SIZE),
        )

    def _known(self, stream_id: int, key_sub_stream: int, flag: int) -> bool:
        """Whether stream and sub-stream are those that there are; ``flag`` may be set in it."""
        if not self._policy.check_fields:
            return True
        plain = key_sub_stream & ~flag & ~(1 << DIRECTION_SHIFT)
        return stream_id == 0 and plain == CXL_SUB_STREAM << SUB_STREAM_SHIFT

    def _slot(self, key_sub_stream: int) -> _Slot:
        return self._slots[_direction(key_sub_stream)]

    def _settle(self, reason: str) -> None:
        before, self._secure = self._secure, self.secure
        if before != self._secure:
            what = "ide-secure" if self._secure else "ide-insecure"
            self.notice(what, f"CXL.cachemem: {reason}")


def _direction(key_sub_stream: int) -> Direction:
    return Direction(key_sub_stream >> DIRECTION_SHIFT & 1)


def _unless_of(session: SessionToken, key: Key | None) -> Key | None:
    return None if key is not None and key.session is session else key


def _acknowledged(request: CxlKSetGo | CxlKSetStop) -> CxlKGostopAck:
    return CxlKGostopAck(
        stream_id=request.stream_id,
        key_sub_stream=request.key_sub_stream,
        port_index=request.port_index,
    )
