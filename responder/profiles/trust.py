"""From a profile to whom its device believes."""

from pathlib import Path

from responder.device.requester_trust import TrustedRequesters
from responder.errors import ConfigError, data_root
from responder.profiles.lookup import Lookup
from responder.profiles.schema import TrustSection
from responder.profiles.source import KeyPath

_SHIPPED = "shipped"


def build_trust(section: TrustSection, lookup: Lookup) -> TrustedRequesters:
    """Whom the device believes to be a requester.

    Raises:
        ConfigError: a file is missing, or holds no certificate or no public key; the time is
            given without its zone.
    """
    roots: list[Path] = []
    for position, name in enumerate(section.requester_roots):
        if name == _SHIPPED:
            every = sorted((data_root("certs") / "roots").glob("*.pem"))
            roots += [file for file in every if not file.name.endswith(".key.pem")]
        else:
            roots.append(_root(("trust", "requester_roots", position), name, lookup))
    keys: list[bytes] = []
    for position, name in enumerate(section.requester_public_keys):
        keys += _public_keys(("trust", "requester_public_keys", position), name, lookup)
    if section.time is not None and section.time.tzinfo is None:
        raise lookup.source.error(("trust", "time"), "the time has no zone", f"{section.time}Z")
    chains: list[list[bytes]] = []
    for position, name in enumerate(section.requester_chains):
        chains += _chains(("trust", "requester_chains", position), name, lookup)
    return TrustedRequesters(roots, keys, chains, section.time)


def _chains(path: KeyPath, name: str, lookup: Lookup) -> list[list[bytes]]:
    """The certificates of a file, root first; those of each kind of key of the shipped set."""
    from responder.pki.sets import read_certificates  # noqa: PLC0415 - rare

    if name != _SHIPPED:
        file = _root(path, name, lookup)
        leaf_first = b"-----BEGIN " in file.read_bytes()
        return [read_certificates(file)[:: -1 if leaf_first else 1]]
    files = sorted((data_root("certs") / "device").glob("*/requester.pem"))
    return [read_certificates(file)[::-1] for file in files]


def _root(path: KeyPath, name: str, lookup: Lookup) -> Path:
    """A file whose certificates can all be read, which is found out now and not by a peer."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and the shipped roots are known

    from responder.pki.sets import read_certificates  # noqa: PLC0415 - with it

    file = _file(path, name, lookup)
    try:
        for der in read_certificates(file):
            x509.load_der_x509_certificate(der)
    except ConfigError as error:
        raise lookup.source.error(path, f"{file}: {error.reason}") from error
    except ValueError as error:
        raise lookup.source.error(path, f"{file}: {error}") from error
    return file


def _public_keys(path: KeyPath, name: str, lookup: Lookup) -> list[bytes]:
    """The key of a file; those of the shipped requester, one of each kind."""
    from responder.crypto.signing import PublicKey, UnsupportedKeyError  # noqa: PLC0415 - rare
    from responder.pki.sets import pem_blocks  # noqa: PLC0415 - with it

    if name == _SHIPPED:
        chains = _chains(path, name, lookup)
        return [PublicKey.from_certificate(chain[-1]).der() for chain in chains]
    file = _file(path, name, lookup)
    data = file.read_bytes()
    try:
        if b"-----BEGIN " in data:
            data = pem_blocks(data, str(file))[0][1]
        return [PublicKey.from_der(data).der()]
    except ConfigError as error:
        raise lookup.source.error(path, f"{file}: {error.reason}") from error
    except UnsupportedKeyError as error:
        raise lookup.source.error(path, f"{file}: {error}") from error


def _file(path: KeyPath, name: str, lookup: Lookup) -> Path:
    file = lookup.source.file(path, name)
    if not file.is_file():
        raise lookup.source.error(path, f"no such file: {file}")
    return file
