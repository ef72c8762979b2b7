"""``serve --fault`` and ``--set``, as a process: what is served, what is told, what is refused."""

import re
import signal

import pytest
from cli.serve_process import GET_VERSION, run, serving


def version_answer(served):
    """The VERSION of a running process, and what it says at its end on stderr."""
    with served.connect() as peer:
        peer.sendall(GET_VERSION)
        header = peer.recv(12)
        version = peer.recv(int.from_bytes(header[8:], "big"))
    code, log = served.end(signal.SIGTERM)
    assert code == 0
    return version, log


def test_a_fault_strikes_and_the_log_says_so():
    with serving("minimal-1.0", "--fault", "any.param1-reserved-set", "--port", "0") as served:
        served.read_ready()
        version, log = version_answer(served)
    assert version[:4].hex() == "1004ff00"
    (line,) = re.findall(r".* FaultFired .*", log)
    assert " info " in line
    assert "fault=any.param1-reserved-set:VERSION:param1 hook=" in line
    assert "before" not in line


def test_a_fault_that_never_struck_is_told_at_the_end():
    arguments = ("--fault", "any.empty:DIGESTS", "--port", "0", "--log-level", "warning")
    with serving("minimal-1.0", *arguments) as served:
        served.read_ready()
        _, log = version_answer(served)
    (line,) = re.findall(r".* FaultMissed .*", log)
    assert re.search(r" warning - FaultMissed fault=any\.empty:DIGESTS nearest='.*DIGESTS'$", line)


def test_a_profile_may_be_changed():
    changes = ("--set", 'spdm.versions=["1.2", "1.1"]', "--set", "server.attach=sticky")
    with serving("default", *changes, "--port", "0") as served:
        served.read_ready()
        version, _ = version_answer(served)
    assert version.hex() == "100400000002" + "0012" + "0011"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fault", "chal.slot-wronk"], "--fault: there is no fault 'chal.slot-wronk' (did you"),
        (["--fault", "err.sweep"], "--fault: 'err.sweep' has"),
        (["--set", "spdm.versoins=1"], "--set spdm.versoins: unknown key 'versoins' in spdm"),
        (["--set", "spdm.versions=1"], "--set spdm.versions: "),
        (["--set", 'spdm.versions=["1.9"]'], "--set spdm.versions[0]: "),
        (["--set", "spdm"], "--set: 'spdm' is not KEY=VALUE"),
        (["--set", "spdm.ct_exponent=two words"], "goes in quotes"),
    ],
)
def test_what_is_wrong_is_exit_2_and_named(arguments, reason):
    code, out, err = run(*arguments, "--port", "0")
    assert (code, out) == (2, "")
    assert reason in err
    assert "Traceback" not in err


def test_a_profile_that_is_wrong_itself_is_still_exit_3(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "default"\n[spdm]\nversoins = ["1.2"]\n')
    code, _, err = run(str(path), "--set", "spdm.ct_exponent=1", "--port", "0")
    assert code == 3
    assert "mine.toml:3" in err


def test_without_faults_no_fault_is_loaded():
    """Start-up: the modules of faults are imported only when something is to go wrong."""
    from subprocess import run as run_process
    from sys import executable

    script = (
        "import sys; from responder.profiles.load import load_profile;"
        "import responder.cli.serve, responder.server.run, responder.core.responder;"
        "load_profile('default');"
        "print(*(m for m in sys.modules if m.startswith('responder.faults')))"
    )
    done = run_process([executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
