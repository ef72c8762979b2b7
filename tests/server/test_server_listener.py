"""Listening sockets: loopback unless told otherwise, all or none, no leftovers."""

import socket

import pytest

from responder.errors import ConfigError, UnavailableError
from responder.server.listener import adopt, open_listeners, refusing
from responder.transport.uri import Endpoint, parse_uri


def opened(*uris, allow_remote=False):
    return open_listeners([parse_uri(uri) for uri in uris], allow_remote=allow_remote)


def close(listeners):
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_loopback_is_taken_and_the_real_port_told(host):
    try:
        listeners = opened(f"spdm-emu+doe://{host}:0")
    except UnavailableError:
        if host == "[::1]":
            pytest.skip("this machine has no IPv6")
        raise
    endpoint = listeners[0].endpoint
    assert endpoint.port == listeners[0].socket.getsockname()[1] != 0
    assert str(endpoint) == f"spdm-emu+doe://{host}:{endpoint.port}"
    close(listeners)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "[::]"])
def test_other_addresses_need_permission_and_the_refusal_says_why(host):
    with pytest.raises(ConfigError, match=r"test keys.*--allow-remote"):
        opened(f"spdm-emu://{host}:0")


def test_permission_helps():
    listeners = opened("spdm-emu://0.0.0.0:0", allow_remote=True)
    assert [str(one.endpoint.host) for one in listeners] == ["0.0.0.0"]
    port = listeners[0].endpoint.port
    assert listeners[0].socket.getsockname() == ("0.0.0.0", port)
    close(listeners)


def test_an_address_of_another_machine_is_unavailable():
    with pytest.raises(UnavailableError, match=r"cannot listen on .*192\.0\.2\.1"):
        opened("spdm-emu://192.0.2.1:0", allow_remote=True)


def test_a_name_that_nobody_knows_is_unavailable():
    with pytest.raises(UnavailableError, match=r"nowhere\.invalid"):
        opened("spdm-emu://nowhere.invalid:0")


def test_a_port_in_use_is_unavailable_and_frees_the_others():
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free, used = probe.getsockname()[1], other.getsockname()[1]
        probe.close()
        with pytest.raises(UnavailableError, match=f"{used} is in use.*--port 0"):
            opened(f"spdm-emu://127.0.0.1:{free}", f"spdm-emu://127.0.0.1:{used}")
    close(opened(f"spdm-emu://127.0.0.1:{free}"))


def test_a_unix_socket_leaves_nothing_behind(tmp_path):
    listeners = opened(f"spdm-emu+unix:{tmp_path}/s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    close(listeners)
    assert list(tmp_path.iterdir()) == []


def test_a_stale_unix_socket_is_replaced_and_a_live_one_is_not(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listeners = opened(f"spdm-emu+unix:{path}")
    with pytest.raises(UnavailableError, match="in use"):
        opened(f"spdm-emu+unix:{path}")
    close(listeners)


def test_a_file_in_the_way_is_left_alone(tmp_path):
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(UnavailableError, match="s is no socket"):
        opened(f"spdm-emu+unix:{path}")
    assert path.read_text() == "precious"


def test_an_adopted_socket_keeps_its_path(tmp_path):
    path = tmp_path / "s"
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    listener = adopt(sock, Endpoint("spdm-emu", "doe"), allow_remote=False)
    assert str(listener.endpoint) == f"spdm-emu+doe+unix:{path}"
    listener.close()
    assert path.exists()


def test_an_adopted_socket_is_loopback_too():
    with socket.create_server(("0.0.0.0", 0)) as sock, pytest.raises(ConfigError):
        adopt(sock, Endpoint("spdm-emu", None), allow_remote=False)


def test_a_function_is_plugged_in_by_its_owner_only(tmp_path):
    listeners = opened(f"vfio-user:{tmp_path}/s")
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
    close(listeners)
    assert list(tmp_path.iterdir()) == []


def test_an_adopted_socket_for_a_function_is_a_unix_socket(tmp_path):
    device = Endpoint("vfio-user", None)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"{tmp_path}/s")
        listener = adopt(sock, device, allow_remote=False)
        assert str(listener.endpoint) == f"vfio-user:{tmp_path}/s"
    with (
        socket.create_server(("127.0.0.1", 0)) as sock,
        pytest.raises(ConfigError, match="must be a Unix socket"),
    ):
        adopt(sock, device, allow_remote=False)


def test_a_refusing_listener_keeps_its_address_and_nobody_listens():
    (listener,) = opened("spdm-emu://127.0.0.1:0")
    deaf = refusing(listener)
    address = ("127.0.0.1", listener.endpoint.port)
    assert deaf.endpoint == listener.endpoint
    assert deaf.socket.getsockname() == address
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(address)
    deaf.close()


def test_a_refusing_unix_listener_leaves_its_path_until_it_is_closed(tmp_path):
    (listener,) = opened(f"spdm-emu+unix:{tmp_path}/s")
    deaf = refusing(listener)
    with socket.socket(socket.AF_UNIX) as peer, pytest.raises(ConnectionRefusedError):
        peer.connect(f"{tmp_path}/s")
    deaf.close()
    assert list(tmp_path.iterdir()) == []


def test_a_socket_of_the_service_manager_cannot_refuse():
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        listener = adopt(theirs, Endpoint("spdm-emu", None), allow_remote=False)
        with pytest.raises(ConfigError, match="another process holds"):
            refusing(listener)
        assert theirs.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
