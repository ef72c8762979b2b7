"""The pages about TDISP and TSP: state tables, what a policy changes of them, lock rules."""

from fault_docs import table

from responder.device.pcie.cxl_tsp_table import TSP_TABLE, Privilege
from responder.device.pcie.interfaces import TdiState
from responder.device.pcie.lock_rules import RULES, Against, LockRule
from responder.device.pcie.tdi_table import TABLE, VARIANTS, Outcome, Row, TdiEvent
from responder.device.pcie.tdisp import BOUND
from responder.spec.cxl import TspState

STATES = [state.name for state in TdiState]


_STATES_TEXT = """\
# TDISP

A TEE device interface (TDI) is a function as TDISP sees it.

## States

What each event comes to: the next state, or the code of the TDISP_ERROR that refuses a request and
leaves the state as it is. `-`: nothing changes.

"""
_ORDER_TEXT = """
Mistakes are found in this order: version (VERSION_MISMATCH), interface (INVALID_INTERFACE), type
(UNSUPPORTED_REQUEST), length (INVALID_REQUEST), session (INVALID_REQUEST), state, and at last what
the request itself says. Every request is answered before the next one is looked at, so that none
is BUSY. What has to come over the session that locked:
"""
_RULES_TEXT = """
## Lock rules

Which writes to configuration space are an ERROR while an interface is CONFIG_LOCKED or RUN. The
first row that fits a register's name counts; `*` stands for any characters. With
`unchanged_writes` a write is against the lock even if it changes nothing, or clears what is clear;
with `refuse_locked_writes` it has no effect besides, where the row is about all bits.

"""
_TSP_TEXT = """\
# TSP

The security protocol of CXL memory targets. The first session that asks for the version is the
primary one; sessions with a pre-shared key of SET_TARGET_CONFIGURATION are secondary ones. What is
refused in a state is refused with the code that stands there; an empty cell grants it.

Mistakes are found in this order: opcode (UNSUPPORTED_REQUEST), privilege (NO_PRIVILEGE), length
(INVALID_REQUEST), version (VERSION_MISMATCH), an earlier request that is not done (BUSY), state,
and at last what the request itself says.

"""


def tdisp() -> str:
    """The tables of the state machine, and which registers are locked."""
    bound = ", ".join(event.value for event in TdiEvent if event in BOUND)
    return (
        _STATES_TEXT
        + _states()
        + f"{_ORDER_TEXT}{bound}.\n\nA policy changes these rows:\n\n"
        + _variants()
        + "\n"
        + _diagram()
        + _RULES_TEXT
        + _rules()
    )


def _states() -> str:
    rows = [[event.value, *_cells(row)] for event, row in TABLE.items()]
    return table(["Event", *STATES], rows)


def _cells(row: Row) -> list[str]:
    return [_cell(state, outcome) for state, outcome in zip(TdiState, row, strict=True)]


def _cell(state: TdiState, outcome: Outcome) -> str:
    return "-" if outcome is state else outcome.name


def _variants() -> str:
    rows = [
        [f"`{name} = {str(value).lower()}`", event.value, *_cells(row)]
        for (name, value), (event, row) in VARIANTS.items()
    ]
    return table(["Policy", "Event", *STATES], rows)


def _diagram() -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for event, row in TABLE.items():
        for state, outcome in zip(TdiState, row, strict=True):
            if isinstance(outcome, TdiState) and outcome is not state:
                said = arrows.setdefault((state.name, outcome.name), [])
                said.append(event.value.split(",")[0])
    lines = ["[*] --> CONFIG_UNLOCKED"]
    lines += [f"{one} --> {other}: {', '.join(said)}" for (one, other), said in arrows.items()]
    return "```mermaid\nstateDiagram-v2\n" + "".join(f"    {line}\n" for line in lines) + "```\n"


def _rules() -> str:
    rows = [[f"`{rule.registers}`", _writes(rule), _flag(rule), rule.text] for rule in RULES]
    return table(["Registers", "Writes that are an ERROR", "Under lock flag", "Why"], rows)


def _writes(rule: LockRule) -> str:
    if rule.against is Against.NEVER:
        return rule.against.value
    if rule.whole:
        return f"{rule.against.value} any bit"
    places = [str(bit) for bit in range(32) if rule.bits >> bit & 1]
    return f"{rule.against.value} bits {', '.join(places)}"


def _flag(rule: LockRule) -> str:
    return str(rule.flag.name) if rule.flag is not None else ""


def tsp() -> str:
    """Who may ask a target what, and when."""
    rows = [
        [
            f"`{opcode:02X}` {opcode.name}",
            _sessions(row.privilege),
            *(row.refused[state].name if state in row.refused else "" for state in TspState),
            "yes" if row.slow else "",
            f"`{row.needs}`" if row.needs else "",
        ]
        for opcode, row in TSP_TABLE.items()
    ]
    states = [state.name for state in TspState]
    head = ["Request", "Sessions", *states, "May be delayed", "Needs"]
    return _TSP_TEXT + table(head, rows)


def _sessions(privilege: Privilege) -> str:
    single = (Privilege.PRIMARY, Privilege.SECONDARY, Privilege.OTHER)
    return ", ".join(str(one.name).lower() for one in single if one in privilege)
