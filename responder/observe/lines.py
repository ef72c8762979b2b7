"""The journal as JSON Lines: one entry a line."""

import json
from collections.abc import Sequence
from io import FileIO

import msgspec

from responder.observe.entry import Entry, entry_as_dict


class JsonLines:
    """Writes entries to an unbuffered file, each complete when ``take`` returns."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def take(self, entries: Sequence[Entry]) -> None:
        """Write a line for each entry.

        Raises:
            OSError: the file takes no more.
        """
        data = b"".join(line_of(entry) for entry in entries)
        while data:
            data = data[self._file.write(data) :]


def line_of(entry: Entry) -> bytes:
    """The entry as a JSON object in UTF-8, with a newline."""
    values = entry_as_dict(entry)
    try:
        return msgspec.json.encode(values) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, such as in the name of a file
        return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"
