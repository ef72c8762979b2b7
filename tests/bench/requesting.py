"""A requester in a process of its own: attests as often as it is told to, and prints the seconds.

A line of its input is ``attest`` (by the reference requester) or ``replay`` (the same requests, and
nothing but the answers' codes looked at), a port, and how many times, each on a new connection.
"""

import asyncio
import socket
import struct
import sys
import time
from datetime import UTC, datetime

from test_bench_core import conversation

from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions

ECDSA_P384 = 0x80
HEADER = struct.Struct(">III")
"""Of the socket protocol: NORMAL, transport NONE, size."""
TIMEOUT = 60.0


async def attestations(port: int, times: int) -> None:
    options = AttestOptions(roots=tuple(shipped_roots().values()), time=datetime.now(UTC))
    for number in range(times):
        channel = await open_channel(f"spdm-emu+mctp://127.0.0.1:{port}", TIMEOUT)
        try:
            report = await drive(attest(options, RandomTree(number.to_bytes(4))), channel)
        finally:
            await channel.close()
        assert report.verdict == "attested", report.refusal


def replays(port: int, times: int) -> None:
    for _ in range(times):
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for request in conversation(ECDSA_P384):
                peer.sendall(HEADER.pack(1, 0, len(request)) + request)
                size = HEADER.unpack(peer.recv(HEADER.size, socket.MSG_WAITALL))[2]
                answer = peer.recv(size, socket.MSG_WAITALL)
                assert answer[1] == request[1] & 0x7F, answer.hex()


if __name__ == "__main__":
    for line in sys.stdin:
        kind, port, times = line.split()
        begin = time.perf_counter()
        if kind == "attest":
            asyncio.run(attestations(int(port), int(times)))
        else:
            replays(int(port), int(times))
        print(time.perf_counter() - begin, flush=True)  # noqa: T201 - a program
