"""A TEE device interface: one function's state of the TDISP state machine (PCIe 6.2, 11.3)."""

import hmac
from collections.abc import Sequence

from responder.core.interfaces import SessionToken
from responder.core.ownership import Reset
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.interfaces import FunctionEffect, Noticed, TdiHost, TdiState
from responder.device.pcie.lock_rules import rule_for
from responder.device.pcie.policies import TdispPolicy
from responder.device.pcie.refusal import RefusedError
from responder.device.pcie.report import build_ranges, interface_report
from responder.device.pcie.tdi_table import TdiEvent, table_of
from responder.spec.tdisp import START_NONCE_SIZE, MmioAttribute, TdispErrorCode
from responder.wire.tdisp import InterfaceReport, LockInterfaceRequest, MmioRange

LOCKED = frozenset({TdiState.CONFIG_LOCKED, TdiState.RUN})
"""The states in which the configuration must stay as it is."""
_RESETS = {
    Reset.FUNCTION_LEVEL: TdiEvent.FUNCTION_RESET,
    Reset.CONVENTIONAL: TdiEvent.DEVICE_RESET,
    Reset.POWER_CYCLE: TdiEvent.DEVICE_RESET,
}


class Tdi:
    """Implements ``Interface``.

    Attributes:
        host: the function that it is.
        told: where it stands, as it tells whoever asks by TDISP.
        lock_flags: those of the lock, 0 while unlocked.
        enforced: the function does DMA in RUN only.
        session: the one that locked it, while both last.
        streams: the streams that it is bound to: the default one first, then those of peers.
        report: the report of the lock.
        rewritten: served in the place of that report, unless ``None``.
        violations: writes against the lock that it has let pass.
        learned_id: the function id that it was asked for first, where that counts.
    """

    __slots__ = (
        "_locks", "_nonce", "_policy", "_random", "_table", "enforced", "host", "learned_id",
        "lock_flags", "report", "rewritten", "session", "streams", "told", "violations",
    )  # fmt: skip

    def __init__(self, host: TdiHost, policy: TdispPolicy, random: RandomTree) -> None:
        """``random`` is the branch that nonces are drawn from."""
        self.host = host
        self.told = TdiState.CONFIG_UNLOCKED
        self.learned_id: int | None = None
        self.use(policy)
        self._random = random
        self._locks = 0
        self._forget()

    def use(self, policy: TdispPolicy) -> None:
        """Go by another policy from now on."""
        self.enforced = policy.enforced and policy.lock != "lies"
        self._policy = policy
        self._table = table_of(policy)

    def _forget(self) -> None:
        self.lock_flags = 0
        self.session: SessionToken | None = None
        self.streams: list[int] = []
        self.report: InterfaceReport | None = None
        self.rewritten: bytes | None = None
        self.violations = 0
        self._nonce: bytes | None = None

    @property
    def state(self) -> TdiState:
        """Where it stands, as the function around it sees it: that is the truth."""
        return TdiState.CONFIG_UNLOCKED if self._policy.lock == "lies" else self.told

    @property
    def function_id(self) -> int:
        """The routing id that it answers for, 16 bits."""
        return self.host.function_id if self.learned_id is None else self.learned_id

    def admit(self, event: TdiEvent) -> None:
        """See that a request may come in this state.

        Raises:
            RefusedError: with the code that the table gives.
        """
        outcome = self._table[event][self.told]
        if isinstance(outcome, TdispErrorCode):
            raise RefusedError(outcome, f"{event.value} in {self.told.name}")

    def happen(self, event: TdiEvent, reason: str = "") -> list[FunctionEffect]:
        """Go where the table leads; a request must have been admitted."""
        outcome = self._table[event][self.told]
        if not isinstance(outcome, TdiState) or outcome is self.told:
            return []
        before, self.told = self.told, outcome
        moved = f"{self.host.name}: {before.name} to {outcome.name}"
        if outcome is TdiState.ERROR:
            self._nonce = self.report = self.rewritten = None
            return [Noticed("tdi-error", f"{moved}: {reason or event.value}", outcome.name)]
        effects: list[FunctionEffect] = [Noticed("tdi-state", moved, outcome.name)]
        if outcome is TdiState.RUN:
            self._nonce = None
        elif outcome is TdiState.CONFIG_UNLOCKED:
            self._forget()
            if event not in _RESETS.values():
                effects += self.host.scrub()
        return effects

    def lock(
        self, request: LockInterfaceRequest, session: SessionToken | None
    ) -> tuple[bytes, list[FunctionEffect]]:
        """LOCK_INTERFACE_REQUEST that nothing is against; the nonce of 32 bytes, and the effects.

        Raises:
            RefusedError: INVALID_DEVICE_CONFIGURATION: the function must not be locked as it is.
        """
        problem = self.host.configured_well()
        if problem:
            raise RefusedError(TdispErrorCode.INVALID_DEVICE_CONFIGURATION, problem)
        policy = self._policy
        other = policy.default_stream == "other"
        self.lock_flags = request.flags
        self.session = session
        self.streams = [request.default_stream_id ^ other]
        self.report = self._report(request.flags, request.mmio_reporting_offset)
        self.rewritten = None
        nonce = self._nonce = self._next_nonce()
        if self._policy.lock == "pretends":
            return nonce, []
        return nonce, self.happen(TdiEvent.LOCK)

    def _report(self, flags: int, reporting_offset: int) -> InterfaceReport:
        policy = self._policy
        offset = reporting_offset if policy.reporting_offset else 0
        return interface_report(self.host, flags, offset, policy.device_info.encode())

    def _next_nonce(self) -> bytes:
        kind = self._policy.start_nonce
        number = 0 if kind == "same" else self._locks
        self._locks += 1
        if kind == "zero":
            return bytes(START_NONCE_SIZE)
        return self._random.child("lock", number).bytes(START_NONCE_SIZE)

    def served(self) -> bytes:
        """The report for whoever asks; empty if there is none."""
        if self.rewritten is not None:
            return self.rewritten
        if self.report is None and self._policy.early_report == "serve":
            return self._report(0, 0).build()
        return self.report.build() if self.report else b""

    def start(self, nonce: bytes) -> list[FunctionEffect]:
        """START_INTERFACE_REQUEST.

        Raises:
            RefusedError: INVALID_NONCE: it is not that of the lock.
        """
        accepts, right = self._policy.accepts_nonce, self._nonce
        same = right is not None and hmac.compare_digest(nonce, right)
        if accepts == "none" or not (same or accepts == "any"):
            raise RefusedError(TdispErrorCode.INVALID_NONCE, "not the nonce of the lock")
        return self.happen(TdiEvent.START)

    def set_mmio_attribute(self, asked: MmioRange) -> None:
        """SET_MMIO_ATTRIBUTE_REQUEST: whether a range of the report is of the TEE or not.

        Raises:
            RefusedError: INVALID_REQUEST: the report has no such range, or it may not be updated.
        """
        report = self.report or InterfaceReport()
        ranges = report.ranges()
        found = next((one for one in ranges if _same(one, asked)), None)
        if found is None or not found.range_attributes & MmioAttribute.IS_MEM_ATTR_UPDATABLE:
            raise RefusedError(TdispErrorCode.INVALID_REQUEST, "no range that may be updated")
        non_tee = MmioAttribute.IS_NON_TEE_MEM
        found.range_attributes &= ~non_tee
        found.range_attributes |= asked.range_attributes & non_tee
        if self._policy.report_follows_attributes:
            self.report = report.replace(mmio_ranges=build_ranges(ranges))

    def stream_lost(self, stream_id: int, reason: str) -> list[FunctionEffect]:
        """A stream is no longer what it was."""
        if stream_id not in self.streams:
            return []
        return self.happen(TdiEvent.STREAM_LOST, f"stream {stream_id}: {reason}")

    def session_ended(self, session: SessionToken) -> list[FunctionEffect]:
        """A session is over; if it was the one that locked, anyone may stop the interface."""
        if self.session is not session:
            return []
        effects = self.happen(TdiEvent.SESSION_ENDED)
        self.session = None
        return effects

    def register_written(self, register: str, before: int, after: int) -> Sequence[FunctionEffect]:
        """A register of configuration space was written: ERROR if that is against the lock."""
        if self.state not in LOCKED:
            return []
        rule = rule_for(register)
        if rule.flag is not None and not self.lock_flags & rule.flag:
            return []
        unchanged = self._policy.unchanged_writes or not self.may_write(register)
        if not rule.broken(before, after, unchanged=unchanged):
            return []
        if not self._policy.watch_configuration:
            self.violations += 1
            return []
        return self.happen(TdiEvent.REGISTER_WRITTEN, f"{register} was written")

    def may_write(self, register: str) -> bool:
        """Whether a write takes effect; the policy can refuse those to what is locked."""
        if not self._policy.refuse_locked_writes or self.state not in LOCKED:
            return True
        rule = rule_for(register)
        return not rule.whole or (rule.flag is not None and not self.lock_flags & rule.flag)

    def fail(self, reason: str) -> Sequence[FunctionEffect]:
        """The device finds an error (PCIe 6.2, 11.3.10); an interface that is not locked stays."""
        return self.happen(TdiEvent.DEVICE_FAILED, reason)

    def reset(self, reset: Reset) -> Sequence[FunctionEffect]:
        """The function was reset; after all but a function level reset it may get another id."""
        if reset is not Reset.FUNCTION_LEVEL:
            self.learned_id = None
        event = None if self._policy.survives_resets else _RESETS.get(reset)
        return self.happen(event, reset.value) if event else []


def _same(one: MmioRange, other: MmioRange) -> bool:
    """Whether two ranges are the same but for their attributes."""
    return one == other.replace(range_attributes=one.range_attributes)
