"""The pages on campaigns: their tables say what the program does, their links lead somewhere."""

import re
import shlex
from typing import get_args

import pages
import pytest
from click.testing import CliRunner

from responder.campaign.expectations import read_expectations
from responder.campaign.plan import full_plan
from responder.campaign.result import FAILURES, VERDICTS, Weight
from responder.campaign.target import ready_made
from responder.cli.campaign_plan import DUTIES, command

PAGE = (pages.DOCS / "campaigns.md").read_text()


def rows(title, page=PAGE):
    """The rows of the first table below a title, without its head."""
    section = page[page.index(f"\n## {title}\n") :]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_the_verdicts_are_those_that_there_are():
    table = {row[0].strip("`"): row[2] for row in rows("Verdicts")}
    assert table.keys() == {*VERDICTS}
    assert {verdict for verdict, failed in table.items() if failed == "yes"} == FAILURES


def test_the_duties_and_weights_are_those_that_there_are():
    assert [row[0].strip("`") for row in rows("Duties, and what a failure means")] == [*DUTIES]
    assert all(f"| {weight} |" in PAGE for weight in get_args(Weight) if weight)


@pytest.mark.parametrize("row", rows("Which cases"), ids=lambda row: row[0])
def test_each_choice_chooses_some_cases(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.txt").write_text("sig.bitflip\n")
    for text in re.findall(r"`([^`]+)`", row[0]):
        done = CliRunner().invoke(command, shlex.split(text))
        assert done.exit_code == 0, done.output
        counts = re.search(r"(\d+) of \d+ cases", done.output)
        assert int(counts[1]) not in {0, len(full_plan())}


def test_the_expectations_are_read_and_are_about_cases_that_there_are(tmp_path):
    path = tmp_path / "known.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1])
    known = read_expectations(path)
    ids = [case.id for case in full_plan()]
    assert known.stale([], ids) == []
    assert known.disabled("mel.none") == known.disabled("psk.none") == "not built for this board"


def test_the_ready_made_targets_are_told_of():
    page = (pages.DOCS / "targets.md").read_text()
    assert sorted(row[0].strip("`") for row in rows("Ready-made targets", page)) == ready_made()


def anchors(text):
    """What a page's titles can be called by."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["campaigns.md", "ten-minutes.md", "targets.md"])
def test_all_links_lead_somewhere(name):
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", (pages.DOCS / name).read_text())
    assert links
    for target, anchor in links:
        path = pages.DOCS / (target or name)
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), f"{target}#{anchor}"
