"""Bugs that were planted in a requester, a process of its own, are found from fixed seeds."""

import shlex
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest
from campaign.processes import INTERRUPTIBLE
from click.testing import CliRunner
from processes import SCRIPTED

from responder.campaign.fuzz.drive import Terms, alone, drive
from responder.campaign.fuzz.search import ROUND
from responder.campaign.fuzz.session import prepare
from responder.campaign.target import read_target
from responder.campaign.targets.runner import runner_of
from responder.cli.campaign_fuzz import command
from responder.errors import UnavailableError

PLANTED = SCRIPTED / "planted.py"
SECONDS = 60.0
BUGS = {
    "length": ("crash", "it was ended by SIGSEGV after GET_CERTIFICATE"),
    "count": ("crash", "it was ended by SIGSEGV after GET_VERSION"),
    "loop": ("hang", "after GET_CERTIFICATE"),
    "index": ("hang", "it asks no more after GET_MEASUREMENTS"),
}


def target(folder, *bugs):
    """The planted requester as a target; the file."""
    line = ["{python}", "-I", "-S", str(PLANTED), "{host}", "{port}", *bugs]
    path = folder / "planted.toml"
    path.write_text(f"command = {line!r}\ntransports = ['none']\ntime_limit = 1.5\n", "utf-8")
    return path


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_in_less_than_a_minute(tmp_path, bug):
    terms = Terms(read_target(str(target(tmp_path, bug))), "attestation", b"two", str(tmp_path))
    begin = time.monotonic()
    with closing(runner_of(terms.target, tmp_path)) as runner:
        search, _ = prepare(runner, terms, (), None)

        def found():
            signatures = [one.signature for one in search.state.breakdowns]
            kind, text = BUGS[bug]
            return any(one.kind == kind and one.text.endswith(text) for one in signatures)

        def enough(runs):
            del runs
            return 0 if found() or time.monotonic() - begin > SECONDS else ROUND

        drive(search, alone(runner, terms), enough, lambda *_: None)
    assert found(), f"{search.state.runs} runs in {time.monotonic() - begin:.1f} s"


def fuzz(folder, *words):
    """Run the verb; findings go to ``found``."""
    words = [*words, "--jobs", "1", "--quiet", "-o", str(folder / "found")]
    return CliRunner().invoke(command, words)


def test_what_is_found_can_be_served_and_seen_again(tmp_path):
    only = ("--message", "VERSION", "--runs", "24")
    outcome = fuzz(tmp_path, "--target", str(target(tmp_path, "count")), *only)
    assert outcome.exit_code == 1, outcome.output
    assert outcome.stdout.splitlines()[-1] == "crashes: 1, hangs: 0"
    (found,) = (tmp_path / "found").glob("crash-*.toml")
    *head, replay = found.read_text("utf-8").splitlines()[:3]
    assert head[0] == "# crash: it was ended by SIGSEGV after GET_VERSION"
    program, *words = shlex.split(replay.removeprefix("# Replay: "))
    assert program == "spdm-responder"
    with serving(words, found.parent) as port:
        line = [sys.executable, str(PLANTED), "127.0.0.1", str(port), "count"]
        assert subprocess.run(line, check=False).returncode == -signal.SIGSEGV


@contextmanager
def serving(words, folder):
    """Run what a finding says, but on any free port."""
    words = [word.replace(":2323", ":0") for word in words]
    line = [sys.executable, "-m", "responder.cli.main", *words]
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()
        process.stdout.read()


def test_a_careful_requester_breaks_down_on_nothing(tmp_path):
    outcome = fuzz(tmp_path, "--target", str(target(tmp_path)), "--runs", "20")
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.splitlines()[-1] == "crashes: 0, hangs: 0"
    assert not (tmp_path / "found").exists()


def test_a_requester_that_fails_without_any_fault_is_not_fuzzed(tmp_path):
    path = target(tmp_path)
    path.write_text(path.read_text("utf-8") + "[success]\nmust = ['never said']\n", "utf-8")
    outcome = fuzz(tmp_path, "--target", str(path))
    assert isinstance(outcome.exception, UnavailableError)
    assert "fails without any fault: all is well" in str(outcome.exception)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--setting", "attestatoin"], "did you mean 'attestation'"),
        (["--message", "VERSOIN"], "did you mean 'VERSION'"),
        (["--message", "KEY_EXCHANGE_RSP"], "no KEY_EXCHANGE_RSP to mutate"),
        (["--time", "soon"], "'soon' is no time"),
        (["--runs", "0"], "0 is not in the range"),
    ],
)
def test_mistakes_are_named(tmp_path, words, told):
    outcome = fuzz(tmp_path, "--target", "our-requester", *words)
    assert outcome.exit_code == 2
    assert told in outcome.stderr


def test_an_interrupted_search_says_what_it_found(tmp_path):
    words = ["--target", "our-requester", "--jobs", "2", "--corpus", str(tmp_path / "corpus")]
    verb = "from responder.cli.campaign_fuzz import command; command()"
    line = [*INTERRUPTIBLE, sys.executable, "-c", verb]
    line += words
    options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, **options) as process:
        wait_for(lambda: any((tmp_path / "corpus").glob("*.json")))
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert process.wait() == 130
    assert said.splitlines()[-1] == "crashes: 0, hangs: 0"
    assert (tmp_path / "corpus" / "state.json").exists()


def wait_for(condition):
    """Until a condition holds that another process brings about."""
    while not condition():
        time.sleep(0.05)
