"""Opening the sockets that a server listens on."""

import errno
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from responder.errors import ConfigError, UnavailableError
from responder.transport.uri import Endpoint

BACKLOG = 1024
_OWNER_ONLY = 0o600


class Listener(msgspec.Struct, frozen=True):
    """A listening socket.

    Attributes:
        endpoint: what is spoken there, with the real port.
        socket: bound and listening; see also ``refusing``.
        owned: its Unix path is ours to remove.
    """

    endpoint: Endpoint
    socket: socket.socket
    owned: bool = True

    def close(self) -> None:
        """Stop listening; a Unix socket's path goes too."""
        self.socket.close()
        if self.endpoint.path and self.owned:
            remove_socket(self.endpoint.path)


def open_listeners(endpoints: Sequence[Endpoint], *, allow_remote: bool) -> list[Listener]:
    """Listen on each of ``endpoints``, or on none.

    Raises:
        ConfigError: an address is not this machine's loopback and ``allow_remote`` is not given.
        UnavailableError: an address is in use or cannot be had.
    """
    listeners: list[Listener] = []
    try:
        for endpoint in endpoints:
            listeners.append(_open(endpoint, allow_remote=allow_remote))  # noqa: PERF401 - closed below
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def adopt(sock: socket.socket, endpoint: Endpoint, *, allow_remote: bool) -> Listener:
    """A listener from a socket that somebody else opened; ``endpoint`` tells its framing.

    Raises:
        ConfigError: as ``open_listeners``; or it is not a Unix socket, and has to be.
    """
    sock.setblocking(False)
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        path = name if isinstance(name, str) else "@" + name[1:].decode(errors="replace")
        return Listener(replace(endpoint, path=path or "(unnamed)"), sock, owned=False)
    if endpoint.framing == "vfio-user":
        raise ConfigError("a socket of the service manager for vfio-user must be a Unix socket")
    host, port = name[:2]
    _refuse_remote(host, str(endpoint), allow_remote=allow_remote)
    return Listener(replace(endpoint, host=host, port=port, path=""), sock, owned=False)


def refusing(listener: Listener) -> Listener:
    """The same address, at which nobody listens any more: whoever connects is refused.

    A port stays bound, so that no other process gets it; a Unix path stays where it is.

    Raises:
        ConfigError: the socket is another process's too, which would listen on.
        UnavailableError: another process took the port just now.
    """
    endpoint = listener.endpoint
    if not listener.owned:
        owner = "a socket that another process holds too"
        raise ConfigError(f"{endpoint}: {owner} cannot refuse connections")
    listener.socket.close()
    if endpoint.path:
        return listener
    family, address = _resolve(endpoint)
    return Listener(endpoint, _bind(endpoint, family, address))


def _open(endpoint: Endpoint, *, allow_remote: bool) -> Listener:
    if endpoint.path:
        # Whoever connects to a function is the machine around the device.
        private = endpoint.framing == "vfio-user"
        return Listener(endpoint, _open_unix(endpoint.path, str(endpoint), private=private))
    family, address = _resolve(endpoint)
    _refuse_remote(address[0], str(endpoint), allow_remote=allow_remote)
    sock = _bind(endpoint, family, address)
    try:
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _unavailable(str(endpoint), endpoint.path, error) from error
    return Listener(replace(endpoint, port=sock.getsockname()[1]), sock)


def _bind(
    endpoint: Endpoint, family: socket.AddressFamily, address: tuple[str, int]
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise _unavailable(str(endpoint), endpoint.path, error) from error
    sock.setblocking(False)
    return sock


def _resolve(endpoint: Endpoint) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The address to bind; IPv4 where a name has both, because requesters know IPv4 only."""
    if endpoint.host.replace(".", "").isdigit():
        return socket.AF_INET, (endpoint.host, endpoint.port)
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnavailableError(f"{endpoint}: {error.strerror or error}") from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def _refuse_remote(host: str, name: str, *, allow_remote: bool) -> None:
    if not allow_remote and not host.startswith("127.") and host != "::1":
        raise ConfigError(
            f"{name} can be reached from other machines. Everybody who reaches this responder can "
            "use it, its keys are public test keys and it may misbehave on purpose; "
            "if that is wanted, say --allow-remote"
        )


def open_private(path: str) -> socket.socket:
    """A Unix socket that listens, for its owner alone; one that nobody listens on gives way.

    Raises:
        UnavailableError: somebody listens there, or it cannot be had.
    """
    return _open_unix(path, f"unix:{path}", private=True)


def remove_socket(path: str) -> None:
    """Remove a path that was listened on, if it is still there."""
    Path(path).unlink(missing_ok=True)


def _open_unix(path: str, name: str, *, private: bool) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        sock.bind(path)
        if private:  # before it listens: until then nobody can connect
            Path(path).chmod(_OWNER_ONLY)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _unavailable(name, path, error) from error
    sock.setblocking(False)
    return sock


def _remove_stale(path: str) -> None:
    """Remove a socket that nobody listens on any more; leave everything else alone."""
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            remove_socket(path)


def _unavailable(name: str, path: str, error: OSError) -> UnavailableError:
    if error.errno == errno.EADDRINUSE:
        if path and not Path(path).is_socket():
            return UnavailableError(f"cannot listen on {name}: {path} is no socket")
        hint = "" if path else "; --port 0 takes a free port"
        return UnavailableError(f"{name} is in use by another process{hint}")
    return UnavailableError(f"cannot listen on {name}: {error.strerror or error}")
