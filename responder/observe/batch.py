"""What observers write to: a file that gets all of a batch at once, and has no lock."""

from io import FileIO


class Batch:
    """Collects what is written, until ``flush`` writes it to an unbuffered file.

    A thread that is stuck in a buffered file of Python holds its lock, and the interpreter cannot
    end while it does.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep ``data``; its size."""
        self._parts.append(data)
        return len(data)

    def flush(self) -> None:
        """Write what was kept.

        Raises:
            OSError: the file takes no more.
        """
        data = b"".join(self._parts)
        self._parts.clear()
        while data:
            data = data[self._file.write(data) :]
