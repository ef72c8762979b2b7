"""What shells complete: with the script for bash in a bash, and what is asked for by the others."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest
from ctl_process import LOADED, controlled, said
from serve_process import environment

from responder.faults.catalogue import tables

FAULT = "sig.bitflip"


def shell(name):
    """The path of a shell; where CI runs, bash must be there."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI") == "true" and name == "bash":
            pytest.fail("bash is missing")
        pytest.skip(f"{name} is missing")
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which spdm-responder is a command."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "spdm-responder"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m responder.cli.main "$@"\n')
    command.chmod(0o755)
    return environment(PATH=f"{folder}:{os.environ['PATH']}")


def script(name, env):
    done = subprocess.run(
        ["spdm-responder", "completion", name],
        capture_output=True, text=True, timeout=LOADED, check=True, env=env,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


_COMPLETE = """
eval "$(spdm-responder completion bash)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_spdm_responder_completion spdm-responder "${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(env, *words, **more):
    """What bash offers for the last of some words."""
    done = subprocess.run(
        [shell("bash"), "--norc", "-c", _COMPLETE, "bash", "spdm-responder", *words],
        capture_output=True, text=True, timeout=LOADED, check=True, env={**env, **more},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("prof",), {"profile", "profiles"}),
        (("ctl", "tdi"), {"tdi-error"}),
        (("ctl", "fault", ""), {"add", "list", "remove"}),
        (("ctl", "query"), set()),
        (("ctl", "reset", "--kind", ""), {"conventional", "function-level", "power-cycle"}),
        (("ctl", "watch", "Peer"), {"PeerArrived", "PeerLeft", "PeerIgnored"}),
        (("serve", "--ct"), {"--ctrl"}),
    ],
)
def test_verbs_options_and_choices_are_completed(installed, words, expected):
    assert set(completed(installed, *words)) == expected


def test_after_a_verb_that_does_not_exist_nothing_goes_wrong(installed):
    assert "serve" in completed(installed, "no-such-verb", "")


def test_faults_of_the_catalogue_are_completed(installed):
    assert completed(installed, "serve", "--fault", "sig.bitf") == [FAULT]
    assert completed(installed, "ctl", "fault", "add", "") == list(tables())


def test_after_a_colon_cases_are_completed(installed):
    found = completed(installed, "serve", "--fault", f"{FAULT}:C")
    assert found == [f"{FAULT}:CHALLENGE_AUTH"]


def test_what_can_be_removed_is_asked_of_the_server(installed, tmp_path):
    path = tmp_path / "ctrl"
    where = f"unix:{path}"
    with controlled(path):
        said(path, "fault", "add", FAULT)
        found = completed(installed, "ctl", "--ctrl", where, "fault", "remove", "sig.bitflip:CH")
        assert found == ["sig.bitflip:CHALLENGE_AUTH"]
        found = completed(
            installed, "ctl", "fault", "remove", "sig.bitflip:M", SPDM_RESPONDER_CTRL=where
        )
        assert found == ["sig.bitflip:MEASUREMENTS"]
    assert completed(installed, "ctl", "--ctrl", where, "fault", "remove", "s") == []
    assert completed(installed, "ctl", "fault", "remove", "s") == []


def read_until(terminal, pattern, deadline):
    """What a terminal shows, up to ``pattern``."""
    shown = ""
    while not re.search(pattern, shown):
        left = deadline - time.monotonic()
        ready, _, _ = select.select([terminal], [], [], max(left, 0))
        assert ready, f"{pattern!r} did not come; the terminal shows {shown!r}"
        shown += os.read(terminal, 4096).decode()
    return shown


def test_tab_completes_in_an_interactive_bash(installed):
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [shell("bash"), "--norc", "--noprofile", "-i"],
        stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
        env={**installed, "PS1": "ready> ", "TERM": "dumb", "INPUTRC": "/dev/null"},
    )  # fmt: skip
    os.close(inside)
    try:
        deadline = time.monotonic() + LOADED
        read_until(terminal, r"ready> ", deadline)
        os.write(terminal, b'eval "$(spdm-responder completion bash)"\n')
        read_until(terminal, r"\nready> ", deadline)
        os.write(terminal, b"spdm-responder ctl fault add sig.bitf\t")
        read_until(terminal, r"add sig\.bitflip", deadline)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(installed, name):
    if name == "bash":
        shell(name)
    assert "_SPDM_RESPONDER_COMPLETE" in script(name, installed)


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_the_script_of_another_shell_can_be_read_by_it(installed, name, tmp_path):
    path = shell(name)
    file = tmp_path / "completion"
    file.write_text(script(name, installed))
    check = ["-n", str(file)] if name == "zsh" else ["--no-execute", str(file)]
    done = subprocess.run([path, *check], capture_output=True, timeout=LOADED, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"COMP_WORDS": "spdm-responder ctl fault add sig.bitf", "COMP_CWORD": "sig.bitf"},
            "plain,sig.bitflip\t",
        ),
        ({"COMP_WORDS": "spdm-responder comp", "COMP_CWORD": "comp"}, "plain,completion\t"),
    ],
)
def test_what_fish_asks_is_answered_with_descriptions(installed, variables, expected):
    done = subprocess.run(
        ["spdm-responder"],
        capture_output=True, text=True, timeout=LOADED, check=True,
        env={**installed, **variables, "_SPDM_RESPONDER_COMPLETE": "fish_complete"},
    )  # fmt: skip
    assert done.stdout.startswith(expected)


def test_another_shell_is_refused(installed):
    done = subprocess.run(
        ["spdm-responder", "completion", "csh"],
        capture_output=True, text=True, timeout=LOADED, check=False, env=installed,
    )  # fmt: skip
    assert done.returncode == 2
    assert "'csh' is not one of" in done.stderr
