"""The host of a device in process: what functions write to its memory, and what it lets them."""

import pytest

from responder.campaign.host import MEMORY_SIZE, MEMORY_START, Host, Written
from responder.crypto.random_tree import RandomTree
from responder.profiles.load import load_profile
from responder.server.events import FunctionNotice

LAST = MEMORY_START + MEMORY_SIZE - 4
SOURCE, DESTINATION, LENGTH, COMMAND = 0x00, 0x08, 0x10, 0x1C
COPY = 1


@pytest.fixture
def device():
    return load_profile("tdisp-device").pcie(RandomTree(b"host"))


@pytest.mark.parametrize(
    ("address", "done"),
    [
        (MEMORY_START, True),
        (LAST, True),
        (MEMORY_START - 1, False),
        (LAST + 1, False),
        (0, False),
        (0xDEAD_0000, False),
    ],
)
def test_functions_write_to_memory_that_is_mapped(device, address, done):
    host = Host(device)
    device.sides[0].device.controls.write_memory(1, address, b"four")
    assert host.settle(0.0) == []
    assert host.written == [Written(1, address, b"four", done)]


def test_what_was_written_is_read_back(device):
    host = Host(device)
    device.functions[0].interface.enforced = False
    device.sides[0].device.controls.write_memory(0, MEMORY_START, b"word")
    host.settle(0.0)
    registers = (
        (SOURCE, MEMORY_START, 8),
        (DESTINATION, LAST, 8),
        (LENGTH, 4, 4),
        (COMMAND, COPY, 4),
    )
    for offset, value, size in registers:
        device.leave(
            0, device.functions[0].bar_write(0, offset, value.to_bytes(size, "little"), 0.0)
        )
    host.settle(0.0)
    assert host.written[1:] == [Written(0, LAST, b"word", True)]


def test_what_functions_notice_is_told(device):
    host = Host(device)
    controls = device.sides[0].device.controls
    controls.happen("configure", function=2, value=7, now=0.0)
    assert host.settle(0.0) == []
    controls.happen("function-reset", function=2, value=0, now=0.0)
    (told,) = host.settle(0.0)
    assert isinstance(told, FunctionNotice)
    assert (told.function, told.what) == (2, "reset")
