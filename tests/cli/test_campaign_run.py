"""``campaign run`` as a user runs it: verdicts, resuming after a kill, shards, a cluster."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs

from responder.campaign.merge import merge
from responder.campaign.result import Control
from responder.campaign.store import read_store

CASES = ("dig.*", "ver.*")
INLINE = ("--executor", "inline")
VERB = [sys.executable, "-c", "from responder.cli.campaign import command; command()"]


def campaign(*arguments, cwd, **options):
    command = [*VERB, "run", "--target", "our-requester", *arguments]
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, **options)


def comparable(path):
    """What a store says, apart from times and from what began when."""
    found = {}
    for result in read_store(path).results:
        observed = structs.replace(result.observed, seconds=0.0, requester_seconds=0.0)
        found[result.case] = structs.replace(result, observed=observed)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The store of an undisturbed run."""
    folder = tmp_path_factory.mktemp("whole")
    done = campaign(*CASES, "-o", "whole.jsonl", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "whole.jsonl"


def test_all_pass_and_the_summary_says_so(whole):
    results = read_store(whole).results
    assert len(results) > 40
    assert {one.verdict for one in results} == {"pass"}
    assert read_store(whole).end is not None


def test_a_store_that_is_there_is_not_overwritten(whole):
    done = campaign(*CASES, "-o", whole.name, cwd=whole.parent)
    assert done.returncode == 2
    assert "--resume" in done.stderr


def test_a_store_of_another_seed_is_not_gone_on_with(whole):
    done = campaign(*CASES, "--seed", "x", "--resume", "-o", whole.name, cwd=whole.parent)
    assert done.returncode == 2
    assert "seed" in done.stderr


def test_killed_and_gone_on_with_it_says_the_same(whole, tmp_path):
    path = tmp_path / "killed.jsonl"
    command = [*VERB, "run", "--target", "our-requester", *CASES, "-o", path.name, "--quiet"]
    process = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    while not path.exists() or path.read_bytes().count(b'"type":"result"') < 10:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(read_store(path).results)
    assert not nobody_left(process.pid)
    done = campaign(*CASES, "--resume", "-o", path.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 0 < before < len(read_store(whole).results)
    assert comparable(path) == comparable(whole)


def nobody_left(session):
    """The processes of a session that are still there after a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        listed = subprocess.check_output(["ps", "-o", "pid=,sid=", "-A"], text=True)
        left = [line for line in listed.splitlines() if line.split()[1] == str(session)]
        if not left:
            return []
        time.sleep(0.05)
    return left


def test_two_shards_merged_say_the_same(whole, tmp_path):
    paths = []
    for shard in ("1/2", "2/2"):
        path = tmp_path / f"{shard[0]}.jsonl"
        done = campaign(*CASES, "--shard", shard, *INLINE, "-o", path.name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        paths.append(path)
    merge(paths, tmp_path / "merged.jsonl")
    assert comparable(tmp_path / "merged.jsonl") == comparable(whole)
    assert [*comparable(tmp_path / "merged.jsonl")] == [*comparable(whole)]


CLUSTER = """
import json
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(json.dumps(cluster.scheduler_address), flush=True)
        input()
"""


def test_a_cluster_of_two_workers_gives_the_same_verdicts(whole, tmp_path):
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    cluster = subprocess.Popen([sys.executable, str(script)], cwd=tmp_path, **pipes)
    try:
        address = json.loads(cluster.stdout.readline()).removeprefix("tcp://")
        executor = f"dask://{address}"
        done = campaign(*CASES, "--executor", executor, "-o", "dask.jsonl", cwd=tmp_path)
    finally:
        cluster.communicate("\n", timeout=60)
    assert done.returncode == 0, done.stderr
    assert comparable(tmp_path / "dask.jsonl") == comparable(whole)


def test_a_cluster_that_is_not_there_is_said(tmp_path):
    done = campaign("dig.all-wrong", "--executor", "dask://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode != 0
    assert "127.0.0.1:1" in done.stderr


def test_a_failure_exits_1_and_an_expected_one_does_not(tmp_path):
    target = tmp_path / "tiny.toml"
    tiny = Path(__file__).parent.parent / "campaign" / "scripted" / "tiny.py"
    command = [sys.executable, "-I", str(tiny), "{port}", "accept", "{case}"]
    target.write_text(f"command = {json.dumps(command)}\n")
    expect = tmp_path / "expect.toml"
    expect.write_text('[[expect]]\ncase = "ver.*"\nreason = "it never looks"\n')
    run = [*VERB, "run", "--target", str(target), *INLINE, "ver.count-zero", "-o"]
    options = {"cwd": tmp_path, "capture_output": True, "text": True}
    first = subprocess.run([*run, "a.jsonl"], check=False, **options)
    assert first.returncode == 1, first.stdout + first.stderr
    second = subprocess.run([*run, "b.jsonl", "--expect", str(expect)], check=False, **options)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "it never looks" in (tmp_path / "b.jsonl").read_text()


def test_a_requester_that_never_does_well_stops_the_campaign(tmp_path):
    target = tmp_path / "broken.toml"
    target.write_text(f'command = ["{sys.executable}", "-c", "raise SystemExit(3)"]\n')
    command = [*VERB, "run", "--target", str(target), "dig.all-wrong", *INLINE, "-o", "a.jsonl"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 4
    assert "without any fault the requester fails" in done.stderr
    controls = read_store(tmp_path / "a.jsonl").controls
    assert [one.passed for one in controls] == [False]
    assert isinstance(controls[0], Control)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.*"], "there is no case"),
        (["--shard", "3/2"], "I/N"),
        (["--budget", "soon"], "no time"),
        (["--executor", "cloud", "dig.all-wrong"], "cloud"),
    ],
)
def test_mistakes_are_said(tmp_path, arguments, words):
    done = campaign(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr or arguments[0] == "--executor"


def test_a_budget_without_any_case_is_no_success_and_says_so(tmp_path):
    done = campaign("dig.*", "--budget", "0.001s", *INLINE, "-o", "a.jsonl", cwd=tmp_path)
    assert done.returncode == 4
    assert "before any case" in done.stderr
    assert "no verdict" in done.stdout
    read = read_store(tmp_path / "a.jsonl")
    assert read.end.late
    assert read.missing == [*read.begin.plan]
