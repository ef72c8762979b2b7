"""Evidence of faults at registers: what is true, and each way in which it is not."""

from campaign.runs import fired

from responder.campaign.register_evidence import contradictions_of_registers
from responder.campaign.run import Run
from responder.campaign.watching import Seen
from responder.core.events import FaultFired
from responder.core.hooks import Access

BEFORE, AFTER = bytes(4), bytes([1, 0, 0, 0])


def told(before=BEFORE, after=AFTER):
    return FaultFired("a.fault", "register", "set value", "doe.status", before, after)


def run_of(*events, changed=(), reads=(), interrupts=()):
    run = Run()
    for event in events:
        run.note(0.0, 1, event)
    run.watched += [Seen("register", 0, *change) for change in changed]
    run.registers.reads |= set(reads)
    run.registers.interrupts += interrupts
    return list(contradictions_of_registers(run))


def access(value=0, *, write=False, **more):
    return Access("doe.status", 0x1C, write, value, **more)


CHANGE = (access(0), access(1))
READ = ("doe.status", 1)


def test_what_software_read_is_true():
    assert run_of(told(), changed=[CHANGE], reads=[READ]) == []
    assert run_of() == []
    assert run_of(fired()) == [], "that is of another hook"


def test_a_change_that_nobody_told_of():
    (text,) = run_of(changed=[CHANGE], reads=[READ])
    assert "nobody said so" in text


def test_a_change_that_was_not_made():
    (text,) = run_of(told())
    assert "no such change" in text
    assert len(run_of(told(after=b"\2\0\0\0"), changed=[CHANGE], reads=[READ])) == 2


def test_a_value_that_software_never_saw():
    (text,) = run_of(told(), changed=[CHANGE])
    assert "never read" in text


def test_a_write_without_effect_is_told_without_bytes():
    lost = (access(7, write=True), access(7, write=True, dropped=True))
    assert run_of(told(b"\7\0\0\0", b""), changed=[lost]) == []


def test_an_interrupt_must_have_come():
    signal = (access(0, vector=3), access(0, vector=3, interrupt=True))
    silent = told(b"", b"")
    assert run_of(silent, changed=[signal], reads=[("doe.status", 0)], interrupts=[3]) == []
    (text,) = run_of(silent, changed=[signal], reads=[("doe.status", 0)])
    assert "interrupt 3 never came" in text
