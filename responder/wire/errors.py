"""The one exception that reading and writing messages may raise."""


class WireError(ValueError):
    """Bytes that are not the message they should be.

    Attributes:
        path: the address of the field at which parsing stopped, empty for the whole.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
