"""A requester with bugs, for a fuzzer to find: ``planted_requester.py HOST PORT BUG...``.

It speaks SPDM 1.2 over spdm-emu's socket protocol without any binding, and reads a certificate
chain and a log of measurements. It is careful, but for the bugs that are asked for:

- ``length``: a portion of the chain may be one byte longer than the buffer for it.
- ``loop``: nobody looks whether reading the chain comes nearer to its end.
- ``count``: there is room for 8 versions, however many come.
- ``index``: the next measurement block is looked for where the one before says, without end.

Without bugs it exits with 0 if all is well, with 1 if it refuses. Where memory would be
overwritten it ends itself by SIGSEGV.
"""

import os
import signal
import socket
import struct
import sys

PORTION = 512
VERSION_1_2 = 0x12
ALGORITHMS = "12e3010024000102 10000000 04000000 000000000000000000000000 00000000 05200100"


class RefusedError(Exception):
    """What came is not as it should be."""


def require(condition, text):
    if not condition:
        raise RefusedError(text)


def overwrite_memory():
    os.kill(os.getpid(), signal.SIGSEGV)


class Connection:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            require(piece, "the connection is closed")
            data += piece
        return data

    def ask(self, request, code, version=VERSION_1_2, least=4):
        self.socket.sendall(struct.pack(">III", 1, 0, len(request)) + request)
        answer = self.read(struct.unpack(">III", self.read(12))[2])
        require(len(answer) >= max(4, least), f"{len(answer)} bytes are too few")
        require(answer[0] == version, f"version {answer[0]:#x}")
        require(answer[1] == code, f"code {answer[1]:#x}")
        return answer


def negotiate(connection, bugs):
    answer = connection.ask(bytes.fromhex("10840000"), 0x04, version=0x10, least=6)
    count = answer[5]
    require(len(answer) == 6 + 2 * count or "count" in bugs, "the entries do not fit")
    versions = [0] * 8
    if count > len(versions):
        require("count" in bugs, f"{count} versions")
        overwrite_memory()
    for number in range(count):
        versions[number] = int.from_bytes(answer[6 + 2 * number : 8 + 2 * number], "little")
    require(VERSION_1_2 in [version >> 8 for version in versions], "no version in common")
    capabilities = bytes.fromhex("12e10000 00000000 00000000 00120000 00120000")
    require(connection.ask(capabilities, 0x61, least=20)[8] & 2, "no certificates")
    answer = connection.ask(bytes.fromhex(ALGORITHMS), 0x63, least=36)
    require(int.from_bytes(answer[4:6], "little") == len(answer), "the length does not fit")


def read_chain(connection, bugs):
    digests = connection.ask(bytes.fromhex("12810000"), 0x01)
    count = digests[3].bit_count()
    require(digests[3] & 1, "slot 0 is empty")
    require(len(digests) == 4 + 64 * count, "the digests do not fit")
    chain, remainder = b"", 1
    while remainder:
        request = struct.pack("<4B2H", VERSION_1_2, 0x82, 0, 0, len(chain), PORTION)
        answer = connection.ask(request, 0x02, least=8)
        portion, remainder = struct.unpack_from("<2H", answer, 4)
        require(portion == len(answer) - 8, "the portion does not fit")
        if portion == PORTION + 1 and "length" in bugs:
            overwrite_memory()
        require(portion <= PORTION, "more than was asked for")
        require(portion or "loop" in bugs or not remainder, "no byte of what remains")
        require(len(chain) + portion + remainder < 1 << 14, "too long a chain")
        chain += answer[8:]
    require(len(chain) > 4, "no chain")


def read_measurements(connection, bugs):
    answer = connection.ask(bytes.fromhex("12e000ff"), 0x60, least=8)
    size = int.from_bytes(answer[5:8], "little")
    require(8 + size + 34 <= len(answer), "the record does not fit")
    record, at = answer[8 : 8 + size], 0
    for _ in range(answer[4]):
        require(at + 4 <= size, "a block is missing")
        at += 4 + int.from_bytes(record[at + 2 : at + 4], "little")
        while at > size and "index" in bugs:
            at |= 1
        require(at <= size, "a block is too large")
    require(at == size, "the record is not filled")


def main():
    host, port, *bugs = sys.argv[1:]
    connection = Connection(host, int(port))
    try:
        negotiate(connection, bugs)
        read_chain(connection, bugs)
        read_measurements(connection, bugs)
    except RefusedError as refused:
        sys.stdout.write(f"refused: {refused}\n")
        sys.exit(1)
    sys.stdout.write("all is well\n")


main()
