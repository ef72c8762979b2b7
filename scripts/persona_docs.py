"""The page about personas, from their table."""

from collections.abc import Iterable

from fault_docs import table

from responder.profiles.personas import DEVIATIONS, PERSONAS

_HEAD = """# Personas

Other responders have ways of their own, and requesters in the field live with them. A profile takes
on those of one responder with `persona`, or single ones with `deviations`:

```toml
extends = "default"
persona = "libspdm"                     # all that is listed for it
deviations = ["no-respond-if-ready"]    # and one more
```

Without them the device keeps to the specification. A deviation is no fault: nobody is told when it
never shows. Those that are made of faults leave their evidence in the journal, under ids that begin
with `persona.`; what the specification leaves open, and what nobody could confirm, is in
[unverified.md](unverified.md).

"""


def personas() -> str:
    """Each persona with its deviations, and each deviation with its source."""
    who = [[f"`{name}`", one.text, _names(one.deviations)] for name, one in PERSONAS.items()]
    rows = [
        [f"`{name}`", one.text, "faults" if one.faults else "a switch of the core", one.source]
        for name, one in DEVIATIONS.items()
    ]
    return (
        _HEAD
        + table(["Persona", "Is", "Deviations"], who)
        + "\n## Deviations\n\n"
        + table(["Name", "What it does", "Made of", "Seen where"], rows)
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
