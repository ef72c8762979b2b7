"""Saying that the server is ready."""

import os
import socket

import pytest

from responder.errors import ConfigError, UnavailableError
from responder.server.ready import notify_manager, ready_lines, write_descriptor, write_port_file
from responder.transport.uri import parse_uri

ENDPOINTS = [parse_uri("spdm-emu+unix:/run/s"), parse_uri("spdm-emu://127.0.0.1:4711")]


def test_lines():
    assert ready_lines(ENDPOINTS, "default", 17) == [
        "LISTENING spdm-emu+unix:/run/s",
        "LISTENING spdm-emu://127.0.0.1:4711",
        "READY spdm-emu+unix:/run/s profile=default pid=17",
    ]


def test_port_file_has_the_first_port_and_nothing_beside_it(tmp_path):
    path = tmp_path / "port"
    path.write_text("old")
    write_port_file(path, ENDPOINTS)
    assert path.read_text() == "4711\n"
    assert list(tmp_path.iterdir()) == [path]


def test_port_file_needs_a_port(tmp_path):
    with pytest.raises(ConfigError, match="port"):
        write_port_file(tmp_path / "port", ENDPOINTS[:1])


def test_port_file_that_cannot_be_written(tmp_path):
    with pytest.raises(UnavailableError, match="port file"):
        write_port_file(tmp_path / "no" / "port", ENDPOINTS)


def test_descriptor_gets_the_line_and_is_closed():
    reader, writer = os.pipe()
    write_descriptor(writer, "READY x")
    with os.fdopen(reader) as file:
        assert file.read() == "READY x\n"


def test_descriptor_that_is_not_open():
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    with pytest.raises(UnavailableError, match=f"--ready-fd {writer}"):
        write_descriptor(writer, "READY x")


@pytest.mark.parametrize("abstract", [True, False])
def test_service_manager_gets_a_datagram(tmp_path, abstract):
    name = f"spdm-responder-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name if abstract else name)
        environ = {"NOTIFY_SOCKET": "@" + name if abstract else name}
        assert notify_manager(environ, "READY=1") == ""
        manager.settimeout(5)
        assert manager.recv(100) == b"READY=1"


def test_no_service_manager_is_fine():
    assert notify_manager({}, "READY=1") == ""


def test_a_service_manager_that_is_gone_is_told_of_and_no_more(tmp_path):
    assert "gone" in notify_manager({"NOTIFY_SOCKET": f"{tmp_path}/gone"}, "READY=1")
    assert "vsock" in notify_manager({"NOTIFY_SOCKET": "vsock:2:1"}, "READY=1")
