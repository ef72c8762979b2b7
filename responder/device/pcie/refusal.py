"""What TDISP and TSP raise inside, and tell as their own errors."""

from enum import IntEnum


class RefusedError(Exception):
    """A request is answered with an error message of its protocol; the text is for observers.

    Attributes:
        code: its error code.
        data: its error data, 32 bits.
    """

    def __init__(self, code: IntEnum, reason: str, data: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.data = data
