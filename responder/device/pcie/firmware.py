"""What a machine's firmware does to a device: addresses for its BARs, streams that are enabled.

Behind a socket there is no machine, and nobody could write these registers.
"""

import re
from typing import TYPE_CHECKING

from responder.spec.ide import STREAM_ID_SHIFT, StreamControl
from responder.spec.pcie import Command

if TYPE_CHECKING:
    from responder.device.pcie.device import PcieDevice
    from responder.device.pcie.function import Function

FIRST_ADDRESS = 0x4_0000_0000
"""Where the BARs of function 0 begin, in bytes; those of the others follow."""
_COMMAND = 0x04
_BARS = 0x10
_STREAM_CONTROL = re.compile(r"ide\.stream\d+\.control")


def set_up(device: "PcieDevice", now: float) -> None:
    """Give BARs addresses, enable memory and bus master, and each selective stream its id.

    Stream n has id n; the first is the default stream.
    """
    address = FIRST_ADDRESS
    for function in device.functions:
        address = _place(function, address, now)
    if device.port is None:
        return
    first = device.functions[0]
    for number, offset in enumerate(_stream_controls(first)):
        value = StreamControl.ENABLE | number << STREAM_ID_SHIFT
        if number == 0:
            value |= StreamControl.DEFAULT_STREAM
        first.config_write(offset, value.to_bytes(4, "little"), now)


def _place(function: "Function", address: int, now: float) -> int:
    """Programme the BARs of a function; where the next function's begin."""
    for bar in function.layout.bars:
        address += -address % bar.size
        width = 8 if bar.wide else 4
        at = _BARS + 4 * bar.number
        function.config_write(at, (address & (1 << 8 * width) - 1).to_bytes(width, "little"), now)
        address += bar.size
    enable = Command.MEMORY_SPACE | Command.BUS_MASTER
    function.config_write(_COMMAND, enable.to_bytes(2, "little"), now)
    return address


def _stream_controls(function: "Function") -> list[int]:
    """Where the control registers of its selective streams are, in configuration space."""
    names = {at: function.register_name(at) for at in range(0x100, 0x1000, 4)}
    return [at for at, name in names.items() if _STREAM_CONTROL.fullmatch(name)]
