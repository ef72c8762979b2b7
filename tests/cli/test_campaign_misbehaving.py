"""A whole campaign against a requester that does its worst in each case; nothing of it is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from campaign.processes import INTERRUPTIBLE, MARK, SCRIPTED, marked

from responder.campaign.store import read_store

VERB = [
    *INTERRUPTIBLE,
    sys.executable,
    "-c",
    "from responder.cli.campaign import command; command()",
]
WORST = {
    "ver.count-zero": ("hang", "hang"),
    "ver.count-overflow:1": ("segfault", "crash"),
    "ver.response-not-ready": ("memory", "crash"),
    "ver.large-response": ("zombies", "pass"),
    "cap.meas-3": ("flood", "pass"),
    "cap.response-not-ready": ("stubborn", "hang"),
    "ver.selected-then-refused": ("twice", "pass"),
    "ver.header-not-10:11": ("never", "unreached"),
    "ver.reserved-byte": ("refuse", "pass"),
}
TARGET = """\
command = ["{{python}}", "-I", "-S", "{script}", "{{port}}", "{behaviours}", "{{case}}"]
time_limit = {seconds}
memory_limit = "96MiB"
env = {{ {mark} = "{value}" }}
"""


@pytest.fixture
def campaign(tmp_path):
    """Starts a campaign with a time limit; nothing that a target has started is left."""
    value = uuid4().hex

    def begin(seconds, *cases):
        behaviours = ",".join(f"{case}={behaviour}" for case, (behaviour, _) in WORST.items())
        text = TARGET.format(
            script=SCRIPTED / "tiny.py",
            behaviours=behaviours,
            seconds=seconds,
            mark=MARK,
            value=value,
        )
        (tmp_path / "worst.toml").write_text(text)
        command = [*VERB, "run", "--target", "./worst.toml", *cases, "-o", "worst.jsonl"]
        return subprocess.Popen(
            [*command, "--jobs", "2", "--repeat", "0"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    begin.mark = value
    yield begin
    _until(lambda: not marked(value))


def test_each_case_has_its_verdict_and_the_campaign_goes_on(campaign, tmp_path):
    process = campaign(4.0, *WORST)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1, said
    results = {one.case: one for one in read_store(tmp_path / "worst.jsonl").results}
    verdicts = {case: one.verdict for case, one in results.items()}
    assert verdicts == {case: verdict for case, (_, verdict) in WORST.items()}, said
    seen = {WORST[case][0]: one.observed for case, one in results.items()}
    assert seen["stubborn"].process.stubborn
    assert seen["zombies"].process.left_behind == 3
    assert seen["flood"].process.over_output
    assert seen["twice"].wire.connections == 2
    assert not marked(campaign.mark)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_a_campaign_that_is_ended(campaign, number):
    process = campaign(600.0, "ver.count-zero")
    _until(lambda: _hanging(campaign.mark))
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -number}[number]
    _until(lambda: not marked(campaign.mark))


def _hanging(mark):
    """Whether the requester is in the case, and not in the conversation without a fault."""
    for pid in marked(mark):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"ver.count-zero" in words:
            return True
    return False


def _until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
