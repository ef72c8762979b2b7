"""What watches `serve`: the log in JSON, and what is told of an observer that is too slow."""

import json
import os
import socket

from serve_process import GET_VERSION, SHUTDOWN, TIMEOUT, answer_code, serving


def converse(served):
    with served.connect() as peer:
        peer.sendall(GET_VERSION + SHUTDOWN)
        assert answer_code(peer) == 0x04
        peer.recv(12, socket.MSG_WAITALL)


def test_a_log_in_json_is_json_from_the_first_line_to_the_last(tmp_path):
    journal = tmp_path / "journal.jsonl"
    options = ("--log-format", "json", "--log-level", "debug", "--journal", str(journal))
    with serving("--port", "0", *options) as served:
        served.read_ready()
        converse(served)
        code, log = served.end()
    assert code == 0
    first, *lines = [json.loads(line) for line in log.splitlines()]
    assert first["notice"].startswith("seed ")
    assert {line["level"] for line in lines} == {"debug", "info"}
    events = [{key: line[key] for key in line if key != "level"} for line in lines]
    assert events == [json.loads(line) for line in journal.read_text().splitlines()]


def test_the_level_counts_in_json_too():
    with serving("--port", "0", "--log-format", "json", "--seed", "00") as served:
        served.read_ready()
        converse(served)
        _, log = served.end()
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["PeerArrived", "PeerLeft"]


def test_what_an_observer_lost_is_told_in_the_log_s_form():
    with serving("--port", "0", "--log-format", "json", "--journal", "/dev/full") as served:
        served.read_ready()
        converse(served)
        _, log = served.end()
    lines = [json.loads(line) for line in log.splitlines()]
    notices = [line["notice"] for line in lines if "notice" in line]
    assert "entries lost OSError: [Errno 28]" in notices[-1]
    (told,) = [line for line in lines if line.get("event") == "ObserverLost"]
    assert (told["observer"], told["level"]) == ("journal", "error")


def test_a_journal_that_is_a_pipe_nobody_reads_ends_with_the_process(tmp_path):
    """What it holds back is counted, and costs at most the time for the last words."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with serving("--port", "0", "--journal", str(pipe)) as served:
            served.read_ready()
            with served.connect() as peer:
                peer.settimeout(TIMEOUT)
                for _ in range(1000):
                    peer.sendall(GET_VERSION)
                    assert answer_code(peer) == 0x04
            code, log = served.end()
    finally:
        os.close(reader)
    assert code == 0
    assert f"journal {pipe}: " in log
    assert "entries lost" in log
