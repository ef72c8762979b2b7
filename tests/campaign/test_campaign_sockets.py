"""Programs as targets: what is filled in, and how what they do is understood."""

import re
import sys
from pathlib import Path

import pytest
from processes import SCRIPTED

from responder.campaign.attempt import attempt
from responder.campaign.plan import case_named
from responder.campaign.settings import SETTINGS
from responder.campaign.target import ConversationSpec, Success, Surfaced, Target
from responder.campaign.targets.sockets import SocketRunner
from responder.errors import ConfigError, UnavailableError

SEED = b"sockets"
ATTESTATION = SETTINGS["attestation"]
PYTHON = (sys.executable, "-I", "-S")


@pytest.fixture
def runner_of(tmp_path):
    """Makes a runner of a target; its folder is empty when it is closed."""
    made = []

    def make(*command, **keys):
        target = Target(name="ours", command=[*command], time_limit=60.0, **keys)
        made.append(SocketRunner(target, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert list(tmp_path.glob("runner-*")) == []


@pytest.fixture
def sh(runner_of):
    """Observes a shell script as a requester."""

    def run(script, setting=ATTESTATION, **keys):
        return runner_of("sh", "-c", script, **keys).run(setting, (), SEED, keys.pop("case", ""))

    return run


def test_names_are_filled_in(sh):
    said = sh("echo {uri} {host} {port} {transport} {version} {base_hash} ${HOME:-no} {}").process
    match = re.fullmatch(
        r"spdm-emu\+mctp://127.0.0.1:(\d+) 127.0.0.1 (\d+) mctp 1.4 (\S+) (\S+) {}\n", said.stdout
    )
    assert match[1] == match[2]
    assert match[3].startswith("SHA")


def test_values_have_the_names_that_the_target_calls_them(sh):
    said = sh("echo {transport} {base_hash}", names={"mctp": "MCTP", "SHA-256": "sha2"}).process
    assert said.stdout.split()[0] == "MCTP"


def test_a_name_that_there_is_not_is_a_mistake(sh):
    with pytest.raises(ConfigError, match=r"did you mean 'port'"):
        sh("echo {prt}")


def test_the_folders_are_there(sh):
    said = sh(
        'grep -m 1 BEGIN {root}; ls {certs} | grep -c .; [ "$PWD" = {dir} ] && echo here'
    ).process
    lines = said.stdout.splitlines()
    assert lines[0] == "-----BEGIN CERTIFICATE-----"
    assert lines[-1] == "here"


def test_the_environment_and_the_working_directory(sh, tmp_path):
    said = sh("echo $SAID; pwd", env={"SAID": "{transport}"}, cwd=str(tmp_path)).process
    assert said.stdout == f"mctp\n{tmp_path}\n"


def test_a_program_may_be_named_from_here(runner_of, tmp_path, monkeypatch):
    program = tmp_path / "ours"
    program.write_text("#!/bin/sh\necho it runs\n")
    program.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    assert runner_of("./ours").run(ATTESTATION, (), SEED).text == "it runs"


def test_a_program_that_is_not_there_is_told_before_anything_is_run(runner_of):
    with pytest.raises(UnavailableError, match="there is no program 'no-such-program'"):
        runner_of("no-such-program")


@pytest.mark.parametrize(
    ("script", "keys", "succeeded"),
    [
        ("exit 0", {}, True),
        ("exit 1", {}, False),
        ("exit 3", {"exit": [3]}, True),
        ("exit 0", {"exit": [3]}, False),
        ("echo attested", {"must": ["^attested$"]}, True),
        ("echo not attested", {"must": ["^attested$"]}, False),
        ("echo attested >&2", {"must_not": ["attested"]}, False),
    ],
)
def test_what_success_looks_like(sh, script, keys, succeeded):
    assert sh(script, success=Success(**keys)).succeeded == succeeded


def test_who_is_done_is_ended_and_judged_by_its_output(sh):
    script = "echo attested; sleep 60"
    success = Success(must=["^attested$"])
    observed = sh(script, done="^attest", success=success)
    assert observed.succeeded
    assert (observed.text, observed.crash, observed.hang) == ("attest", "", "")
    assert not sh("exit 1", done="^attest").succeeded


def test_what_it_cannot_do_is_no_failure(sh):
    observed = sh("echo no sessions; exit 89")
    assert (observed.unimplemented, observed.succeeded) == (True, False)
    assert observed.text == "no sessions"
    assert sh("exit 4", unimplemented_exit=4).unimplemented


def test_reasons_are_those_that_the_output_has(sh):
    reasons = {"bad signature": ["*.signature"], "^old": ["x5.not-after"], "never": ["ver.entries"]}
    observed = sh("echo one; echo old; echo bad signature >&2; exit 1", reasons=reasons)
    assert observed.reasons == ("*.signature", "x5.not-after")
    assert sh("echo bad signature", reasons=reasons).reasons == ()


def test_what_it_tells(sh):
    assert sh("true").surfaced is None
    by_text, by_file = Surfaced(must="^odd"), Surfaced(file="odd.log")
    assert sh("echo odd", surfaced=by_text).surfaced == ("told",)
    assert sh("echo even", surfaced=by_text).surfaced == ()
    assert sh("echo x > odd.log", surfaced=by_file).surfaced == ("told",)
    assert sh(": > odd.log", surfaced=by_file).surfaced == ()


def test_a_reset_follows_each_run(sh, tmp_path):
    path = tmp_path / "reset"
    sh("true", reset=["sh", "-c", f"echo $PWD {{port}} >> {path}"])
    assert len(path.read_text().split()) == 2


def test_it_is_run_once_for_each_connection_while_it_ends_well(sh, tmp_path):
    path, twice = tmp_path / "runs", SETTINGS["two-connections"]
    sh(f"echo run >> {path}", twice)
    assert path.read_text().count("run") == 2
    sh(f"echo run >> {path}; exit 1", twice)
    assert path.read_text().count("run") == 3


def test_a_conversation_that_the_target_does_not_know(sh):
    known = [ConversationSpec(["session*"])]
    observed = sh("exit 1", conversations=known)
    assert observed.unimplemented
    assert observed.text.startswith("the target cannot hold this conversation: attestation")
    tcp = SETTINGS["attestation"], {"transports": ["doe"]}
    assert not sh("exit 1", *tcp[:1], **tcp[1]).unimplemented
    assert sh("exit 1", SETTINGS["mailbox"]).unimplemented


def test_a_conversation_has_arguments_of_its_own(sh):
    spec = ConversationSpec(["attest*"], args=["{transport}"], env={"SAID": "x"}, transport="doe")
    observed = sh("echo $0 $SAID", conversations=[spec])
    assert observed.text == "doe x"


def test_the_next_way_is_tried_where_a_fault_does_not_strike(runner_of):
    ways = [ConversationSpec(["*"], args=[behaviour, "x"]) for behaviour in ("never", "refuse")]
    runner = runner_of(*PYTHON, str(SCRIPTED / "tiny.py"), "{port}", conversations=ways)
    result = attempt(runner, case_named("ver.count-zero"), SEED)
    assert (result.verdict, result.observed.wire.connections) == ("pass", 1)


def test_success_may_ask_for_the_end_of_the_conversation(runner_of):
    """A requester that stops in the middle, and says that all is well."""
    script = Path(SCRIPTED / "tiny.py").read_text().replace("sys.exit(1)", "sys.exit(0)")
    command = (*PYTHON, "-c", script, "{port}", "refuse", "{case}")
    struck = case_named("ver.count-zero")
    assert attempt(runner_of(*command), struck, SEED).verdict == "accepted"
    to_the_end = runner_of(*command, success=Success(wire="end"))
    assert attempt(to_the_end, struck, SEED).verdict == "pass"
    assert attempt(to_the_end, case_named("ver.reserved-byte"), SEED).verdict == "pass"
