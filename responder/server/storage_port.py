"""The storage commands of a connection: a request is sent, its response waits until it is fetched.

The socket protocol of QEMU (``spdm_trans=nvme``) has an ACK_STATUS with the status of each
command, and for an IF_RECV that succeeded a second frame with the data (DSP0286).
"""

from collections import deque
from typing import Literal, Protocol

from responder.server.events import PeerIgnored
from responder.server.transport_answers import FrameKind
from responder.spec.flags import SESSION, Cap
from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import Command
from responder.transport.storage import (
    OPERATIONS,
    DescriptorPlace,
    DiscoveryData,
    Operation,
    StorageBinding,
    StorageCommand,
    StorageRecords,
    encode_pending,
    fetched,
)

_SUCCESS = 0
_INVALID_FIELD = {4: 0x4002, 3: 0x2400}
"""By the transport of the frame. NVMe: Invalid Field in Command and Do Not Retry; SCSI: the
additional sense INVALID FIELD IN CDB."""


class StoragePolicy(Protocol):
    """What DSP0286 leaves open, or we do not know of it; all of it is the profile's.

    Attributes:
        descriptor: where the descriptor in a record is.
        new_request: what a request does while the response to the one before is not fetched.
        short_allocation: what an IF-RECV gets whose allocation is less than the response.
        fetch: whether MESSAGE and SECURED_MESSAGE fetch each other's responses too.
    """

    descriptor: DescriptorPlace
    new_request: Literal["replaces", "refused"]
    short_allocation: Literal["refused", "cut"]
    fetch: Literal["any", "exact"]


class Peer(Protocol):
    """What a port asks of its connection."""

    def emit(self, event: PeerIgnored) -> None:
        """Tell the observers."""

    def put_storage(self, command: Command, data: bytes, kind: FrameKind) -> None:
        """Write a frame of that command."""

    def submit_storage(self, carried: Carried, records: StorageRecords) -> None:
        """Hand a message or record to the endpoint."""


class StoragePort:
    """One device behind one connection; connection id 0 only.

    An IF-RECV that comes while the request is at work waits for the response.

    Attributes:
        binding: how it carries messages.
    """

    def __init__(self, peer: Peer, policy: StoragePolicy, capabilities: Cap) -> None:
        self._peer = peer
        self._policy = policy
        self._records = StorageRecords(policy.descriptor)
        self.binding = StorageBinding()
        self._operations = frozenset(Operation)
        if not capabilities & SESSION:
            self._operations -= {Operation.SECURED_MESSAGE}
        self._transport = 0
        self._pending: deque[tuple[Operation, bytes]] = deque()
        self._at_work = False
        self._waits: StorageCommand | None = None

    def command(self, command: int, transport: int, payload: bytes) -> None:
        """Carry out the IF_SEND or IF_RECV of a frame; what is wrong with it is its status."""
        self._transport = transport
        try:
            if command == Command.IF_SEND:
                self._send(payload)
            else:
                self._receive(payload)
        except FramingError as error:
            self._refuse(error.reason)

    def respond(self, message: bytes, *, secured: bool) -> None:
        """The endpoint answers: the response is there to be fetched."""
        self._at_work = False
        kind = Kind.SECURED if secured else Kind.SPDM
        self._pending.append((OPERATIONS[kind], fetched(message, kind)))
        self._go_on()

    def done(self) -> None:
        """The endpoint is done with the request; nothing more comes of it."""
        self._at_work = False
        self._go_on()

    def _send(self, payload: bytes) -> None:
        command = StorageCommand.decode(payload)
        carried = command.carried()
        self._check(command)
        if carried.kind is Kind.OTHER:
            self._acknowledge()  # discovery and pending info have nothing to be sent
            return
        if self._waits is not None:
            self._refuse("IF_RECV, which another IF_SEND has overtaken")
        if self._pending and self._policy.new_request == "refused":
            raise FramingError("the response to the last request was not fetched")
        if self._pending:
            self._pending.clear()
            self._peer.emit(PeerIgnored("a response that was not fetched before the next request"))
        self._at_work = True
        self._acknowledge()
        self._peer.submit_storage(carried, self._records)

    def _receive(self, payload: bytes) -> None:
        command = StorageCommand.decode(payload)
        self._check(command)
        if command.data:
            raise FramingError(f"{len(command.data)} bytes behind an IF_RECV")
        if command.operation is Operation.DISCOVERY:
            self._give(command, DiscoveryData(self._operations).encode(), "discovery")
        elif command.operation is Operation.PENDING_INFO:
            length = len(self._pending[0][1]) if self._pending else None
            self._give(command, encode_pending(length), "pending-info")
        elif self._at_work and not self._pending:
            self._waits = command
        else:
            self._fetch(command)

    def _check(self, command: StorageCommand) -> None:
        if command.operation not in self._operations:
            raise FramingError(f"{command.operation.name} without sessions")
        if command.connection_id:
            raise FramingError(f"connection id {command.connection_id}, where there is one only")

    def _go_on(self) -> None:
        command, self._waits = self._waits, None
        if command is None:
            return
        try:
            self._fetch(command)
        except FramingError as error:
            self._refuse(error.reason)

    def _fetch(self, command: StorageCommand) -> None:
        if not self._pending:
            raise FramingError("no response is pending")
        operation, data = self._pending[0]
        if operation is not command.operation and self._policy.fetch == "exact":
            raise FramingError(f"{operation.name} is pending, not {command.operation.name}")
        self._give(command, data, "spdm" if operation is Operation.MESSAGE else "secured")
        self._pending.popleft()

    def _give(self, command: StorageCommand, data: bytes, kind: FrameKind) -> None:
        if command.length < len(data):
            if self._policy.short_allocation == "refused" or not command.length:
                raise FramingError(f"allocation length {command.length} for {len(data)} bytes")
            data = data[: command.length]
        self._acknowledge()
        self._peer.put_storage(Command.IF_RECV, data, kind)

    def _acknowledge(self, status: int = _SUCCESS) -> None:
        self._peer.put_storage(Command.ACK_STATUS, status.to_bytes(2, "big"), "command")

    def _refuse(self, reason: str) -> None:
        self._waits = None
        self._peer.emit(PeerIgnored(f"storage command refused: {reason}"))
        self._acknowledge(_INVALID_FIELD.get(self._transport, _INVALID_FIELD[4]))
