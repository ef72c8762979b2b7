"""No sequence of accesses, times and answers breaks a DOE mailbox.

A model beside it knows what software may rely on (PCIe 6.2, 6.30): it says after every step what
the status is, and which DW the read mailbox gives.
"""

import os
import struct

from device.mailbox_host import (
    ABORT,
    BUSY,
    CONTROL,
    DISCOVER_0,
    DISCOVERED_0,
    ERROR,
    GET_VERSION,
    GO,
    INTERRUPT,
    INTERRUPT_ENABLE,
    READ,
    READY,
    STATUS,
    UNKNOWN,
    WRITE,
    Host,
    layout,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from responder.core.ownership import Reset
from responder.device.pcie.interfaces import DataObjectAbandoned

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
LARGEST = 5  # DWs
JUNK = 0xDEAD_BEEF  # as the second DW of an object a length that is not its own
RESERVED = ~(BUSY | INTERRUPT | ERROR | READY) & 0xFFFF_FFFF
FUNCTION_RESETS = {Reset.FUNCTION_LEVEL, Reset.CONVENTIONAL, Reset.POWER_CYCLE}
SWITCHES = {
    "underflow": "ignore",
    "overflow": "drop",
    "write_when_busy": "ignore",
    "unread_answer": "replace",
    "unknown_object": "drop",
}
DELAYS = st.sampled_from([0, 0, 1, 300_000, 1_000_000])


class Accesses(RuleBasedStateMachine):
    """A mailbox, and what its user may expect of it.

    Attributes:
        doing: ``idle``, ``busy``, ``ready``, ``error`` or ``aborting``.
        until: when a discovery or an abort is over.
        written: the DWs since the last GO that was accepted or dropped.
        left: the DWs of the answer that were not taken.
        answers: how many the device has given; each is marked with its number.
    """

    @initialize(
        errors=st.sets(st.sampled_from(sorted(SWITCHES)), max_size=2),
        discovery=DELAYS,
        abort=DELAYS,
    )
    def begin(self, errors, discovery, abort):
        switches = SWITCHES | dict.fromkeys(errors, "error")
        delays = {"discovery_delay": discovery, "abort_delay": abort}
        self.switches, self.discovery, self.abort_time = switches, discovery / 1e6, abort / 1e6
        self.host = Host(
            layout(max_object=LARGEST, policy=switches | delays), enables=INTERRUPT_ENABLE
        )
        self.doing, self.until, self.written, self.left = "idle", None, [], []
        self.answers, self.stale = 0, set()

    def stop(self, doing):
        """Everything that was written, at work or to be read is gone."""
        if self.host.received and self.at_work:
            self.stale.add(self.host.received[-1].exchange)
        self.doing, self.until, self.written, self.left = doing, None, [], []

    @property
    def at_work(self):
        return self.doing == "busy" and self.until is None

    def misuse(self, switch):
        if self.switches[switch] == "error":
            self.stop("error")
            return True
        return False

    def elapse(self):
        if self.until is not None and self.host.now >= self.until:
            self.until = None
            if self.doing == "aborting":
                self.doing = "idle"
            else:
                self.doing, self.left = "ready", list(struct.unpack("<3I", DISCOVERED_0))

    def user_writes(self, dword):
        if self.doing == "busy":
            self.misuse("write_when_busy")
        elif self.doing in ("idle", "ready") and not (
            len(self.written) >= LARGEST and self.misuse("overflow")
        ):
            self.written.append(dword)

    @rule(dwords=st.lists(st.sampled_from([JUNK, 0, 0xFFFF_FFFF]), min_size=1, max_size=LARGEST))
    def write_junk(self, dwords):
        for dword in dwords:
            self.host.write(WRITE, dword)
            self.user_writes(dword)

    @rule(
        data_object=st.sampled_from([GET_VERSION, DISCOVER_0, UNKNOWN]),
        cut=st.sampled_from([0, 0, 0, 4, 8]),
        go=st.booleans(),
    )
    def write_object(self, data_object, cut, go):
        for (dword,) in struct.iter_unpack("<I", data_object[: len(data_object) - cut]):
            self.host.write(WRITE, dword)
            self.user_writes(dword)
        if go:
            self.go()

    @rule()
    def go(self):
        written = struct.pack(f"<{len(self.written)}I", *self.written)
        before = len(self.host.received)
        self.host.write(CONTROL, GO | INTERRUPT_ENABLE)
        if self.doing == "busy":
            self.misuse("write_when_busy")
        elif self.doing in ("idle", "ready"):
            self.written = []
            self.accept(written)
        new = self.host.received[before:]
        assert [one.data_object for one in new] == [GET_VERSION] * len(new)
        assert bool(new) == (self.at_work and before < len(self.host.received))
        self.elapse()

    def accept(self, written):
        if written == UNKNOWN:
            self.misuse("unknown_object")
        elif written in (GET_VERSION, DISCOVER_0) and not (
            self.doing == "ready" and self.misuse("unread_answer")
        ):
            self.stop("busy")
            if written == DISCOVER_0:
                self.until = self.host.now + self.discovery

    @rule(data_object=st.sampled_from([GET_VERSION, GET_VERSION, DISCOVER_0]), data=st.data())
    def go_on(self, data_object, data):
        """The next step of an exchange, so that later states are reached often."""
        if self.doing in ("error", "aborting"):
            self.wait_out_an_abort()
        elif self.doing == "ready":
            data.draw(st.sampled_from([self.pop, self.read_all]))()
        elif self.at_work:
            self.device_answers(data.draw(st.integers(1, 6)))
        elif self.doing == "busy":
            self.wait(1.0)
        else:
            self.go()
            self.write_object(data_object, cut=0, go=True)

    @rule()
    def peek(self):
        before = self.host.status
        value = self.host.read(READ)
        if self.doing == "ready":
            assert value == self.left[0], "another DW than the answer's next"
        else:
            assert value == 0, "data without Data Object Ready"
            self.underflow(before)

    @rule()
    def pop(self):
        before = self.host.status
        self.host.write(READ, JUNK)
        if self.doing == "ready":
            del self.left[0]
            self.doing = "ready" if self.left else "idle"
        else:
            self.underflow(before)

    def underflow(self, before):
        """Without Ready either nothing happens, or Error gets set; an abort clears it anyway."""
        if self.doing in ("idle", "busy") and self.misuse("underflow"):
            assert self.host.status & ERROR
        else:
            assert self.host.status == before

    @precondition(lambda self: self.doing == "ready")
    @rule()
    def read_all(self):
        expected = struct.pack(f"<{len(self.left)}I", *self.left)
        assert self.host.take() == expected
        self.doing, self.left = "idle", []

    @precondition(lambda self: self.at_work)
    @rule(dwords=st.integers(1, 6))
    def device_answers(self, dwords):
        self.answers += 1
        self.doing, self.left = "ready", [self.answers << 8 | at for at in range(dwords)]
        self.host.answer(struct.pack(f"<{dwords}I", *self.left))

    @precondition(lambda self: self.at_work)
    @rule()
    def device_does_not_answer(self):
        self.host.answer(None)
        self.doing = "idle"

    @precondition(lambda self: self.host.received)
    @rule(data=st.data(), answer=st.sampled_from([GET_VERSION, None]))
    def device_answers_late(self, data, answer):
        exchanges = {one.exchange for one in self.host.received}
        if self.at_work:
            exchanges.remove(self.host.received[-1].exchange)
        if exchanges:
            late = data.draw(st.sampled_from(sorted(exchanges)))
            self.host.answer(answer, exchange=late)

    @rule(go=st.booleans())
    def abort(self, go):
        self.host.write(CONTROL, ABORT | INTERRUPT_ENABLE | (GO if go else 0))
        if self.doing != "aborting":
            self.stop("aborting")
            self.until = self.host.now + self.abort_time
        self.elapse()

    @rule()
    def wait_out_an_abort(self):
        self.abort(go=False)
        self.wait(1.0)
        assert not self.host.status & (BUSY | ERROR | READY)

    @rule(seconds=st.sampled_from([0.0, 0.000_001, 0.1, 0.5, 1.0]))
    def wait(self, seconds):
        self.host.wait(seconds)
        self.elapse()

    @rule(seconds=st.sampled_from([0.1, 1.0]))
    def nobody_looks_at_the_clock(self, seconds):
        """The time is over before anyone called ``due``."""
        self.host.now += seconds
        self.elapse()

    @rule(reset=st.sampled_from(Reset))
    def reset(self, reset):
        self.host.effects += self.host.mailbox.reset(reset, self.host.now)
        if reset in FUNCTION_RESETS:
            self.stop("idle")
            self.host.write(CONTROL, INTERRUPT_ENABLE)

    @rule(
        register=st.sampled_from([STATUS, WRITE, READ, 0x00, 0x04]),
        value=st.sampled_from([0, 0xFFFF_FFFF]),
        lanes=st.integers(0, 0xE),
    )
    def write_what_does_not_count(self, register, value, lanes):
        """Parts of a DW, and registers that cannot be written."""
        before = self.host.status | INTERRUPT
        self.host.write(register, value, lanes)
        assert self.host.status | INTERRUPT == before

    @invariant()
    def the_status_is_as_expected(self):
        expected = {"busy": BUSY, "aborting": BUSY, "ready": READY, "error": ERROR}
        status = self.host.status
        assert status & ~INTERRUPT == expected.get(self.doing, 0)
        assert not (status & BUSY and status & READY)
        assert not status & RESERVED
        assert self.host.read(CONTROL) == INTERRUPT_ENABLE

    @invariant()
    def who_is_given_up_was_told(self):
        abandoned = {
            one.exchange for one in self.host.effects if isinstance(one, DataObjectAbandoned)
        }
        assert abandoned <= self.stale
        if self.host.mailbox.next_due() is None:
            assert abandoned == self.stale


TestAccesses = Accesses.TestCase
TestAccesses.settings = settings(
    max_examples=EXAMPLES or 200,
    stateful_step_count=60,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
