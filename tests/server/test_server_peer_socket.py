"""The options of a peer's socket."""

import socket

import pytest

from responder.server.peer_socket import PeerSocket, name_of


@pytest.mark.parametrize(
    ("address", "name"),
    [(("::1", 5, 0, 0), "[::1]:5"), (("127.0.0.1", 5), "127.0.0.1:5"), ("", "unix"), ("/x", "/x")],
)
def test_addresses_are_written_as_people_write_them(address, name):
    assert name_of(address) == name


def test_tcp_loses_nagle_and_can_be_reset():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname(), timeout=10)
        theirs, _ = listener.accept()
    peer = PeerSocket(ours)
    peer.acknowledge_at_once()
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    peer.reset_when_closed()
    ours.close()
    with theirs, pytest.raises(ConnectionResetError):
        theirs.recv(1)


def test_unix_sockets_are_left_alone():
    one, other = socket.socketpair()
    with one, other:
        peer = PeerSocket(one)
        peer.acknowledge_at_once()
        peer.reset_when_closed()
        one.close()
        assert other.recv(1) == b""
