"""Transcript buffers of a connection (DSP0274 "Transcript and transcript hash calculation rules").

Each buffer is a list of messages as sent, without transport padding, each with its name.
"""

from enum import Enum

from responder.core.hooks import Parts
from responder.spec.codes import RequestCode
from responder.spec.versions import V12


class Buffer(Enum):
    """Where an exchange is kept: VCA, certificates, CHALLENGE, measurements, ENDPOINT_INFO."""

    A = "A"
    B = "B"
    C = "C"
    M = "M"
    E = "E"

    __hash__ = object.__hash__  # Enum's own is written in Python, and costs more than the rest

    @property
    def in_sessions(self) -> bool:
        """Whether sessions keep such exchanges; certificates read in a session count nowhere."""
        return self in (Buffer.M, Buffer.E)


_RESET_M1_UNLESS_AUTHENTICATED = frozenset(
    {
        RequestCode.GET_MEASUREMENTS,
        RequestCode.KEY_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_EXCHANGE,
        RequestCode.PSK_FINISH,
        RequestCode.KEY_UPDATE,
        RequestCode.HEARTBEAT,
        RequestCode.GET_ENCAPSULATED_REQUEST,
        RequestCode.DELIVER_ENCAPSULATED_RESPONSE,
        RequestCode.END_SESSION,
        RequestCode.GET_MEASUREMENT_EXTENSION_LOG,
    }
)
"""Requests that skip CHALLENGE and so make M1 begin anew."""


LIMIT = 1 << 24
"""What one buffer may cost, in bytes: a chain of 65535 bytes, read byte by byte, fits."""
_COST_OF_A_PART = 64
"""What a message costs beside its bytes."""


class Transcript:
    """The buffers A, B, C, M and E of one connection, or A, M and E as a session sees them."""

    def __init__(self) -> None:
        self._buffers: dict[Buffer, Parts] = {buffer: [] for buffer in Buffer}
        self._costs = dict.fromkeys(Buffer, 0)
        self._revision = 0

    def clear(self, *buffers: Buffer) -> None:
        """Empty some buffers, or all if none is named."""
        for buffer in buffers or tuple(self._costs):
            self._buffers[buffer] = []
            self._costs[buffer] = 0

    def full(self, buffer: Buffer) -> bool:
        """Whether a buffer holds as much as it may: who never asks for a signature gets no more."""
        return self._costs[buffer] >= LIMIT

    def of_session(self) -> "Transcript":
        """The transcript of a session: the same A, and buffers of its own."""
        own = Transcript()
        own._buffers[Buffer.A] = self._buffers[Buffer.A]
        return own

    @property
    def vca(self) -> Parts:
        """Buffer A."""
        return list(self._buffers[Buffer.A])

    def begin(self, request_code: int) -> None:
        """Apply what an accepted request means for what is signed in the same place."""
        if request_code != RequestCode.GET_MEASUREMENTS:
            self.clear(Buffer.M)
        if request_code == RequestCode.GET_ENDPOINT_INFO:
            self.clear(Buffer.E)

    def begin_m1(self, request_code: int, *, authenticated: bool, outside: bool) -> None:
        """Apply what an accepted request, in a session or outside of all, means for M1."""
        if request_code == RequestCode.GET_DIGESTS and outside:
            self.clear(Buffer.B)
        if request_code in _RESET_M1_UNLESS_AUTHENTICATED and not authenticated:
            self.clear(Buffer.B, Buffer.C)

    def measured(self, revision: int) -> bool:
        """MEASUREMENTS are made; whether they differ from the first ones that L1 holds.

        ``revision`` is another number whenever the device's measurements have changed.
        """
        if not self._buffers[Buffer.M]:
            self._revision = revision
        return revision != self._revision

    def append(self, buffer: Buffer, name: str, message: bytes) -> None:
        """Add a message as it was sent, a signed response without its signature."""
        self._buffers[buffer].append((name, message))
        self._costs[buffer] += len(message) + _COST_OF_A_PART

    def signed(self, buffer: Buffer, version: int) -> Parts:
        """What a signature covers: M1 (A, B, C), L1 (M; from 1.2 on A and M), or IL1 (A, E)."""
        if buffer is Buffer.C:
            covered = [Buffer.A, Buffer.B, Buffer.C]
        elif version < V12:
            covered = [buffer]
        else:
            covered = [Buffer.A, buffer]
        return [part for name in covered for part in self._buffers[name]]

    def complete(self, buffer: Buffer) -> None:
        """A signature went out: what it covered, except A, begins anew."""
        self.clear(*((Buffer.B, Buffer.C) if buffer is Buffer.C else (buffer,)))
