"""Socket activation; the descriptors themselves are tested with a process in test_serve."""

import os

import pytest

from responder.errors import UnavailableError
from responder.server import activation
from responder.server.activation import activated_sockets

FAR = 900
"""Above every descriptor that a test run has open."""


def test_variables_for_another_process_are_not_taken():
    environ = {"LISTEN_PID": "1", "LISTEN_FDS": "3", "OTHER": "x"}
    assert activated_sockets(environ) == []
    assert environ == {"OTHER": "x"}


def test_a_descriptor_that_does_not_listen_is_refused(monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setattr(activation, "_FIRST_DESCRIPTOR", reader)
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    with pytest.raises(UnavailableError, match=f"descriptor {reader}"):
        activated_sockets(environ)
    os.close(reader)
    os.close(writer)


def test_names_tell_the_framing(monkeypatch):
    import socket

    numbers = range(FAR, FAR + 4)
    for number in numbers:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            os.dup2(listener.fileno(), number)
    monkeypatch.setattr(activation, "_FIRST_DESCRIPTOR", FAR)
    environ = {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": "4",
        "LISTEN_FDNAMES": "spdm-emu+doe:dsp0287:vfio-user:spdm.socket",
    }
    found = activated_sockets(environ)
    framings = [(endpoint.framing, endpoint.binding) for _, endpoint in found]
    assert framings == [
        ("spdm-emu", "doe"),
        ("dsp0287", "tcp"),
        ("vfio-user", None),
        ("spdm-emu", None),
    ]
    for sock, _ in found:
        assert not sock.get_inheritable()
        sock.close()
