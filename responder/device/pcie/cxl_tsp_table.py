"""TSP requests as a table: who may ask them, and in which state (CXL 3.1, 11.5).

``docs/reference/tsp.md`` is written from the table here.
"""

from enum import Flag, auto

import msgspec

from responder.spec.cxl import TspErrorCode, TspOpcode, TspState


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
