"""The folder in which a search outlasts the program: a file for each input, and its state."""

from pathlib import Path
from typing import TypeVar

import msgspec

from responder.campaign.fuzz.corpus import Kept
from responder.campaign.fuzz.inputs import digest_of
from responder.campaign.fuzz.search import State
from responder.errors import ConfigError

STATE = "state.json"
_SUFFIX = ".json"

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


class Saved(msgspec.Struct):
    """A search that can be gone on with.

    Attributes:
        key: of what the search is: target, conversation, messages, seed.
        state: where it was.
    """

    key: str
    state: State


class Folder:
    """A corpus on disk."""

    def __init__(self, path: Path, key: str) -> None:
        """Use ``path``, which is made if it is not there, for the search of that key.

        Raises:
            OSError: it cannot be made.
        """
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._key = key

    def load(self, fresh: State) -> State:
        """The state to go on with: what was saved of this very search, or else ``fresh``.

        Inputs that are here and not part of it are tried too: those of another search, or those
        that were found after the last save.

        Raises:
            ConfigError: a file is none of a corpus.
        """
        path = self._path / STATE
        saved = _decoded(path, Saved) if path.exists() else None
        state = saved.state if saved is not None and saved.key == self._key else fresh
        for file in sorted(self._path.glob(f"*{_SUFFIX}")):
            if file.name != STATE and file.stem not in state.corpus.kept:
                state.next.append(_decoded(file, Kept).rules)
        return state

    def keep(self, one: Kept) -> None:
        """Write an input."""
        self._write(f"{digest_of(one.rules)}{_SUFFIX}", one)

    def save(self, state: State) -> None:
        """Write the state."""
        self._write(STATE, Saved(self._key, state))

    def _write(self, name: str, content: msgspec.Struct) -> None:
        """Write a file that is whole at every moment."""
        path = self._path / name
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1))
        fresh.replace(path)


def _decoded(path: Path, kind: type[AnyStruct]) -> AnyStruct:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise ConfigError(f"no part of a corpus: {error}", where=str(path)) from None
