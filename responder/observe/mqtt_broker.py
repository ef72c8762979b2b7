"""How people name an MQTT broker, ``mqtts://user@broker:8883``, and what it takes to be let in."""

import ssl
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from responder.errors import ConfigError

PORT, TLS_PORT = 1883, 8883
"""IANA's ports of MQTT and of MQTT over TLS."""
MAX_NAME = 64
"""Characters of the name of an instance."""
_SCHEMES = {"mqtt": PORT, "mqtts": TLS_PORT}
_RESERVED = "/+#"
"""Between the levels of a topic, and wildcards of a subscription (MQTT 5 section 4.7)."""


class Address(msgspec.Struct, frozen=True):
    """Where a broker is.

    Attributes:
        host: name or address, an IPv6 address without brackets.
        port: 1 to 65535.
        tls: it is spoken to over TLS.
        user: the name to log in with; empty for none.
    """

    host: str
    port: int
    tls: bool
    user: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """What is said to it stays on this machine."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


class Broker(msgspec.Struct, frozen=True):
    """A broker with what it takes to be let in.

    Attributes:
        address: where it is.
        password: the user's; ``None`` for none. Never printed.
        context: of TLS; ``None`` without. It verifies the broker's certificate and name.
    """

    address: Address
    password: str | None = None
    context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Broker({self.address})"


def parse_address(text: str) -> Address:
    """The address that a URI names.

    Raises:
        ConfigError: it names none, or has a password, which would stand in the list of processes;
            no message repeats what might be one.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError("a broker is written mqtt://[USER@]HOST[:PORT], or mqtts://") from None
    if parts.password is not None:
        raise ConfigError(
            "a password on the command line can be read by everybody on this machine: use "
            "--mqtt-password-file, or SPDM_RESPONDER_MQTT_PASSWORD in the environment"
        )
    if parts.scheme not in _SCHEMES:
        raise ConfigError(
            f"broker {text!r}: a broker's scheme is mqtt or mqtts",
            suggestion="" if "://" in text else f"mqtt://{text}",
        )
    if not parts.hostname or _has_more(parts) or port == 0:
        raise ConfigError(f"broker {text!r}: it is written {parts.scheme}://[USER@]HOST[:PORT]")
    return Address(
        parts.hostname,
        port or _SCHEMES[parts.scheme],
        parts.scheme == "mqtts",
        unquote(parts.username or ""),
    )


def check_name(name: str) -> str:
    """The name of an instance, which is a level of its topics and ends its client id.

    Raises:
        ConfigError: it cannot be.
    """
    if not 0 < len(name) <= MAX_NAME:
        raise ConfigError(f"the name of an instance has 1 to {MAX_NAME} characters")
    wrong = next((char for char in name if char in _RESERVED or not char.isprintable()), "")
    if wrong:
        raise ConfigError(
            f"the name of an instance is a level of a topic: no {wrong!r} in {name!r}"
        )
    return name


def tls_context(
    ca: Path | None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """What TLS needs: the broker must have a certificate of its name, from somebody trusted.

    Args:
        ca: certificates of those who are trusted, PEM; ``None`` for those the system trusts.
        certificate: ours with its chain, PEM, if the broker wants one.
        key: its private key, PEM without a passphrase; ``None`` if it is with the certificate.

    Raises:
        ConfigError: a file has not got what it should have.
        OSError: it cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise ConfigError(f"no certificate: {error.reason or error}", where=str(ca)) from None
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, _no_passphrase)
        except ssl.SSLError as error:
            reason = f"no certificate with its key: {error.reason or error}"
            raise ConfigError(reason, where=str(key or certificate)) from None
    return context


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment)


def _no_passphrase() -> str:
    """Nobody can be asked for one."""
    return ""
