"""Key logs: the keys of sessions as JSON Lines, for those who have captured the records.

Each line is an object: ``connection``, ``session_id``, ``direction`` (``request``, ``response``),
``phase`` (``handshake``, ``data``, ``update 1``, ...), ``aead``, ``encrypted``, ``big_endian``, and
in hexadecimal ``key`` and ``iv``. The keys of a phase protect records from sequence number 0 on.
"""

import json
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

from responder.core.events import SessionKeys
from responder.errors import ConfigError, system_reason
from responder.observe.entry import Entry

_BYTES = ("key", "iv")


class KeyLog:
    """Writes key entries to an unbuffered file, each complete when ``take`` returns."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def take(self, entries: Sequence[Entry]) -> None:
        """Write a line for each ``SessionKeys``; other events are passed over.

        Raises:
            OSError: the file takes no more.
        """
        keys = [_line_of(entry) for entry in entries if isinstance(entry.event, SessionKeys)]
        data = b"".join(keys)
        while data:
            data = data[self._file.write(data) :]


def read_key_log(path: Path) -> Iterator[tuple[int, SessionKeys]]:
    """The keys in a log, in order, each with the ordinal of its connection, 0 if it has none.

    Raises:
        ConfigError: the file cannot be read, or a line is no key entry.
    """
    try:
        lines = path.read_text("ascii").splitlines()
    except OSError as error:
        raise ConfigError(system_reason(error), where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("no key log", where=str(path)) from None
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            values = {name: row[name] for name in SessionKeys.__struct_fields__}
            values |= {name: bytes.fromhex(values[name]) for name in _BYTES}
            yield int(row.get("connection", 0)), SessionKeys(**values)
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"no key: {error}", where=f"{path}:{number}") from None


def _line_of(entry: Entry) -> bytes:
    values: dict[str, Any] = {"connection": entry.connection}
    for name in SessionKeys.__struct_fields__:
        value = getattr(entry.event, name)
        values[name] = value.hex() if isinstance(value, bytes) else value
    return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"
