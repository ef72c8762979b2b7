"""The one exception that a peer's framing may raise."""

from collections.abc import Sequence
from typing import Any


class FramingError(ValueError):
    """Bytes do not fit their transport, so where the next message starts is unknown.

    Attributes:
        reason: what is wrong, for the log.
        frames: what was complete before the fault in the same ``feed``, oldest first.
    """

    def __init__(self, reason: str, *, frames: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.frames = tuple(frames)
