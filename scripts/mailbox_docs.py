"""The page about the DOE mailbox: its registers, the table of its transitions, its switches."""

from enum import IntFlag
from typing import get_args

from fault_docs import table
from msgspec.structs import fields

from responder.device.pcie.mailbox_table import INTERRUPTS, STATUS, TABLE, Action, Event, State
from responder.device.pcie.policies import MailboxPolicy
from responder.profiles.docstrings import documented
from responder.spec.doe import Capability, Control, Register, Status

BITS: dict[Register, type[IntFlag]] = {
    Register.CAPABILITY: Capability,
    Register.CONTROL: Control,
    Register.STATUS: Status,
}


def mailbox() -> str:
    """Registers, states, events, the table, and where there is a choice."""
    return (
        "# The DOE mailbox\n\n"
        "Each DOE instance of a function is a state machine: software's accesses to its registers,"
        " the device's answers and the time are its events. Capability versions 1 and 2 differ in"
        " discovery and in asynchronous messages only.\n\n"
        "## Registers\n\n"
        "Offsets are those from the extended capability's header; the interrupt message number is"
        " bits 11:1 of `doe.capability`. A part of a DW that is written counts as such in the"
        " control and status registers, and not at all in the mailboxes.\n\n"
        + _registers()
        + "\n## States\n\nEntering "
        + " or ".join(state.name for state in State if state in INTERRUPTS)
        + " is a cause of an interrupt.\n\n"
        + table(["State", "The mailbox", "Status"], list(map(_state, State)))
        + "\n## Transitions\n\nWhat does not stand here cannot happen.\n\n"
        + table(["State", "Event", "Action", "Then", "ERROR instead if"], _rows())
        + "\n```mermaid\nstateDiagram-v2\n    [*] --> IDLE\n"
        + "".join(f"    {arrow}\n" for arrow in _arrows())
        + "```\n\n"
        + table(["Event", "Is"], [[event.name, event.value] for event in Event])
        + "\n"
        + table(["Action", "Is to"], [[action.name, action.value] for action in Action])
        + "\n## Switches\n\n"
        + _switches()
    )


def _registers() -> str:
    rows = []
    for register in Register:
        bits = [f"{flag.value.bit_length() - 1} {flag.name}" for flag in BITS.get(register, ())]
        rows.append([f"+{register:02X}", f"`doe.{register.name.lower()}`", ", ".join(bits)])
    return table(["Offset", "Register", "Bits"], rows)


def _state(state: State) -> list[str]:
    return [state.name, state.value, STATUS[state].name or "none"]


def _rows() -> list[list[str]]:
    return [
        [
            state.name,
            event.name,
            step.action.name,
            step.state.name,
            f"`{step.misuse.value}`" if step.misuse else "",
        ]
        for (state, event), step in TABLE.items()
    ]


def _arrows() -> list[str]:
    """One arrow from state to state, for all events that lead along it."""
    events: dict[tuple[str, str], list[str]] = {}
    for (state, event), step in TABLE.items():
        if event is not Event.RESET and step.state is not state:
            events.setdefault((state.name, step.state.name), []).append(event.name)
        if step.misuse:
            name = f"{event.name} ({step.misuse.value})"
            events.setdefault((state.name, State.ERROR.name), []).append(name)
    return [f"{start} --> {end}: {', '.join(names)}" for (start, end), names in events.items()]


def _switches() -> str:
    rows = []
    texts = documented(MailboxPolicy).keys
    for field in fields(MailboxPolicy):
        choices = " or ".join(f"`{choice}`" for choice in get_args(field.type))
        rows.append([f"`{field.name}`", choices, f"`{field.default}`", texts[field.name]])
    return table(["Switch", "Is", "Default", "For"], rows)
