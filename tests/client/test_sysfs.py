"""Functions of this machine, in a tree of files as Linux shows them; ``tests/qemu`` has a guest."""

import errno
import os
from pathlib import Path

import pytest

from responder.client.channel import ChannelError
from responder.client.sysfs import SysfsFunction, open_function

NAME = "0000:00:04.0"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / NAME
    folder.mkdir()
    config = bytearray(4096)
    config[:4] = 0x0010_1B36.to_bytes(4, "little")
    (folder / "config").write_bytes(config)
    return folder


def open_files():
    return sorted(file.name for file in Path("/proc/self/fd").iterdir())


def refused(reason, call, *arguments):
    with pytest.raises(ChannelError, match=reason) as caught:
        call(*arguments)
    assert caught.value.kind == "closed"


async def test_dws_are_read_and_written_in_order(folder):
    with SysfsFunction(NAME, folder.parent) as function:
        assert await function.burst([(0, None), (0xFFC, 0x12345678), (0xFFC, None)]) == [
            0x0010_1B36,
            0x12345678,
        ]
    assert (folder / "config").read_bytes()[-4:] == bytes.fromhex("78563412")


def test_a_function_that_is_not_there_is_named(tmp_path):
    refused(f"there is no PCI function {NAME} in ", SysfsFunction, NAME, tmp_path)


@pytest.mark.parametrize(("size", "visible"), [(256, 256), (64, 64)])
def test_without_extended_configuration_space_there_is_no_mailbox(folder, size, visible):
    (folder / "config").write_bytes(bytes(size))
    refused(f"only {visible} bytes of the", SysfsFunction, NAME, folder.parent)


def test_who_may_not_write_is_told_who_may(folder, monkeypatch):
    def refuse(path, flags):
        assert flags & os.O_RDWR
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    refused(r"config: Permission denied \(only root may\)", SysfsFunction, NAME, folder.parent)


async def test_a_configuration_space_that_ends_early_is_a_device_that_is_gone(folder):
    with SysfsFunction(NAME, folder.parent) as function:
        os.truncate(folder / "config", 0x102)
        with pytest.raises(ChannelError, match="ends within the DW at 0x100") as caught:
            await function.read32(0x100)
    assert caught.value.kind == "closed"


async def test_an_access_that_fails_says_where(folder):
    function = SysfsFunction(NAME, folder.parent)
    function.close()
    function.close()
    with pytest.raises(ChannelError, match="config at 0x10: Bad file descriptor"):
        await function.read32(0x10)


@pytest.mark.parametrize(("size", "value"), [(1, 0x44), (2, 0x5544), (4, 0x77665544)])
async def test_a_bar_is_read_in_the_size_that_is_asked(folder, size, value):
    (folder / "resource0").write_bytes(bytes(4) + bytes.fromhex("4455667788") + bytes(4087))
    with SysfsFunction(NAME, folder.parent) as function:
        bar = function.bar(0)
    assert bar.size == 4096
    assert await bar.read(4, size) == value
    bar.close()


async def test_a_bar_is_written(folder):
    (folder / "resource0").write_bytes(bytes(4096))
    with SysfsFunction(NAME, folder.parent) as function:
        bar = function.bar(0)
    await bar.write(8, 0x1122334455667788, 8)
    await bar.write(4092, 0x99, 1)
    assert await bar.read(8, 8) == 0x1122334455667788
    bar.close()
    assert (folder / "resource0").read_bytes()[4092:] == bytes.fromhex("99000000")


def test_a_bar_that_is_not_there_is_named(folder):
    (folder / "resource1").touch()
    with SysfsFunction(NAME, folder.parent) as function:
        refused("resource0: No such file or directory", function.bar, 0)
        refused("resource1 cannot be mapped: ", function.bar, 1)


async def test_a_function_without_a_mailbox_is_refused_and_closed(folder):
    before = open_files()
    with pytest.raises(ChannelError, match="there is no DOE capability") as caught:
        await open_function(NAME, folder.parent)
    assert caught.value.kind == "framing"
    assert open_files() == before
