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
CACHE = '"SET_CERT", "CACHE"'
RESET = '"SET_CERT", "CERT_INSTALL_RESET"'


@pytest.fixture
def start(tmp_path):
    """Starts the server with a profile of such capabilities and always the same folder."""

    def start(more=SET_CERT, *options):
        profile = tmp_path / "mine.toml"
        profile.write_text(PROFILE.format(more=more))
        folder = ("--state-dir", str(tmp_path / "state"))
        return serving(str(profile), "--port", "0", *folder, *options)

    return start


@pytest.fixture
def chain():
    """A new chain for the key of slot 0."""
    return renewed(device().device.slot(0))


@pytest.fixture
def meet():
    """Connects requesters, and closes their sockets in the end."""
    with ExitStack() as stack:
        yield lambda served, **how: Peer(stack.enter_context(served.connect()), **how)


class Peer:
    """A requester on the socket, transport NONE."""

    def __init__(self, sock, *, negotiates=True):
        self.socket = sock
        if negotiates:
            self.negotiate()

    def negotiate(self):
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


@pytest.mark.parametrize("attach", ["sticky", "shared"])
def test_the_negotiated_state_is_there_after_kill_9(start, meet, chain, attach):
    with start(CACHE, "--attach", attach) as served:
        served.read_ready()
        assert meet(served).digest()[0] != 0x10
        served.process.kill()
    with start(CACHE, "--attach", attach) as served:
        served.read_ready()
        peer = meet(served, negotiates=False)
        assert len(peer.digest()) == 48, "a digest, and no ERROR"
        assert peer.say(raw.get_version())[1] == 0x04
        served.process.kill()
    with start(CACHE, "--attach", attach) as served:
        served.read_ready()
        assert meet(served, negotiates=False).digest() == bytes.fromhex("107f4100")


def test_an_endpoint_of_its_own_ends_with_its_connection(start, meet):
    with start(CACHE) as served:
        served.read_ready()
        meet(served).digest()
        assert meet(served, negotiates=False).digest() == bytes.fromhex("107f4100")
        served.process.kill()
    with start(CACHE) as served:
        served.read_ready()
        assert meet(served, negotiates=False).digest() == bytes.fromhex("107f4100")


def test_a_damaged_negotiated_state_is_told_and_done_without(start, meet, tmp_path):
    file = tmp_path / "state" / "negotiated.json"
    with start(CACHE, "--attach", "sticky") as served:
        served.read_ready()
        meet(served).digest()
        served.end()
    file.write_bytes(file.read_bytes()[:-20])
    with start(CACHE, "--attach", "sticky") as served:
        served.read_ready()
        assert meet(served, negotiates=False).digest() == bytes.fromhex("107f4100")
        code, err = served.end()
    assert code == 0
    assert f"{file}: the state is damaged" in err
    assert "beginning without a negotiated state" in err


def test_a_profile_that_would_negotiate_otherwise_now_begins_anew(start, meet):
    with start(CACHE, "--attach", "sticky") as served:
        served.read_ready()
        meet(served).digest()
        served.end()
    with start(f'{CACHE}, "LARGE_RESP", "MEAS_FRESH"', "--attach", "sticky") as served:
        served.read_ready()
        assert meet(served, negotiates=False).digest() == bytes.fromhex("107f4100")
        code, err = served.end()
    assert code == 0
    assert "NegotiatedStateLost" in err
    assert "the device would negotiate otherwise now" in err


def test_without_cache_cap_no_file_is_written(start, meet, tmp_path):
    with start(SET_CERT, "--attach", "sticky") as served:
        served.read_ready()
        meet(served).digest()
        served.end()
    assert not (tmp_path / "state" / "negotiated.json").exists()
