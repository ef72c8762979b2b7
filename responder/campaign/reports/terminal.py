"""A campaign for a person at a terminal: with rich on one, else in plain lines."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from responder.campaign.reports.printable import one_line
from responder.campaign.reports.summary import Summary, given_reasons, verdict_text
from responder.campaign.result import Result, Verdict

if TYPE_CHECKING:
    from rich.table import Table

STYLES: dict[Verdict, str] = {
    "pass": "green",
    "pass-loose": "cyan",
    "accepted": "bold red",
    "overstrict": "yellow",
    "wrong-recovery": "yellow",
    "crash": "bold magenta",
    "hang": "bold magenta",
    "unreached": "blue",
    "unimplemented": "bright_black",
    "flaky": "yellow",
}
Line = tuple[str, str]
"""A line and its style."""


def print_summary(summary: Summary, file: TextIO | None = None) -> None:
    """Print what came of a campaign to ``file``, by default standard output."""
    out = file or sys.stdout
    if out.isatty():
        _print_rich(summary, out)
    else:
        for text in plain_lines(summary):
            print(text, file=out)


def plain_lines(summary: Summary) -> Iterator[str]:
    """All of it as text."""
    yield from (text for text, _ in _head(summary))
    yield from ("", "By group")
    heads, rows = _group_rows(summary)
    yield from _columns([heads, *rows])
    yield from (text for text, _ in _details(summary))


def _print_rich(summary: Summary, out: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(file=out, highlight=False)
    for text, style in _head(summary):
        console.print(Text(text, style))
    console.print(_group_table(summary))
    for text, style in _details(summary):
        console.print(Text(text, style))


def _group_table(summary: Summary) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    heads, rows = _group_rows(summary)
    table = Table(box=None, title="By group", title_justify="left")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    styles = ["", "", *(STYLES[verdict] for verdict in summary.counts)]
    for row in rows:
        table.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    return table


def _head(summary: Summary) -> Iterator[Line]:
    begin = summary.campaign.begin
    shard = "" if begin.shard == "1/1" else f", shard {begin.shard}"
    yield f"{one_line(begin.target)}: {summary.headline}", "bold"
    yield f"seed {one_line(begin.seed)}, {begin.started or 'time unknown'}{shard}", ""
    if summary.pace:
        yield summary.pace, ""
    for problem in summary.problems:
        yield f"! {problem}", "bold red"
    for note in summary.notes:
        yield note, "yellow"
    yield "", ""
    for verdict, count in summary.counts.items():
        yield f"{count:>7}  {verdict}", STYLES[verdict]


def _group_rows(summary: Summary) -> tuple[list[str], list[list[str]]]:
    heads = ["group", "cases", *summary.counts]
    rows = [
        [f"{group.letter} {group.title}", str(len(group.results))]
        + [str(group.counts.get(verdict, "")) for verdict in summary.counts]
        for group in summary.groups
    ]
    return heads, rows


def _details(summary: Summary) -> Iterator[Line]:
    yield from _section("Failures", summary.failures)
    yield from _section("Failed as expected", summary.expected)
    yield from _section("Unreached: the fault never struck", summary.unreached)
    if summary.stale:
        yield from (("", ""), ("Expectations that nothing met", "bold"))
        yield from ((f"  {one_line(entry)}", "yellow") for entry in summary.stale)


def _section(title: str, results: Sequence[Result]) -> Iterator[Line]:
    if results:
        yield from (("", ""), (f"{title} ({len(results)})", "bold"))
        for result in results:
            yield from _result(result)


def _result(result: Result) -> Iterator[Line]:
    yield f"  {one_line(result.case)}  {verdict_text(result)}", STYLES[result.verdict]
    yield f"    {one_line(result.text)}", ""
    if result.expectation:
        yield f"    expected: {one_line(result.expectation)}", ""
    said = _said(result)
    if result.expected or said:
        wanted = f"should refuse for {', '.join(result.expected)}" if result.expected else ""
        yield f"    {'; '.join(filter(None, (wanted, said)))}", ""
    if result.source:
        yield f"    {result.basis}: {one_line(result.source)}", ""


def _said(result: Result) -> str:
    """Why it refused, or what it said if nobody can tell why."""
    if result.observed.reasons:
        return f"refused for {given_reasons(result)}"
    text = one_line(result.observed.text)
    return f"it said: {text}" if text else ""


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as text: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells: Iterable[str] = (
            f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)
        )
        yield f"  {first:<{widths[0]}}  {'  '.join(cells)}".rstrip()
