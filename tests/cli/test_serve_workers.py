"""``serve --workers``: several processes behind the same listeners."""

import json
import os
import re
import signal
import socket
import struct
from pathlib import Path

import pytest
from cli.serve_process import (
    GET_VERSION,
    SHUTDOWN,
    TIMEOUT,
    answer_code,
    environment,
    run,
    serving,
)

ALGORITHMS = "10e30000 2000 0100 10000000 01000000" + "00" * 16
CHALLENGED = ["10840000", "10e10000", ALGORITHMS, "10830000" + "11" * 32]
"""Requests (1.0) up to a CHALLENGE."""


def workers_of(served):
    pid = served.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def nonce(peer):
    """What a CHALLENGE_AUTH says that nobody has said before."""
    for request in map(bytes.fromhex, CHALLENGED):
        peer.sendall(struct.pack(">III", 1, 0, len(request)) + request)
        size = struct.unpack(">III", peer.recv(12, socket.MSG_WAITALL))[2]
        answer = peer.recv(size, socket.MSG_WAITALL)
        assert answer[1] == request[1] & 0x7F, answer.hex()
    return answer[36:68]


def test_ready_once_and_all_workers_serve(tmp_path):
    """Until both have: which worker a connection finds is the kernel's choice."""
    reader, writer = os.pipe()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.settimeout(TIMEOUT)
    notify.bind(str(tmp_path / "notify"))
    arguments = (
        *("ecdsa-p256", "--workers", "2", "--port", "0", "--listen"),
        *(f"spdm-emu+unix:{tmp_path}/socket", "--ready-fd", str(writer)),
        *("--port-file", str(tmp_path / "port")),
    )
    env = environment(NOTIFY_SOCKET=str(tmp_path / "notify"))
    with serving(*arguments, env=env, pass_fds=[writer]) as served, notify:
        os.close(writer)
        uri = served.read_ready()
        pid = served.process.pid
        assert served.lines == [
            f"LISTENING {uri}",
            f"LISTENING spdm-emu+unix:{tmp_path}/socket",
            f"READY {uri} profile=ecdsa-p256 pid={pid}",
        ]
        assert (tmp_path / "port").read_text() == f"{uri.rpartition(':')[2]}\n"
        with os.fdopen(reader) as file:
            assert file.read() == served.lines[-1] + "\n"
        assert notify.recv(1000).decode().splitlines()[:2] == ["READY=1", f"MAINPID={pid}"]
        assert len(workers_of(served)) == 2
        found, peers = converse_until_both_serve(served)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(tmp_path / "socket"))
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
        code, log = served.end()
        assert code == 0
        assert notify.recv(1000) == b"STOPPING=1\n"
        notify.setblocking(False)
        with pytest.raises(BlockingIOError):
            notify.recv(1000)
    assert len(set(found)) == len(found), "each worker has randomness of its own"
    for peer in peers:
        assert peer.recv(1) == b""
        peer.close()
    assert not (tmp_path / "socket").exists()
    arrived = re.findall(r"^\[(\d)\] .*#(\d+) PeerArrived", log, re.MULTILINE)
    assert len(arrived) == len(set(arrived)) == len(found) + 1


def converse_until_both_serve(served):
    """Nonces of connections, which stay open, until each worker has one of them."""
    found, peers = [], []
    while True:
        assert len(peers) < 500, "one of the workers never got a connection"
        peers.append(served.connect())
        found.append(nonce(peers[-1]))
        sockets = [socket_count(pid) for pid in workers_of(served)]
        if min(sockets) > IDLE_SOCKETS:
            return found, peers


IDLE_SOCKETS = 4
"""Two listeners, and the pair by which asyncio wakes itself."""


def socket_count(pid):
    links = [one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.name.startswith("socket:") for link in links)


def test_a_killed_worker_is_replaced_while_the_others_go_on():
    reader, writer = os.pipe()
    arguments = ("--workers", "2", "--port", "0", "--ready-fd", str(writer))
    with serving(*arguments, pass_fds=[writer]) as served:
        os.close(writer)
        served.read_ready()
        with os.fdopen(reader) as file:
            assert file.read() == served.lines[-1] + "\n"
        before = workers_of(served)
        peers = [served.connect() for _ in range(8)]
        for peer in peers:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
        killed = before.pop()
        os.kill(killed, signal.SIGKILL)
        said = served.process.stderr.readline()
        while "takes its place" not in said:
            said = served.process.stderr.readline()
        assert f"(pid {killed}) was ended by SIGKILL; worker 3 takes its place" in said
        after = workers_of(served)
        assert len(after) == 2
        assert before < after
        for peer in (*peers, *(served.connect() for _ in range(8))):
            with peer:
                assert answers(peer) or peer in peers
        assert served.end()[0] == 0


def answers(peer):
    """Whether the worker of this connection is alive."""
    try:
        peer.sendall(GET_VERSION)
        return answer_code(peer) == 0x04
    except (ConnectionError, struct.error):
        return False


def test_a_signal_to_the_whole_group_drains_as_one_to_the_supervisor():
    """As of a terminal, or of a service manager: each process gets it, and lets answers go out."""
    with serving("--workers", "2", "--port", "0", start_new_session=True) as served:
        served.read_ready()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
            os.killpg(served.process.pid, signal.SIGINT)
            code, log = served.outcome()
            assert code == 0
            assert peer.recv(1) == b""
        assert "came again" not in log


LATE = """
extends = "default"
[[fault]]
id = "late"
description = "VERSION is late."
duty = "accept"
basis = "judgement"
source = "a test"
importance = 1
message = ["VERSION"]
hook = "message"
action = [{{ do = "delay", seconds = {} }}]
"""


@pytest.fixture
def late(tmp_path):
    """Makes a profile that answers GET_VERSION so many seconds late."""

    def late(seconds):
        path = tmp_path / "late.toml"
        path.write_text(LATE.format(seconds))
        return str(path)

    return late


def asked_and_stopped(served):
    """A connection whose answer is being made when the supervisor is told to stop."""
    served.read_ready()
    peer = served.connect()
    peer.sendall(GET_VERSION)
    while "FaultFired" not in served.process.stderr.readline():
        pass
    served.process.terminate()
    while not refused(served):
        pass
    return peer


def refused(served):
    """Whether nobody listens any more."""
    try:
        served.connect().close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False
    return False


def test_answers_under_way_go_out_before_it_ends(late):
    with (
        serving(late(1), "--workers", "2", "--port", "0") as served,
        asked_and_stopped(served) as peer,
    ):
        assert answer_code(peer) == 0x04
        assert served.outcome()[0] == 0


def test_the_second_signal_waits_for_no_answer(late):
    limits = ("--drain-time", "0")
    with (
        serving(late(1000), "--workers", "2", "--port", "0", *limits) as served,
        asked_and_stopped(served) as peer,
    ):
        code, log = served.end()
        assert code == 0
        assert "1 writes or answers that were to come later" in log
        assert peer.recv(1) == b""


def test_shutdown_of_a_peer_ends_its_connection_only():
    with serving("--workers", "2", "--port", "0") as served:
        served.read_ready()
        before = workers_of(served)
        for _ in range(4):
            with served.connect() as peer:
                peer.sendall(SHUTDOWN)
                assert peer.recv(12, socket.MSG_WAITALL) == SHUTDOWN
        assert workers_of(served) == before
        assert served.end()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--once"], "--once does not go with --workers"),
        (["--seed", "00"], "--seed does not go with --workers"),
        (["--state-dir", "state"], "--state-dir does not go with --workers"),
        (["--call", "spdm-emu+tcp://127.0.0.1:1"], "--call does not go with --workers"),
        (["--journal", "journal"], "--journal does not go with --workers"),
        (["--keylog", "keys"], "--keylog does not go with --workers"),
        (["--ctrl", "unix:control"], "--ctrl does not go with --workers"),
        (["--attach", "sticky"], "attach sticky does not go with --workers"),
        (["--set", 'server.attach="shared"'], "attach shared does not go with --workers"),
        (["tdisp-device", "--listen", "vfio-user:socket"], "vfio-user:socket does not go with"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_what_needs_one_process_is_refused(arguments, hint, tmp_path):
    code, out, err = run(*(["--workers", "2", "--port", "0", *arguments]), cwd=tmp_path)
    assert (code, out) == (2, "")
    assert hint in err
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_the_log_for_programs_says_whose_it_is():
    with serving("--workers", "2", "--port", "0", "--log-format", "json") as served:
        served.read_ready()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
        os.kill(workers_of(served).pop(), signal.SIGKILL)
        said = served.process.stderr.readline()
        while "notice" not in (row := json.loads(said)):
            assert row["worker"] in (1, 2)
            said = served.process.stderr.readline()
        assert "worker 3 takes its place" in row["notice"]
        assert served.end()[0] == 0


def test_a_device_that_refuses_connections_needs_one_process():
    code, out, err = run("--workers", "2", "--port", "0", "--fault", "sock.refuse")
    assert (code, out) == (3, "")
    assert "a socket that another process holds too cannot refuse connections" in err


def test_one_worker_is_no_other_than_none(tmp_path):
    journal = tmp_path / "journal"
    with serving("--workers", "1", "--port", "0", "--journal", str(journal)) as served:
        served.read_ready()
        assert workers_of(served) == set()
        with served.connect() as peer:
            peer.sendall(GET_VERSION)
            assert answer_code(peer) == 0x04
        assert served.end()[0] == 0
    assert "GET_VERSION" in journal.read_text()
