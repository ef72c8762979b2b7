"""Which endpoint a connection finds: a new one, the one that was left, or the only one."""

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

    def __init__(self, mode: Attach, make: Callable[[int], SpdmEndpoint]) -> None:
        self._mode = mode
        self._make = make
        self._free: list[SpdmEndpoint] = []

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
        endpoint.attach(peer)
        return endpoint

    def detach(self, peer: PeerPort, endpoint: SpdmEndpoint) -> None:
        """The connection ended."""
        endpoint.detach(peer, final=self._mode is Attach.FRESH)
        if self._mode is Attach.STICKY:
            self._free.append(endpoint)

    def left(self) -> set[SpdmEndpoint]:
        """The endpoints that wait for their next connection, or that all share."""
        return set(self._free)

    def close(self) -> None:
        """No endpoint will be found again."""
        for endpoint in self._free:
            endpoint.end()
        self._free.clear()
