"""Sockets that a service manager opened (systemd's sd_listen_fds protocol)."""

import os
import socket
from collections.abc import MutableMapping

from responder.errors import ConfigError, UnavailableError
from responder.transport.uri import DEFAULT_HOST, Endpoint, parse_uri

_FIRST_DESCRIPTOR = 3
_ANY = Endpoint("spdm-emu", None)
_DEVICE = Endpoint("vfio-user", None)


def activated_sockets(environ: MutableMapping[str, str]) -> list[tuple[socket.socket, Endpoint]]:
    """The listening sockets that were handed to this process, each with its framing.

    A socket whose name (``FileDescriptorName=`` in the unit) is a scheme, such as
    ``spdm-emu+doe``, ``dsp0287`` or ``vfio-user``, speaks that; any other speaks the spdm-emu
    protocol with any binding. The variables are removed from ``environ``, so that no child takes
    them for its own.

    Raises:
        UnavailableError: a descriptor is not a listening stream socket.
    """
    pid = environ.pop("LISTEN_PID", "")
    total = environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not total.isdigit():
        return []
    found = []
    for offset in range(int(total)):
        descriptor = _FIRST_DESCRIPTOR + offset
        os.set_inheritable(descriptor, False)
        name = names[offset] if offset < len(names) else ""
        found.append((_socket_of(descriptor), _framing_of(name)))
    return found


def _socket_of(descriptor: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=descriptor)
        listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise UnavailableError(f"activated descriptor {descriptor}: {error.strerror}") from error
    if not listens or sock.type != socket.SOCK_STREAM:
        raise UnavailableError(f"activated descriptor {descriptor} is no listening stream socket")
    return sock


def _framing_of(name: str) -> Endpoint:
    if name == _DEVICE.framing:
        return _DEVICE
    try:
        return parse_uri(f"{name}://{DEFAULT_HOST}")
    except ConfigError:
        return _ANY
