"""The journal as JSON Lines."""

import io
import json

from responder.core.events import InternalError, RequestReceived
from responder.observe.entry import Entry
from responder.observe.lines import JsonLines


class ShortWrites(io.BytesIO):
    """A file that takes ten bytes at a time, as a pipe may."""

    def write(self, data):
        return super().write(data[:10])


def test_one_entry_is_one_line_whatever_it_says():
    file = ShortWrites()
    request = Entry(0.25, 1, RequestReceived(0x84, b"\x10\x84\0\0"))
    defect = Entry(0.5, 1, InternalError(0x84, 'Traceback\n  File "x"\nKeyError: é'))
    JsonLines(file).take([request, defect])
    first, second = file.getvalue().decode().splitlines()
    assert json.loads(first)["name"] == "GET_VERSION"
    assert json.loads(second)["traceback"].count("\n") == 2
    assert file.getvalue().endswith(b"\n")
