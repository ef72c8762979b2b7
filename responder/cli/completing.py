"""What shells complete beside verbs and options."""

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def fault_ids(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Faults of the catalogue; after a colon the cases of one."""
    del context, parameter
    from responder.faults.cases import cases  # noqa: PLC0415 - if somebody presses Tab
    from responder.faults.catalogue import tables  # noqa: PLC0415 - as above

    family, colon, _ = incomplete.partition(":")
    if colon:
        found = [(case.id, case.description) for case in cases(tables().get(family, {}))]
    else:
        found = [(name, str(table["description"])) for name, table in tables().items()]
    return [CompletionItem(name, help=text) for name, text in found if _fits(name, incomplete)]


def faults_in_force(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Faults that the server has which the command line means; nothing if it cannot be asked."""
    del parameter
    from responder.client.control import ControlClient, RefusedError  # noqa: PLC0415 - as above
    from responder.errors import UnavailableError  # noqa: PLC0415 - as above

    path = next((one.params["path"] for one in _above(context) if one.params.get("path")), None)
    if path is None:
        return []
    try:
        with ControlClient(path, 1.0) as client:
            faults = client.execute("fault-list", {})["faults"]
    except (UnavailableError, RefusedError):
        return []
    return [CompletionItem(one["id"]) for one in faults if _fits(one["id"], incomplete)]


def event_kinds(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of events."""
    del context, parameter
    from responder.observe.story import event_names  # noqa: PLC0415 - as above

    return [CompletionItem(name) for name in event_names() if _fits(name, incomplete)]


def _fits(word: str, incomplete: str) -> bool:
    return word.startswith(incomplete)


def _above(context: click.Context) -> Iterable[click.Context]:
    found: click.Context | None = context
    while found is not None:
        yield found
        found = found.parent
