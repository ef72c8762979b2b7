"""What the requester remembers of a port and an interface, to hold the device to it.

Keys and locks go with the session over which they came (PCIe 6.2, 11.4.5).
"""

from dataclasses import dataclass, field

from responder.spec.ide import KeySet
from responder.spec.tdisp import TdiState
from responder.wire.function_status import FunctionStatus
from responder.wire.tdisp import MmioRange


@dataclass(slots=True)
class IdeMemory:
    """The keys of one stream.

    Attributes:
        programmed: the sub-stream bytes of the keys that were taken.
        key_set: the set that is in use; ``None`` without one.
        secure: the stream has all keys in use, as far as its port has said so.
        session: the session over which they came.
    """

    programmed: set[int] = field(default_factory=set)
    key_set: KeySet | None = None
    secure: bool = False
    session: int | None = None

    def session_over(self, session: int) -> None:
        """A session is over: its keys are gone."""
        if self.session == session:
            self.programmed.clear()
            self.key_set, self.secure, self.session = None, False, None


@dataclass(slots=True)
class TdiMemory:
    """One interface.

    Attributes:
        state: where it has to stand by what was done; ``None`` before anything was.
        lock_flags: those of the lock; 0 while it is not locked.
        nonce: START_INTERFACE_NONCE; empty once it is used up.
        supported_flags: LOCK_INTERFACE_FLAGS_SUPPORTED; ``None`` before TDISP_CAPABILITIES.
        supported_messages: REQ_MSGS_SUPPORTED; ``None`` before TDISP_CAPABILITIES.
        report: the interface report, as it was read since the lock.
        ranges: those of the report.
        status: how the function stood when it was first measured since the lock.
        session: the session over which it was locked; ``None`` while it is not.
        abandoned: that session is over, so that ERROR is the state that is due.
    """

    state: TdiState | None = None
    lock_flags: int = 0
    nonce: bytes = b""
    supported_flags: int | None = None
    supported_messages: int | None = None
    report: bytes = b""
    ranges: list[MmioRange] = field(default_factory=list)
    status: FunctionStatus | None = None
    session: int | None = None
    abandoned: bool = False

    @property
    def locked(self) -> bool:
        """Whether it has to be locked or running."""
        return self.state in (TdiState.CONFIG_LOCKED, TdiState.RUN)

    def lock(self, flags: int, nonce: bytes, session: int | None) -> None:
        """It is locked now; nothing that was read before counts any more."""
        self._moved(TdiState.CONFIG_LOCKED)
        self.lock_flags = flags
        self.nonce = nonce
        self.session = session

    def session_over(self, session: int) -> None:
        """A session is over: an interface that was locked over it is in ERROR."""
        if self.session == session:
            self._moved(None)
            self.abandoned = True

    def fail(self) -> None:
        """The stream that it is bound to is gone: it is in ERROR, if it was locked."""
        if self.locked:
            self._moved(TdiState.ERROR)

    def stop(self) -> None:
        """It is unlocked now."""
        self._moved(TdiState.CONFIG_UNLOCKED)

    def _moved(self, state: TdiState | None) -> None:
        self.state = state
        self.session, self.abandoned = None, False
        self.lock_flags = 0
        self.nonce = self.report = b""
        self.ranges = []
        self.status = None
