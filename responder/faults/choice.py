"""Which faults of the catalogue somebody means who names them: on a command line, in a test."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from responder.errors import ConfigError
from responder.faults.cases import cases
from responder.faults.catalogue import find, tables, unknown
from responder.faults.rule import FaultSpec

_SHOWN = 3
"""How many cases an error names."""
_GLOB = frozenset("*?")


def chosen(wanted: Iterable[str]) -> list[FaultSpec]:
    """The cases that are meant, each once.

    Args:
        wanted: ids of cases, ids of faults, or patterns with ``*``. A fault with several cases
            means all of them if each strikes another message; of cases that would get into each
            other's way one has to be named. A pattern means all that it fits.

    Raises:
        ConfigError: nothing has such an id, or it would have to be said which case is meant.
    """
    found: dict[str, FaultSpec] = {}
    for name in wanted:
        for case in _matching(name) if _GLOB & set(name) else _named(name):
            found[case.id] = case
    return list(found.values())


def _named(name: str) -> list[FaultSpec]:
    found = find(name)
    if len(found) > 1 and not _apart(found):
        some = ", ".join(case.id for case in found[:_SHOWN])
        more = ", ..." if len(found) > _SHOWN else ""
        reason = (
            f"{name!r} has {len(found)} cases that exclude each other; name one: {some}{more}"
            f" (or {name}:* for all)"
        )
        raise ConfigError(reason)
    return found


def _apart(found: Sequence[FaultSpec]) -> bool:
    """Whether no two cases strike at the same message."""
    seen: set[str] = set()
    for case in found:
        names = {name for rule in case.rules for name in rule.message}
        if not names or names & seen:
            return False
        seen |= names
    return True


def _matching(pattern: str) -> list[FaultSpec]:
    family, colon, _ = pattern.partition(":")
    found = [
        case
        for fault_id, table in tables().items()
        if fnmatchcase(fault_id, family)
        for case in cases(table)
        if not colon or fnmatchcase(case.id, pattern)
    ]
    if not found:
        raise unknown(pattern)
    return found
