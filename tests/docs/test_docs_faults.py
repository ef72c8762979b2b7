"""The tutorial of docs/faults.md does what it says: its outputs are those of the program."""

import re
from pathlib import Path

import pytest

from responder.campaign.conversation import converse
from responder.campaign.setting import Setting
from responder.cli.main import main
from responder.profiles.load import load_profile

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = (DOCS / "faults.md").read_text()


def block(mark):
    """What stands in the fenced block behind a comment."""
    found = re.search(rf"<!-- {re.escape(mark)}.*?-->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"no block {mark!r}"
    return found[1]


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The fault of the tutorial, in the file that it names."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text(block("mine.toml"))
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return caught.value.code


def test_the_example_is_what_explain_prints(mine, capsys):
    assert run("fault", "explain", "--profile", "mine.toml") == 0
    printed = capsys.readouterr().out
    example = printed[printed.index("For example") :]
    assert lines(example) == lines(block("output of"))


def test_the_mistake_is_told_as_it_says(mine, capsys):
    mine.write_text(mine.read_text().replace("measurement_record[0]", "measurment_record[0]"))
    assert run("serve", "mine.toml", "--port", "0") == 3
    assert lines(capsys.readouterr().err) == lines(block("mistake"))


def test_the_miss_is_told_as_it_says(mine):
    mine.write_text(mine.read_text().replace("action =", 'version = ["1.2"]\naction ='))
    ran = converse(Setting(name="tutorial", text="", profile=str(mine)), (), b"tutorial")
    told = re.search(r"nearest='(.*)'", block("miss"))
    assert ran.missed == [told[1]]
    assert [report.verdict for report in ran.reports] == ["attested"]


def test_the_profile_with_faults_in_the_page_on_profiles_can_be_loaded(tmp_path):
    page = (DOCS / "profiles.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)\n```", page, re.DOTALL)
    (text,) = [one for one in blocks if "[[fault]]" in one]
    path = tmp_path / "example.toml"
    path.write_text(text)
    assert [one.id for one in load_profile(str(path)).faults][-1] == "mine.second-signature"


def test_all_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE)
    assert [target for target in targets if not (DOCS / target).exists()] == []
