"""Reads certificate sets: ``<set>/<kind>/slot<N>.pem`` and ``roots/<kind>.pem``.

Every start of the responder passes here, so PEM is taken apart by hand: nothing of X.509 is
imported, and nothing of what is inside a certificate is judged.
"""

import binascii
import re
from pathlib import Path

import msgspec

from responder.errors import ConfigError, data_root, suggest
from responder.wire.chain import split_certificates
from responder.wire.errors import WireError

ROOTS = "roots"
AUTHORITIES = "authorities"
RSA_POOL = "rsa-pool"
"""Folders beside the sets."""

KINDS = (
    *("ecp256", "ecp384", "ecp521", "ed25519", "mldsa44", "mldsa65", "mldsa87"),
    *("rsa2048", "rsa3072", "rsa4096"),
)
"""Kinds of keys for which there are sets; each is a folder's name."""

_PEM_BLOCK = re.compile(
    rb"^-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)^-----END \1-----\s*?$", re.DOTALL | re.MULTILINE
)
_SLOT_FILE = re.compile(r"slot(\d+)\.pem")


class Identity(msgspec.Struct, frozen=True):
    """What one slot, or one requester, holds.

    Attributes:
        key: the private key, PEM.
        chain: DER certificates, the root first and the leaf last.
    """

    key: bytes
    chain: list[bytes]


def pem_blocks(data: bytes, where: str) -> list[tuple[str, bytes]]:
    """The label and the DER bytes of each PEM block; text between blocks is skipped.

    Raises:
        ConfigError: a block is not base64, or there is no block.
    """
    blocks = []
    for match in _PEM_BLOCK.finditer(data):
        label, body = match[1].decode(), b"".join(match[2].split())
        try:
            blocks.append((label, binascii.a2b_base64(body, strict_mode=True)))
        except binascii.Error as error:
            raise ConfigError(f"{label} is no base64: {error}", where=where) from error
    if not blocks:
        raise ConfigError("no PEM block in this file", where=where)
    if data.count(b"-----BEGIN ") != len(blocks):
        raise ConfigError("a PEM block has no end", where=where)
    return blocks


def read_identity(path: str | Path) -> Identity:
    """Read one PEM file of a private key and its certificates, leaf first.

    Raises:
        ConfigError: the file is missing, or does not hold exactly one unencrypted private key and
            at least one certificate.
    """
    path = Path(path)
    data, where = _read(path), str(path)
    keys: list[bytes] = []
    certificates: list[bytes] = []
    for label, der in pem_blocks(data, where):
        if label == "CERTIFICATE":
            certificates.append(_whole(der, where))
        elif label == "ENCRYPTED PRIVATE KEY":
            raise ConfigError("the private key is encrypted", where=where)
        elif label.endswith("PRIVATE KEY"):
            keys.append(pem(label, der))
    if len(keys) != 1:
        raise ConfigError(f"{len(keys)} private keys, one is needed", where=where)
    if not certificates:
        raise ConfigError("no certificate after the private key", where=where)
    return Identity(keys[0], certificates[::-1])


def read_certificates(path: str | Path) -> list[bytes]:
    """DER certificates of a PEM file, or of one or more DER certificates, in the file's order.

    Raises:
        ConfigError: the file is missing or holds no certificate.
    """
    path = Path(path)
    data, where = _read(path), str(path)
    if b"-----BEGIN " not in data:
        try:
            certificates = split_certificates(data)
        except WireError as error:
            raise ConfigError(f"neither PEM nor DER: {error}", where=where) from error
    else:
        blocks = pem_blocks(data, where)
        certificates = [_whole(der, where) for label, der in blocks if label == "CERTIFICATE"]
    if not certificates:
        raise ConfigError("no certificate in this file", where=where)
    return certificates


def identity_path(set_name: str, kind: str, slot: int, certs: Path | None = None) -> Path:
    """The file of a slot's identity in the shipped sets, or in those under ``certs``."""
    return (certs or data_root("certs")) / set_name / kind / f"slot{slot}.pem"


def requester_path(set_name: str, kind: str, certs: Path | None = None) -> Path:
    """The file of the requester's identity that belongs to a set."""
    return (certs or data_root("certs")) / set_name / kind / "requester.pem"


def shipped_roots(certs: Path | None = None) -> dict[str, bytes]:
    """The DER root certificate of each kind of key, shipped or under ``certs``.

    Raises:
        ConfigError: there is none, or a file is no certificate.
    """
    folder = (certs or data_root("certs")) / ROOTS
    files = sorted(path for path in folder.glob("*.pem") if not path.name.endswith(".key.pem"))
    if not files:
        raise ConfigError("no root certificates here", where=str(folder))
    return {path.stem: read_certificates(path)[0] for path in files}


def list_sets(certs: Path | None = None) -> list[str]:
    """The names of the sets there are."""
    root = certs or data_root("certs")
    return sorted({path.parent.parent.name for path in root.glob("*/*/slot*.pem")})


def list_kinds(set_name: str, certs: Path | None = None) -> list[str]:
    """The kinds of keys that a set has.

    Raises:
        ConfigError: there is no such set.
    """
    root = certs or data_root("certs")
    kinds = sorted({path.parent.name for path in (root / set_name).glob("*/slot*.pem")})
    if not kinds:
        reason = f"no certificate set {set_name!r}"
        raise ConfigError(reason, where=str(root), suggestion=suggest(set_name, list_sets(certs)))
    return kinds


def list_slots(set_name: str, kind: str, certs: Path | None = None) -> list[int]:
    """The slots for which a set has an identity of that kind; empty if there is none."""
    folder = (certs or data_root("certs")) / set_name / kind
    names = (_SLOT_FILE.fullmatch(path.name) for path in folder.glob("slot*.pem"))
    return sorted(int(match[1]) for match in names if match)


def pem(label: str, der: bytes) -> bytes:
    """A PEM block, lines of 64 characters."""
    text = binascii.b2a_base64(der, newline=False)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    name = label.encode()
    return b"\n".join((b"-----BEGIN %b-----" % name, *lines, b"-----END %b-----" % name, b""))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        siblings = [other.name for other in path.parent.glob("*.pem")]
        suggestion = suggest(path.name, siblings)
        reason = "no such certificate file"
        raise ConfigError(reason, where=str(path), suggestion=suggestion) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _whole(der: bytes, where: str) -> bytes:
    try:
        parts = split_certificates(der)
    except WireError as error:
        raise ConfigError(f"a certificate is cut: {error}", where=where) from error
    if len(parts) != 1:
        raise ConfigError(f"{len(parts)} certificates in one PEM block", where=where)
    return der
