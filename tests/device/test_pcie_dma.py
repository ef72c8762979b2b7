"""The DMA engine: copy, fill, refusals, and what aborts it."""

import pytest
from device.pcie_fakes import (
    MEMORY,
    NOW,
    FakeInterface,
    awake,
    enable_msix,
    peek,
    poke,
    unmask,
    value,
    write,
)

from responder.core.ownership import Reset
from responder.device.pcie.dma import DmaCommand, DmaReason, DmaState
from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import (
    Interrupt,
    MemoryRead,
    MemoryWrite,
    Noticed,
    TdiState,
)
from responder.device.pcie.layout import FunctionLayout

SOURCE, DESTINATION, LENGTH, PATTERN, INTERRUPT, COMMAND, STATUS, TRANSFERRED = (
    0x00, 0x08, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24
)  # fmt: skip
COPY, FILL = DmaCommand.COPY, DmaCommand.FILL
INTERRUPT_ON_2 = 1 << 31 | 2


class Host:
    """Carries out what a function asks for, one effect at a time."""

    def __init__(self, function):
        self.function = function
        self.memory = bytearray(range(256)) * 256
        self.accesses = []
        self.others = []
        self.between = None

    def run(self, effects):
        effects = list(effects)
        while effects:
            effect = effects.pop(0)
            if isinstance(effect, MemoryRead | MemoryWrite):
                self.accesses.append(effect)
                if self.between:
                    self.between(effect)
                effects += self.function.memory_done(effect.tag, self.carry_out(effect), NOW)
            else:
                self.others.append(effect)

    def carry_out(self, access):
        size = access.size if isinstance(access, MemoryRead) else len(access.data)
        if access.address + size > len(self.memory):
            return None
        if isinstance(access, MemoryRead):
            return bytes(self.memory[access.address : access.address + size])
        self.memory[access.address : access.address + size] = access.data
        return b""


def set_up(function, source=0x100, destination=0x8000, length=16, interrupt=INTERRUPT_ON_2):
    poke(function, 0, SOURCE, source, 8)
    poke(function, 0, DESTINATION, destination, 8)
    poke(function, 0, LENGTH, length)
    poke(function, 0, PATTERN, 0xA1B2_C3D4)
    poke(function, 0, INTERRUPT, interrupt)


def start(function, command=COPY):
    return poke(function, 0, COMMAND, command)


def ended(state, reason=DmaReason.NONE):
    return state | reason << 8


@pytest.fixture
def function():
    """With MSI-X enabled and vector 2 unmasked."""
    made = awake()
    enable_msix(made)
    unmask(made, 2)
    return made


def test_copy_goes_piece_by_piece(function):
    host = Host(function)
    set_up(function, 0x101, 0x8003, 0x1803)
    expected = bytes(host.memory[0x101 : 0x101 + 0x1803])
    assert peek(function, 0, STATUS) == DmaState.IDLE
    host.run(start(function))
    assert host.memory[0x8003 : 0x8003 + 0x1803] == expected
    assert [(one.address, getattr(one, "size", None)) for one in host.accesses] == [
        (0x101, 0x1000), (0x8003, None), (0x1101, 0x803), (0x9003, None),
    ]  # fmt: skip
    assert len({one.tag for one in host.accesses}) == 4
    assert host.others == [Interrupt(2)]
    assert peek(function, 0, STATUS) == DmaState.DONE
    assert peek(function, 0, TRANSFERRED) == 0x1803
    assert value(function, 0x06, 2) == 0x10, "nothing went wrong"


def test_fill_repeats_the_pattern(function):
    host = Host(function)
    set_up(function, length=0x1006)
    host.run(start(function, FILL))
    filled = bytes.fromhex("d4c3b2a1")
    assert host.memory[0x8000:0x9006] == (filled * 0x402)[:0x1006]
    assert host.memory[0x9006] == 6
    assert all(isinstance(one, MemoryWrite) for one in host.accesses)
    assert peek(function, 0, STATUS) == DmaState.DONE


def test_nothing_to_move_is_done_at_once(function):
    set_up(function, length=0)
    assert start(function) == [Interrupt(2)]
    assert peek(function, 0, STATUS) == DmaState.DONE


def test_without_its_enable_bit_no_interrupt_comes(function):
    set_up(function, length=0, interrupt=2)
    assert start(function) == []


def test_it_is_busy_while_the_host_works(function):
    set_up(function)
    (read,) = start(function)
    assert read == MemoryRead(read.tag, 0x100, 16)
    assert peek(function, 0, STATUS) == DmaState.BUSY
    assert value(function, 0x6A, 2) == 0x20, "Transactions Pending"
    poke(function, 0, DESTINATION, 0)
    assert start(function, FILL) == []
    assert peek(function, 0, DESTINATION) == 0x8000, "registers are fixed meanwhile"
    (wrote,) = function.memory_done(read.tag, bytes(16), NOW)
    assert wrote == MemoryWrite(wrote.tag, 0x8000, bytes(16))
    assert function.memory_done(read.tag, bytes(16), NOW) == [], "a stale tag"
    assert function.memory_done(wrote.tag, b"", NOW) == [Interrupt(2)]
    assert value(function, 0x6A, 2) == 0


@pytest.mark.parametrize("command", [3, 0x100, 0xFFFF_FFFF])
def test_an_unknown_command(function, command):
    set_up(function)
    assert start(function, command) == []
    assert peek(function, 0, STATUS) == ended(DmaState.ERROR, DmaReason.UNKNOWN_COMMAND)


def test_command_0_does_nothing_and_commands_read_0(function):
    set_up(function, length=0)
    start(function)
    assert start(function, 0) == []
    assert peek(function, 0, STATUS) == DmaState.DONE
    assert peek(function, 0, COMMAND) == 0


@pytest.mark.parametrize("register", [SOURCE, DESTINATION])
def test_addresses_do_not_wrap(function, register):
    set_up(function)
    poke(function, 0, register, (1 << 64) - 15, 8)
    assert start(function) == []
    assert peek(function, 0, STATUS) == ended(DmaState.ERROR, DmaReason.ADDRESS_WRAPS)
    poke(function, 0, register, (1 << 64) - 16, 8)
    assert len(start(function)) == 1


def test_fill_has_no_source(function):
    set_up(function, source=(1 << 64) - 1)
    assert len(start(function, FILL)) == 1


@pytest.mark.parametrize(("source", "destination"), [(0x1_0000, 0), (0, 0x1_0000)])
def test_an_access_that_the_host_cannot_do(function, source, destination):
    host = Host(function)
    set_up(function, source, destination)
    host.run(start(function))
    assert peek(function, 0, STATUS) == ended(DmaState.ERROR, DmaReason.ACCESS_FAILED)
    assert host.others == [Interrupt(2)]
    assert value(function, 0x06, 2) == 0x2010, "Received Master Abort"


def test_a_read_of_another_length_failed(function):
    set_up(function)
    (read,) = start(function)
    assert function.memory_done(read.tag, bytes(15), NOW) == [Interrupt(2)]
    assert peek(function, 0, STATUS) == ended(DmaState.ERROR, DmaReason.ACCESS_FAILED)


def test_it_needs_bus_master_enable(function):
    set_up(function)
    write(function, 0x04, MEMORY, 2)
    (told,) = start(function)
    assert told == Noticed(
        "dma-refused", "Bus Master Enable is clear, or the function is not in D0"
    )
    assert peek(function, 0, STATUS) == ended(DmaState.REFUSED, DmaReason.NO_BUS_MASTER)


def test_bus_master_enable_is_looked_at_before_each_access(function):
    host = Host(function)
    set_up(function, length=0x3000)
    host.between = lambda access: access.address == 0x9000 and write(function, 0x04, MEMORY, 2)
    host.run(start(function))
    assert len(host.accesses) == 4
    assert [one.what for one in host.others] == ["dma-refused"], "the interrupt cannot get out"
    assert peek(function, 0, STATUS) == ended(DmaState.REFUSED, DmaReason.NO_BUS_MASTER)
    assert peek(function, 0, TRANSFERRED) == 0x2000
    assert write(function, 0x04, 6, 2) == [Interrupt(2)]


@pytest.mark.parametrize("state", TdiState)
def test_an_enforced_interface_does_dma_in_run_only(function, state):
    function.attach_interface(FakeInterface(state, enforced=True))
    set_up(function)
    effects = start(function)
    if state is TdiState.RUN:
        assert isinstance(effects[0], MemoryRead)
    else:
        assert effects == [Noticed("dma-refused", "the interface is not in RUN")]
        assert peek(function, 0, STATUS) == ended(DmaState.REFUSED, DmaReason.NOT_RUNNING)


@pytest.mark.parametrize("state", TdiState)
def test_an_interface_that_is_not_enforced_changes_nothing(function, state):
    function.attach_interface(FakeInterface(state))
    set_up(function)
    assert isinstance(start(function)[0], MemoryRead)


@pytest.mark.parametrize("state", [TdiState.ERROR, TdiState.CONFIG_UNLOCKED])
@pytest.mark.parametrize("command", [COPY, FILL])
def test_leaving_run_aborts_and_scrubs(function, state, command):
    interface = FakeInterface(TdiState.RUN, enforced=True)
    function.attach_interface(interface)
    set_up(function, length=0x2000)
    (access,) = start(function, command)
    interface.state = state
    data = bytes(0x1000) if command is COPY else b""
    told = function.memory_done(access.tag, data, NOW)
    assert [type(one) for one in told] == [Interrupt, Noticed], "no further access"
    assert peek(function, 0, STATUS) == ended(DmaState.REFUSED, DmaReason.NOT_RUNNING)
    assert function.bar_read(0, 0, STATUS, NOW) == bytes(STATUS)


def test_scrub_drops_a_transfer(function):
    set_up(function)
    (read,) = start(function)
    assert function.scrub() == []
    assert value(function, 0x6A, 2) == 0
    assert peek(function, 0, STATUS) == DmaState.IDLE
    assert function.bar_read(0, 0, 0x28, NOW) == bytes(0x28)
    assert function.memory_done(read.tag, bytes(16), NOW) == []
    set_up(function)
    (again,) = start(function)
    assert again.tag != read.tag


def test_a_reset_drops_a_transfer(function):
    set_up(function)
    (read,) = start(function)
    function.reset(Reset.FUNCTION_LEVEL, NOW)
    assert function.memory_done(read.tag, bytes(16), NOW) == []
    assert value(function, 0x6A, 2) == 0


def test_registers_of_the_function_are_read_only(function):
    function.configure(0x1234_5678)
    function.reset(Reset.FUNCTION_LEVEL, NOW)
    write(function, 0x04, MEMORY, 2)
    function.bar_write(0, 0x20, b"\xff" * 32, NOW)
    assert function.bar_read(0, 0x20, 32, NOW) == (
        bytes(8) + b"\1\0\0\0" + b"\x78\x56\x34\x12" + bytes(16)
    )


def test_registers_can_be_written_at_once_and_by_the_byte(function):
    data = b"".join([
        (0x100).to_bytes(8, "little"), (0x8000).to_bytes(8, "little"), (16).to_bytes(4, "little"),
        bytes(4), bytes(4), COPY.to_bytes(4, "little"),
    ])  # fmt: skip
    assert isinstance(function.bar_write(0, 0, data, NOW)[0], MemoryRead)
    function.scrub()
    poke(function, 0, DESTINATION + 7, 0x12, 1)
    assert peek(function, 0, DESTINATION, 8) == 0x12 << 56
    assert poke(function, 0, COMMAND + 1, 0, 1) == []
    assert poke(function, 0, COMMAND, FILL, 1) == []
    assert peek(function, 0, STATUS) == DmaState.DONE, "a length of 0"


@pytest.mark.parametrize("state", [TdiState.CONFIG_UNLOCKED, TdiState.CONFIG_LOCKED])
@pytest.mark.parametrize("done", [b"", None])
def test_what_nobody_asked_for_is_written_whatever_is_against_it(state, done):
    function = Function(0, FunctionLayout())
    function.attach_interface(FakeInterface(state, enforced=True))
    (written,) = function.dma_unasked(0x1234, b"rogue")
    assert written == MemoryWrite(1, 0x1234, b"rogue")
    assert function.memory_done(written.tag, done, NOW) == []
    ended = DmaState.DONE if done == b"" else DmaState.ERROR
    assert function.memory.dma.registers.get("dma.status") & 0xFF == ended
