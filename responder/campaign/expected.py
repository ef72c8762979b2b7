"""What our requester does in each case of the catalogue, as a table that is made by trying.

``expected.tsv`` has a line for each fault, and one for each of its cases that is not like most of
them: the id, the setting in which it strikes, the checks for which our requester refuses, and what
it observes besides, each in order and apart by a space. ``python -m responder.campaign.expected``
makes it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from responder.campaign.rehearsal import Rehearsal
    from responder.campaign.run import Run
    from responder.faults.rule import FaultSpec

NAME = "expected.tsv"
RACES: Mapping[str, tuple[str, ...]] = {"sock.answer-early": ("any.version", "chal.signature")}
"""Cases on sockets in which real time decides what refuses: any of these checks."""
_HEADER = "# Written by python -m responder.campaign.expected; do not edit.\n"


class Expected(NamedTuple):
    """What our requester does in a case.

    Attributes:
        setting: the conversation in which it strikes, by name.
        checks: for which it refuses, or answers a request of the responder with ERROR, in order.
        observations: what it tells and would not without the fault, each once, in order.
    """

    setting: str
    checks: tuple[str, ...]
    observations: tuple[str, ...]


class ExpectedTable(Mapping[str, Expected]):
    """The table by ids; a case without a line of its own has that of its fault."""

    def __init__(self, lines: Mapping[str, Expected]) -> None:
        self._lines = lines

    def __getitem__(self, case: str) -> Expected:
        found = self._lines.get(case)
        return self._lines[case.partition(":")[0]] if found is None else found

    def __iter__(self) -> Iterator[str]:
        """The ids that have a line."""
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def load_expected() -> ExpectedTable:
    """The table that comes with the program."""
    text = resources.files("responder.campaign").joinpath(NAME).read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return ExpectedTable({row[0]: _read(*row[1:]) for row in rows})


def _read(setting: str, checks: str, observations: str) -> Expected:
    return Expected(setting, tuple(checks.split()), tuple(observations.split()))


def expected_of(rehearsal: "Rehearsal") -> Expected:
    """The row of a case that was rehearsed."""
    checks, racing = named(rehearsal.faulted), RACES.get(rehearsal.fault.id, ())
    if set(checks) <= set(racing):
        checks = racing
    return Expected(rehearsal.setting.name, checks, tuple(dict.fromkeys(rehearsal.observations)))


def named(run: "Run") -> tuple[str, ...]:
    """The checks for which the requester refused, or answered with ERROR, in a conversation."""
    found: list[str] = []
    for report in run.reports:
        found += [declined.check for declined in report.declined]
        found += [report.refusal.check] if report.refusal else []
    return tuple(dict.fromkeys(found))


def text_of(rows: Mapping[str, Expected]) -> str:
    """The file for the rows of all cases.

    Args:
        rows: by the id of the case.
    """
    faults: dict[str, dict[str, Expected]] = {}
    for case in sorted(rows):
        faults.setdefault(case.partition(":")[0], {})[case] = rows[case]
    lines = [line for fault, cases in faults.items() for line in _lines(fault, cases)]
    return _HEADER + "".join(lines)


def _lines(fault: str, cases: Mapping[str, Expected]) -> Iterator[str]:
    usual = Counter(cases.values()).most_common(1)[0][0]
    yield _line(fault, usual)
    yield from (_line(case, row) for case, row in cases.items() if row != usual)


def _line(name: str, row: Expected) -> str:
    return "\t".join((name, row.setting, " ".join(row.checks), " ".join(row.observations))) + "\n"


def measured(cases: Iterable["FaultSpec"], processes: int) -> Iterator[tuple[str, Expected]]:
    """Rehearse cases in parallel, and say what our requester does."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - for who makes the table

    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_measure, cases, chunksize=20)


def _measure(case: "FaultSpec") -> tuple[str, Expected]:
    from responder.campaign.rehearsal import rehearse  # noqa: PLC0415 - likewise

    return case.id, expected_of(rehearse(case))


def write(path: Path, faults: Iterable[str] = (), processes: int = 2) -> None:
    """Write the table.

    Args:
        path: the file.
        faults: only these are rehearsed, and those that the table lacks; all if there are none.
        processes: how many work at once.
    """
    from responder.faults import catalogue  # noqa: PLC0415 - likewise

    again = set(faults)
    old = load_expected() if again else ExpectedTable({})
    every = list(catalogue.all_cases())
    rows = {case.id: old[case.id] for case in every if case.id in old}
    wanted = (case for case in every if case.family in again or case.id not in old)
    rows.update(measured(wanted, processes))
    path.write_text(text_of(rows), encoding="utf-8")


if __name__ == "__main__":
    import sys

    write(Path(__file__).with_name(NAME), sys.argv[1:])
