"""What is expected of a requester: known failures, and cases that are not run, with reasons."""

import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from msgspec.structs import replace

from responder.campaign.result import FAILURES, VERDICTS, Result, Verdict
from responder.errors import ConfigError, suggest

_EXPLAINABLE = FAILURES | {"unreached", "pass-loose"}


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the file.

    Attributes:
        case: the id of a case or a fault, or a pattern of them, or several.
        verdict: what is expected, one or several; any failure, and ``unreached``, if not given.
        reason: why; nobody can do without.
        disabled: the case is not run.
    """

    case: str | list[str]
    reason: str
    verdict: str | list[str] = msgspec.field(default_factory=list)
    disabled: bool = False

    @property
    def cases(self) -> list[str]:
        """The ids or patterns."""
        return [self.case] if isinstance(self.case, str) else self.case

    @property
    def verdicts(self) -> frozenset[str]:
        """The verdicts."""
        given = [self.verdict] if isinstance(self.verdict, str) else self.verdict
        return frozenset(given) or _EXPLAINABLE

    def means(self, case_id: str) -> bool:
        """Whether it is about this case."""
        names = (case_id, case_id.partition("@")[0], case_id.partition(":")[0])
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.cases)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    expect: list[Expectation] = msgspec.field(default_factory=list)


class Expectations:
    """All of them; the first that is about a case counts."""

    def __init__(self, entries: Sequence[Expectation] = ()) -> None:
        self._entries = entries

    def disabled(self, case_id: str) -> str:
        """Why a case is not run; empty if it is."""
        found = (one.reason for one in self._entries if one.disabled and one.means(case_id))
        return next(found, "")

    def applied(self, result: Result) -> Result:
        """The result, with the reason if it was expected."""
        for one in self._entries:
            if not one.disabled and one.means(result.case):
                expected = result.verdict in one.verdicts
                return replace(result, expectation=one.reason) if expected else result
        return result

    def stale(self, results: Iterable[Result], known: Iterable[str]) -> list[str]:
        """Entries that say what is no longer so.

        Args:
            results: of all cases that were run.
            known: the ids of all cases that there are.
        """
        verdicts = {result.case: result.verdict for result in results}
        ids = [*known]
        return [text for one in self._entries if (text := _stale(one, verdicts, ids))]


def read_expectations(path: Path) -> Expectations:
    """Read a file of ``[[expect]]`` tables.

    Raises:
        ConfigError: it cannot be read, or is wrong; with file and line.
    """
    try:
        text = path.read_text("utf-8")
        found = msgspec.convert(tomllib.loads(text), _File)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ConfigError(f"it cannot be read: {error}", where=str(path)) from None
    for one in found.expect:
        for verdict in one.verdicts - {*VERDICTS}:
            hint = suggest(verdict, VERDICTS)
            where = f"{path}:{_line(text, verdict)}"
            raise ConfigError(f"there is no verdict {verdict!r}", where=where, suggestion=hint)
    return Expectations(found.expect)


def _line(text: str, word: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if f'"{word}"' in line), 1)


def _stale(one: Expectation, verdicts: dict[str, Verdict], known: Sequence[str]) -> str:
    names = ", ".join(one.cases)
    meant = [case for case in verdicts if one.means(case)]
    if not meant:
        there = any(one.means(case) for case in known)
        return "" if there else f"{names}: there is no such case"
    if one.disabled or any(verdicts[case] in one.verdicts for case in meant):
        return ""
    seen = ", ".join(sorted({verdicts[case] for case in meant}))
    return f"{names}: expected {' or '.join(sorted(one.verdicts))}, seen {seen} ({one.reason})"
