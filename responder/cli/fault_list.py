"""The faults of the catalogue as rows: for ``fault list`` and the page of the catalogue."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

import click
import msgspec

from responder.errors import ConfigError
from responder.faults.cases import cases as cases_of
from responder.faults.catalogue import Group, groups
from responder.faults.rule import FaultSpec

_WIDEST_ID = 34
"""Characters of the column of ids; longer ones move the rest of their row."""


class Listed(msgspec.Struct, frozen=True):
    """A fault, or one of its cases.

    Attributes:
        fault: the fault; of several cases the first, as an example.
        description: what it does; with ``{name}`` where its cases differ.
        group: the letter of its group.
        title: what that group is about.
        cases: how many cases it has.
    """

    fault: FaultSpec
    id: str
    description: str
    group: str
    title: str
    cases: int

    def document(self) -> dict[str, Any]:
        """The row as a JSON object."""
        fault = self.fault
        return {
            "id": self.id,
            "group": self.group,
            "description": self.description,
            "duty": fault.duty,
            "allows": fault.allows,
            "basis": fault.basis,
            "source": fault.source,
            "importance": fault.importance,
            "cases": self.cases,
        }


def listed(
    letters: Sequence[str] = (), duties: Collection[str] = (), *, cases: bool = False
) -> list[Listed]:
    """The faults of some groups, or of all, with some duties, or any.

    Raises:
        ConfigError: there is no such group.
    """
    wanted = {letter.upper() for letter in letters}
    known = {group.letter for group in groups()}
    for letter in sorted(wanted - known):
        raise ConfigError(f"there is no group {letter!r}; groups are {', '.join(sorted(known))}")
    return [
        row
        for group in groups()
        if not wanted or group.letter in wanted
        for row in rows_of(group, cases=cases)
        if not duties or row.fault.duty in duties
    ]


def rows_of(group: Group, *, cases: bool = False) -> Iterator[Listed]:
    """The faults of one group, or their cases."""
    for fault_id, table in group.faults.items():
        found = cases_of(table)
        if cases:
            for case in found:
                yield Listed(case, case.id, case.description, group.letter, group.title, 1)
            continue
        text = str(table["description"])
        yield Listed(found[0], fault_id, text, group.letter, group.title, len(found))


def print_list(found: Sequence[Listed]) -> None:
    """Print the rows under the headings of their groups."""
    width = min(max((len(row.id) for row in found), default=0), _WIDEST_ID)
    for number, ((letter, title), some) in enumerate(
        groupby(found, key=lambda row: (row.group, row.title))
    ):
        if number:
            click.echo()
        click.secho(f"{letter}  {title}", bold=True)
        for row in some:
            count = f" ({row.cases} cases)" if row.cases > 1 else ""
            click.echo(f"  {row.id:<{width}}  {row.fault.duty:<7}  {row.description}{count}")
