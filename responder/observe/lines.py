"""The journal as JSON Lines: one entry a line."""

from collections.abc import Sequence
from io import FileIO

from responder.observe.entry import Entry, entry_as_dict, json_line


class JsonLines:
    """Writes entries to an unbuffered file, each complete when ``take`` returns."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def take(self, entries: Sequence[Entry]) -> None:
        """Write a line for each entry.

        Raises:
            OSError: the file takes no more.
        """
        data = b"".join(json_line(entry_as_dict(entry)) for entry in entries)
        while data:
            data = data[self._file.write(data) :]
