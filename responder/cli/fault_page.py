"""Prints what there is to say of a fault, for people."""

import sys
from collections.abc import Iterator, Sequence

import click

from responder.cli.fault_explain import Change, Example, Explained
from responder.cli.fault_words import basis_text, duty_text, rule_texts
from responder.cli.side_by_side import Pair, changed_fields, rows, text_of
from responder.profiles.toml_text import fault_lines
from responder.wire.names import message_title

_MOST_ROWS = 32
"""Rows of bytes that are shown of one strike."""
_MOST_FIELDS = 6
"""Fields that are named in one line."""
_BYTES = 24
"""Bytes in a line of a request."""
_MOST_BYTES = 120
_HEAD = f"  byte  {'before':<28}{'after':<27}field"
_IMPORTANCE = {1: "security", 2: "correctness", 3: "robustness"}


def print_page(found: Explained) -> None:
    """Print the fault and its example; on a terminal what changed is red."""
    colour = sys.stdout.isatty()
    for line in page(found, colour=colour):
        click.echo(line)


def page(found: Explained, *, colour: bool = False) -> Iterator[str]:
    """The lines to print."""
    fault = found.fault
    yield click.style(fault.id, bold=True) if colour else fault.id
    yield fault.description
    if found.cases > 1:
        yield f"(one of the {found.cases} cases of {fault.family})"
    yield ""
    yield f"group       {found.group}: {found.title}"
    yield f"duty        {duty_text(fault)}"
    yield f"basis       {basis_text(fault.basis)}"
    yield f"source      {fault.source}"
    yield f"importance  {fault.importance}: {_IMPORTANCE[fault.importance]}"
    yield from ("", "It strikes")
    yield from (f"  {text}" for text in rule_texts(fault))
    yield from ("", "As it is written")
    yield from (f"  {text}" for text in fault_lines(found.table))
    yield ""
    yield from _example_lines(found.example, colour=colour)


def _example_lines(example: Example, *, colour: bool) -> Iterator[str]:
    setting = example.shown.setting
    yield f"For example: {setting.text} ({setting.name})"
    if not example.changes:
        yield f"  it did not strike; what came nearest: {example.nearest or 'nothing'}"
        return
    if example.request is not None:
        yield from message_lines("request", example.request)
    for change in example.changes:
        yield from change_lines(change, colour=colour)
    if example.answer:
        yield from _answer_lines(example, colour=colour)
    if example.more:
        yield f"  it struck {_times(example.more)} more"
    yield from _verdict_lines(example)


def message_lines(label: str, message: bytes) -> Iterator[str]:
    """A message: its name, its size and its first bytes."""
    title = message_title(message) if len(message) > 1 else f"{len(message)} bytes"
    yield f"  {label}: {title}"
    for at in range(0, min(len(message), _MOST_BYTES), _BYTES):
        yield f"    {message[at : at + _BYTES].hex(' ')}"
    if len(message) > _MOST_BYTES:
        yield f"    ... {len(message) - _MOST_BYTES} bytes more"


def change_lines(change: Change, *, colour: bool) -> Iterator[str]:
    """What a strike did, and the bytes before and after beside each other."""
    fired = change.fired
    place = f"{fired.hook} of {fired.message}" if fired.message else fired.hook
    yield f"  {place}: {fired.detail}"
    if change.pairs:
        yield from _side_by_side(change.pairs, colour=colour)


def _answer_lines(example: Example, *, colour: bool) -> Iterator[str]:
    """What was answered, where the fault changed no bytes of an answer but its course."""
    if example.response is None:
        yield "  no answer came"
    elif example.response == example.healthy:
        yield "  the answer itself is that of a healthy device"
    else:
        yield "  the answer of a healthy device, and what came instead:"
        yield from _side_by_side(example.answer, colour=colour)


def _side_by_side(pairs: Sequence[Pair], *, colour: bool) -> Iterator[str]:
    yield f"  {_HEAD}"
    lines = [f"  {text_of(row, colour=colour)}" for row in rows(pairs)]
    yield from lines[:_MOST_ROWS]
    if len(lines) > _MOST_ROWS:
        yield f"    ... {len(lines) - _MOST_ROWS} rows more; --json has all"
    changed = changed_fields(pairs)
    if changed:
        more = f"; {len(changed) - _MOST_FIELDS} more" if len(changed) > _MOST_FIELDS else ""
        yield f"    changed: {'; '.join(changed[:_MOST_FIELDS])}{more}"


def _verdict_lines(example: Example) -> Iterator[str]:
    report = example.report
    if report is None:
        yield "  the reference requester came to no verdict"
        return
    refusal = report.refusal
    told = f" at {refusal.step} by {refusal.check}: {refusal.reason}" if refusal else ""
    yield f"  the reference requester: {report.verdict}{told}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
