"""The qtest driver against scripted ends; ``tests/qemu`` has the real QEMU."""

import asyncio
import sys
import textwrap

import pytest

from responder.client.channel import ChannelError
from responder.client.qtest import EcamFunction, Qemu, QtestLink
from responder.errors import UnavailableError

# A QEMU of two functions: it answers the reads in `memory`, all others with ones.
FAKE = """
    import os, socket, sys
    arguments = sys.argv[1:]
    path = arguments[arguments.index("-qtest") + 1].removeprefix("unix:")
    log = open(LOG, "w")
    print(*arguments, file=log, flush=True)
    link = socket.socket(socket.AF_UNIX)
    link.connect(path)
    for line in link.makefile("r"):
        print(line.strip(), file=log, flush=True)
        word, address, *value = line.split()
        if word == "readl":
            link.sendall(b"OK 0x%016x\\n" % memory.get(int(address, 16), 0xFFFFFFFF))
        elif value == ["0xdead"]:
            print("sinking", file=sys.stderr, flush=True)
            os._exit(3)
        else:
            link.sendall(b"OK\\n")
"""
HOST_BRIDGE, NVME = {0xB0000000: 0x29C08086}, {0xB0008000: 0x00101B36}


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True


@pytest.fixture
def link():
    link = QtestLink(timeout=0.05, explain=lambda: "what it said")
    link.connection_made(Wire())
    return link


async def answered(link, commands, *chunks):
    task = asyncio.create_task(link.run(commands))
    await asyncio.sleep(0)
    for chunk in chunks:
        link.data_received(chunk)
    return await task


async def failed(link, kind, reason, commands, *chunks):
    with pytest.raises(ChannelError, match=reason) as caught:
        await answered(link, commands, *chunks)
    assert caught.value.kind == kind


async def test_a_batch_is_one_write_and_its_answers_may_come_byte_by_byte(link):
    stream = b"OK 0x0000000000000001\nIRQ raise 4\nOK\n"
    chunks = [stream[at : at + 1] for at in range(len(stream))]
    answers = await answered(link, ["readl 0x10", "writel 0x10 0x2"], *chunks)
    assert answers == ["0x0000000000000001", ""]
    assert link._transport.written == b"readl 0x10\nwritel 0x10 0x2\n"


async def test_answers_go_to_the_batches_in_order(link):
    tasks = [asyncio.create_task(link.run([f"readl {address}"])) for address in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    link.data_received(b"OK 0x0\nOK 0x1\nOK 0x2\nOK 0x3\n")
    assert await tasks[0] == ["0x0"]
    assert await tasks[2] == ["0x2"]
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]


@pytest.mark.parametrize("answer", [b"FAIL Unknown command 'x'\n", b"ERR\n", b"\n", b"\xff\n"])
async def test_an_answer_that_is_not_ok_is_refused(link, answer):
    await failed(link, "framing", "qtest command 'x' answered", ["x"], answer)


@pytest.mark.parametrize("answer", [b"OK\n", b"OK spam\n"])
async def test_a_read_without_a_number_is_refused(link, answer):
    task = asyncio.create_task(EcamFunction(link, 0, 1).read32(0))
    await asyncio.sleep(0)
    link.data_received(answer)
    with pytest.raises(ChannelError, match="qtest readl answered") as caught:
        await task
    assert caught.value.kind == "framing"


async def test_silence_names_the_command_that_was_not_answered(link):
    reason = "did not answer 'second' in 0.05 s: what it said"
    await failed(link, "timeout", reason, ["first", "second"], b"OK\nOK of nobody")


async def test_an_answer_after_the_timeout_is_nobody_elses(link):
    await failed(link, "timeout", "'late'", ["late"])
    task = asyncio.create_task(link.run(["next"]))
    await asyncio.sleep(0)
    link.data_received(b"OK late\nOK next\n")
    assert await task == ["next"]


async def test_the_end_of_the_connection_fails_what_waits_and_what_follows(link):
    task = asyncio.create_task(link.run(["x"]))
    await asyncio.sleep(0)
    link.connection_lost(None)
    with pytest.raises(ChannelError, match=r"end of file\): what it said") as caught:
        await task
    assert caught.value.kind == "closed"
    await failed(link, "closed", "no qtest connection: what it said", ["y"])


@pytest.mark.parametrize(
    ("place", "address"),
    [((0, 0, 0), 0xB0000000), ((0, 1, 0), 0xB0008000), ((1, 31, 7), 0xB01FF000)],
)
async def test_the_address_of_a_function(link, place, address):
    function = EcamFunction(link, *place)
    task = asyncio.create_task(function.burst([(0x108, 0x80000000), (0x10C, None)]))
    await asyncio.sleep(0)
    link.data_received(b"OK\nOK 0x80000000\n")
    assert await task == [0x80000000]
    expected = f"writel {address + 0x108:#x} 0x80000000\nreadl {address + 0x10C:#x}\n"
    assert link._transport.written == expected.encode()


@pytest.fixture
def program(tmp_path):
    """Write a fake QEMU; gives its path and the file to which it writes what it was told."""

    def write(body):
        path, log = tmp_path / "qemu", tmp_path / "log"
        text = textwrap.dedent(body)
        path.write_text(f"#!{sys.executable} -S\nLOG = {str(log)!r}\n{text}")
        path.chmod(0o755)
        return str(path), log

    return write


def fake(memory):
    return f"    memory = {memory!r}\n" + FAKE


async def test_qemu_is_started_paused_on_the_port_and_its_configuration_space_mapped(program):
    path, log = program(fake(HOST_BRIDGE | NVME))
    async with Qemu(2323, program=path) as qemu:
        function = await qemu.find_nvme()
        assert await function.read32(0) == 0x00101B36
    arguments, *commands = log.read_text().splitlines()
    assert "-machine q35 -accel tcg -S -nodefaults -display none -vga none" in arguments
    assert "-qtest-log none" in arguments
    assert "-device nvme,serial=spdm-responder,spdm_port=2323" in arguments
    assert commands[:5] == [
        "outl 0xcf8 0x80000064",
        "outl 0xcfc 0x0",
        "outl 0xcf8 0x80000060",
        "outl 0xcfc 0xb0000001",
        "readl 0xb0000000",
    ]


async def test_a_missing_qemu_is_named():
    with pytest.raises(UnavailableError, match="no-such-qemu is not installed"):
        async with Qemu(2323, program="no-such-qemu"):
            pass


async def start_fails(path, kind, reason, seconds=10.0):
    with pytest.raises(ChannelError, match=reason) as caught:
        async with Qemu(2323, program=path, timeout=seconds):
            pass
    assert caught.value.kind == kind


async def test_a_qemu_that_ends_at_once_is_quoted(program):
    path, _ = program("import sys\nsys.exit('cannot connect: Connection refused')\n")
    await start_fails(path, "closed", "ended with 1: cannot connect: Connection refused")


async def test_a_qemu_that_does_not_connect_is_ended(program):
    path, _ = program("import time\ntime.sleep(60)\n")
    await start_fails(path, "timeout", "no qtest in 0.1 s: QEMU wrote nothing", seconds=0.1)


async def test_a_machine_without_mapped_configuration_space_is_refused(program):
    path, _ = program(fake({}))
    await start_fails(path, "framing", "no host bridge")


async def test_a_qemu_that_dies_later_is_quoted(program):
    path, _ = program(fake(HOST_BRIDGE))
    async with Qemu(2323, program=path) as qemu:
        with pytest.raises(ChannelError, match=r"closed the qtest connection.*sinking"):
            await qemu.function(0, 0).write32(0, 0xDEAD)


@pytest.mark.parametrize(
    ("memory", "reason"),
    [(HOST_BRIDGE, "no NVMe controller"), (HOST_BRIDGE | NVME, "no DOE capability")],
)
async def test_what_the_machine_lacks_is_named(program, memory, reason):
    path, _ = program(fake(memory))
    async with Qemu(2323, program=path) as qemu:
        with pytest.raises(ChannelError, match=reason):
            await qemu.open_mailbox()
