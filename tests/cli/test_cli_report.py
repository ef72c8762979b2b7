"""``spdm-responder report``: each view of a store, where it goes, and what is refused."""

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from responder.campaign.result import Begin, End, Result
from responder.campaign.store import VERSION, Store, read_store
from responder.cli.report import command
from responder.errors import ConfigError

VIEWS = ("terminal", "junit", "sarif", "github", "markdown", "html")


def invoke(*arguments, env=None):
    return CliRunner().invoke(command, [str(one) for one in arguments], env=env)


def write_store(path, shard="1/1", plan=("sig.bitflip:CHALLENGE_AUTH", "b", "c", "d")):
    first = Begin(
        version=VERSION,
        program="0.1.0",
        target="mine",
        target_digest="c0ffee",
        seed="seed",
        plan=plan,
        shard=shard,
    )
    number, count = map(int, shard.split("/"))
    with Store(path) as store:
        store.append(first)
        for case in plan[number - 1 :: count]:
            store.append(Result(case=case, verdict="crash", text="it crashed"))
        store.append(End(seconds=1.0))
    return path


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store.jsonl")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_goes_to_standard_output(store, view):
    result = invoke(view, store)
    assert result.exit_code == 0, result.output
    assert "mine" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("view", ["junit", "sarif", "markdown", "html"])
def test_a_view_may_go_to_a_file(store, view, tmp_path):
    out = tmp_path / "out"
    result = invoke(view, store, "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert out.read_text() == invoke(view, store).stdout


def test_documents_are_what_they_say(store):
    assert ET.fromstring(invoke("junit", store).stdout.encode()).tag == "testsuites"
    sarif = json.loads(invoke("sarif", store).stdout)
    assert sarif["version"] == "2.1.0"
    assert invoke("html", store).stdout.startswith("<!DOCTYPE html>")


def test_results_of_sarif_are_shown_on_the_file_that_is_named(store):
    def uris(*more):
        (run,) = json.loads(invoke("sarif", store, *more).stdout)["runs"]
        places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
        return {place["artifactLocation"]["uri"] for place in places}

    assert uris() == {"store.jsonl"}
    assert uris("--file", "ci/target.toml") == {"ci/target.toml"}


def test_the_summary_of_a_step_is_appended_to_its_file(store, tmp_path):
    page = tmp_path / "summary.md"
    page.write_text("# Before\n")
    result = invoke("github", store, "--step-summary", env={"GITHUB_STEP_SUMMARY": str(page)})
    assert result.exit_code == 0
    assert result.stdout.startswith("::error title=")
    assert page.read_text() == "# Before\n" + invoke("markdown", store).stdout


def test_a_step_summary_without_a_step_is_a_mistake(store):
    result = invoke("github", store, "--step-summary", env={"GITHUB_STEP_SUMMARY": ""})
    assert result.exit_code == 2
    assert "GITHUB_STEP_SUMMARY" in result.stderr


@pytest.mark.parametrize("view", VIEWS)
def test_a_file_that_is_no_store_is_a_mistake_with_its_line(tmp_path, view):
    path = tmp_path / "notes"
    path.write_text("my notes\n")
    result = invoke(view, path)
    assert isinstance(result.exception, ConfigError)
    assert result.exception.where == f"{path}:1"
    assert invoke(view, tmp_path / "nothing").exit_code == 2


def test_shards_are_merged(tmp_path):
    shards = [write_store(tmp_path / str(n), f"{n}/2") for n in (1, 2)]
    out = tmp_path / "all.jsonl"
    result = invoke("merge", *shards, "-o", out)
    assert (result.exit_code, result.output) == (0, "")
    undivided = read_store(write_store(tmp_path / "undivided"))
    merged = read_store(out)
    assert (merged.begin, merged.results) == (undivided.begin, undivided.results)


def test_what_is_stale_is_judged_by_a_file_of_expectations(tmp_path):
    expectations = tmp_path / "expectations.toml"
    expectations.write_text('[[expect]]\ncase = "b"\nverdict = "hang"\nreason = "issue 7"\n')
    shards = [write_store(tmp_path / str(n), f"{n}/2") for n in (1, 2)]
    out = tmp_path / "all.jsonl"
    assert invoke("merge", *shards, "-o", out, "--expect", expectations).exit_code == 0
    assert read_store(out).end.stale == ("b: expected hang, seen crash (issue 7)",)


def test_a_missing_shard_is_said_and_is_a_finding(tmp_path):
    out = tmp_path / "all.jsonl"
    result = invoke("merge", write_store(tmp_path / "1", "1/2"), "-o", out)
    assert (result.exit_code, result.stderr) == (1, "shard 2/2 is missing\n")
    assert read_store(out).end.stopped == "shard 2/2 is missing"
