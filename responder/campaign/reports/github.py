"""A campaign as workflow commands of GitHub Actions: annotations of a run."""

from collections.abc import Iterator

from responder.campaign.reports.printable import printable, shortened
from responder.campaign.reports.summary import Summary, given_reasons, verdict_text
from responder.campaign.result import Result

MOST = 10
"""Errors of a step that GitHub shows, and as many warnings."""
_LONGEST = 1000
"""Characters of a message."""


def annotations(summary: Summary) -> Iterator[str]:
    """The lines to print: errors for the heaviest failures, and a notice with all the counts.

    Problems of the campaign itself are errors too, and come first.
    """
    errors = [_command("error", "Campaign", problem) for problem in summary.problems]
    errors += [_failure(result) for result in summary.failures]
    most = MOST if len(errors) <= MOST else MOST - 1
    yield from errors[:most]
    left = len(errors) - most
    if left > 0:
        yield _command("error", "More failures", f"{left} more are in the report.")
    for note in summary.notes:
        yield _command("warning", "Campaign", note)
    for entry in summary.stale[: MOST - len(summary.notes)]:
        yield _command("warning", "Stale expectation", f"Nothing met {entry}.")
    counts = ", ".join(f"{verdict} {count}" for verdict, count in summary.counts.items())
    title = f"Campaign against {summary.campaign.begin.target}"
    yield _command("notice", title, f"{summary.headline}\n{counts}\n{summary.pace}".rstrip())


def _failure(result: Result) -> str:
    lines = [result.text, result.description]
    if result.expected:
        lines.append(f"Should refuse for: {', '.join(result.expected)}")
    reasons = given_reasons(result)
    if reasons:
        lines.append(f"Refused for: {reasons}")
    if result.source:
        lines.append(f"Source: {result.source} ({result.basis})")
    return _command(
        "error", f"{result.case}: {verdict_text(result)}", "\n".join(filter(None, lines))
    )


def _command(name: str, title: str, message: str) -> str:
    """One command; GitHub undoes the escapes."""
    data = _data(shortened(printable(message), _LONGEST))
    return f"::{name} title={_property(printable(title))}::{data}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
