"""TSP requests as a table: who may ask them, and in which state (CXL 3.1, 11.5).

``docs/reference/tsp.md`` is written from the table here.
"""

from enum import Flag, auto
from typing import Literal

import msgspec

from responder.spec.cxl import SECONDARY_SESSIONS, TspErrorCode, TspOpcode, TspState


class Privilege(Flag):
    """What a session is to a target.

    The first session that asks for the version is the primary one; sessions with the pre-shared
    keys that it has set are secondary ones.
    """

    PRIMARY = auto()
    SECONDARY = auto()
    OTHER = auto()
    MANAGING = PRIMARY | SECONDARY
    ANY = PRIMARY | SECONDARY | OTHER


class CxlTspPolicy(msgspec.Struct, frozen=True):
    """What a target can do, and what it does where the facts leave it open.

    Attributes:
        session_required: TSP works in sessions only.
        session_end: what the end of the primary session does to a locked target: it stays locked,
            without another primary session until a reset; it is unlocked; or it is in ERROR.
        algorithms: memory encryption algorithms, a bit mask.
        te_features: TE state changes and access control, a bit mask.
        oob_granularity, ib_granularity: supported granularities of explicit TE state changes; bit
            i stands for 64 << i bytes.
        fw_update: locked targets may have their firmware updated.
        secondary_sessions: how many there may be, 0 to 4.
        ckids: CKIDs, none or at least two; with them encryption may be based on CKIDs.
        range_keys: keys for ranges; with any, encryption may be based on ranges.
        initiator_entropy: random keys take in what the requester sends.
        delayed: how often a key operation or TE state change answers DELAYED_RSP before it is done.
        delay_time: the time that DELAYED_RSP tells.
        report_portion: bytes of a report in one answer, at most.
    """

    session_required: bool = True
    session_end: Literal["keep", "unlock", "error"] = "keep"
    algorithms: int = 0x2
    te_features: int = 0x16
    oob_granularity: int = 0
    ib_granularity: int = 0x1
    fw_update: bool = True
    secondary_sessions: int = 1
    ckids: int = 0
    range_keys: int = 0
    initiator_entropy: bool = False
    delayed: int = 0
    delay_time: int = 1
    report_portion: int = 512

    def __post_init__(self) -> None:
        if self.ckids == 1 or not 0 <= self.secondary_sessions <= SECONDARY_SESSIONS:
            raise ValueError("ckids is 1, or secondary_sessions not 0 to 4")


class TspRow(msgspec.Struct, frozen=True):
    """A request of TSP.

    Attributes:
        privilege: the sessions that may ask it.
        refused: the states in which it is refused, with which code.
        slow: it may take longer (``CxlTspPolicy.delayed``).
        needs: the field of the policy without which it is unsupported.
    """

    privilege: Privilege
    refused: dict[TspState, TspErrorCode]
    slow: bool = False
    needs: str = ""


_UNLOCKED, _LOCKED, _ERROR = TspState
_STATE = TspErrorCode.INVALID_SECURITY_STATE
_ANY_STATE: dict[TspState, TspErrorCode] = {}
_NOT_ERROR = {_ERROR: _STATE}
_ONLY_UNLOCKED = {_LOCKED: _STATE, _ERROR: _STATE}
_ONLY_LOCKED = {_UNLOCKED: _STATE, _ERROR: _STATE}


def _key(needs: str) -> TspRow:
    return TspRow(Privilege.MANAGING, _ONLY_LOCKED, slow=True, needs=needs)


TSP_TABLE: dict[TspOpcode, TspRow] = {
    TspOpcode.GET_TARGET_TSP_VERSION: TspRow(Privilege.ANY, _ANY_STATE),
    TspOpcode.GET_TARGET_CAPABILITIES: TspRow(Privilege.ANY, _ANY_STATE),
    TspOpcode.SET_TARGET_CONFIGURATION: TspRow(Privilege.PRIMARY, _ONLY_UNLOCKED),
    TspOpcode.GET_TARGET_CONFIGURATION: TspRow(Privilege.MANAGING, _NOT_ERROR),
    TspOpcode.GET_TARGET_CONFIGURATION_REPORT: TspRow(Privilege.MANAGING, _NOT_ERROR),
    TspOpcode.LOCK_TARGET_CONFIGURATION: TspRow(
        Privilege.PRIMARY, {_LOCKED: TspErrorCode.ALREADY_LOCKED, _ERROR: _STATE}
    ),
    TspOpcode.SET_TARGET_CKID_SPECIFIC_KEY: _key("ckids"),
    TspOpcode.SET_TARGET_CKID_RANDOM_KEY: _key("ckids"),
    TspOpcode.CLEAR_TARGET_CKID_KEY: _key("ckids"),
    TspOpcode.SET_TARGET_RANGE_SPECIFIC_KEY: _key("range_keys"),
    TspOpcode.SET_TARGET_RANGE_RANDOM_KEY: _key("range_keys"),
    TspOpcode.CLEAR_TARGET_RANGE_KEY: _key("range_keys"),
    TspOpcode.SET_TARGET_TE_STATE: TspRow(Privilege.MANAGING, _ONLY_LOCKED, slow=True),
    TspOpcode.CHECK_TARGET_DELAYED_COMPLETION: TspRow(
        Privilege.MANAGING, _ANY_STATE, needs="delayed"
    ),
}
