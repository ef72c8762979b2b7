"""The journal as JSON Lines: one entry a line."""

import json
from typing import TextIO

from responder.observe.entry import Entry, entry_as_dict


class JsonLines:
    """Writes entries to an open text file, each complete when ``write`` returns."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, entry: Entry) -> None:
        """Write one line.

        Raises:
            OSError: the file takes no more.
        """
        line = json.dumps(entry_as_dict(entry), separators=(",", ":"))
        self._file.write(line + "\n")
        self._file.flush()
