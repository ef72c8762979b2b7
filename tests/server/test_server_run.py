"""A server in the foreground of this process; as a process of its own it is in test_serve."""

import os
import signal
import socket
import threading

import pytest
from server_peers import GET_VERSION, NONE, NORMAL, VERSION, PlainProfile, socket_frame

from responder.errors import UnavailableError
from responder.server.listener import open_listeners
from responder.server.run import Foreground, run_server
from responder.server.server import ServerOptions
from responder.transport.uri import parse_uri

ANSWER = socket_frame(NORMAL, NONE, VERSION)


def serve(announce, *, calls=(), environ=None, **options):
    """Run a server until it ends; what it warned of."""
    warnings = []
    listeners = open_listeners([parse_uri("spdm-emu://127.0.0.1:0")], allow_remote=False)
    foreground = Foreground(lambda *_: None, announce, warnings.append, environ or {})
    profile, options = PlainProfile(), ServerOptions(seed=b"test", **options)
    run_server(profile, options, listeners, foreground, calls)
    return warnings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number):
    def announce(endpoints, lines):
        assert lines[-1] == f"READY {endpoints[0]} profile=plain pid={os.getpid()}"
        with socket.create_connection(("127.0.0.1", endpoints[0].port), timeout=10):
            os.kill(os.getpid(), number)

    assert serve(announce) == []


def test_once_ends_it():
    threads = []

    def converse(port):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
            peer.sendall(socket_frame(NORMAL, NONE, GET_VERSION))
            assert peer.recv(len(ANSWER), socket.MSG_WAITALL) == ANSWER

    def announce(endpoints, lines):
        del lines
        threads.append(threading.Thread(target=converse, args=(endpoints[0].port,)))
        threads[0].start()

    serve(announce, once=True)
    threads[0].join()


def test_a_requester_that_does_not_listen_cannot_be_called():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"cannot call .*{port}"):
            serve(None, calls=[parse_uri(f"spdm-emu+tcp://127.0.0.1:{port}")])


def test_a_service_manager_that_is_gone_is_a_warning(tmp_path):
    def announce(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    warnings = serve(announce, environ={"NOTIFY_SOCKET": f"{tmp_path}/gone"})
    assert len(warnings) == 2
    assert "gone" in warnings[0]
