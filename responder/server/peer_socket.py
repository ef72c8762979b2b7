"""What is asked of the kernel for the socket of a peer."""

import socket
import struct
from typing import Any

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_LINGER_FOR_NOTHING = struct.pack("ii", 1, 0)


class PeerSocket:
    """The socket below a transport; whatever is not TCP is left as it is."""

    __slots__ = ("_quick", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        is_tcp = sock.family != socket.AF_UNIX
        self._quick = _QUICKACK if is_tcp else None
        if is_tcp:  # asyncio does so only for sockets whose protocol number was given
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def acknowledge_at_once(self) -> None:
        """Ask for an ACK without delay for what comes next.

        Requesters send a frame in four small segments and wait for the ACK of each (Nagle);
        delayed, that costs 40 ms. The kernel forgets the option when we write, so it is set again.
        """
        if self._quick is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, self._quick, 1)

    def reset_when_closed(self) -> None:
        """Let a close send RST and forget what was not sent; a Unix socket has no such thing."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_FOR_NOTHING)


def name_of(address: Any) -> str:
    """How people write the address of a peer."""
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return str(address) if address else "unix"
