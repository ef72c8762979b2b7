"""``serve --state-dir``: what requesters write outlasts the process, however that ends."""

import signal
import socket
import struct
from contextlib import ExitStack

import pytest
from cli.serve_process import run, serving
from core import raw_requests as raw
from core.fakes import hashed
from device.provisioned import device, renewed

SHA_384, P384, V12 = 0x02, 0x80, 0x12
PROFILE = """extends = "ecdsa-p384"

[spdm]
capabilities = ["CERT", "CHAL", "MEAS_SIG", {more}]
"""
SET_CERT = '"SET_CERT"'
RESET = '"SET_CERT", "CERT_INSTALL_RESET"'


@pytest.fixture
def start(tmp_path):
    """Starts the server with a profile of such capabilities and always the same folder."""

    def start(more=SET_CERT):
        profile = tmp_path / "mine.toml"
        profile.write_text(PROFILE.format(more=more))
        return serving(str(profile), "--port", "0", "--state-dir", str(tmp_path / "state"))

    return start


@pytest.fixture
def chain():
    """A new chain for the key of slot 0."""
    return renewed(device().device.slot(0))


@pytest.fixture
def meet():
    """Connects requesters, and closes their sockets in the end."""
    with ExitStack() as stack:
        yield lambda served: Peer(stack.enter_context(served.connect()))


class Peer:
    """A requester on the socket, transport NONE."""

    def __init__(self, sock):
        self.socket = sock
        for request in (
            raw.get_version(),
            raw.get_capabilities(V12),
            raw.negotiate(V12, asym=P384, hashes=SHA_384),
        ):
            assert self.say(request)[1] == request[1] & 0x7F

    def say(self, message):
        self.socket.sendall(struct.pack(">III", 1, 0, len(message)) + message)
        size = struct.unpack(">III", self.socket.recv(12, socket.MSG_WAITALL))[2]
        return self.socket.recv(size, socket.MSG_WAITALL)

    def digest(self):
        """The digest of slot 0, or the ERROR."""
        answer = self.say(raw.get_digests(V12))
        return answer[4:52] if answer[1] == 1 else answer


def test_what_was_acknowledged_is_there_after_kill_9(start, meet, chain):
    with start() as served:
        served.read_ready()
        peer = meet(served)
        assert peer.digest() != hashed(SHA_384, chain)
        assert peer.say(raw.set_certificate(V12, 0, chain)) == bytes([V12, 0x6E, 0, 0])
        served.process.kill()
    with start() as served:
        served.read_ready()
        assert meet(served).digest() == hashed(SHA_384, chain)


def test_sighup_is_the_reset_that_a_requester_is_told_to_make(start, meet, chain):
    with start(RESET) as served:
        served.read_ready()
        peer, required = meet(served), bytes([V12, 0x7F, 0x0C, 0])
        assert peer.say(raw.set_certificate(V12, 0, chain)) == required
        assert peer.digest() == required
        served.process.send_signal(signal.SIGHUP)
        # The same connection of the transport: SPDM begins anew after the reset.
        answer = peer.say(raw.get_digests(V12))
        while answer == required:
            answer = peer.say(raw.get_digests(V12))
        assert answer == bytes.fromhex("107f4100")
        assert meet(served).digest() == hashed(SHA_384, chain)
        code, err = served.end()
        assert code == 0
        assert "DeviceReset reset='conventional reset'" in err


def test_so_is_the_next_start(start, meet, chain):
    with start(RESET) as served:
        served.read_ready()
        meet(served).say(raw.set_certificate(V12, 0, chain))
        served.end()
    with start(RESET) as served:
        served.read_ready()
        assert meet(served).digest() == hashed(SHA_384, chain)


def test_a_damaged_state_is_a_mistake_that_is_told_and_stays_as_it_is(start, meet, chain, tmp_path):
    with start() as served:
        served.read_ready()
        meet(served).say(raw.set_certificate(V12, 0, chain))
        served.end()
    file = tmp_path / "state" / "state.json"
    damaged = file.read_bytes()[:-100]
    file.write_bytes(damaged)
    arguments = (str(tmp_path / "mine.toml"), "--port", "0", "--state-dir", str(file.parent))
    code, out, err = run(*arguments)
    assert (code, out) == (3, "")
    assert f"{file}: the state is damaged" in err
    assert file.read_bytes() == damaged


def test_the_folder_belongs_to_one_process(start, tmp_path):
    with start() as served:
        served.read_ready()
        folder = str(tmp_path / "state")
        code, out, err = run("--port", "0", "--state-dir", folder)
        assert (code, out) == (4, "")
        assert f"state folder {folder}: another process has it" in err
