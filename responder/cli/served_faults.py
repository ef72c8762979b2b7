"""What ``serve`` does about faults and changes that the command line asks for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from responder.errors import ConfigError
from responder.faults.choice import chosen
from responder.profiles.load import load_profile
from responder.profiles.overrides import parse_overrides

if TYPE_CHECKING:
    from responder.faults.rule import FaultSpec
    from responder.profiles.load import Profile

_OVERRIDE = "override "
"""How an error begins whose place is an override."""


def load_changed(profile: str, changes: Sequence[str], faults: Sequence[str]) -> "Profile":
    """The profile with changes (``--set``) and faults (``--fault``).

    Raises:
        UsageError: a change or a fault is wrong.
        ConfigError: the profile is wrong.
    """
    overrides, wanted = _wanted(changes, faults)
    try:
        return load_profile(profile, overrides, wanted)
    except ConfigError as error:
        if not error.where.startswith(_OVERRIDE):
            raise
        where = error.where.removeprefix(_OVERRIDE)
        suggestion = error.suggestion
        told = ConfigError(error.reason, where=f"--set {where}", suggestion=suggestion)
        raise click.UsageError(str(told)) from None


def _wanted(
    changes: Sequence[str], faults: Sequence[str]
) -> "tuple[dict[str, Any], list[FaultSpec]]":
    try:
        overrides = parse_overrides(changes)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    try:
        return overrides, chosen(faults)
    except ConfigError as error:
        raise click.UsageError(f"--fault: {error}") from None
