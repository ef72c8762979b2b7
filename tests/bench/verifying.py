"""A process that attests a device once a second and verifies all of it, until its stdin ends.

Then it prints how many attestations were right, and a line for each that was not.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime

from responder.client.channel import ChannelError
from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions

TIMEOUT = 60.0


async def attested(uri: str, roots: tuple[bytes, ...]) -> str:
    """What was wrong with one attestation, or nothing."""
    try:
        channel = await open_channel(uri, TIMEOUT)
    except ChannelError as error:
        return str(error)
    try:
        options = AttestOptions(roots=roots, time=datetime.now(UTC))
        report = await drive(attest(options, RandomTree(os.urandom(16))), channel)
    finally:
        await channel.close()
    return "" if report.verdict == "attested" else str(report.refusal or report.failure)


async def main(uri: str) -> None:
    roots = tuple(shipped_roots().values())
    right, wrong = 0, []
    stop = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not (stop.done() and right + len(wrong)):
        trouble = await attested(uri, roots)
        if trouble:
            wrong.append(trouble)
        else:
            right += 1
        await asyncio.wait([stop], timeout=1.0)
    print(right, *wrong, sep="\n")  # noqa: T201 - a program


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
