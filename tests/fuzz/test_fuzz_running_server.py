"""Ten thousand bad inputs to a running server: it still attests, and has not grown."""

import errno
import random
import re
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from core import raw_requests as raw
from core.fakes import VERSIONS
from fuzzing import OFFERED, REQUESTS, check_error

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc is missing"),
]

MESSAGES, STREAMS = 6_000, 4_000
PER_PEER = 50
"""Damaged messages to a connection."""
ATTESTATIONS = 4
LIMIT_KB = 10 * 1024
NONE, MCTP, DOE, TCP = range(4)
NORMAL, IF_SEND, IF_RECV, ACK_STATUS = 1, 2, 3, 4
CLOSED_EARLY = {errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN}
"""The server closed with bytes unread: as good an end as any."""


class Server:
    """``spdm-responder serve`` in a process of its own."""

    def __init__(self, folder):
        self.log = folder / "log"
        command = [sys.executable, "-m", "responder.cli.main", "serve", "default"]
        for uri in ("spdm-emu://127.0.0.1:0", "dsp0287://127.0.0.1:0"):
            command += ["--listen", uri]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.uris = []
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "READY":
                break
            self.uris.append(words[1])
        self.emu, self.tcp = (int(uri.rpartition(":")[2]) for uri in self.uris)

    def resident_kb(self):
        """VmRSS in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1])

    def attests(self):
        """Whether our requester is satisfied, on every listener."""
        for uri in self.uris:
            command = [sys.executable, "-m", "responder.cli.main", "attest", uri]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stdout + result.stderr

    def stop(self):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server; stopped at the end whatever happened."""
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    if running.process.returncode is None:
        running.stop()


def connect(port):
    peer = socket.create_connection(("127.0.0.1", port), timeout=10)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def take(peer, size):
    data = b""
    while len(data) < size:
        part = peer.recv(size - len(data))
        assert part, f"closed after {len(data)} of {size} bytes"
        data += part
    return data


class Peer:
    """A connection that frames good SPDM messages by hand, in one of six ways."""

    WAYS = ("none", "mctp", "doe", "tcp", "storage", "dsp0287")

    def __init__(self, server, way):
        self.way = way
        self.socket = connect(server.tcp if way == "dsp0287" else server.emu)

    def frame(self, message):
        """A whole frame around a message."""
        tcp = struct.pack("<HBB", len(message) + 2, 1, 5) + message
        if self.way == "dsp0287":
            return tcp
        padded = message + bytes(-len(message) % 4)
        payload = {
            "none": message,
            "mctp": b"\5" + message,
            "doe": struct.pack("<HBBI", 1, 1, 0, 2 + len(padded) // 4) + padded,
            "tcp": tcp,
            "storage": struct.pack("<BHI", 0xE8, 5 << 2, len(message)) + message,
        }[self.way]
        number = self.WAYS.index(self.way)
        command = IF_SEND if self.way == "storage" else NORMAL
        return struct.pack(">III", command, number, len(payload)) + payload

    def say(self, message):
        """The answer, without its frame."""
        self.socket.sendall(self.frame(message))
        if self.way == "dsp0287":
            (size,) = struct.unpack("<H", take(self.socket, 2))
            return take(self.socket, size)[2:]
        if self.way == "storage":
            fetch = struct.pack("<BHI", 0xE8, 5 << 2, 0xFFFF)
            self.socket.sendall(struct.pack(">III", IF_RECV, 4, len(fetch)) + fetch)
            for _ in ("sent", "fetched"):
                assert take(self.socket, 14) == struct.pack(">IIIH", ACK_STATUS, 4, 2, 0)
            command, _, size = struct.unpack(">III", take(self.socket, 12))
            assert command == IF_RECV
            return take(self.socket, size)
        command, transport, size = struct.unpack(">III", take(self.socket, 12))
        assert (command, transport) == (NORMAL, self.WAYS.index(self.way))
        return take(self.socket, size)[{"none": 0, "mctp": 1, "doe": 8, "tcp": 4}[self.way] :]

    def reach(self, version):
        """VCA and certificates."""
        for request in (
            raw.get_version(),
            raw.get_capabilities(version),
            raw.negotiate(version),
            raw.get_digests(version),
            raw.get_certificate(version, length=40),
        ):
            assert self.say(request)[1] == request[1] & 0x7F


def damaged(chance, version):
    """A request with something wrong, or nothing like a request."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(80))
    request = bytearray(REQUESTS[chance.choice(sorted(REQUESTS))](version))
    kind = chance.randrange(5)
    if kind == 0:
        request[chance.randrange(len(request))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del request[chance.randrange(len(request)) :]
    elif kind == 2:
        request += chance.randbytes(chance.randrange(1, 200))
    elif kind == 3:
        request[4:] = chance.randbytes(chance.randrange(100))
    else:
        place = chance.randrange(len(request))
        request[place : place + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
    return bytes(request)


def bad_messages(server, chance, count):
    """Damaged requests in good frames: each gets one answer, and the connection goes on."""
    done = 0
    while done < count:
        peer = Peer(server, chance.choice(Peer.WAYS))
        with peer.socket:
            for _ in range(2):
                version = chance.choice(VERSIONS)
                peer.reach(version)
                for _ in range(PER_PEER // 2):
                    request = damaged(chance, version)
                    answer = peer.say(request)
                    done += 1
                    if answer[1:2] == b"\x7f":
                        # DOE pads requests and responses: only the front is compared.
                        length = 8 if answer[2] in (0x0D, 0x12) else 4
                        check_error(request + bytes(4), answer[:length])
                    else:
                        assert request[1] in OFFERED
                        assert answer[1] == request[1] & 0x7F
    return done


def bad_stream(server, chance):
    """A port and bytes that are wrong as frames, for the most part."""
    way = chance.choice(Peer.WAYS)
    peer = Peer.__new__(Peer)
    peer.way = way
    good = b"".join(
        peer.frame(request)
        for request in (raw.get_version(), raw.get_capabilities(0x12), raw.negotiate(0x12))
    )
    stream = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.3 else good)
    kind = chance.randrange(4)
    if kind == 0:
        stream = bytearray(chance.randbytes(chance.randrange(100)))
    elif stream and kind == 1:
        for _ in range(chance.randrange(1, 4)):
            stream[chance.randrange(len(stream))] ^= 1 << chance.randrange(8)
    elif stream and kind == 2:
        place = chance.randrange(len(stream))
        stream[place : place + chance.randrange(4)] = chance.randbytes(chance.randrange(6))
    else:
        stream += chance.randbytes(chance.randrange(30))
    return server.tcp if way == "dsp0287" else server.emu, bytes(stream)


def bad_streams(server, chance, count):
    """Broken streams, whole or byte by byte: each connection comes to an end."""
    for number in range(count):
        port, stream = bad_stream(server, chance)
        with connect(port) as peer:
            try:
                if number % 20 == 0:
                    for byte in stream:
                        peer.send(bytes([byte]))
                else:
                    peer.sendall(stream)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(0x10000):
                    pass
            except OSError as error:
                if error.errno not in CLOSED_EARLY:
                    raise
    return count


def test_ten_thousand_bad_inputs(server, say):
    server.attests()
    before = server.resident_kb()

    chance = random.Random(20_000)
    done = bad_messages(server, chance, MESSAGES // 2)
    done += bad_streams(server, chance, STREAMS)
    done += bad_messages(server, chance, MESSAGES // 2)
    assert done >= 10_000

    assert server.process.poll() is None
    server.attests()
    grown = server.resident_kb() - before
    say(f"{done} bad inputs to a running server: {grown} KiB more")
    assert grown <= LIMIT_KB, f"{grown} KiB more after {done} inputs"

    assert server.stop() == 0
    log = server.log.read_text()
    assert "InternalError" not in log
    assert "Traceback" not in log
    left = re.findall(r"PeerLeft .*reason=(.*)", log)
    assert len(left) == MESSAGES // PER_PEER + STREAMS + ATTESTATIONS
    assert all(reason.strip("'\" ") for reason in left)
    for reason in ("bad frame", "bad payload", "the peer closed the connection"):
        assert any(reason in one for one in left), reason
