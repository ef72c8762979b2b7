"""The CI examples of the documentation: their commands are run as written, in a folder of a user.

The requester is that of docs/ten-minutes.md, which can hold a few of the conversations only, so
that the whole catalogue takes seconds; the rest is as the examples have it.
"""

import xml.etree.ElementTree as ET
from json import loads

import pages
import pytest
import yaml

EXAMPLES = pages.DOCS / "examples"
GITHUB = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text())
GITLAB = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
INSTALLS = {"pip install spdm-responder"}
"""What is not run: the package under test is installed already."""
ALWAYS = "${{ !cancelled() }}"
SETTINGS = ["narrow-offer", "session-offer", "any-slot", "chunks-1.2*"]
SHARDS = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """The folder of a repository that has a requester, its description and expectations."""
    folder = tmp_path_factory.mktemp("repository")
    list(pages.steps((pages.DOCS / "ten-minutes.md").read_text(), folder))
    with (folder / "requester.toml").open("a") as file:
        file.write(f"\n[[conversations]]\nsettings = {SETTINGS}\n")
    return folder


@pytest.fixture
def repository(user, tmp_path):
    """A fresh copy of it, as a job has."""
    for path in user.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def github(job, folder, **matrix):
    """Run a job as GitHub does; the exit codes of its commands, in order.

    Steps of ``uses`` are others' programs, and left out. After a failure only those steps run that
    say so.
    """
    codes = []
    for step in GITHUB["jobs"][job]["steps"]:
        if "run" not in step or step["run"] in INSTALLS:
            continue
        if any(codes) and step.get("if") != ALWAYS:
            continue
        command = step["run"]
        for name, value in matrix.items():
            command = command.replace(f"${{{{ matrix.{name} }}}}", str(value))
        assert "${{" not in command
        ran = pages.run(command, folder, GITHUB_STEP_SUMMARY=str(folder / "summary.md"))
        codes.append(ran.returncode)
        (folder / f"step-{len(codes)}.log").write_text(ran.stdout + ran.stderr)
    return codes


def commands_of_github(job, words):
    """The commands of a job that have these words."""
    steps = GITHUB["jobs"][job]["steps"]
    return [step["run"] for step in steps if words in step.get("run", "")]


def gitlab(job, folder, **variables):
    """Run a job as GitLab does; the exit codes of its script, and of what comes after it."""
    extended = GITLAB[job]["extends"]
    parents = [extended] if isinstance(extended, str) else extended
    whole = {key: value for name in parents for key, value in GITLAB[name].items()} | GITLAB[job]
    before = [line for line in whole["before_script"] if line not in INSTALLS]
    codes = [pages.run("\n".join([*before, *whole["script"]]), folder, **variables).returncode]
    if "after_script" in whole:
        codes.append(pages.run("\n".join(whole["after_script"]), folder, **variables).returncode)
    return codes


def verdicts(folder):
    """Of all cases in the store."""
    lines = map(loads, (folder / "campaign.jsonl").read_text().splitlines())
    return {line["case"]: line["verdict"] for line in lines if line["type"] == "result"}


def check_github_reports(folder, log):
    printed = (folder / log).read_text()
    assert "::error" in printed
    assert "failed" in (folder / "summary.md").read_text()
    (run,) = loads((folder / "spdm.sarif").read_text())["runs"]
    assert run["results"]
    assert (folder / "report.html").stat().st_size > 10_000


def check_gitlab_reports(folder):
    assert ET.parse(folder / "junit.xml").getroot().findall(".//failure")
    assert (folder / "report.html").stat().st_size > 10_000


def test_a_pull_request_on_github(repository):
    """The campaign fails, as this requester does; its reports are made all the same."""
    assert github("pull-request", repository) == [1, 0]
    check_github_reports(repository, "step-2.log")


def test_a_night_on_github_is_as_one_run(repository):
    assert GITHUB["jobs"]["shard"]["strategy"]["matrix"] == {"shard": SHARDS}
    codes = [github("shard", repository, shard=shard) for shard in SHARDS]
    assert [1] in codes
    assert all(code in ([0], [1]) for code in codes)
    assert github("nightly", repository) == [0, 0]
    check_github_reports(repository, "step-2.log")
    assert len(verdicts(repository)) > 6000


def test_gitlab_runs_the_campaigns_of_github():
    """Word for word, so that they are run once above; the reports of GitLab are made below."""
    (pull,) = commands_of_github("pull-request", "campaign run")
    (shard,) = commands_of_github("shard", "campaign run")
    (merge,) = commands_of_github("nightly", "report merge")
    assert GITLAB["campaign"]["script"] == [pull]
    (of_gitlab,) = GITLAB["shard"]["script"]
    assert GITLAB["shard"]["parallel"] == len(SHARDS)
    for variable, value in (("INDEX", "${{ matrix.shard }}"), ("TOTAL", str(len(SHARDS)))):
        of_gitlab = of_gitlab.replace(f"$CI_NODE_{variable}", value)
    assert of_gitlab == shard
    assert GITLAB["nightly"]["script"] == [merge]


def test_a_shard_that_is_missing_is_told(repository):
    """One job of the night was lost: merging fails, and the reports say so."""
    assert gitlab("shard", repository, CI_NODE_INDEX="3", CI_NODE_TOTAL="4") == [1]
    assert gitlab("nightly", repository) == [1, 0]
    check_gitlab_reports(repository)
    assert "shard 1/4 is missing" in (repository / "junit.xml").read_text()
