"""A client of control sockets, against servers that say what a test wants."""

import json
import socket
import threading

import pytest

from responder.client.control import ControlClient, RefusedError
from responder.errors import UnavailableError

GREETING = b'{"spdm-responder":{"protocol":1}}\n'
PATIENCE = 10


@pytest.fixture
def served(tmp_path):
    """Makes servers that say something, read a line, and say something else."""
    threads, listeners, heard = [], [], []

    def serve(greeting, *answers):
        path = str(tmp_path / "ctrl")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listeners.append(listener)

        def run():
            peer, _ = listener.accept()
            with peer, peer.makefile("rb") as lines:
                peer.sendall(greeting)
                for answer in answers:
                    heard.append(json.loads(lines.readline()))
                    peer.sendall(answer)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return path

    serve.heard = heard
    yield serve
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    for listener in listeners:
        listener.close()


def test_a_command_and_its_answer(served):
    path = served(GREETING, b'{"return":{"a":1}}\n')
    with ControlClient(path, PATIENCE) as client:
        assert client.greeting == {"protocol": 1}
        assert client.execute("set", {"changes": ["x=1"]}) == {"a": 1}
    assert served.heard == [{"execute": "set", "arguments": {"changes": ["x=1"]}}]


def test_a_refusal_has_its_class_and_what_was_meant(served):
    error = {"class": "BadArgument", "desc": "no", "did_you_mean": "yes"}
    path = served(GREETING, json.dumps({"error": error}).encode() + b"\n")
    with ControlClient(path, PATIENCE) as client, pytest.raises(RefusedError, match="no") as caught:
        client.execute("pause", {})
    assert caught.value.error == error


def test_events_before_an_answer_are_kept(served):
    path = served(GREETING, b'{"event":{"n":1}}\n{"return":{}}\n{"event":{"n":2}}\n')
    with ControlClient(path, PATIENCE) as client:
        client.execute("subscribe", {})
        assert [event["n"] for event in client.events()] == [1, 2]


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (b"", "Connection reset"),
        (b"SSH-2.0\n", "no control socket of spdm-responder"),
        (b"[]\n", "no control socket of spdm-responder"),
        (b'{"QMP":{}}\n', "no control socket of spdm-responder"),
        (b'{"error":{"class":"NotPossible","desc":"too many"}}\n', "too many"),
    ],
)
def test_who_does_not_greet_is_no_server_of_ours(served, greeting, reason):
    path = served(greeting)
    with pytest.raises(UnavailableError, match=reason), ControlClient(path, PATIENCE):
        pass


def test_a_server_that_ends_without_an_answer_is_told(served):
    path = served(GREETING, b"")
    with ControlClient(path, PATIENCE) as client, pytest.raises(UnavailableError, match="unix:"):
        client.execute("shutdown", {})


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_said(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "ctrl"))
        listener.listen()
        with (
            pytest.raises(UnavailableError, match=r"unix:.*ctrl: "),
            ControlClient(str(tmp_path / "ctrl"), 0.05),
        ):
            pass


def test_nobody_listens(tmp_path):
    with (
        pytest.raises(UnavailableError, match="No such file"),
        ControlClient(str(tmp_path / "ctrl"), PATIENCE),
    ):
        pass
