"""``ctl`` and ``serve --ctrl`` as processes."""

import json
import signal
import socket
import stat
import subprocess

import pytest
from ctl_process import COMMAND, answered, controlled, ctl, said
from serve_process import GET_VERSION, TIMEOUT, answer_code, environment
from serve_process import run as serve

from responder.cli.main import main

FAULT = "sig.bitflip:CHALLENGE_AUTH"
VERSION = 0x04


@pytest.fixture(scope="module")
def steered(tmp_path_factory):
    """The control socket of a server for tests that leave it as it was."""
    path = tmp_path_factory.mktemp("ctl") / "ctrl"
    with controlled(path) as served:
        path_of = path
        yield path_of
        code, _ = served.end()
        assert code == 0


@pytest.fixture
def inside(capsys):
    """Runs ``ctl`` in this process: exit code, stdout and stderr."""

    def run(path, *arguments):
        where = [] if path is None else ["--ctrl", f"unix:{path}"]
        with pytest.raises(SystemExit) as end:
            main(["ctl", *where, *map(str, arguments)])
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return run


# What is said, for people and for programs.


def test_status_for_people_and_for_programs(steered):
    lines = said(steered, "status").splitlines()
    assert "profile: default" in lines
    assert "paused: no" in lines
    found = answered(steered, "status")
    assert found["profile"] == "default"
    assert found["paused"] is False


def test_faults_come_and_go(steered):
    out = said(steered, "fault", "add", FAULT)
    assert out.splitlines()[0].split() == [
        "id", "description", "duty", "origin", "fired", "nearest",
    ]  # fmt: skip
    assert out.splitlines()[1].startswith(f"{FAULT}  ")
    (fault,) = answered(steered, "fault", "list")["faults"]
    assert (fault["id"], fault["origin"], fault["fired"]) == (FAULT, "added", 0)
    assert FAULT in said(steered, "fault", "remove", FAULT)
    assert said(steered, "fault", "list") == "no faults\n"


def test_a_fault_of_a_file_is_added_as_its_table(steered, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[fault]]\nid = "mine.context"\ndescription = "The context is another one."\n'
        'duty = "reject"\nbasis = "spec"\nsource = "DSP0274"\nhook = "draft"\n'
        'message = ["CHALLENGE_AUTH"]\naction = [{do = "flip", field = "requester_context"}]\n'
    )
    (fault,) = answered(steered, "fault", "add", file)["faults"]
    assert fault["id"] == "mine.context"
    assert said(steered, "fault", "remove")


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (None, 4, "No such file"),
        ("[[fault]", 2, "mine.toml: "),
        ("x = 1", 2, "there is no [[fault]] in it"),
        ('[[fault]]\nid = "a"\n', 2, "error: "),
    ],
)
def test_a_file_without_faults_is_refused(steered, inside, tmp_path, text, code, reason):
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    found, out, err = inside(steered, "fault", "add", file)
    assert (found, out) == (code, "")
    assert reason in err


def test_settings_are_set_and_unset(steered):
    assert "spdm.ct_exponent  12" in said(steered, "set", "spdm.ct_exponent=12")
    assert answered(steered, "settings") == {"settings": {"spdm.ct_exponent": 12}}
    assert answered(steered, "unset", "spdm.ct_exponent") == {"settings": {}}


def test_measurements_and_slots_are_set(steered):
    assert said(steered, "measurement", "set", 5, "312e31") == ""
    values = {one["index"]: one["value"] for one in answered(steered, "device")["measurements"]}
    assert values[5] == "312e31"
    for content in (("1",), ("set=device",), ()):
        assert said(steered, "slot", "set", 1, *content) == ""
    assert answered(steered, "device")["slots"][1]["provisioned"] is False
    code, _, err = ctl(steered, "slot", "set", 1, "rsa")
    assert code == 2
    assert "'rsa' is not KEY=VALUE" in err


def test_the_device_is_shown_in_tables(steered):
    lines = said(steered, "device").splitlines()
    assert lines[:3] == ["slots:", "slot  size   provisioned", "0     65535  yes"]
    assert lines[lines.index("measurements:") + 1].split() == ["index", "kind", "value"]


def test_commands_are_told(steered):
    out = said(steered, "commands")
    assert "tdi-error  " in out
    schema = {one["name"]: one["arguments"] for one in answered(steered, "commands")["commands"]}
    assert schema["step"]["$defs"]["Step"]["additionalProperties"] is False


def test_journal_and_counters(steered):
    said(steered, "pause")
    said(steered, "resume")
    out = said(steered, "journal", "--limit", 20)
    assert "CommandDone command=pause" in out
    page = answered(steered, "journal", "--since", 0, "--limit", 1)
    assert page["entries"][0]["event"] == "ControllerArrived"
    assert page["next"] == 1
    assert answered(steered, "counters")["events"]["CommandDone"] >= 3


# What is said of mistakes.


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("fault", "add", "sig.bitflop"), 2, "(did you mean 'sig.bitflip'?)"),
        (("fault", "remove", "sig.bitflip"), 2, "no fault 'sig.bitflip' is in force"),
        (("set", "spdm.ct_exponnt=12"), 2, "(did you mean 'ct_exponent'?)"),
        (("unset", "spdm.ct_exponent"), 2, "spdm.ct_exponent is not set"),
        (("step",), 1, "nothing waits: the server is not paused"),
        (("tdi-error",), 2, "the profile has no PCI Express functions"),
        (("watch", "PeerArrive"), 2, "(did you mean 'PeerArrived'?)"),
        (("reset", "--kind", "warm"), 2, "'warm' is not one of"),
        (("step", "--connection", "0"), 2, "0 is not in the range"),
        (("stauts",), 2, "No such command 'stauts'"),
        (("fault",), 2, "Usage: "),
        (("measurement", "set", "1", "xy"), 2, "'xy' is not hexadecimal"),
    ],
)
def test_a_mistake_has_its_exit_code_and_a_reason(steered, inside, arguments, code, text):
    found, out, err = inside(steered, *arguments)
    assert (found, out) == (code, "")
    assert text in err
    assert "Traceback" not in err


def test_without_a_server_it_is_the_environment(tmp_path):
    code, out, err = ctl(tmp_path / "ctrl", "status")
    assert (code, out) == (4, "")
    assert err == f"error: unix:{tmp_path}/ctrl: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("status",), "which server? Say --ctrl unix:PATH, or set SPDM_RESPONDER_CTRL"),
        (("--ctrl", "/tmp/ctrl", "status"), "'/tmp/ctrl' is not unix:PATH"),
        (("--ctrl", "unix:", "status"), "'unix:' is not unix:PATH"),
    ],
)
def test_where_the_server_is_must_be_said(inside, arguments, text):
    code, _, err = inside(None, *arguments)
    assert code == 2
    assert text in err


def test_the_environment_says_where_the_server_is(steered):
    code, out, _ = ctl(None, "status", SPDM_RESPONDER_CTRL=f"unix:{steered}")
    assert code == 0
    assert "profile: default" in out


# The socket.


def test_the_socket_is_for_its_owner_whatever_the_umask_and_goes_with_the_server(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path, umask=0) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_ISSOCK(path.stat().st_mode)
        code, _ = served.end()
    assert code == 0
    assert not path.exists()


def test_a_socket_that_a_killed_server_left_gives_way(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served:
        served.process.kill()
        served.process.wait(TIMEOUT)
    assert path.exists()
    with controlled(path):
        assert answered(path, "status")["profile"] == "default"


def test_the_socket_of_a_server_that_runs_is_left_alone(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path):
        code, out, err = serve("--port", "0", "--ctrl", f"unix:{path}")
        assert (code, out) == (4, "")
        assert f"unix:{path} is in use by another process" in err
        assert answered(path, "status")["profile"] == "default"


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "ctrl"
    path.write_text("mine")
    code, _, err = serve("--port", "0", "--ctrl", f"unix:{path}")
    assert code == 4
    assert f"{path} is no socket" in err
    assert path.read_text() == "mine"


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    code, _, err = serve("--port", "0", "--ctrl", f"unix:{tmp_path}/none/ctrl")
    assert code == 4
    assert "No such file or directory" in err


@pytest.mark.parametrize("where", ["/tmp/ctrl", "unix:", "tcp:127.0.0.1:1"])
def test_where_to_listen_is_written_as_qemu_does(where):
    code, _, err = serve("--port", "0", "--ctrl", where)
    assert code == 2
    assert f"{where!r} is not unix:PATH" in err


# Steps, events, the end.


def test_a_peer_is_stepped_and_then_let_go(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served:
        said(path, "pause")
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            lines = said(path, "step", "--wait", 30).splitlines()
            assert answer_code(peer) == VERSION
            assert lines[0] == "connection 1, 0 waiting"
            assert lines[1] == "GET_VERSION 1.0, 4 bytes"
            assert "VERSION 1.0, 16 bytes" in lines
            peer.sendall(GET_VERSION)
            waiting = []
            while not waiting:
                (seen,) = answered(path, "connections")["connections"]
                waiting = seen["waiting"]
            assert waiting == [{"name": "GET_VERSION", "message": "10840000"}]
            assert said(path, "resume") == "released: 1\n"
            assert answer_code(peer) == VERSION


def watching(path, *arguments):
    """A process that watches, from the moment on at which it has subscribed."""
    process = subprocess.Popen(
        [*COMMAND, "--ctrl", f"unix:{path}", "watch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    while not answered(path, "counters")["events"].get("CommandDone"):
        pass
    page = {"entries": []}
    while not any(one.get("command") == "subscribe" for one in page["entries"]):
        page = answered(path, "journal")
    return process


def test_watch_prints_what_happens_until_the_server_ends(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served:
        process = watching(path, "PeerArrived", "RequestReceived", "PeerLeft")
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == VERSION
            lines = [process.stdout.readline().split() for _ in range(2)]
        assert lines[0][1:3] == ["#1", "PeerArrived"]
        assert lines[1][1:] == ["#1", "RequestReceived", "GET_VERSION", "4", "bytes", "10840000"]
        said(path, "shutdown")
        out, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, err) == (0, "")
        assert out.split()[1:3] == ["#1", "PeerLeft"]
        assert served.outcome()[0] == 0


def test_watch_prints_json_to_a_reader_who_may_leave(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path):
        process = watching(path, "CommandDone", "--json")
        event = json.loads(process.stdout.readline())
        assert event["event"] == "CommandDone"
        process.stdout.close()
        while process.poll() is None:
            said(path, "pause")
        assert process.returncode == 0
        assert process.stderr.read() == ""
        process.stderr.close()


def test_shutdown_answers_what_has_arrived(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served:
        said(path, "pause")
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            while not answered(path, "status")["waiting"]:
                pass
            assert said(path, "shutdown") == ""
            assert answer_code(peer) == VERSION
            assert peer.recv(1) == b""
        assert served.outcome()[0] == 0
    assert not path.exists()


def test_shutdown_at_once_gives_up_what_goes_on(tmp_path):
    path, late = tmp_path / "ctrl", tmp_path / "late.toml"
    late.write_text(
        '[[fault]]\nid = "mine.late"\ndescription = "VERSION comes late."\nduty = "policy"\n'
        'basis = "judgement"\nsource = "none"\nhook = "message"\nmessage = ["VERSION"]\n'
        f'action = [{{do = "delay", seconds = {10 * TIMEOUT}}}]\n'
    )
    with controlled(path, "--drain-time", str(10 * TIMEOUT)) as served:
        said(path, "fault", "add", late)
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            while not answered(path, "counters")["faults"]:
                pass
            said(path, "shutdown")
            assert served.process.poll() is None
            assert said(path, "shutdown", "--now") == ""
            assert peer.recv(1) == b""
        assert served.outcome()[0] == 0


def test_controllers_are_let_go_when_the_server_is_told_to_end(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served, socket.socket(socket.AF_UNIX) as controller:
        controller.connect(str(path))
        controller.settimeout(TIMEOUT)
        with controller.makefile("rb") as lines:
            assert lines.readline()
            served.process.send_signal(signal.SIGTERM)
            assert lines.read() == b""
        assert served.outcome()[0] == 0


def test_a_controller_that_is_killed_disturbs_nobody(tmp_path):
    path = tmp_path / "ctrl"
    with controlled(path) as served:
        process = watching(path)
        process.kill()
        process.communicate()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == VERSION
        assert answered(path, "status")["connections"] <= 1
