"""What a user's mistake raises; a peer's raises ``responder.core.errors.ProtocolError``."""

import os
from collections.abc import Iterable
from pathlib import Path


class ConfigError(Exception):
    """Something a person wrote cannot be used.

    Attributes:
        where: the file and line (``profiles/x.toml:12``), or the option, that is wrong.
        suggestion: what was probably meant, empty if nothing comes near.
    """

    def __init__(self, reason: str, *, where: str = "", suggestion: str = "") -> None:
        self.reason = reason
        self.where = where
        self.suggestion = suggestion
        hint = f" (did you mean {suggestion!r}?)" if suggestion else ""
        super().__init__(f"{where}: {reason}{hint}" if where else f"{reason}{hint}")


class UnavailableError(Exception):
    """The machine lacks what a verb needs: a port, a file, a tool."""


def suggest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, whatever its case and hyphens; or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes only

    plain = {_plain(candidate): candidate for candidate in candidates}
    near = get_close_matches(_plain(word), plain, 1)
    return plain[near[0]] if near else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")


def system_reason(error: OSError) -> str:
    """Why a call of the system failed, in the system's words and without the address or file.

    asyncio's own texts for failed connections repeat what the caller says anyway.
    """
    if error.errno is None or error.errno < 0:  # several failures in one; name resolution
        return error.strerror or str(error)
    return os.strerror(error.errno)


def data_root(kind: str) -> Path:
    """The folder of shipped ``profiles`` or ``certs``: in the wheel, or beside the package."""
    packaged = Path(__file__).parent / "_data" / kind
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / kind
