"""Markdown: tables that stay tables, and nothing of a requester's that becomes markup."""

import pytest
from markdown_it import MarkdownIt
from stores import BITFLIP, HOSTILE, begin, gallery, passed, whole, write

from responder.campaign.reports.markdown import MOST_BYTES, escaped, markdown
from responder.campaign.reports.summary import summarise
from responder.campaign.result import End
from responder.campaign.store import read_store


def summary_of(path):
    return summarise(read_store(path))


def tokens(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return markdown(summary_of(gallery(tmp_path_factory.mktemp("gallery") / "store")))


def test_the_sections_are_those_that_have_something_to_say(text, tmp_path):
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == [
        "## Failures",
        "## Failed as expected",
        "## Expectations that nothing met",
        "## Unreached",
        "## By group",
    ]
    good = markdown(summary_of(whole(tmp_path / "store")))
    assert [line for line in good.splitlines() if line.startswith("#")] == [
        r"# a\-target: 7 cases, none failed",
        "## By group",
    ]


def test_a_failure_has_its_verdict_sentence_and_reasons(text):
    row = next(line for line in text.splitlines() if line.startswith(f"| `{BITFLIP}`"))
    assert row == (
        f"| `{BITFLIP}` | accepted (security failure) | it accepted it | `chal.signature` |"
        r" chal.nonce |"
    )


def test_tables_have_the_same_columns_in_every_row(text):
    for token in tokens(text):
        assert token.type != "paragraph_open" or not text.splitlines()[token.map[0]].startswith("|")


def test_hostile_text_stays_text(text):
    inline = [child for token in tokens(text) for child in token.children or []]
    kinds = {child.type for child in inline}
    assert kinds <= {"text", "code_inline", "text_special", "softbreak"}
    assert not any(token.type.startswith("html") for token in tokens(text))


def test_escaped_text_reads_as_it_was():
    rendered = MarkdownIt("commonmark").parseInline(escaped("a*b*_c_ `d` [e](f) <g> & \\ | #1"))
    assert "".join(child.content for child in rendered[0].children) == (
        "a*b*_c_ `d` [e](f) <g> & \\ | #1"
    )


def test_the_page_of_a_step_has_room_for_so_many_failures_and_counts_the_rest(tmp_path):
    plan = [f"bad.{number}" for number in range(4000)]
    results = [passed(case, verdict="crash", text=HOSTILE) for case in plan]
    summary = summary_of(write(tmp_path / "store", begin(plan), *results, End()))
    assert len(markdown(summary).encode()) > MOST_BYTES
    short = markdown(summary, MOST_BYTES)
    assert MOST_BYTES * 0.9 < len(short.encode()) <= MOST_BYTES
    shown = short.count("| `bad.")
    assert f"{4000 - shown} more are left out here." in short
    assert "## By group" in short
