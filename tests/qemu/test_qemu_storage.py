"""Our requester through storage commands of a real QEMU's NVMe controller (DSP0286)."""

from datetime import UTC, datetime

import pytest
from nvme_storage import StorageChannel

from responder.client.drive import drive
from responder.client.pci import Window, map_bars
from responder.client.qemu import NVME_ID, Qemu, nvme
from responder.crypto.random_tree import RandomTree
from responder.pki.sets import shipped_roots
from responder.requester.attestation import attest
from responder.requester.options import AttestOptions, Offer
from responder.requester.plan import Plan, SessionPlan
from responder.spec.flags import Cap
from responder.transport.storage import DISCOVERY_SIZE, DiscoveryData, Operation

pytestmark = [pytest.mark.qemu, pytest.mark.spdm_profile("tdisp-device")]

FLAGS = Cap.CERT | Cap.CHAL | Cap.KEY_EX | Cap.ENCRYPT | Cap.MAC
INVALID_FIELD = 0x4002
GET_VERSION = bytes.fromhex("10840000")


@pytest.fixture
async def channel(spdm_responder, qemu_program):
    device = f"{nvme(spdm_responder.port)},spdm_trans=nvme"
    async with Qemu([device], program=qemu_program) as qemu:
        bars = await map_bars(await qemu.find(NVME_ID), Window())
        yield await StorageChannel(bars[0], qemu.link).start()


async def test_an_attestation_and_a_session(channel):
    status, data = await channel.receive(Operation.DISCOVERY, DISCOVERY_SIZE)
    assert (status, DiscoveryData.decode(data).operations) == (0, frozenset(Operation))
    options = AttestOptions(
        roots=tuple(shipped_roots().values()),
        time=datetime(2026, 11, 1, 12, tzinfo=UTC),
        records=channel.records,
        offer=Offer(flags=FLAGS),
        plan=Plan(("authenticate", "challenge"), (SessionPlan(("measurements",)),)),
    )
    report = await drive(attest(options, RandomTree(b"storage")), channel)
    assert report.refusal is None
    assert report.signed == ["CHALLENGE_AUTH", "KEY_EXCHANGE_RSP", "MEASUREMENTS"]
    assert [session.ended for session in report.sessions] == [True]


async def test_what_is_wrong_has_a_status_and_ends_nothing(channel):
    assert (await channel.receive(Operation.MESSAGE, 64))[0] == INVALID_FIELD
    assert await channel.command(0x81, 4, 4) == INVALID_FIELD  # no such operation
    assert await channel.send(Operation.MESSAGE, GET_VERSION) == 0
    assert (await channel.receive(Operation.MESSAGE, 2))[0] == INVALID_FIELD
    assert (await channel.exchange(GET_VERSION))[:2] == b"\x10\x04"
