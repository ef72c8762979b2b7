"""A server in a thread of its own."""

import socket
import threading

import pytest
from server_peers import GET_VERSION, NONE, NORMAL, VERSION, PlainProfile, socket_frame

from responder.errors import UnavailableError
from responder.server.server import ServerOptions
from responder.server.thread import ServerThread
from responder.transport.uri import parse_uri


def thread_on(uri, observer=lambda *_: None):
    options = ServerOptions(seed=b"test")
    return ServerThread(PlainProfile(), options, [parse_uri(uri)], observer)


def test_a_blocking_requester_is_answered_and_no_thread_is_left():
    before = threading.active_count()
    events = []
    with thread_on("spdm-emu://127.0.0.1:0", lambda *entry: events.append(entry)) as thread:
        (endpoint,) = thread.endpoints
        with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as peer:
            peer.sendall(socket_frame(NORMAL, NONE, GET_VERSION))
            answer = socket_frame(NORMAL, NONE, VERSION)
            assert peer.recv(len(answer), socket.MSG_WAITALL) == answer
            assert len(events) >= 3
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((endpoint.host, endpoint.port), timeout=10)


def test_a_port_in_use_is_told_to_the_caller_and_no_thread_is_left():
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UnavailableError), thread_on(f"spdm-emu://127.0.0.1:{port}"):
            pass
    assert threading.active_count() == before


def test_a_test_that_fails_inside_is_not_hidden():
    with pytest.raises(KeyError), thread_on("spdm-emu://127.0.0.1:0"):
        raise KeyError("mine")
