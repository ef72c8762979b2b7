"""Why a command came to nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from responder.errors import ConfigError

ErrorClass = Literal["BadRequest", "CommandNotFound", "BadArgument", "NotPossible", "InternalError"]
ERRORS: Mapping[ErrorClass, str] = MappingProxyType(
    {
        "BadRequest": "the line is no request",
        "CommandNotFound": "there is no such command",
        "BadArgument": "an argument is wrong, or means what this device does not have",
        "NotPossible": "it cannot be done now, or not from here",
        "InternalError": "a defect of this program; observers are told of it",
    }
)
"""What each of them means."""


class CommandError(Exception):
    """A command that was refused.

    Attributes:
        kind: what kind of mistake it is; ``class`` of the answer.
        text: what is wrong.
        did_you_mean: what was probably meant, empty if nothing comes near.
    """

    def __init__(self, kind: ErrorClass, text: str, did_you_mean: str = "") -> None:
        self.kind = kind
        self.text = text
        self.did_you_mean = did_you_mean
        super().__init__(text)

    def document(self) -> dict[str, str]:
        """The error as a JSON object."""
        found = {"class": self.kind, "desc": self.text}
        return {**found, "did_you_mean": self.did_you_mean} if self.did_you_mean else found


def bad_argument(error: ConfigError) -> CommandError:
    """What a user's mistake comes to, if a controller made it."""
    text = f"{error.where}: {error.reason}" if error.where else error.reason
    return CommandError("BadArgument", text, error.suggestion)
