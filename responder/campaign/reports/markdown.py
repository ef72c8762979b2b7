"""A campaign as Markdown, in the form that GitHub and GitLab read."""

import html
import re
from collections.abc import Iterator, Sequence

from responder.campaign.reports.printable import one_line, shortened
from responder.campaign.reports.summary import Summary, given_reasons, verdict_text
from responder.campaign.result import Result

MOST_BYTES = 1 << 20
"""Of a step's summary on GitHub; a larger one is not shown at all."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$@:-])")
_LONGEST = 300
"""Characters of a sentence that are shown."""


def markdown(summary: Summary, most: int | None = None) -> str:
    """The whole report.

    Args:
        summary: what to tell.
        most: bytes of UTF-8 that it may have; failures for which there is no room are counted.
    """
    begin = summary.campaign.begin
    head = [f"# {escaped(begin.target)}: {summary.headline}", ""]
    head += [f"- {escaped(text)}" for text in (*summary.problems, *summary.notes)]
    facts = [f"spdm-responder {begin.program}", f"seed {begin.seed}", begin.started, summary.pace]
    head += [f"- {', '.join(escaped(fact) for fact in facts if fact)}", ""]
    head += _table(["Verdict", "Cases"], [[name, str(n)] for name, n in summary.counts.items()])
    tail = [*_expected(summary), *_stale(summary), *_unreached(summary), *_groups(summary)]
    around = "\n".join([*head, *tail])
    room = None if most is None else most - len(around.encode()) - 200
    lines = [*head, *_failures(summary.failures, room), *tail]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that nothing in it can turn into Markdown or HTML."""
    plain = html.escape(shortened(one_line(text), _LONGEST), quote=False)
    return _SPECIAL.sub(r"\\\1", plain)


def code(text: str) -> str:
    """An id as code, in a table."""
    inside = one_line(text).replace("`", "'").replace("|", "\\|")
    return f"`{inside}`"


def _failures(failures: Sequence[Result], room: int | None) -> Iterator[str]:
    if not failures:
        return
    yield from ("## Failures", "")
    yield from _head(["Case", "Verdict", "Why", "Should refuse for", "Refused for"])
    for number, result in enumerate(failures):
        line = _row(
            [
                code(result.case),
                verdict_text(result),
                escaped(result.text),
                " ".join(code(check) for check in result.expected),
                escaped(given_reasons(result)),
            ]
        )
        if room is not None:
            room -= len(line.encode()) + 1
            if room < 0:
                yield from ("", f"{len(failures) - number} more are left out here.")
                break
        yield line
    yield ""


def _expected(summary: Summary) -> Iterator[str]:
    if summary.expected:
        yield from ("## Failed as expected", "")
        heads = ["Case", "Verdict", "Expected because"]
        yield from _table(
            heads,
            [[code(r.case), verdict_text(r), escaped(r.expectation)] for r in summary.expected],
        )


def _stale(summary: Summary) -> Iterator[str]:
    if summary.stale:
        yield from ("## Expectations that nothing met", "")
        yield from (f"- {escaped(entry)}" for entry in summary.stale)
        yield ""


def _unreached(summary: Summary) -> Iterator[str]:
    if summary.unreached:
        yield from ("## Unreached", "", "The fault never struck, so nothing is known.", "")
        rows = [[code(r.case), escaped(r.text), escaped(r.expectation)] for r in summary.unreached]
        yield from _table(["Case", "Why", "Expected because"], rows)


def _groups(summary: Summary) -> Iterator[str]:
    verdicts = list(summary.counts)
    rows = [
        [f"{group.letter}: {escaped(group.title)}"]
        + [str(group.counts.get(verdict, "")) for verdict in verdicts]
        for group in summary.groups
    ]
    yield from ("## By group", "")
    yield from _table(["Group", *verdicts], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from _head(heads)
    yield from map(_row, rows)
    yield ""


def _head(heads: Sequence[str]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
