"""Evidence of what was done to a device: true in rehearsals, and false if it is changed."""

from dataclasses import replace

import pytest
from msgspec import structs

from responder.campaign.device_evidence import contradictions_of_devices, read_report
from responder.campaign.host import Written
from responder.campaign.rehearsal import rehearse
from responder.core.events import FaultFired
from responder.faults import catalogue


def rehearsed(name):
    (case,) = catalogue.find(name)
    return rehearse(case)


def with_evidence(rehearsal, **fields):
    """The same with other evidence of its first strike."""
    journal = [
        structs.replace(entry, event=structs.replace(entry.event, **fields))
        if isinstance(entry.event, FaultFired)
        else entry
        for entry in rehearsal.faulted.journal
    ]
    return replace(rehearsal, faulted=replace(rehearsal.faulted, journal=journal))


def with_writes(rehearsal, *written):
    return replace(rehearsal, faulted=replace(rehearsal.faulted, written=list(written)))


@pytest.fixture(scope="module")
def writing():
    return rehearsed("dma.after-stop:65536")


@pytest.fixture(scope="module")
def report():
    return rehearsed("tdi.report-non-tee-hidden")


def found(rehearsal):
    return list(contradictions_of_devices(rehearsal))


def test_true_evidence(writing, report):
    assert found(writing) == []
    assert found(report) == []


def test_what_the_host_saw(writing):
    (seen,) = writing.faulted.written
    assert seen == Written(0, 0x10000, bytes.fromhex("5b0d5b0d5b0d5b0d"), done=True)
    assert "the writes []" in found(with_writes(writing))[0]
    assert found(with_writes(writing, seen, seen))
    assert found(with_writes(writing, replace(seen, address=0x10004)))
    assert found(with_writes(writing, replace(seen, function=1)))
    assert found(with_evidence(writing, after=b"\x5b\x0d")) == [
        "device: the bytes are not those that were written"
    ]


def test_what_was_read(report):
    before = read_report(report.healthy.exchanges)
    event = report.faulted.evidence[0]
    assert event.before == before
    assert read_report(report.faulted.exchanges) == event.after
    assert len(before) == 20 + 5 * 16
    assert found(with_evidence(report, before=before[1:])) == [
        "device: the report before is not that of the healthy run"
    ]
    assert found(with_evidence(report, after=before)) == [
        "device: the report after is not what was read"
    ]


def test_a_report_that_nobody_reads():
    assert read_report(rehearsed("dma.after-stop:65536").healthy.exchanges[:5]) == b""
