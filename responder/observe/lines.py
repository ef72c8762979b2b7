"""The journal as JSON Lines: one entry a line."""

import json
from io import FileIO

from responder.observe.entry import Entry, entry_as_dict


class JsonLines:
    """Writes entries to an unbuffered file, each complete when ``write`` returns."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, entry: Entry) -> None:
        """Write one line.

        Raises:
            OSError: the file takes no more.
        """
        line = json.dumps(entry_as_dict(entry), separators=(",", ":"))
        data = line.encode("ascii") + b"\n"
        while data:
            data = data[self._file.write(data) :]
