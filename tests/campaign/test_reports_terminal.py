"""The report for people: plain lines, and the same with colours on a terminal."""

import io
import re

import pytest
from stores import BITFLIP, begin, gallery, passed, whole, write

from responder.campaign.reports.summary import summarise
from responder.campaign.reports.terminal import STYLES, plain_lines, print_summary
from responder.campaign.result import VERDICTS, End, Observed
from responder.campaign.store import read_store

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    return summarise(read_store(gallery(tmp_path_factory.mktemp("gallery") / "store")))


def test_a_failure_has_verdict_sentence_reasons_and_source(summary):
    lines = list(plain_lines(summary))
    at = lines.index(f"  {BITFLIP}  accepted (security failure)")
    assert lines[at + 1 : at + 3] == [
        "    it accepted it",
        "    should refuse for chal.signature; refused for chal.nonce",
    ]
    assert re.match(r"    (spec|reference|judgement): ", lines[at + 3])


def test_of_a_requester_that_gives_no_reason_it_is_told_what_it_said(tmp_path):
    observed = Observed(succeeded=True, text="Client\nstopped")
    bad = passed("x", verdict="accepted", expected=("chal.nonce",), observed=observed)
    path = write(tmp_path / "store", begin(["x"]), bad, End())
    lines = list(plain_lines(summarise(read_store(path))))
    assert "    should refuse for chal.nonce; it said: Client stopped" in lines


def test_counts_groups_and_all_sections_are_told(summary):
    text = "\n".join(plain_lines(summary))
    assert "a <b>target</b>: 8 of 13 cases failed" in text
    assert "      3  accepted" in text
    assert re.search(r"^  N Signatures and transcripts +1 +1$", text, re.MULTILINE)
    for head in ("Failures (8)", "Failed as expected (1)", "Expectations that nothing met"):
        assert head in text
    assert "Unreached: the fault never struck (1)" in text
    assert "25% of it not the requester's own" in text
    assert "expected: issue 7" in text


def test_what_a_requester_wrote_does_nothing_to_the_terminal(summary):
    assert all(line.isprintable() for line in plain_lines(summary))
    out = Terminal()
    print_summary(summary, out)
    left = ESCAPES.sub("", out.getvalue())
    assert all(line.isprintable() for line in left.splitlines())
    assert "\\x1b[31mred" in left


def test_a_terminal_has_the_same_words_in_colour(summary, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    print_summary(summary, out)
    assert ESCAPES.search(out.getvalue())
    words = ESCAPES.sub("", out.getvalue()).split()
    assert words == "\n".join(plain_lines(summary)).split()


def test_no_terminal_has_no_colours(summary, tmp_path):
    out = io.StringIO()
    print_summary(summarise(read_store(whole(tmp_path / "store"))), out)
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().startswith("a-target: 7 cases, none failed\nseed seed, 2026-11-28")


def test_every_verdict_has_a_style():
    assert set(STYLES) == set(VERDICTS)
