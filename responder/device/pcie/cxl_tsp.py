"""TSP on the side of the target: configuration, lock, keys, TE state of memory (CXL 3.1, 11.5)."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import msgspec

from responder.core.errors import invalid
from responder.core.interfaces import SessionToken
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.cxl_tsp_configuration import capabilities, configuration_problem, shown
from responder.device.pcie.cxl_tsp_keys import Deed, TargetKeys
from responder.device.pcie.cxl_tsp_table import TSP_TABLE, Privilege, TspRow
from responder.device.pcie.interfaces import Noticed, Outbox
from responder.device.pcie.policies import CxlTspPolicy
from responder.device.pcie.refusal import RefusedError
from responder.device.pcie.secure_session import require_session
from responder.spec.cxl import (
    SECONDARY_SESSIONS,
    TSP_PSK_SIZE,
    TSP_VERSION_10,
    TeStateFeature,
    TspErrorCode,
    TspOpcode,
    TspState,
)
from responder.wire.cxl_tsp import (
    TSP,
    CheckTargetDelayedCompletionRsp,
    ClearTargetCkidKeyRsp,
    ClearTargetRangeKeyRsp,
    DelayedRsp,
    GetTargetConfigurationReportRsp,
    GetTargetConfigurationRsp,
    GetTargetTspVersionRsp,
    LockTargetConfigurationRsp,
    MemoryRange,
    SetTargetCkidRandomKeyRsp,
    SetTargetCkidSpecificKeyRsp,
    SetTargetConfiguration,
    SetTargetConfigurationRsp,
    SetTargetRangeRandomKeyRsp,
    SetTargetRangeSpecificKeyRsp,
    SetTargetTeStateRsp,
    TargetConfigurationReport,
    TspErrorRsp,
    TspMessage,
)
from responder.wire.errors import WireError

_HEADER_SIZE = 2
_MOST_RANGES = 32
_EXPLICIT = TeStateFeature.EXPLICIT_OOB_CHANGE | TeStateFeature.EXPLICIT_IB_CHANGE
_NEVER_BUSY = frozenset(
    {
        TspOpcode.GET_TARGET_TSP_VERSION,
        TspOpcode.GET_TARGET_CAPABILITIES,
        TspOpcode.CHECK_TARGET_DELAYED_COMPLETION,
    }
)
HINTS = [f"SECONDARY_SESSION_{number}_PSK".encode() for number in range(SECONDARY_SESSIONS)]
"""The hints of the pre-shared keys that SET_TARGET_CONFIGURATION sets; a zero may follow them."""


class _Asked(NamedTuple):
    """A request that may be granted: what, in which session, and what that one is."""

    request: Any
    session: SessionToken | None
    privilege: Privilege


class _Pending(msgspec.Struct):
    """A slow request: who waits, for how many more answers, and what is done then."""

    session: SessionToken | None
    answers: int
    deed: Deed


class CxlTsp:
    """Answers TSP; messages begin with TSPVersion and opcode.

    Args:
        policy: what it can do, and does where there is a choice.
        random: the branch that random keys are drawn from.
        outbox: takes what happens besides answers.

    Attributes:
        state: where it stands.
        keys: those that encrypt its memory.
    """

    def __init__(self, policy: CxlTspPolicy, random: RandomTree, outbox: Outbox) -> None:
        self.keys = TargetKeys(policy, random)
        self._policy = policy
        self._outbox = outbox
        self._forget()

    def _forget(self) -> None:
        self.state = TspState.CONFIG_UNLOCKED
        self._configuration = SetTargetConfiguration()
        self._psks: dict[int, bytes] = {}
        self._primary: SessionToken | None = None
        self._orphaned = False
        self._pending: _Pending | None = None
        self.keys.clear()

    def request(self, message: bytes, session: SessionToken | None) -> bytes:
        """The answer to a message that came in a session, or outside of all.

        What is wrong is found in this order: opcode, privilege, length, version, another request
        that is not done, state, and what the request itself says.

        Raises:
            ProtocolError: InvalidRequest: there is no whole header, so that nothing can answer.
            OutsideError, UnexpectedRequest: as ``require_session``.
        """
        if self._policy.session_required:
            require_session(session, "TSP")
        if len(message) < _HEADER_SIZE:
            raise invalid(f"{len(message)} bytes are no TSP message")
        try:
            return self._answer(message, session).build()
        except RefusedError as error:
            self._notice("tsp-refused", f"{error.code.name}: {error}")
            return TspErrorRsp(error_code=error.code, error_data=error.data).build()

    def psk(self, hint: bytes) -> bytes | None:
        """The pre-shared key of a secondary session, 32 bytes, if that hint is of one."""
        number = self._secondary(hint)
        return None if number is None else self._psks[number]

    def session_ended(self, session: SessionToken) -> None:
        """A session is over; what the end of the primary one does is a matter of policy."""
        if self._pending and self._pending.session is session:
            self._pending = None
        if self._primary is not session:
            return
        self._primary = None
        if self.state is TspState.CONFIG_UNLOCKED:
            return
        if self._policy.session_end == "unlock":
            self._forget()
            self._notice("tsp-state", "CONFIG_UNLOCKED: the primary session ended")
        elif self._policy.session_end == "error":
            self.fail("the primary session ended")
        else:
            self._orphaned = True

    def fail(self, reason: str) -> None:
        """The target finds an error; only a reset ends that."""
        self.state = TspState.ERROR
        self._pending = None
        self._notice("tsp-error", reason)

    def reset(self) -> None:
        """Everything as after a conventional reset."""
        self._forget()

    def _answer(self, message: bytes, session: SessionToken | None) -> TspMessage:
        opcode = message[1]
        row = TSP_TABLE.get(TspOpcode(opcode)) if opcode in set(TspOpcode) else None
        if row is None or (row.needs and not getattr(self._policy, row.needs)):
            raise RefusedError(TspErrorCode.UNSUPPORTED_REQUEST, f"opcode {opcode:#x}", opcode)
        kind = TspOpcode(opcode)
        privilege = self._privilege(session, kind)
        if not privilege & row.privilege:
            raise RefusedError(TspErrorCode.NO_PRIVILEGE, f"{kind.name} by {privilege.name}")
        try:
            request = TSP.parse(message)
        except WireError as error:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, str(error)) from None
        if request.tsp_version != TSP_VERSION_10:
            raise RefusedError(TspErrorCode.VERSION_MISMATCH, f"version {request.tsp_version:#x}")
        if self._pending and kind not in _NEVER_BUSY:
            raise RefusedError(TspErrorCode.BUSY, "an earlier request is not done")
        if self.state in row.refused:
            raise RefusedError(row.refused[self.state], f"{kind.name} in {self.state.name}")
        return self._granted(kind, row, _Asked(request, session, privilege))

    def _privilege(self, session: SessionToken | None, kind: TspOpcode) -> Privilege:
        if session is None:
            return Privilege.OTHER
        if session.psk_hint is not None and self._secondary(session.psk_hint) is not None:
            return Privilege.SECONDARY
        begins = kind == TspOpcode.GET_TARGET_TSP_VERSION and not self._orphaned
        if begins and self._primary is None:
            self._primary = session
        return Privilege.PRIMARY if self._primary is session else Privilege.OTHER

    def _secondary(self, hint: bytes) -> int | None:
        plain = hint.removesuffix(b"\0")
        number = HINTS.index(plain) if plain in HINTS else None
        return number if number in self._psks else None

    def _granted(self, kind: TspOpcode, row: TspRow, asked: _Asked) -> TspMessage:
        if not row.slow:
            return self._AT_ONCE[kind](self, asked)
        prepare, done = self._SLOW[kind]
        deed = prepare(self, asked)
        if self._policy.delayed:
            self._pending = _Pending(asked.session, self._policy.delayed - 1, deed)
            return DelayedRsp(delay_time=self._policy.delay_time)
        deed()
        return done()

    def _version(self, _: _Asked) -> TspMessage:
        return GetTargetTspVersionRsp()

    def _capabilities(self, _: _Asked) -> TspMessage:
        return capabilities(self._policy)

    def _configure(self, asked: _Asked) -> TspMessage:
        request: SetTargetConfiguration = asked.request
        problem = configuration_problem(request, self._policy)
        if problem:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, problem)
        self._configuration = request
        self._psks = {
            number: request.secondary_session_psks[TSP_PSK_SIZE * number :][:TSP_PSK_SIZE]
            for number in range(SECONDARY_SESSIONS)
            if request.configuration_validity_flags >> number & 1
        }
        return SetTargetConfigurationRsp()

    def _configured(self, _: _Asked) -> TspMessage:
        held = self._configuration
        return GetTargetConfigurationRsp(
            memory_encryption_features=held.memory_encryption_features,
            memory_encryption_algorithm=held.memory_encryption_algorithm,
            te_state_change_and_access_control_features=(
                held.te_state_change_and_access_control_features
            ),
            explicit_oob_te_state_granularity=held.explicit_oob_te_state_granularity,
            configuration_features=shown(held.configuration_features),
            ckid_base=held.ckid_base,
            number_of_ckids=held.number_of_ckids,
            current_tsp_state=self.state,
            explicit_ib_te_state_granularity_entries=held.explicit_ib_te_state_granularity_entries,
        )

    def _report(self, asked: _Asked) -> TspMessage:
        """The target has none of the structures that a report may show: it says so."""
        report, offset = TargetConfigurationReport().build(), asked.request.offset
        length = min(asked.request.length, self._policy.report_portion)
        if not length or offset >= len(report):
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "no such part of the report")
        portion = report[offset:][:length]
        return GetTargetConfigurationReportRsp(
            remainder_length=len(report) - offset - len(portion), report_data=portion
        )

    def _lock(self, _: _Asked) -> TspMessage:
        self.state = TspState.CONFIG_LOCKED
        self._notice("tsp-state", "CONFIG_LOCKED")
        return LockTargetConfigurationRsp()

    def _check(self, asked: _Asked) -> TspMessage:
        pending = self._pending
        if pending is None or pending.session is not asked.session:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "nothing was delayed")
        if pending.answers:
            pending.answers -= 1
            return DelayedRsp(delay_time=self._policy.delay_time)
        self._pending = None
        pending.deed()
        return CheckTargetDelayedCompletionRsp()

    def _set_ckid(self, asked: _Asked) -> Deed:
        return self.keys.set_ckid(asked.request, self._configuration, self._only(asked))

    def _clear_ckid(self, asked: _Asked) -> Deed:
        return self.keys.clear_ckid(asked.request, self._configuration, self._only(asked))

    def _set_range(self, asked: _Asked) -> Deed:
        return self.keys.set_range(asked.request, self._configuration)

    def _clear_range(self, asked: _Asked) -> Deed:
        return self.keys.clear_range(asked.request, self._configuration)

    def _only(self, asked: _Asked) -> int | None:
        """The type of CKIDs that the session may manage; ``None`` for any."""
        if asked.privilege is Privilege.PRIMARY:
            return None
        return self._configuration.secondary_session_ckid_type

    def _te_state(self, asked: _Asked) -> Deed:
        request = asked.request
        ranges = MemoryRange.parse_all(request.memory_ranges)
        if not 1 <= len(ranges) <= _MOST_RANGES or request.te_state > 1:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "no such state, or ranges")
        if any(not one.length or one.starting_address + one.length > 1 << 64 for one in ranges):
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "a range of no bytes, or past the end")
        if not self._configuration.te_state_change_and_access_control_features & _EXPLICIT:
            code = TspErrorCode.INVALID_SECURITY_CONFIGURATION
            raise RefusedError(code, "explicit TE state changes are not enabled")
        return lambda: self._notice("tsp-te-state", f"{request.te_state} for {len(ranges)} ranges")

    def _notice(self, what: str, detail: str) -> None:
        self._outbox.append((0, Noticed(what, detail)))

    _AT_ONCE: ClassVar[dict[TspOpcode, Callable[..., TspMessage]]] = {
        TspOpcode.GET_TARGET_TSP_VERSION: _version,
        TspOpcode.GET_TARGET_CAPABILITIES: _capabilities,
        TspOpcode.SET_TARGET_CONFIGURATION: _configure,
        TspOpcode.GET_TARGET_CONFIGURATION: _configured,
        TspOpcode.GET_TARGET_CONFIGURATION_REPORT: _report,
        TspOpcode.LOCK_TARGET_CONFIGURATION: _lock,
        TspOpcode.CHECK_TARGET_DELAYED_COMPLETION: _check,
    }
    _SLOW: ClassVar[dict[TspOpcode, tuple[Callable[..., Deed], type[TspMessage]]]] = {
        TspOpcode.SET_TARGET_CKID_SPECIFIC_KEY: (_set_ckid, SetTargetCkidSpecificKeyRsp),
        TspOpcode.SET_TARGET_CKID_RANDOM_KEY: (_set_ckid, SetTargetCkidRandomKeyRsp),
        TspOpcode.CLEAR_TARGET_CKID_KEY: (_clear_ckid, ClearTargetCkidKeyRsp),
        TspOpcode.SET_TARGET_RANGE_SPECIFIC_KEY: (_set_range, SetTargetRangeSpecificKeyRsp),
        TspOpcode.SET_TARGET_RANGE_RANDOM_KEY: (_set_range, SetTargetRangeRandomKeyRsp),
        TspOpcode.CLEAR_TARGET_RANGE_KEY: (_clear_range, ClearTargetRangeKeyRsp),
        TspOpcode.SET_TARGET_TE_STATE: (_te_state, SetTargetTeStateRsp),
    }
