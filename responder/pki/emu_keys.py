"""Reads identities from the key folder in which ``spdm_responder_emu`` runs.

``<kind>/bundle_responder.certchain.der`` is slot 0's chain, ``…certchain1.der`` slot 1's,
``…certchain_alias.der`` slot 0's of the alias model; all have the leaf key ``end_responder.key``.
"""

from collections.abc import Iterable
from pathlib import Path

from responder.errors import ConfigError
from responder.pki.sets import Identity, read_certificates

SLOTS = 2
_KEY = "end_responder.key"


def chain_file(folder: Path, kind: str, slot: int, *, alias: bool = False) -> Path:
    """Where such a folder keeps a slot's chain: DER certificates, root first."""
    which = "_alias" if alias else slot or ""
    return folder / kind / f"bundle_responder.certchain{which}.der"


def is_key_folder(folder: Path, kinds: Iterable[str]) -> bool:
    """Whether the folder has slot 0 for each of these kinds of keys."""
    return all(chain_file(folder, kind, 0).is_file() for kind in kinds)


def read_emu_identity(folder: Path, kind: str, slot: int, *, alias: bool = False) -> Identity:
    """A slot's identity.

    Raises:
        ConfigError: a file is missing or holds no certificates.
    """
    path = folder / kind / _KEY
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return Identity(key, read_certificates(chain_file(folder, kind, slot, alias=alias)))
