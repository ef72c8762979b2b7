"""The progress of a campaign, on a terminal and elsewhere."""

import io
import sys

import pytest

from responder.campaign.execution import Progress
from responder.campaign.result import Result
from responder.cli.campaign_progress import progress, text_of


def states(*verdicts, seconds=2.0):
    state = Progress(total=len(verdicts))
    state.what = "1 conversation without a fault"
    yield state
    state.what = ""
    for verdict in verdicts:
        state.seconds += seconds
        state.count(Result(case=f"x.{verdict}", verdict=verdict, text="[bold]because[/bold]"))
        yield state


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def stderr(request, monkeypatch):
    stream = request.param()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_a_line_has_rate_time_left_and_verdicts():
    state = [*states("pass", "pass", "accepted")][-1]
    state.total = 6
    assert text_of(state) == "3/6  0.5/s  6 s left  2 pass, 1 accepted"


def test_what_is_not_well_is_told_at_once_as_it_is(stderr):
    with progress(quiet=False) as tell:
        for state in states("pass", "accepted", "unimplemented"):
            tell(state)
    shown = stderr.getvalue()
    assert "accepted: x.accepted: [bold]because[/bold]" in shown
    assert "x.pass" not in shown
    assert "x.unimplemented" not in shown


def test_plain_lines_come_now_and_then(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(quiet=False) as tell:
        for state in states(*["pass"] * 100, seconds=1.0):
            tell(state)
    assert 8 <= len(stream.getvalue().splitlines()) <= 14
    assert stream.getvalue().splitlines()[-1].startswith("100/100")


def test_quiet_is_quiet(stderr):
    with progress(quiet=True) as tell:
        for state in states("accepted"):
            tell(state)
    assert stderr.getvalue() == ""
