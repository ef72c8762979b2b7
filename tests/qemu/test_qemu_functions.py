"""Five functions of one process in one QEMU, and what becomes of the others when one is harmed."""

import asyncio

import pytest
from inside_session import open_session
from plugged import Machine, notices, sessions_missed

from responder.client.config_space import extended_capabilities
from responder.client.pci import function_level_reset
from responder.requester.linux_cma import cma_name

pytestmark = pytest.mark.qemu

ALL, OTHERS = range(5), (0, 1, 3, 4)
HARMED = 2
SERIAL_NUMBER = 0x03
CMA_OID = "2.23.147"


@pytest.fixture
def responder(spdm_responder_factory, tmp_path):
    return spdm_responder_factory("tdisp-device", uri=f"vfio-user:{tmp_path / 'device'}")


async def name_by_registers(config):
    """The name that PCIe CMA wants of the function whose configuration space that is."""
    identity, revision = await config.read32(0), await config.read32(0x08)
    subsystem = await config.read32(0x2C)
    found = {one.id: one.offset for one in await extended_capabilities(config)}
    low, high = [await config.read32(found[SERIAL_NUMBER] + at) for at in (4, 8)]
    return cma_name(
        vendor=identity & 0xFFFF,
        device=identity >> 16,
        class_code=revision >> 8,
        revision=revision & 0xFF,
        subsystem=(subsystem & 0xFFFF, subsystem >> 16),
        serial=high << 32 | low,
    )


async def test_each_function_has_its_chain_and_its_session_and_a_reset_hits_whom_it_should(
    responder, qemu_program
):
    async with Machine(responder.endpoint.path, *ALL, program=qemu_program) as machine:
        channels = [await machine.channel(number) for number in ALL]
        sessions = [await open_session(one, ("authenticate", "challenge")) for one in channels]
        leaves = [session.report.chain[-1] for session in sessions]
        assert len({leaf.subject for leaf in leaves}) == len(ALL)
        assert len({leaf.serial for leaf in leaves}) == len(ALL)
        for number, session in enumerate(sessions):
            names = {name.oid: name.value for name in session.report.identity.other_names}
            assert names[CMA_OID] == await name_by_registers(machine.at(number))

        told = len(notices(responder))
        await function_level_reset(machine.at(HARMED))
        for number in OTHERS:
            await sessions[number].do("measurements")
        assert await sessions[HARMED].is_gone()
        assert sessions_missed(responder) == 1
        reset = "function level reset of virtual function 2"
        assert notices(responder)[told:] == [(HARMED, "reset", reset)]

        sessions[HARMED] = await open_session(channels[HARMED])
        told = len(notices(responder))
        await function_level_reset(machine.at(0))
        assert all(await asyncio.gather(*(session.is_gone() for session in sessions)))
        assert sessions_missed(responder) == 1 + len(ALL)
        assert [(number, what) for number, what, _ in notices(responder)[told:]] == [
            (number, "reset") for number in ALL
        ]
