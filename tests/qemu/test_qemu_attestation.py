"""Our requester attests our responder through the mailbox registers of a real QEMU."""

import statistics
from datetime import UTC, datetime

import pytest

from responder.client.doe_mailbox import DoeMailboxChannel, discover
from responder.client.drive import drive
from responder.client.qtest import Qemu
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import AttestOptions, attest

pytestmark = [pytest.mark.qemu, pytest.mark.spdm_profile("qemu-nvme")]

CMA_IDENTITY = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
MIDDAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
MEDIAN_LIMIT = 5.0  # milliseconds


@pytest.fixture
async def channel(spdm_responder, qemu_program):
    async with Qemu(spdm_responder.port, program=qemu_program) as qemu:
        mailbox = await qemu.open_mailbox()
        assert await discover(mailbox) == [(1, 0), (1, 1), (1, 2)]
        yield DoeMailboxChannel(mailbox)


def roots():
    return tuple(shipped_roots().values())


async def test_an_attestation_through_qemus_mailbox(channel, spdm_responder, say):
    options = AttestOptions(roots=roots(), time=MIDDAY, san=CMA_IDENTITY, padding=channel.padding)
    report = await drive(attest(options, RandomTree(b"qemu")), channel)
    assert report.refusal is None
    assert report.verdict == "attested"
    assert report.version == "1.3"
    assert report.signed == ["CHALLENGE_AUTH", "MEASUREMENTS"]
    assert CMA_IDENTITY in [name.value for name in report.identity.other_names]
    assert len(report.measurements) == report.measurement_total > 0
    assert all(measured.signed for measured in report.measurements)
    assert len(spdm_responder.journal) == 2 * len(report.exchanges)
    median = statistics.median(exchange.milliseconds for exchange in report.exchanges)
    say(f"attestation through QEMU's mailbox: median exchange {median:.2f} ms")
    assert median < MEDIAN_LIMIT


@pytest.mark.spdm_profile("bad-signature")
async def test_a_bad_signature_is_refused_through_qemus_mailbox(channel):
    options = AttestOptions(roots=roots(), time=MIDDAY, padding=channel.padding)
    report = await drive(attest(options, RandomTree(b"qemu")), channel)
    assert report.verdict == "refused"
    print(report.refusal)
