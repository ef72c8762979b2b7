"""A gate before the endpoints: while it is shut, requests wait until somebody lets them through."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from responder.server.clock import Clock
    from responder.server.endpoint import PeerPort, SpdmEndpoint


class Held(msgspec.Struct, eq=False):
    """A request that waits at the gate.

    Attributes:
        endpoint: whom it is for.
        peer: who sent it.
        message: its bytes, transport padding included.
        secured: it is a secured record.
        go: hands it to the endpoint.
    """

    endpoint: "SpdmEndpoint"
    peer: "PeerPort"
    message: bytes
    secured: bool
    go: Callable[[], None]


class Gate:
    """Holds requests and secured records back, in the order of their arrival.

    What belongs to a transport alone, such as DOE discovery, passes.

    Attributes:
        paused: whether it is shut.
    """

    def __init__(self, clock: "Clock") -> None:
        self.paused = False
        self._clock = clock
        self._opened_at = 0.0
        self._waiting: deque[Held] = deque()
        self._stepped: dict[PeerPort, asyncio.Future[None]] = {}
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> tuple[Held, ...]:
        """What waits, the oldest first."""
        return tuple(self._waiting)

    @property
    def held_until(self) -> float:
        """Virtual time until which peers were kept waiting by the gate; now while it is shut."""
        return self._clock.now() if self.paused else self._opened_at

    # What controllers call.

    def pause(self) -> None:
        """Shut it: requests that arrive from now on wait."""
        self.paused = True

    def resume(self) -> int:
        """Open it, and let all go on that waits; how many that were."""
        if self.paused:
            self.paused = False
            self._opened_at = self._clock.now()
        self._arrived.set()
        released = 0
        while self._waiting:
            self._waiting.popleft().go()
            released += 1
        return released

    async def next(self, connection: int | None, wait: float) -> Held | None:
        """What waits first.

        Args:
            connection: the ordinal of the connection whose request is meant; ``None`` for any.
            wait: real seconds to wait for one to arrive, if none is there.

        Returns:
            ``None`` if nothing came, or the gate was opened in the meantime.
        """
        try:
            async with asyncio.timeout(wait):
                while self.paused:
                    for held in self._waiting:
                        if connection in (None, held.peer.ordinal):
                            return held
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            pass
        return None

    async def let_through(self, held: Held) -> None:
        """Let a request through that waits, and wait until it is answered, or its peer has left."""
        self._waiting.remove(held)
        done = self._stepped[held.peer] = asyncio.get_running_loop().create_future()
        held.go()
        await done

    # What endpoints call.

    def hold(self, held: Held) -> None:
        """A request arrived while the gate is shut."""
        self._waiting.append(held)
        self._arrived.set()

    def answered(self, peer: "PeerPort") -> None:
        """All has been done that the latest request of a peer leads to."""
        done = self._stepped.pop(peer, None) if self._stepped else None
        if done is not None and not done.done():
            done.set_result(None)

    def forget(self, peer: "PeerPort") -> None:
        """A peer left: nothing of it goes through any more."""
        self._waiting = deque(held for held in self._waiting if held.peer is not peer)
        self.answered(peer)
