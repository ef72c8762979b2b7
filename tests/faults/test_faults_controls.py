"""What faults do to a device at once: switches, events, memory, the interface report."""

import pytest
from core.fakes import responder
from faults.engines import engine, fault

from responder.core.events import FaultFired
from responder.core.hooks import Exchange
from responder.faults.memory import FaultMemory
from responder.wire.context import WireContext
from responder.wire.tdisp import InterfaceReport, MmioRange
from responder.wire.version import GetVersion

RANGES = [MmioRange(first_page=page, number_of_pages=1, range_id=0) for page in (16, 32)]
REPORT = InterfaceReport(
    interface_info=1,
    mmio_ranges=b"".join(one.build() for one in RANGES),
    device_specific_info=b"info",
).build()


class Device:
    """A device that keeps what is done to it; implements ``Controls`` for itself."""

    def __init__(self):
        self.controls = self
        self.values = {"obeys_stop": True, "obeys_go": "all"}
        self.report = REPORT
        self.done = []

    def switch(self, table, values):
        before = {name: self.values[name] for name in values}
        self.values |= values
        self.done.append(table)
        return before

    def happen(self, event, *, function, value, now):
        self.done.append((event, function, value, now))

    def rewrite_reports(self, how):
        before, self.report = self.report, how(self.report)
        return before, self.report

    def write_memory(self, function, address, data):
        if function > 4:
            raise ValueError("there is no such function")
        self.done.append((function, address, data))


class NoDevice:
    """A device that is no PCI Express device."""

    controls = None


def struck(*actions, device=None, times=1, **keys):
    """A device to which a fault did something, and the evidence of it; or why it did nothing."""
    memory, device = FaultMemory(), device or Device()
    hooks = engine(fault(hook="device", action=list(actions), **keys), memory=memory)
    peer, request = responder(), GetVersion()
    evidence = []
    for now in range(times):
        wire = WireContext(version=0x12)
        there = Exchange(peer.connection, request, request.build(), wire, float(now))
        assert hooks.device(there, device) is device
        evidence += there.evidence
    return device, evidence, "".join(near.text for near in memory.nearest.values())


def report_of(*actions):
    device, evidence, missed = struck(*actions)
    assert (evidence == []) == bool(missed)
    return InterfaceReport.read(device.report)[0], evidence, missed


def test_a_switch_is_thrown_once():
    off = {"do": "switch", "table": "ide_km", "values": {"obeys_stop": False, "obeys_go": "all"}}
    device, evidence, missed = struck(off, times=3)
    assert device.values == {"obeys_stop": False, "obeys_go": "all"}
    assert [event.detail for event in evidence] == ["ide_km.obeys_stop: true -> false"]
    assert "ide_km is like that already" in missed


def test_an_event_happens_as_often_as_its_rule_strikes():
    event = {"do": "happen", "event": "configure", "function": 2, "value": 7}
    device, evidence, _ = struck(event, times=2)
    assert device.done == [("configure", 2, 7, 0.0), ("configure", 2, 7, 1.0)]
    assert [one.detail for one in evidence] == ["configure, function 2"] * 2


def test_what_is_written_to_memory_is_the_evidence():
    write = {"do": "write-memory", "function": 1, "address": 0x1000, "value": "c0de"}
    device, evidence, _ = struck(write, {**write, "address": 0x2000, "value": "aa"})
    assert device.done == [(1, 0x1000, b"\xc0\xde"), (1, 0x2000, b"\xaa")]
    (event,) = evidence
    assert isinstance(event, FaultFired)
    assert (event.hook, event.before, event.after) == ("device", b"", b"\xc0\xde\xaa")
    assert "function 1 writes 2 bytes to 0x1000; function 1 writes 1 bytes to" in event.detail


EDITS = [
    ({"do": "clear-bits", "field": "interface_info", "mask": 1}, "interface_info", 0),
    ({"do": "add", "field": "mmio_range_count", "by": 1}, "mmio_range_count", 3),
    (
        {"do": "set", "field": "device_specific_info", "value": "00"},
        "device_specific_info_len",
        1,
    ),
]


@pytest.mark.parametrize(("action", "field", "value"), EDITS, ids=str)
def test_a_report_is_edited(action, field, value):
    if field == "mmio_range_count":
        device, evidence, _ = struck({**action, "part": "report"})
        assert device.report[12:16] == value.to_bytes(4, "little")
        assert len(device.report) == len(REPORT)
    else:
        report, evidence, _ = report_of({**action, "part": "report"})
        assert getattr(report, field) == value
    (event,) = evidence
    assert (event.before, event.after[:1]) == (REPORT, event.after[:1])
    assert event.before != event.after


def test_a_range_is_copied_from_another_one_of_the_report():
    copy = {
        "do": "copy",
        "part": "report",
        "of": "response",
        "field": "mmio_ranges[1].first_page",
        "source": "mmio_ranges[0].first_page",
    }
    report, _, _ = report_of(copy)
    assert [one.first_page for one in report.ranges()] == [16, 16]


def test_all_edits_of_a_report_are_done_or_none():
    good = {"do": "set", "part": "report", "field": "interface_info", "value": 0}
    more = {"do": "set", "part": "report", "field": "mmio_ranges[0].range_id", "value": 5}
    bad = {"do": "set", "part": "report", "field": "mmio_ranges[2].range_id", "value": 5}
    report, evidence, _ = report_of(good, more)
    assert (report.interface_info, report.ranges()[0].range_id) == (0, 5)
    assert len(evidence) == 1
    report, evidence, missed = report_of(good, bad)
    assert report.build() == REPORT
    assert "there are 2" in missed


def test_an_edit_that_changes_nothing_is_a_miss():
    _, evidence, missed = report_of(
        {"do": "set", "part": "report", "field": "interface_info", "value": 1}
    )
    assert evidence == []
    assert "the bytes stay as they are" in missed


@pytest.mark.parametrize(
    ("device", "reason"),
    [(NoDevice(), "no PCI Express functions"), (Device(), "no such function")],
    ids=["none", "too small"],
)
def test_what_a_device_cannot_do_is_a_miss(device, reason):
    write = {"do": "write-memory", "function": 5, "address": 0, "value": "00"}
    _, evidence, missed = struck(write, device=device)
    assert evidence == []
    assert reason in missed
