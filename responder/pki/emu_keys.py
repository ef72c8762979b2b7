"""Reads identities from the key folder in which ``spdm_responder_emu`` runs.

``<kind>/bundle_responder.certchain.der`` is slot 0's chain, ``…certchain1.der`` slot 1's,
``…certchain_alias.der`` slot 0's of the alias model; all have the leaf key ``end_responder.key``.
``…certchain4.der`` is slot 4's, whose leaf key is another one: ``end_responder4.key``.
"""

from collections.abc import Iterable
from pathlib import Path

from responder.errors import ConfigError
from responder.pki.sets import Identity, read_certificates

SLOTS = 2
SECOND_KEY_SLOT = 4
_KEY, _SECOND_KEY = "end_responder.key", f"end_responder{SECOND_KEY_SLOT}.key"


def chain_file(folder: Path, kind: str, slot: int, *, alias: bool = False) -> Path:
    """Where such a folder keeps a slot's chain: DER certificates, root first."""
    which = "_alias" if alias else slot or ""
    return folder / kind / f"bundle_responder.certchain{which}.der"


def is_key_folder(folder: Path, kinds: Iterable[str], slot: int = 0) -> bool:
    """Whether the folder has that slot for each of these kinds of keys."""
    return all(chain_file(folder, kind, slot).is_file() for kind in kinds)


def read_emu_identity(folder: Path, kind: str, slot: int, *, alias: bool = False) -> Identity:
    """A slot's identity.

    Raises:
        ConfigError: a file is missing or holds no certificates.
    """
    path = folder / kind / (_SECOND_KEY if slot == SECOND_KEY_SLOT else _KEY)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return Identity(key, read_certificates(chain_file(folder, kind, slot, alias=alias)))
