"""The physical function changes others: refused or shown after the lock."""

import pytest
from device.pcie_fakes import NOW, FakeInterface, awake, peek, poke

from responder.core.ownership import Reset
from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import Noticed, TdiState
from responder.device.pcie.layout import DEFAULT_REGIONS, MANAGEMENT, FunctionLayout
from responder.device.pcie.policies import LockPolicy

REGION = 0x1000
RESET_COUNT, CONFIGURATION, REFUSED, CHANGED_LOCKED = 0x0, 0x4, 0x8, 0xC
LOCKED = [TdiState.CONFIG_LOCKED, TdiState.RUN, TdiState.ERROR]


class Device:
    """A physical and two virtual functions; keeps the effects of configuring them."""

    def __init__(self, lock):
        physical = FunctionLayout(regions=(*DEFAULT_REGIONS, MANAGEMENT))
        virtual = FunctionLayout(virtual=True, configuration=0xC0DE, lock=lock)
        self.physical = awake(physical)
        self.functions = [self.physical, Function(1, virtual), Function(2, virtual)]
        self.physical.memory.managed = self
        self.effects = []

    def managed_functions(self):
        return self.functions

    def configure(self, number, word, now):
        assert now == NOW
        self.effects += [(number, effect) for effect in self.functions[number].configure(word)]

    def lock(self, number, state):
        self.functions[number].attach_interface(FakeInterface(state))
        return self.functions[number].interface

    def peek(self, number, register):
        return peek(self.physical, 0, REGION + 16 * (number + 1) + register)

    def poke(self, number, register, word, size=4):
        return poke(self.physical, 0, REGION + 16 * (number + 1) + register, word, size)


@pytest.fixture
def device():
    """With the usual policy."""
    return Device(LockPolicy())


def test_all_functions_are_there(device):
    device.functions[2].reset(Reset.FUNCTION_LEVEL, NOW)
    assert peek(device.physical, 0, REGION) == 3
    assert [device.peek(n, RESET_COUNT) for n in range(4)] == [0, 0, 1, 0]
    assert [device.peek(n, CONFIGURATION) for n in range(4)] == [0, 0xC0DE, 0xC0DE, 0]
    row = device.physical.bar_read(0, REGION + 0x12, 34, NOW)
    assert row == bytes(14) + b"\0\0\0\0" + b"\xde\xc0\0\0" + bytes(8) + b"\1\0\0\0"


def test_a_virtual_function_has_no_management_registers(device):
    virtual = awake(FunctionLayout(virtual=True))
    virtual.memory.managed = device
    assert virtual.bar_read(0, REGION, 64, NOW) == bytes(64)
    poke(virtual, 0, REGION + 0x24, 7)
    assert device.functions[1].configuration.word == 0xC0DE


def test_without_a_device_they_read_zero():
    function = awake(FunctionLayout(regions=(*DEFAULT_REGIONS, MANAGEMENT)))
    assert poke(function, 0, REGION + 0x14, 7) == []
    assert function.bar_read(0, REGION, 64, NOW) == bytes(64)


def test_an_unlocked_function_is_configured(device):
    interface = device.lock(1, TdiState.CONFIG_UNLOCKED)
    device.poke(1, CONFIGURATION, 0x1234_5678)
    device.poke(2, CONFIGURATION + 1, 0xAB, 1)
    assert device.peek(1, CONFIGURATION) == 0x1234_5678
    assert device.peek(2, CONFIGURATION) == 0xABDE
    assert (device.effects, interface.told) == ([], [])
    assert device.functions[1].memory.dma.registers.get("function.configuration") == 0x1234_5678


def test_one_write_may_configure_several(device):
    data = b"".join((n.to_bytes(4, "little")) for n in range(16))
    device.physical.bar_write(0, REGION, data, NOW)
    assert [device.peek(n, CONFIGURATION) for n in range(3)] == [5, 9, 13]
    assert [device.peek(n, RESET_COUNT) for n in range(3)] == [0, 0, 0]
    assert peek(device.physical, 0, REGION) == 3


def test_the_other_registers_cannot_be_written(device):
    for register in (RESET_COUNT, REFUSED, CHANGED_LOCKED):
        device.poke(1, register, 0xFFFF_FFFF)
    assert [device.peek(1, register) for register in (0, 4, 8, 12)] == [0, 0xC0DE, 0, 0]
    poke(device.physical, 0, REGION + 4, 7)
    assert device.physical.bar_read(0, REGION, 16, NOW) == b"\3" + bytes(15)
    assert device.peek(2, CONFIGURATION) == 0xC0DE
    device.poke(3, CONFIGURATION, 7)
    assert device.peek(3, CONFIGURATION) == 0, "no such function"


@pytest.mark.parametrize("state", LOCKED)
def test_after_the_lock_it_is_refused(device, state):
    interface = device.lock(1, state)
    device.poke(1, CONFIGURATION, 7)
    device.poke(1, CONFIGURATION, 8)
    assert device.peek(1, CONFIGURATION) == 0xC0DE
    assert device.peek(1, REFUSED) == 2
    assert device.peek(1, CHANGED_LOCKED) == 0
    assert device.effects[0] == (
        1, Noticed("configuration-refused", "device-specific configuration from 0xc0de to 0x7")
    )  # fmt: skip
    assert (interface.state, interface.told) == (state, [])


@pytest.mark.parametrize("state", LOCKED)
def test_or_it_takes_effect_and_shows(state):
    device = Device(LockPolicy(configure="show"))
    interface = device.lock(2, state)
    device.poke(2, CONFIGURATION, 7)
    assert device.peek(2, CONFIGURATION) == 7
    assert (device.peek(2, REFUSED), device.peek(2, CHANGED_LOCKED)) == (0, 1)
    assert [(number, one.what) for number, one in device.effects] == [
        (2, "configuration-changed"), (2, "tdi-error"),
    ]  # fmt: skip
    assert interface.state is TdiState.ERROR


@pytest.mark.parametrize(
    ("reset", "after"),
    [(Reset.FUNCTION_LEVEL, 7), (Reset.CONVENTIONAL, 0xC0DE), (Reset.POWER_CYCLE, 0xC0DE)],
)
def test_what_resets_do_to_the_configuration(device, reset, after):
    device.poke(1, CONFIGURATION, 7)
    device.functions[1].reset(reset, NOW)
    assert device.peek(1, CONFIGURATION) == after
    assert device.functions[1].memory.dma.registers.get("function.configuration") == after
    assert device.peek(1, RESET_COUNT) == 1


@pytest.mark.parametrize("state", LOCKED)
def test_a_hidden_change_shows_in_the_word_alone(state):
    device = Device(LockPolicy(configure="hide"))
    interface = device.lock(1, state)
    device.poke(1, CONFIGURATION, 0xBAD)
    assert device.peek(1, CONFIGURATION) == 0xBAD
    assert [device.peek(1, at) for at in (REFUSED, CHANGED_LOCKED)] == [0, 0]
    assert interface.state == state
    assert device.effects == []
