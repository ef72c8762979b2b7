"""``serve`` as a process: what it prints, where it writes, how it ends."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest
from cli.serve_process import (
    COMMAND,
    GET_VERSION,
    SHUTDOWN,
    TIMEOUT,
    Served,
    answer_code,
    environment,
    run,
    serving,
)


def test_ready_signals_and_sigterm(tmp_path):
    """All signals at once, each exactly once, and only when every listener can be reached."""
    reader, writer = os.pipe()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.settimeout(TIMEOUT)
    notify.bind(str(tmp_path / "notify"))
    arguments = (
        *("--listen", "spdm-emu+doe://127.0.0.1:0", "--listen", "dsp0287://127.0.0.1:0"),
        *("--port", "0", "--port-file", str(tmp_path / "port"), "--ready-fd", str(writer)),
    )
    env = environment(NOTIFY_SOCKET=str(tmp_path / "notify"))
    with serving(*arguments, env=env, pass_fds=[writer]) as served:
        os.close(writer)
        uri = served.read_ready()
        port = int(uri.rpartition(":")[2])
        pid = served.process.pid
        shape = [re.sub(r":\d+", ":N", line) for line in served.lines]
        assert shape == [
            "LISTENING spdm-emu://127.0.0.1:N",
            "LISTENING spdm-emu+doe://127.0.0.1:N",
            "LISTENING dsp0287://127.0.0.1:N",
            f"READY spdm-emu://127.0.0.1:N profile=default pid={pid}",
        ]
        assert served.lines[0].split()[1] == uri
        assert (tmp_path / "port").read_text() == f"{port}\n"
        with os.fdopen(reader) as file:
            assert file.read() == served.lines[-1] + "\n"
        state = notify.recv(1000).decode().splitlines()
        assert state[:2] == ["READY=1", f"MAINPID={pid}"]
        for line in served.lines[:-1]:
            socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2]))).close()
        code, _ = served.end()
        assert code == 0
        assert notify.recv(1000) == b"STOPPING=1\n"
    notify.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_connections_and_exits_0(number):
    with serving("--port", "0") as served:
        served.read_ready()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
            code, log = served.end(number)
            assert code == 0
            assert peer.recv(1) == b""
        assert f"{number.name} was received" in log


def test_shutdown_ends_the_connection_and_with_once_the_process():
    with serving("--port", "0", "--once") as served:
        served.read_ready()
        served.connect().close()
        with served.connect() as peer:
            peer.sendall(GET_VERSION + SHUTDOWN)
            assert answer_code(peer) == 0x04
            assert peer.recv(12, socket.MSG_WAITALL) == SHUTDOWN
        assert served.outcome()[0] == 0


def test_shutdown_without_once_leaves_the_process():
    with serving("--port", "0") as served:
        served.read_ready()
        for _ in range(2):
            with served.connect() as peer:
                peer.sendall(SHUTDOWN)
                assert peer.recv(12, socket.MSG_WAITALL) == SHUTDOWN
        assert served.end()[0] == 0


def test_sockets_of_a_service_manager(tmp_path):
    """Descriptors from 3 on, as systemd hands them; the shell's exec keeps the process id."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.socket(socket.AF_UNIX) as second:
        second.bind(str(tmp_path / "s"))
        second.listen()
        ports = first.getsockname()[1]
        script = f'exec 3<&{first.fileno()} 4<&{second.fileno()}; export LISTEN_PID=$$; exec "$@"'
        env = environment(LISTEN_FDS="2", LISTEN_FDNAMES="spdm-emu+doe:any")
        process = subprocess.Popen(
            ["/bin/bash", "-c", script, "bash", *COMMAND],
            env=env,
            pass_fds=[first.fileno(), second.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        served = Served(process)
        try:
            served.read_ready()
            assert served.lines[:2] == [
                f"LISTENING spdm-emu+doe://127.0.0.1:{ports}",
                f"LISTENING spdm-emu+unix:{tmp_path}/s",
            ]
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(TIMEOUT)
                peer.connect(str(tmp_path / "s"))
                peer.sendall(GET_VERSION)
                assert answer_code(peer) == 0x04
            assert served.end()[0] == 0
        finally:
            process.kill()
            process.communicate()
        assert (tmp_path / "s").exists()


def test_a_port_in_use_is_exit_4():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = run("--port", str(port))
    assert (code, out) == (4, "")
    assert f"spdm-emu://127.0.0.1:{port} is in use by another process; --port 0" in err


def test_other_addresses_than_loopback_are_exit_2_with_the_reason():
    code, out, err = run("--listen", "spdm-emu://0.0.0.0:0")
    assert (code, out) == (2, "")
    assert "test keys" in err
    assert "--allow-remote" in err


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["--listen", "spdm-em://127.0.0.1:0"], 2, "did you mean"),
        (["--seed", "xyz"], 2, "not hexadecimal"),
        (["--attach", "loose"], 2, "fresh"),
        (["--ready-fd", "99", "--port", "0"], 2, "--ready-fd 99"),
        (["--port-file", "x", "--listen", "spdm-emu+unix:s"], 2, "--port-file"),
        (["defualt"], 3, "default"),
    ],
)
def test_mistakes(arguments, code, hint, tmp_path):
    done, out, err = run(*arguments, cwd=tmp_path)
    assert done == code
    assert "READY" not in out
    assert hint in err
    assert "Traceback" not in err


def test_a_profile_that_is_wrong_is_exit_3_with_its_line(tmp_path):
    profile = tmp_path / "mine.toml"
    profile.write_text('extends = "default"\n\n[spdm]\nversoins = ["1.2"]\n')
    code, out, err = run(str(profile), "--port", "0")
    assert (code, out) == (3, "")
    assert "mine.toml:4" in err
    assert "versions" in err


def nonce_of(*arguments):
    """The nonce of a CHALLENGE_AUTH (1.0) and the seed that stderr tells."""
    with serving("ecdsa-p256", "--port", "0", *arguments) as served:
        served.read_ready()
        with served.connect() as peer:
            algorithms = "10e30000 2000 0100 10000000 01000000" + "00" * 16
            requests = ["10840000", "10e10000", algorithms, "10830000" + "11" * 32]
            for request in map(bytes.fromhex, requests):
                peer.sendall(struct.pack(">III", 1, 0, len(request)) + request)
                size = struct.unpack(">III", peer.recv(12, socket.MSG_WAITALL))[2]
                answer = peer.recv(size, socket.MSG_WAITALL)
                assert answer[1] == request[1] & 0x7F, answer.hex()
        code, err = served.end()
        assert code == 0
    seed = re.search(r"^seed ([0-9a-f]+)", err, re.MULTILINE)
    return answer[36:68], seed and seed[1]


def test_the_seed_that_was_told_repeats_the_run():
    nonce, seed = nonce_of()
    other, _ = nonce_of()
    again, told = nonce_of("--seed", seed)
    assert nonce == again
    assert nonce != other
    assert told is None


def test_journal_and_log(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with serving("--port", "0", "--journal", str(journal), "--log-level", "debug") as served:
        served.read_ready()
        with served.connect() as peer:
            peer.sendall(GET_VERSION + SHUTDOWN)
            assert answer_code(peer) == 0x04
            peer.recv(12, socket.MSG_WAITALL)
        code, log = served.end()
    assert code == 0
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    events = [(entry["connection"], entry["event"]) for entry in entries]
    assert events[0] == (1, "PeerArrived")
    assert (1, "RequestReceived") in events
    assert (1, "ResponseSent") in events
    assert events[-1] == (1, "PeerLeft")
    request = next(entry for entry in entries if entry["event"] == "RequestReceived")
    assert (request["name"], request["message"]) == ("GET_VERSION", "10840000")
    times = [entry["time"] for entry in entries]
    assert times == sorted(times)
    assert "GET_VERSION" in log
    assert "the peer asked for shutdown" in log


def test_a_log_that_nobody_reads_does_not_stop_the_protocol():
    """QEMU's harnesses deadlock on a full stderr pipe; this must not."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--log-level", "debug"],
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        env=environment(),
    )
    os.close(writer)
    served = Served(process)
    try:
        served.read_ready()
        with served.connect() as peer:
            for _ in range(1500):  # some 200 KB of log; a pipe holds 64
                peer.sendall(GET_VERSION)
                assert answer_code(peer) == 0x04
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    finally:
        process.kill()
        process.communicate()
        os.close(reader)


def test_a_journal_that_cannot_be_opened(tmp_path):
    code, out, log = run("--port", "0", "--journal", str(tmp_path / "no" / "journal"))
    assert (code, out) == (4, "")
    assert "error: journal " in log
    assert "no/journal: No such file" in log
    assert "Errno" not in log


def test_a_journal_on_a_full_disk_is_told_and_does_not_stop_the_protocol():
    with serving("--port", "0", "--journal", "/dev/full") as served:
        served.read_ready()
        for _ in range(3):
            with served.connect() as peer:
                peer.sendall(GET_VERSION + SHUTDOWN)
                assert answer_code(peer) == 0x04
                assert peer.recv(12, socket.MSG_WAITALL) == SHUTDOWN
        code, log = served.end()
    assert code == 0
    assert "entries lost" in log
    assert "No space left" in log


def test_stdout_that_nobody_reads_does_not_stop_it(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.settimeout(TIMEOUT)
        process = subprocess.Popen(
            [*COMMAND, "--port", "0"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(NOTIFY_SOCKET=str(path)),
        )
        os.close(writer)
        try:
            assert notify.recv(100).startswith(b"READY=1")
            process.terminate()
            _, err = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in err


def test_options_win_over_the_profile(tmp_path):
    profile = tmp_path / "small.toml"
    profile.write_text('extends = "ecdsa-p256"\n[server]\nmax_frame = 100\nmax_connections = 1\n')
    with serving(str(profile), "--port", "0", "--max-frame", "50") as served:
        assert served.read_ready()
        assert "profile=small" in served.lines[-1]
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
            with served.connect() as extra:
                assert extra.recv(1) == b""
            peer.sendall(struct.pack(">III", 1, 0, 51))
            assert peer.recv(1) == b""
        code, log = served.end()
    assert code == 0
    assert "there are 1 connections already" in log
    assert "51 bytes is over the limit of 50" in log


def test_a_called_requester_ends_it():
    """--call connects instead of listening, and the process ends with the requester."""
    with socket.create_server(("127.0.0.1", 0)) as requester:
        requester.settimeout(TIMEOUT)
        uri = f"spdm-emu+tcp://127.0.0.1:{requester.getsockname()[1]}"
        seen = []

        def converse():
            peer, _ = requester.accept()
            with peer:
                seen.append(peer.recv(4, socket.MSG_WAITALL).hex())
                peer.sendall(bytes.fromhex("0000fffe0000000300000000"))
                seen.append(peer.recv(12, socket.MSG_WAITALL).hex())

        thread = threading.Thread(target=converse)
        thread.start()
        with serving("--call", uri) as served:
            assert served.read_ready() == uri
            assert served.outcome()[0] == 0
        thread.join()
    assert seen == ["000001bf", "0000fffe0000000300000000"]


def test_a_key_log_is_for_its_owner_only(tmp_path):
    path = tmp_path / "keys.jsonl"
    path.write_text("something that everybody could read\n")
    path.chmod(0o644)
    with serving("--port", "0", "--keylog", str(path)) as served:
        served.read_ready()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_bytes() == b""
        assert served.end()[0] == 0


def test_a_key_log_that_cannot_be_written(tmp_path):
    with serving("--port", "0", "--keylog", str(tmp_path / "none" / "keys")) as served:
        code, err = served.outcome()
    assert code == 4
    assert "key log" in err


def test_a_key_log_on_a_device_leaves_the_device_as_it_is():
    mode = Path("/dev/null").stat().st_mode
    with serving("--port", "0", "--keylog", "/dev/null") as served:
        served.read_ready()
        assert served.end()[0] == 0
    assert Path("/dev/null").stat().st_mode == mode
