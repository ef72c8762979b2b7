"""A TDI around a real function with a real IDE capability: what software writes is what counts."""

import pytest
from device.pcie_ide import DEFAULT, SIX, Session, go, key_prog, stream_id
from device.pcie_tdi import error_of, lock, message, report, start

from responder.core.ownership import Reset
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.function import Function
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.interfaces import TdiState
from responder.device.pcie.layout import Bar, FunctionLayout, VirtualFunctions
from responder.device.pcie.lock_rules import rule_for
from responder.device.pcie.mailbox import Mailbox
from responder.device.pcie.mailbox_layout import MailboxLayout
from responder.device.pcie.policies import LockPolicy, TdispPolicy
from responder.device.pcie.status import StatusMeasurement
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdisp import TdispHost

STREAM, FUNCTION = 5, 0x0300
BOTH = b"\x06\x00"
COMMAND, CACHE_LINE, BAR0, INTERRUPT_LINE = 0x04, 0x0C, 0x10, 0x3C
EVERYTHING = FunctionLayout(
    aer=True,
    ari=True,
    ats=True,
    page_request=True,
    pasid=True,
    phantom_functions=1,
    bars=(Bar(0, 1 << 20, sizes=(1 << 20, 1 << 21)), Bar(2, 0x2000)),
    virtual_functions=VirtualFunctions(4, 0x5BD1, bars=(Bar(0, 0x4000),)),
)


class Bench:
    """A function whose TDI is locked in a session over a stream that was set up by registers."""

    def __init__(self, layout=None, **policy):
        self.outbox, self.session = [], Session()
        port = IdePort(IdeLayout(address_associations=0))
        mailbox = Mailbox(0, MailboxLayout())
        self.function = Function(
            0, layout or FunctionLayout(), [mailbox, port], function_id=FUNCTION
        )
        self.km = IdeKm(port, lambda: self.function.function_id, self.outbox)
        policy = TdispPolicy(**policy)
        self.tdi = Tdi(self.function, policy, RandomTree(b"seed"))
        self.function.attach_interface(self.tdi)
        self.host = TdispHost([self.tdi], policy, port, self.outbox)
        self.names = {self.function.register_name(at): at for at in range(4096, -1, -1)}
        control = self.names["ide.stream0.control"]
        self.write(control, stream_id(STREAM).to_bytes(4, "little"))
        for which in SIX:
            program = key_prog(which, stream=STREAM, material=bytes([which]) * 32)
            assert self.km.request(program, self.session)[4] == 0
            self.km.request(go(which, stream=STREAM), self.session)
        self.write(control, (stream_id(STREAM) | DEFAULT | 1).to_bytes(4, "little"))
        assert self.function.config_read(control + 4, 4, 0.0) == b"\2\0\0\0", "secure at once"
        self.write(BAR0, (0xD000_0000).to_bytes(4, "little"))
        self.write(COMMAND, BOTH)

    def write(self, offset, data):
        return self.function.config_write(offset, data, 0.0)

    def ask(self, request):
        answer = self.host.request(request, self.session)
        assert error_of(answer) is None, self.outbox
        return answer[16:]

    def run(self, flags=0):
        self.ask(start(self.ask(lock(flags))))
        assert self.tdi.state is TdiState.RUN
        return self


def test_the_report_is_that_of_the_function():
    bench = Bench()
    bench.ask(lock())
    body = bench.ask(report())[4:]
    assert body[16:24] == (0xD0000).to_bytes(8, "little")
    assert int.from_bytes(body[12:16], "little") == len(bench.function.memory_ranges())


@pytest.mark.parametrize(
    ("name", "data", "survives"),
    [
        ("header.command", b"\x02\x00", False),
        ("header.command", b"\x04\x00", False),
        ("header.command", b"\x06\x04", True),
        ("header.bar0", b"\xff\xff\xff\xff", False),
        ("header.bar0", (0xD000_0000).to_bytes(4, "little"), True),
        ("header.cache_line_size", b"\x10", True),
        ("header.interrupt_line", b"\x0b", True),
        ("header.status", b"\xff\xff", True),
        ("pcie.device_control", b"\x00\x00", False),
        ("pcie.link_control", b"\x40\x00", True),
        ("msix.control", b"\x00\x80", False),
        ("pm.control", b"\x03\x00", False),
        ("aer.uncorrectable_mask", b"\xff\xff\xff\xff", True),
        ("doe.control", b"\x01\x00\x00\x00", True),
        ("ide.stream0.rid1", b"\xff\xff\xff\xff", True),
        ("ide.stream0.control", b"\x00\x00\x00\x00", False),
    ],
)
def test_what_software_writes_to_a_running_interface(name, data, survives):
    bench = Bench().run(flags=1 << 2)
    bench.write(bench.names[name], data)
    assert bench.tdi.state is (TdiState.RUN if survives else TdiState.ERROR)


def test_bars_keep_their_place_where_writes_are_refused():
    bench = Bench(refuse_locked_writes=True).run()
    bench.write(BAR0, bytes(4))
    assert bench.function.config_read(BAR0, 4, 0.0)[3] == 0xD0
    assert bench.tdi.state is TdiState.ERROR


def test_the_msix_table_is_locked_under_its_flag():
    for flags, state in ((0, TdiState.RUN), (1 << 2, TdiState.ERROR)):
        bench = Bench().run(flags)
        bench.write(bench.names["msix.control"], b"\x00\x00")
        bench.function.bar_write(2, 0, b"\x00\x00\xe0\xfe", 0.0)
        assert bench.tdi.state is state


@pytest.mark.parametrize(
    ("reset", "state"),
    [
        (Reset.FUNCTION_LEVEL, TdiState.ERROR),
        (Reset.CONVENTIONAL, TdiState.CONFIG_UNLOCKED),
        (Reset.POWER_CYCLE, TdiState.CONFIG_UNLOCKED),
    ],
)
def test_resets_of_the_function(reset, state):
    bench = Bench().run()
    bench.function.reset(reset, 0.0)
    assert bench.tdi.state is state
    assert bench.function.config_read(bench.names["ide.stream0.status"], 4, 0.0) == bytes(4)
    if state is TdiState.ERROR:
        bench.ask(message(0x87))


def test_a_function_that_is_not_configured_well_is_not_locked():
    bench = Bench(FunctionLayout(phantom_functions=1))
    bench.write(bench.names["pcie.device_control"], b"\x00\x03")
    answer = bench.host.request(lock(), bench.session)
    assert error_of(answer) == (0x0104, 0)
    bench.write(bench.names["pcie.device_control"], b"\x00\x01")
    bench.run()


def test_stop_clears_what_the_function_worked_with():
    bench = Bench().run()
    bench.function.bar_write(0, 0x2000, b"secret", 0.0)
    bench.ask(message(0x87))
    assert bench.function.bar_read(0, 0x2000, 6, 0.0) == bytes(6)


def test_every_register_that_a_function_can_have_is_named_by_a_rule():
    names = Bench(EVERYTHING).names
    assert {"sriov.control", "pasid.control", "ide.control", "doe.status"} <= set(names)
    assert [name for name in names if rule_for(name).registers == "*"] == []


def test_the_measurement_names_the_function_as_it_was_asked_for_until_it_is_enumerated_anew():
    bench = Bench(learn_function_id=True)
    status = StatusMeasurement(0x20, bench.function)

    def measured():
        return int.from_bytes(status.value()[4:6], "little")

    assert measured() == FUNCTION
    assert error_of(bench.host.request(message(0x81, function=0xBEEF), bench.session)) is None
    assert measured() == 0xBEEF
    bench.function.reset(Reset.FUNCTION_LEVEL, 0.0)
    assert measured() == 0xBEEF
    bench.function.reset(Reset.CONVENTIONAL, 0.0)
    assert measured() == FUNCTION
    assert error_of(bench.host.request(message(0x81, function=0x0500), bench.session)) is None
    assert measured() == 0x0500


def test_a_change_in_spite_of_the_lock_shows_until_the_interface_is_unlocked():
    bench = Bench(FunctionLayout(lock=LockPolicy(configure="show"))).run()
    status = StatusMeasurement(0x20, bench.function)

    def measured():
        """The flag CHANGED_SINCE_LOCK, and how many changes took effect."""
        value = status.value()
        return bool(value[6] & 1 << 1), int.from_bytes(value[20:24], "little")

    assert measured() == (False, 0)
    bench.function.configure(5)
    assert measured() == (True, 1)
    bench.ask(message(0x87))
    bench.function.configure(6)
    assert measured() == (False, 1)
    bench.run()
    bench.function.configure(7)
    assert measured() == (True, 2)
    bench.function.reset(Reset.FUNCTION_LEVEL, 0.0)
    assert bench.tdi.state is TdiState.ERROR
    assert measured() == (True, 2)
    bench.function.reset(Reset.CONVENTIONAL, 0.0)
    assert measured() == (False, 2)
