"""Our device as a function of a real QEMU, steered meanwhile through the control socket."""

import asyncio

import pytest
from cli.serve_process import serving
from inside_device import DEFAULT_STREAM, ENABLE, Engine, Stream
from inside_session import LOCK, attest_options, open_session
from plugged import SLOT, Machine
from server.control.controlled import Controller

from responder.client.config_space import COMMAND_STATUS
from responder.client.doe_mailbox import DoeMailboxChannel, spdm_mailbox
from responder.client.drive import drive
from responder.client.pci import BUS_MASTER, MEMORY_SPACE
from responder.crypto.random_tree import RandomTree
from responder.requester.attestation import attest

pytestmark = pytest.mark.qemu

STREAM_ID = 3
FUNCTION = SLOT << 3
DATA = 0x11_0000
FAULT = "sig.bitflip:CHALLENGE_AUTH"


@pytest.fixture
async def ctl(tmp_path):
    """A controller of a device that a machine can be plugged into."""
    where = ("--listen", f"vfio-user:{tmp_path / 'device'}", "--ctrl", f"unix:{tmp_path / 'ctrl'}")
    with serving("tdisp-device", "--set", "tdisp.ide_binding=secure", *where) as served:
        served.read_ready()
        controller = await Controller.connect(tmp_path)
        await controller.line()
        yield controller
        controller.close()
        assert served.end()[0] == 0


@pytest.fixture
async def machine(ctl, tmp_path, qemu_program):
    async with Machine(str(tmp_path / "device"), 0, program=qemu_program) as machine:
        yield machine


async def attestation(machine):
    channel = DoeMailboxChannel(await spdm_mailbox(machine.at(0)))
    return await drive(attest(attest_options(channel), RandomTree(b"steered")), channel)


async def test_an_attestation_goes_message_by_message(ctl, machine):
    await ctl.ask("pause")
    task = asyncio.ensure_future(attestation(machine))
    first = (await ctl.ask("step", wait=60))["return"]
    assert [one["name"] for one in first["messages"]] == ["GET_VERSION", "VERSION"]
    second = (await ctl.ask("step", wait=60))["return"]
    assert second["messages"][0]["name"] == "GET_CAPABILITIES"
    assert not task.done()
    await ctl.ask("resume")
    assert (await task).verdict == "attested"


async def test_a_fault_comes_and_goes_while_the_machine_is_on(ctl, machine):
    await ctl.ask("fault-add", faults=[FAULT], now=True)
    assert (await attestation(machine)).refusal.check == "chal.signature"
    await ctl.ask("fault-remove", faults=[FAULT], now=True)
    assert (await attestation(machine)).verdict == "attested"


@pytest.fixture
async def running(machine):
    """A session, in which an interface was brought to run, a stream of keys, and the DMA engine."""
    bars = await machine.bars(0)
    stream, engine = await Stream.open(machine.at(0)), Engine(bars[0])
    await stream.set(STREAM_ID)
    session = await open_session(
        await machine.channel(0),
        ("authenticate", "challenge"),
        function_id=FUNCTION,
        stream_id=STREAM_ID,
        bars={number: (bar.address, bar.size) for number, bar in bars.items()},
    )
    await session.do("ide-query", "ide-keys", "ide-go")
    await stream.set(STREAM_ID, ENABLE | DEFAULT_STREAM)
    await session.do("ide-query", *LOCK, "tdisp-start")
    assert await stream.secure()
    assert await engine.fill(DATA, 64, 0x11111111) == "done"
    return session, stream, engine


@pytest.mark.parametrize(
    ("command", "arguments", "secure"),
    [("tdi-error", {}, True), ("stream-insecure", {"stream": STREAM_ID}, False)],
)
async def test_a_running_interface_is_brought_to_error(ctl, running, command, arguments, secure):
    session, stream, engine = running
    assert "return" in await ctl.ask(command, **arguments)
    assert await stream.secure() == secure
    assert await session.state() == "ERROR"
    assert await engine.fill(DATA, 64, 0x22222222) == "refused: not running"


async def test_a_link_that_goes_down_takes_session_stream_and_interface(ctl, machine, running):
    session, stream, engine = running
    assert "return" in await ctl.ask("link-down")
    assert not await stream.secure()
    assert await session.is_gone()
    await machine.at(0).write32(COMMAND_STATUS, MEMORY_SPACE | BUS_MASTER)
    assert await engine.fill(DATA, 64, 0x22222222) == "refused: not running"
