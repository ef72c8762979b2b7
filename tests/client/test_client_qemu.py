"""The start and end of QEMU, with programs that pretend; ``tests/qemu`` has the real one."""

import json
import sys
import textwrap

import pytest

from responder.client.channel import ChannelError
from responder.client.qemu import NVME_ID, Qemu, nvme, vfio_user
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
    given = ("-rtc", "base=utc")
    async with Qemu([nvme(2323)], given, memory=64, program=path) as qemu:
        function = await qemu.find(NVME_ID)
        assert await function.read32(0) == 0x00101B36
    arguments, *commands = log.read_text().splitlines()
    assert "-accel tcg -S" in arguments
    assert "-qtest-log none" in arguments
    assert "-machine q35,memory-backend=ram" in arguments
    assert "-object memory-backend-memfd,id=ram,size=64M,share=on" in arguments
    assert arguments.endswith("-rtc base=utc -device nvme,serial=spdm-responder,spdm_port=2323")
    assert commands[:5] == [
        "outl 0xcf8 0x80000064",
        "outl 0xcfc 0x0",
        "outl 0xcf8 0x80000060",
        "outl 0xcfc 0xb0000001",
        "readl 0xb0000000",
    ]


async def test_a_missing_qemu_is_named():
    with pytest.raises(UnavailableError, match="no-such-qemu is not installed"):
        async with Qemu([nvme(2323)], program="no-such-qemu"):
            pass


async def start_fails(path, kind, reason, seconds=10.0):
    with pytest.raises(ChannelError, match=reason) as caught:
        async with Qemu([nvme(2323)], program=path, timeout=seconds):
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
    async with Qemu([nvme(2323)], program=path) as qemu:
        with pytest.raises(ChannelError, match=r"closed the qtest connection.*sinking"):
            await qemu.function(0, 0).write32(0, 0xDEAD)


async def test_a_function_that_the_machine_lacks_is_named(program):
    path, _ = program(fake(HOST_BRIDGE))
    async with Qemu([nvme(2323)], program=path) as qemu:
        with pytest.raises(ChannelError, match="no function 1b36:0010 on bus 0"):
            await qemu.find(NVME_ID)


async def test_a_qemu_without_qmp_is_quoted(program):
    path, _ = program(fake(HOST_BRIDGE))
    async with Qemu([nvme(2323)], program=path) as qemu:
        with pytest.raises(ChannelError, match=r"no QMP: No such file.*wrote nothing") as caught:
            await qemu.system_reset()
    assert caught.value.kind == "closed"


def test_a_vfio_user_device_is_named_by_its_socket():
    assert json.loads(vfio_user("/run/x", bus="rp", id="a")) == {
        "driver": "vfio-user-pci",
        "socket": {"type": "unix", "path": "/run/x"},
        "bus": "rp",
        "id": "a",
    }
