"""IDE_KM on the side of the device: keys for the streams of its port (PCIe 6.2, 6.33.3)."""

from collections.abc import Callable

from responder.core.interfaces import SessionToken
from responder.device.pcie.ide_keys import Key, KeyHistory, Place
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.interfaces import Outbox
from responder.device.pcie.key_manager import KeyManager
from responder.device.pcie.policies import IdePolicy
from responder.spec.ide import (
    DIRECTION_SHIFT,
    FIRST_INVOCATION,
    SUB_STREAM_SHIFT,
    Direction,
    KpAckStatus,
    SubStream,
)
from responder.wire.errors import WireError
from responder.wire.ide_km import (
    IDE_KM,
    KeyProg,
    KGostopAck,
    KpAck,
    KSetGo,
    KSetStop,
    Query,
    QueryResp,
    swapped_dwords,
)

_OF_KEY_SIZE = 7
_HIGH_FIRST = bytes(4) + FIRST_INVOCATION.to_bytes(4, "little")
_LOW_FIRST = FIRST_INVOCATION.to_bytes(8, "little")
IFVS = {
    "high-first": (_HIGH_FIRST,),
    "low-first": (_LOW_FIRST,),
    "either": (_HIGH_FIRST, _LOW_FIRST),
}
"""How the invocation field says 1 on the wire, for each ``IdePolicy.ifv``."""


class IdeKm(KeyManager):
    """Answers IDE_KM; messages begin with the ObjectID.

    Args:
        port: whose streams get keys.
        function_id: the routing id of the port's function, when it is asked for.
        outbox: takes what happens besides answers.
    """

    def __init__(self, port: IdePort, function_id: Callable[[], int], outbox: Outbox) -> None:
        super().__init__("IDE_KM", port.policy, outbox)
        self._port = port
        self._function_id = function_id
        self._history = KeyHistory()
        self._failures = 0

    @property
    def _policy(self) -> IdePolicy:
        return self._port.policy

    def use(self, policy: IdePolicy) -> None:  # type: ignore[override]
        """Go by another policy from now on, the port too."""
        super().use(policy)
        self._port.policy = policy

    def request(self, message: bytes, session: SessionToken | None) -> bytes:
        """The answer to a message that came in a session, or outside of all.

        Raises:
            ProtocolError: the message is wrong in a way that no IDE_KM message can tell.
            IgnoredError, OutsideError, UnexpectedRequest: as ``admit``.
        """
        self.admit(session)
        try:
            kind = IDE_KM.class_of(message)
            if kind is KeyProg and self._policy.status_for_all:
                return self._key_prog(message, session).build()
            request = kind.parse(message)
        except WireError as error:
            raise self.refused(str(error)) from None
        match request:
            case Query():
                return self._query(request).build()
            case KeyProg():
                self.check_port(request.port_index)
                return self._key_prog(message, session).build()
            case KSetGo():
                return self._go(request).build()
            case KSetStop():
                return self._stop(request).build()
        raise self.refused(f"{request.name} is no request of IDE_KM")

    def session_ended(self, session: SessionToken) -> None:
        """A session is over: another one may own IDE_KM; its keys are gone with it."""
        self.release(session)
        self.tell(self._port.session_ended(session))

    def fail_key_prog(self, times: int = 1) -> None:
        """Something is wrong with the device: it takes that many keys less (KP_ACK status 4)."""
        self._failures += times

    def _query(self, query: Query) -> QueryResp:
        self.check_port(query.port_index)
        function_id = self._function_id()
        return QueryResp(
            port_index=query.port_index,
            dev_func_num=function_id & 0xFF,
            bus_num=function_id >> 8 & 0xFF,
            max_port_index=self._policy.max_port_index,
            ide_registers=self._port.block(),
        )

    def _key_prog(self, message: bytes, session: SessionToken | None) -> KpAck:
        """Take a key, or say in the status why not; the rest of the answer is the request's."""
        head = message[:_OF_KEY_SIZE].ljust(_OF_KEY_SIZE, b"\0")
        ack = KpAck(stream_id=head[3], key_sub_stream=head[5], port_index=head[6])
        try:
            request = KeyProg.parse(message)
        except WireError:
            return ack.replace(status=KpAckStatus.INCORRECT_LENGTH)
        status = self._status_for(request)
        if status == KpAckStatus.SUCCESS:
            status = self._take(request, session)
        return ack.replace(status=status)

    def _take(self, request: KeyProg, session: SessionToken | None) -> KpAckStatus:
        key = Key(swapped_dwords(request.key), request.ifv, session)
        place, key_set = _place(request.key_sub_stream)
        if self._history.again(key):
            self.notice("ide-key-reuse", f"stream {request.stream_id}: an earlier key")
            if self._policy.refuse_reuse:
                return KpAckStatus.UNSUPPORTED_VALUE
        if self._policy.takes_keys:
            self.tell(self._port.program(request.stream_id, place, key_set, key))
        return KpAckStatus.SUCCESS

    def _status_for(self, request: KeyProg) -> KpAckStatus:
        policy = self._policy
        if request.port_index > policy.max_port_index:
            return KpAckStatus.UNSUPPORTED_PORT_INDEX
        if policy.check_fields and not (self._known(request) and request.ifv in IFVS[policy.ifv]):
            return KpAckStatus.UNSUPPORTED_VALUE
        place, key_set = _place(request.key_sub_stream)
        in_use = self._port.keys(request.stream_id).active(place) == key_set
        if self._failures or (in_use and not policy.reprogram_active):
            self._failures -= bool(self._failures)
            return KpAckStatus.UNSPECIFIED_FAILURE
        return KpAckStatus.SUCCESS

    def _known(self, request: KeyProg | KSetGo) -> bool:
        """Whether stream and sub-stream are of those that there are."""
        number, reserved = request.key_sub_stream >> SUB_STREAM_SHIFT, request.key_sub_stream & 0xC
        return number in set(SubStream) and not reserved and self._port.knows(request.stream_id)

    def _go(self, request: KSetGo) -> KGostopAck:
        self.check_port(request.port_index)
        place, key_set = _place(request.key_sub_stream)
        if self._port.keys(request.stream_id).programmed(place, key_set):
            if self._obeys(request.stream_id, place):
                self.tell(self._port.go(request.stream_id, place, key_set))
        elif not self._policy.go_without_key:
            raise self.refused(f"stream {request.stream_id} has no such key to use")
        return _acknowledged(request)

    def _obeys(self, stream_id: int, place: Place) -> bool:
        """Whether K_SET_GO for a key that is there has an effect."""
        match self._policy.obeys_go:
            case "receivers":
                return place[1] == Direction.RX
            case "first":
                return self._port.keys(stream_id).active(place) is None
        return True

    def _stop(self, request: KSetStop) -> KGostopAck:
        """Always well: without such a key there is none to stop."""
        place, key_set = _place(request.key_sub_stream)
        if self._policy.obeys_stop:
            self.tell(self._port.stop(request.stream_id, place, key_set))
        return _acknowledged(request)


def _place(key_sub_stream: int) -> tuple[Place, int]:
    """Where a key belongs, and its key set."""
    sub_stream, direction = (
        key_sub_stream >> SUB_STREAM_SHIFT,
        key_sub_stream >> DIRECTION_SHIFT & 1,
    )
    return (sub_stream, direction), key_sub_stream & 1


def _acknowledged(request: KSetGo | KSetStop) -> KGostopAck:
    return KGostopAck(
        stream_id=request.stream_id,
        key_sub_stream=request.key_sub_stream,
        port_index=request.port_index,
    )
