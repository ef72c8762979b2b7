"""Which endpoint a connection finds: a new one, the one that was left, or the only one."""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from responder.server.endpoint import PeerPort, SpdmEndpoint


class Attach(StrEnum):
    """How connections and endpoints belong together."""

    FRESH = "fresh"
    """Each connection has an endpoint of its own, which ends with it."""
    STICKY = "sticky"
    """An endpoint outlives its connection: the next one finds the endpoint that was left last."""
    SHARED = "shared"
    """All connections speak to one endpoint, one request at a time."""


class Attachments:
    """The endpoints of one server."""

    def __init__(
        self,
        mode: Attach,
        make: Callable[[int], SpdmEndpoint],
        gone: Callable[[SpdmEndpoint], None] = lambda _: None,
    ) -> None:
        """Make them from ordinals; ``gone`` is told of each that nobody will find again."""
        self._mode = mode
        self._make = make
        self._gone = gone
        self._free: list[SpdmEndpoint] = []
        self._peers: Counter[SpdmEndpoint] = Counter()
        self._retired: set[SpdmEndpoint] = set()

    def attach(self, peer: PeerPort, ordinal: int) -> SpdmEndpoint:
        """The endpoint of a connection; one that must be made is made from its ``ordinal``."""
        if not self._free:
            endpoint = self._make(ordinal)
            if self._mode is Attach.SHARED:
                self._free.append(endpoint)
        elif self._mode is Attach.SHARED:
            endpoint = self._free[0]
        else:
            endpoint = self._free.pop()
        self._peers[endpoint] += 1
        endpoint.attach(peer)
        return endpoint

    def detach(self, peer: PeerPort, endpoint: SpdmEndpoint) -> None:
        """The connection ended."""
        self._peers[endpoint] -= 1
        ends = self._mode is Attach.FRESH or endpoint in self._retired
        final = ends and not self._peers[endpoint]
        endpoint.detach(peer, final=final)
        if not self._peers[endpoint]:
            del self._peers[endpoint]
        if final:
            self._retired.discard(endpoint)
            self._gone(endpoint)
        elif self._mode is Attach.STICKY:
            self._free.append(endpoint)

    def renew(self) -> None:
        """Let no connection find an endpoint that there is now; those that have one keep it."""
        self._retired.update(self._peers)
        for endpoint in self._free:
            if endpoint not in self._retired:
                endpoint.end()
                self._gone(endpoint)
        self._free.clear()

    def left(self) -> set[SpdmEndpoint]:
        """The endpoints that wait for their next connection, or that all share."""
        return set(self._free)

    def close(self) -> None:
        """No endpoint will be found again."""
        for endpoint in self._free:
            endpoint.end()
        self._free.clear()
