"""``spdm-responder diff``: what two conversations have in common, and what not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from responder.campaign.reports.printable import printable
from responder.cli.decode import decoder_for, path_and_conversation
from responder.cli.decode_print import ARROWS
from responder.cli.exits import Exit
from responder.decode.compare import Change, Compared, FieldChange, compare
from responder.decode.decoded import Decoded
from responder.decode.source import chosen, path_payloads
from responder.decode.transport import AUTO, TRANSPORTS
from responder.observe.entry import json_line
from responder.wire.describe import Line

_VALUE_WIDTH = 64
_SIGNS: dict[Change, str] = {"same": " ", "changed": "~", "left": "-", "right": "+"}


@click.command("diff")
@click.argument("left", metavar="LEFT")
@click.argument("right", metavar="RIGHT")
@click.option(
    "--mask",
    is_flag=True,
    help="Of nonces, signatures and what else is random compare the size alone.",
)
@click.option(
    "--keylog",
    "keylogs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Open secured records with these keys; if given twice, the second is that of RIGHT.",
)
@click.option(
    "--transport",
    type=click.Choice(TRANSPORTS),
    default=AUTO,
    help="What surrounds each message; auto goes by what the bytes look like.",
)
@click.option("--all", "everything", is_flag=True, help="Show the messages that are the same, too.")
@click.option("--full", is_flag=True, help="Show all bytes of long fields.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
def command(
    left: str, right: str, mask: bool, keylogs: tuple[Path, ...], transport: str, **how: bool
) -> None:
    """Compare two conversations message by message and field by field.

    LEFT and RIGHT are files that decode reads; FILE#NAME is one conversation of a file with many.
    Messages are put side by side by their names; what only one side has stands for itself.

    Exits 0 if they are the same, 1 if anything differs.
    """
    if len(keylogs) > 2:
        raise click.UsageError("--keylog is given once or twice")
    conversations = [
        _conversation(name, transport, keylogs[min(side, len(keylogs) - 1)] if keylogs else None)
        for side, name in enumerate((left, right))
    ]
    compared = list(compare(*conversations, mask=mask))
    if how["as_json"]:
        for one in compared:
            click.echo(json_line(_as_json(one)), nl=False)
    else:
        _print(compared, everything=how["everything"], width=0 if how["full"] else _VALUE_WIDTH)
    same = all(one.change == "same" for one in compared)
    click.get_current_context().exit(Exit.OK if same else Exit.FINDING)


def _conversation(name: str, transport: str, keylog: Path | None) -> list[Decoded]:
    """The messages of the one conversation that ``FILE`` or ``FILE#NAME`` means."""
    path, conversation = path_and_conversation(name)
    if path is None:
        raise click.UsageError(f"{name!r} is no file")
    decoder = decoder_for(transport, keylog)
    payloads = chosen(path_payloads(path, transport=transport), conversation, str(path))
    found = [decoded for payload in payloads for decoded in decoder.decode(payload)]
    if not found:
        raise click.UsageError(f"there is nothing in {path}")
    names = dict.fromkeys(
        one.payload.conversation or str(one.payload.connection)
        for one in found
        if one.payload.connection
    )
    if len(names) > 1:
        some = ", ".join(f"{path.name}#{one}" for one in list(names)[:3])
        raise click.UsageError(f"{path} has {len(names)} conversations; name one: {some}, ...")
    return found


def _print(compared: Sequence[Compared], *, everything: bool, width: int) -> None:
    skipped = 0
    for one in compared:
        if one.change == "same" and not everything:
            skipped += 1
            continue
        _say_skipped(skipped)
        skipped = 0
        click.echo(printable(f"{_SIGNS[one.change]} {_title(one)}"))
        for change in one.fields:
            click.echo(printable(f"      {change.path}: {_text(change, width)}"))
    _say_skipped(skipped)
    click.echo(_total(compared))


def _say_skipped(count: int) -> None:
    if count:
        click.echo(f"  {count} the same")


def _title(one: Compared) -> str:
    decoded = one.shown
    numbers = ", ".join(f"#{side.number}" for side in (one.left, one.right) if side)
    session = " in a session" if decoded.session is not None else ""
    return f"{ARROWS[decoded.direction]} {decoded.title}{session} ({numbers})"


def _text(change: FieldChange, width: int) -> str:
    return f"{_value(change.left, width)} | {_value(change.right, width)}"


def _value(line: Line | None, width: int) -> str:
    if line is None:
        return "-"
    value = line.value if not width or len(line.value) <= width else f"{line.value[:width]}..."
    value = value or f"{line.end - line.start} bytes"
    return f"{value} ({line.meaning})" if line.meaning else value


def _total(compared: Iterable[Compared]) -> str:
    counts = Counter(one.change for one in compared)
    return (
        f"{counts['same']} the same, {counts['changed']} differ, "
        f"{counts['left']} only left, {counts['right']} only right"
    )


def _as_json(one: Compared) -> dict[str, Any]:
    decoded = one.shown
    return {
        "change": one.change,
        "left": one.left and one.left.number,
        "right": one.right and one.right.number,
        "direction": decoded.direction or None,
        "kind": decoded.kind,
        "name": decoded.name,
        "in_session": decoded.session is not None,
        "fields": [
            {
                "path": change.path,
                "left": change.left and change.left.value,
                "left_text": change.left and change.left.meaning,
                "right": change.right and change.right.value,
                "right_text": change.right and change.right.meaning,
            }
            for change in one.fields
        ],
    }
