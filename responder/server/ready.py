"""Saying that the server listens: stdout, port file, descriptor, service manager."""

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from responder.errors import ConfigError, UnavailableError
from responder.transport.uri import Endpoint


def ready_lines(endpoints: Sequence[Endpoint], profile: str, pid: int) -> list[str]:
    """One ``LISTENING`` line for each endpoint, then the ``READY`` line with the first."""
    listening = [f"LISTENING {endpoint}" for endpoint in endpoints]
    return [*listening, f"READY {endpoints[0]} profile={profile} pid={pid}"]


def write_port_file(path: Path, endpoints: Sequence[Endpoint]) -> None:
    """Write the first port, in decimal with a newline; a reader sees all of it or no file.

    Raises:
        ConfigError: nothing listens on a port.
        UnavailableError: the file cannot be written.
    """
    ports = [endpoint.port for endpoint in endpoints if not endpoint.path]
    if not ports:
        raise ConfigError("--port-file needs a listener with a port")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(f"{ports[0]}\n", encoding="ascii")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnavailableError(f"port file {path}: {error.strerror}") from error


def write_descriptor(descriptor: int, line: str) -> None:
    """Write ``line`` to a descriptor that was inherited, and close it.

    Raises:
        UnavailableError: it cannot be written.
    """
    try:
        os.write(descriptor, line.encode() + b"\n")
        os.close(descriptor)
    except OSError as error:
        raise UnavailableError(f"--ready-fd {descriptor}: {error.strerror}") from error


def notify_manager(environ: Mapping[str, str], state: str) -> str:
    """Send ``state``, such as ``READY=1``, to the service manager that asked for it.

    Returns:
        What went wrong, or nothing; a manager that cannot be told is no reason to stop.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return ""
    if address[0] not in "/@":
        return f"NOTIFY_SOCKET {address}: only paths and abstract names are known"
    target = "\0" + address[1:] if address[0] == "@" else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state.encode(), target)
    except OSError as error:
        return f"NOTIFY_SOCKET {address}: {error.strerror}"
    return ""
