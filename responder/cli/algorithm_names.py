"""Names of algorithms on the command line."""

from collections.abc import Callable, Sequence

import click

from responder.errors import suggest
from responder.spec.algorithms import Algorithm


def algorithm_in(table: Sequence[Algorithm]) -> Callable[[str], Algorithm]:
    """An option's type: the row of a name, whatever its case, with or without hyphens.

    ``ecdsa-p384``, ``ECDSA_P384`` and ``ecdsap384`` are the same; for anything else
    ``BadParameter`` is raised.
    """

    def read(text: str) -> Algorithm:
        names = {_plain(row.name): row for row in table}
        found = names.get(_plain(text))
        if found is None:
            near = suggest(text, (row.name for row in table))
            meant = f"; did you mean {near!r}?" if near else ""
            known = ", ".join(row.name for row in table)
            raise click.BadParameter(f"{text!r} is none of {known}{meant}")
        return found

    return read


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
