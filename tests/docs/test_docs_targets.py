"""The page on targets: its examples can be read, its names are those that are filled in."""

import fnmatch
import re
from pathlib import Path

import msgspec
import pytest

from responder.campaign.settings import SETTINGS
from responder.campaign.target import Target, read_target
from responder.campaign.targets.runner import runner_of
from responder.errors import ConfigError
from responder.requester.check_table import CHECKS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "targets.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_an_example_can_be_read(text, tmp_path):
    path = tmp_path / "example.toml"
    path.write_text(text)
    target = read_target(str(path))
    reasons = [reason for some in target.reasons.values() for reason in some]
    assert [one for one in reasons if not fnmatch.filter(CHECKS, one)] == []


def test_the_names_are_those_that_are_filled_in(tmp_path):
    target = Target(name="x", command=["true", "{nothing}"])
    runner = runner_of(target, tmp_path)
    with pytest.raises(ConfigError) as raised:
        runner.run(SETTINGS["attestation"], (), b"docs")
    runner.close()
    filled_in = re.search(r"there are (.*?)(?: \(did|$)", str(raised.value))[1].split(", ")
    table = PAGE.partition("## What is filled in")[2].partition("##")[0]
    named = re.findall(r"`\{(\w+)\}`", "".join(re.findall(r"^\|[^|]*\|", table, re.MULTILINE)))
    assert sorted(named) == sorted([*filled_in, "ports"])


def test_each_key_is_on_the_page():
    keys = {field.encode_name for field in msgspec.structs.fields(Target)} - {"name", "description"}
    assert [key for key in sorted(keys) if key not in PAGE] == []


def test_the_limits_are_those_of_the_program():
    defaults = Target(name="x", command=["true"])
    assert f"`unimplemented_exit` ({defaults.unimplemented_exit})" in PAGE
    assert f"`success.exit` ({defaults.success.exit[0]})" in PAGE


def test_all_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE)
    assert [target for target in targets if not (DOCS / target).exists()] == []
