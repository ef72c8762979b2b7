"""What a process writes: its beginning and end are kept, and all of it is looked through.

The standard library only: ``reaper`` starts with it.
"""

import re

LINE = 4096
"""Bytes of one line that are looked at together, if no end of line comes."""
REPORT = re.compile(
    r"^.*?(?:(?:ERROR|WARNING): \w*Sanitizer: |\S+:\d+:\d+: runtime error: ).*?$", re.MULTILINE
)
"""The first line of a report: of AddressSanitizer and its kin, and of UndefinedBehaviorSanitizer,
which names a place in a source first."""
_REPORT_WORDS = (b"Sanitizer: ", b": runtime error: ")


class Kept:
    """The beginning and the end of a stream.

    Attributes:
        total: bytes that came.
    """

    def __init__(self, size: int) -> None:
        self.total = 0
        self._head_size = size // 2
        self._tail_size = size - self._head_size
        self._head = bytearray()
        self._tail = bytearray()

    @property
    def over(self) -> bool:
        """More came than is kept."""
        return self.total > self._head_size + self._tail_size

    def add(self, data: bytes) -> None:
        """Take what comes next."""
        self.total += len(data)
        room = self._head_size - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_size:
            self._cut()

    def text(self) -> str:
        """What is kept, with a line in the middle that says how much is not."""
        self._cut()
        head, tail = (bytes(part).decode("utf-8", "replace") for part in (self._head, self._tail))
        if not self.over:
            return bytes(self._head + self._tail).decode("utf-8", "replace")
        left_out = self.total - len(self._head) - len(self._tail)
        return f"{head}\n[... {left_out} bytes are left out ...]\n{tail}"

    def _cut(self) -> None:
        del self._tail[: max(0, len(self._tail) - self._tail_size)]


class Search:
    """Looks for a pattern in the lines of a stream that comes in pieces.

    Args:
        pattern: what to look for.
        words: lines that have none of these are not looked at; empty for all lines.
        whole: look at a line when its end has come; else at any time.

    Attributes:
        found: the first match; empty if there is none yet.
    """

    def __init__(
        self, pattern: re.Pattern[str], words: tuple[bytes, ...] = (), *, whole: bool = False
    ) -> None:
        self.found = ""
        self.matched = False
        self._pattern = pattern
        self._words = words
        self._whole = whole
        self._line = b""

    def add(self, data: bytes) -> None:
        """Look at what comes next."""
        window = self._line + data
        cut = window.rfind(b"\n") + 1
        self._look(window[:cut] if self._whole else window)
        self._line = window[cut:][-LINE:]

    def end(self) -> None:
        """Look at the last line, which has no end."""
        self._look(self._line)

    def _look(self, data: bytes) -> None:
        if self.matched or (self._words and not any(word in data for word in self._words)):
            return
        match = self._pattern.search(data.decode("utf-8", "replace"))
        if match is not None:
            self.matched = True
            self.found = match.group()


def search_report() -> Search:
    """A search for the first line of a sanitizer's report."""
    return Search(REPORT, _REPORT_WORDS, whole=True)
