"""Exit codes of every verb."""

from enum import IntEnum


class Exit(IntEnum):
    """What the process says when it ends."""

    OK = 0
    FINDING = 1
    USAGE = 2
    PROFILE = 3
    ENVIRONMENT = 4
    BUG = 70
