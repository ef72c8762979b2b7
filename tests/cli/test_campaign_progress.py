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
def shown(request, monkeypatch):
    """What is shown of some states, on a terminal or elsewhere."""

    def show(*verdicts, **options):
        stream = request.param()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            patch.setenv("TERM", "xterm")
            with progress(**options) as tell:
                for state in states(*verdicts):
                    tell(state)
        return stream.getvalue()

    return show


def test_a_line_has_rate_time_left_and_verdicts():
    state = [*states("pass", "pass", "accepted")][-1]
    state.total = 6
    assert text_of(state) == "3/6  0.5/s  6 s left  2 pass, 1 accepted"


def test_what_is_not_well_is_told_at_once_as_it_is(shown):
    text = shown("pass", "accepted", "unimplemented", quiet=False)
    assert "accepted: x.accepted: [bold]because[/bold]" in text
    assert "x.pass" not in text
    assert "x.unimplemented" not in text


def test_plain_lines_come_now_and_then(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(quiet=False) as tell:
        for state in states(*["pass"] * 100, seconds=1.0):
            tell(state)
    assert 8 <= len(stream.getvalue().splitlines()) <= 14
    assert stream.getvalue().splitlines()[-1].startswith("100/100")


def test_quiet_is_quiet(shown):
    assert shown("accepted", quiet=True) == ""
