"""A process that attests the device at a URI: arguments are the URI, a number, and counts.

After each count of attestations but the last it waits for a line. Each line of its output is the
verdict of one attestation.
"""

import asyncio
import sys
from datetime import UTC, datetime

from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions

PATIENCE = 60.0
"""Seconds for each message; the machine may be busy."""


async def main(uri, number, *counts):
    options = AttestOptions(roots=tuple(shipped_roots().values()), time=datetime.now(UTC))
    random = RandomTree(number.encode())
    for part, count in enumerate(counts):
        if part:
            sys.stdin.readline()
        for at in range(int(count)):
            channel = await open_channel(uri, PATIENCE)
            try:
                report = await drive(attest(options, random.child(part, at)), channel)
            finally:
                await channel.close()
            sys.stdout.write(f"{report.verdict}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
