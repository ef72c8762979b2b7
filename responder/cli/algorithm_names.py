"""Names of algorithms on the command line."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

import click

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
            near = get_close_matches(_plain(text), names, n=1)
            meant = f"; did you mean {names[near[0]].name!r}?" if near else ""
            known = ", ".join(row.name for row in table)
            raise click.BadParameter(f"{text!r} is none of {known}{meant}")
        return found

    return read


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
