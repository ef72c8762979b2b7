"""Many requesters at the same time in one process, each with its own endpoint."""

import asyncio
from datetime import UTC, datetime

from responder.client.drive import drive
from responder.client.socket import open_channel
from responder.core.events import ResponseSent
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions
from responder.spec.codes import ResponseCode

CONNECTIONS = 200


async def test_two_hundred_connections_attest_at_the_same_time(spdm_responder_factory):
    server = spdm_responder_factory("ecdsa-p256")
    roots = tuple(shipped_roots().values())
    options = AttestOptions(roots=roots, time=datetime.now(UTC))
    uri = server.uri.replace("spdm-emu:", "spdm-emu+mctp:")
    channels = await asyncio.gather(*(open_channel(uri, 120.0) for _ in range(CONNECTIONS)))
    try:
        reports = await asyncio.gather(
            *(
                drive(attest(options, RandomTree(number.to_bytes(2))), channel)
                for number, channel in enumerate(channels)
            )
        )
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))

    assert [report.refusal for report in reports] == [None] * CONNECTIONS
    assert {report.verdict for report in reports} == {"attested"}
    answered = [entry for entry in server.journal if isinstance(entry.event, ResponseSent)]
    challenged = {
        entry.connection for entry in answered if entry.event.code == ResponseCode.CHALLENGE_AUTH
    }
    assert len(challenged) == CONNECTIONS
    all_there = max(min_index(answered, connection) for connection in challenged)
    first_done = next(
        i for i, e in enumerate(answered) if e.event.code == ResponseCode.MEASUREMENTS
    )
    assert all_there < first_done, "one was done before another had begun"


def min_index(answered, connection) -> int:
    """Where a connection got its first answer."""
    return next(i for i, entry in enumerate(answered) if entry.connection == connection)
