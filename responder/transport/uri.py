"""How people write an endpoint: ``spdm-emu+doe://127.0.0.1:2323``, ``dsp0287+unix:/run/spdm``.

A scheme is the framing, then perhaps ``+`` and a binding, then perhaps ``+unix``; or it is
``vfio-user:/path``, a Unix socket always. There is no query, so that no shell expands anything.
"""

import re
from typing import Literal, get_args

import msgspec

from responder.errors import ConfigError, suggest
from responder.transport.socket_frame import TransportType

Framing = Literal["spdm-emu", "dsp0287", "vfio-user"]
BindingName = Literal["none", "mctp", "doe", "tcp", "storage"]

SOCKET_PORT = 2323
TCP_PORT = 4194
"""IANA's port of DSP0287, and spdm-emu's with its TCP transport."""
DEFAULT_HOST = "127.0.0.1"

_TRANSPORTS: dict[str, TransportType] = {
    "none": TransportType.NONE,
    "mctp": TransportType.MCTP,
    "doe": TransportType.PCI_DOE,
    "tcp": TransportType.TCP,
    "storage": TransportType.STORAGE,
}
_UNIX = "+unix"
_CONTROL = "unix:"
_VFIO_USER: Framing = "vfio-user"
_SCHEMES: dict[str, tuple[Framing, BindingName | None]] = {
    "spdm-emu": ("spdm-emu", None),
    **{f"spdm-emu+{name}": ("spdm-emu", name) for name in get_args(BindingName)},
    "dsp0287": ("dsp0287", "tcp"),
}
_NAME = re.compile(r"[\w.-]+")


class Endpoint(msgspec.Struct, frozen=True):
    """Where to listen or to connect, and what is spoken there.

    Attributes:
        framing: what the stream is cut by; ``vfio-user`` is no way to exchange messages, but to be
            a PCI device.
        binding: what a message is wrapped in; None if any, which only spdm-emu can tell apart, and
            for vfio-user.
        host: name or address, an IPv6 address without brackets; empty for a Unix socket.
        port: 0 for any free one, and for a Unix socket.
        path: of a Unix socket, else empty.
    """

    framing: Framing
    binding: BindingName | None
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def transport(self) -> TransportType | None:
        """The binding as socket frames number it; None if any."""
        return None if self.binding is None else _TRANSPORTS[self.binding]

    def __str__(self) -> str:
        if self.framing == _VFIO_USER:
            return f"{_VFIO_USER}:{self.path}"
        pinned = self.binding if self.framing == "spdm-emu" else None
        scheme = f"{self.framing}+{pinned}" if pinned else self.framing
        if self.path:
            return f"{scheme}{_UNIX}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def parse_control(text: str) -> str:
    """The path in ``unix:PATH``, as QEMU and swtpm write a control socket.

    Raises:
        ConfigError: it is written in another way.
    """
    path = text.removeprefix(_CONTROL)
    if path == text or not path:
        raise ConfigError(f"{text!r} is not {_CONTROL}PATH")
    return path


def parse_uri(text: str) -> Endpoint:
    """The endpoint that ``text`` names; a missing port is 2323, or 4194 for DSP0287 in any framing.

    Raises:
        ConfigError: it names none; with a suggestion where one comes near.
    """
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme == _VFIO_USER:
        return Endpoint(_VFIO_USER, None, path=_unix_path(text, scheme, rest))
    base = scheme.removesuffix(_UNIX)
    if not colon or base not in _SCHEMES:
        raise _unknown_scheme(text, scheme, rest if colon else "")
    framing, binding = _SCHEMES[base]
    if base != scheme:
        return Endpoint(framing, binding, path=_unix_path(text, scheme, rest))
    if not rest.startswith("//"):
        meant = f"{scheme}{_UNIX}:{rest}" if rest.startswith("/") else f"{scheme}://{rest}"
        raise _wrong(text, "a host follows '://'", meant)
    authority, slash, path = rest[2:].partition("/")
    if slash:
        meant = f"{scheme}://{authority}" if authority else f"{scheme}{_UNIX}:/{path}"
        raise _wrong(text, "no path may follow the host and port", meant)
    default = TCP_PORT if binding == "tcp" else SOCKET_PORT
    host, port = _host_and_port(text, scheme, authority, default)
    return Endpoint(framing, binding, host, port)


def _wrong(text: str, reason: str, suggestion: str = "") -> ConfigError:
    return ConfigError(f"endpoint {text!r}: {reason}", suggestion=suggestion)


def _unknown_scheme(text: str, scheme: str, rest: str) -> ConfigError:
    """What to say to a scheme that is none: the nearest, or the plain one for a bare address."""
    if bare := _bare(text):
        return _wrong(text, "a scheme is missing", bare)
    known = [_VFIO_USER, *(name + suffix for suffix in ("", _UNIX) for name in _SCHEMES)]
    whole = f"spdm-emu+{scheme}"
    near = whole if whole in known else suggest(scheme, known)
    return _wrong(
        text,
        f"scheme {scheme!r} is none of {', '.join(_SCHEMES)}, each also with {_UNIX},"
        f" and {_VFIO_USER}",
        f"{near}:{rest}" if near and rest else "",
    )


def _bare(text: str) -> str:
    """The URI of an address that came without a scheme, empty if ``text`` is not that."""
    if text.startswith("/"):
        return f"spdm-emu{_UNIX}:{text}"
    if text.lower() in _SCHEMES:
        return f"{text.lower()}://{DEFAULT_HOST}"
    if port := re.fullmatch(r":?(\d{1,5})", text, re.ASCII):
        return f"spdm-emu://{DEFAULT_HOST}:{port[1]}"
    if re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d+)?", text):
        return f"spdm-emu://{text}"
    return ""


def _unix_path(text: str, scheme: str, rest: str) -> str:
    """The path of a Unix socket; ``unix:///path`` is the same as ``unix:/path``."""
    if rest.startswith("//") and not rest.startswith("///"):
        raise _wrong(text, "a Unix socket has no host", f"{scheme}:{rest[1:]}")
    path = "/" + rest.lstrip("/") if rest.startswith("/") else rest
    if not path or path.endswith("/"):
        raise _wrong(text, "the path of a socket is missing")
    if "\0" in path:
        raise _wrong(text, "the path contains NUL")
    return path


def _host_and_port(text: str, scheme: str, rest: str, default: int) -> tuple[str, int]:
    """Host and port of ``host[:port]``, where an IPv6 address stands in brackets."""
    if rest.startswith("["):
        host, bracket, tail = rest[1:].partition("]")
        if not bracket or not _is_ipv6(host) or not (tail == "" or tail.startswith(":")):
            raise _wrong(text, "an IPv6 address is written [address]:port")
        return host, _port(text, f"{scheme}://[{host}]", tail, default)
    if _is_ipv6(rest):
        raise _wrong(text, "an IPv6 address needs brackets", f"{scheme}://[{rest}]:{default}")
    host, colon, tail = rest.partition(":")
    if not host:
        raise _wrong(text, "a host is missing", f"{scheme}://{DEFAULT_HOST}{colon}{tail}")
    if not _NAME.fullmatch(host):
        raise _wrong(text, f"{host!r} is no host name")
    return host, _port(text, f"{scheme}://{host}", colon + tail, default)


def _port(text: str, before: str, tail: str, default: int) -> int:
    """The port in ``:port``, or the default for nothing."""
    if not tail:
        return default
    number = re.match(r":(\d{1,5})(?!\d)", tail, re.ASCII)
    if not number or int(number[1]) > 0xFFFF:
        raise _wrong(text, f"{tail[1:]!r} is no port, 0 to 65535", f"{before}:{default}")
    if number.end() != len(tail):
        raise _wrong(text, "nothing may follow the port", f"{before}:{number[1]}")
    return int(number[1])


def _is_ipv6(host: str) -> bool:
    if host.count(":") < 2:
        return False
    import ipaddress  # noqa: PLC0415 - rare, and start-up time matters

    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
