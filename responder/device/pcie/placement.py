"""Where each register of a layout is: capabilities get their offsets and are linked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from responder.device.pcie.capabilities import header, standard_capabilities
from responder.device.pcie.config_space import Capability, Register, RegisterMap
from responder.device.pcie.extended import extended_capabilities
from responder.spec.pcie import (
    BAR_COUNT,
    CONFIG_SIZE,
    EXTENDED_START,
    STANDARD_START,
    Command,
)

if TYPE_CHECKING:
    from responder.device.pcie.layout import FunctionLayout

_ALIGNMENT = 0x10
_ABSENT_ID = 0xFFFF

VF_VALUES = {
    "header.vendor_id": _ABSENT_ID,
    "header.device_id": _ABSENT_ID,
    **{f"header.bar{number}": 0 for number in range(BAR_COUNT)},
    "pcie.device_control": 0,
    "pcie.link_control_2": 0,
}
"""What a virtual function reads by the rules of SR-IOV, where it differs (PCIe 6.2, 9.3.4)."""

VF_WRITABLE = {
    "header.command": int(Command.BUS_MASTER),
    "header.cache_line_size": 0,
    "header.interrupt_line": 0,
    **{f"header.bar{number}": 0 for number in range(BAR_COUNT)},
    "pcie.device_control": 0,
    "pcie.device_control_2": 0,
    "pcie.link_control": 0,
    "pcie.link_control_2": 0,
    "aer.uncorrectable_mask": 0,
    "aer.uncorrectable_severity": 0,
    "aer.correctable_mask": 0,
    "aer.control": 0,
}
"""What software may write then; the other bits are reserved, or the physical function's."""


class ConfigMap(RegisterMap):
    """The registers of a configuration space, and where extended capabilities may be added.

    Attributes:
        last_extended: the offset of the last extended capability, 0 without one.
        free: the offset behind it.
    """

    def __init__(self, registers: Sequence[Register], last_extended: int, free: int) -> None:
        super().__init__(registers, CONFIG_SIZE)
        self.last_extended = last_extended
        self.free = free


def config_map(layout: "FunctionLayout") -> ConfigMap:
    """All registers of a layout, in their places."""
    registers = header(layout)
    offset = STANDARD_START
    standard = standard_capabilities(layout)
    for number, one in enumerate(standard, 1):
        following = -(-(offset + one.size) // _ALIGNMENT) * _ALIGNMENT
        pointer = following if number < len(standard) else 0
        registers += _placed(one, offset, Register("header", 0, 2, one.id | pointer << 8))
        offset = following
    last, offset = 0, EXTENDED_START
    extended = extended_capabilities(layout)
    for number, one in enumerate(extended, 1):
        last, offset = offset, offset + one.size
        pointer = offset if number < len(extended) else 0
        value = extended_header(one.id, one.version, pointer)
        registers += _placed(one, last, Register("header", 0, 4, value))
    if layout.vf_rules:
        registers = [_of_virtual_function(register) for register in registers]
    return ConfigMap(registers, last, offset)


def extended_header(capability_id: int, version: int, pointer: int) -> int:
    """The header DW of an extended capability; ``pointer`` is 0 for the last one."""
    return capability_id | version << 16 | pointer << 20


def _placed(capability: Capability, offset: int, head: Register) -> list[Register]:
    return [
        replace(one, name=f"{capability.name}.{one.name}", offset=offset + one.offset)
        for one in (head, *capability.registers)
    ]


def _of_virtual_function(register: Register) -> Register:
    value = VF_VALUES.get(register.name, register.value)
    writable = register.writable & VF_WRITABLE.get(register.name, register.writable)
    return replace(register, value=value, writable=writable)
