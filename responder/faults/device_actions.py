"""What a fault can do to a PCI Express device, and have it do: one class per action."""

from typing import Annotated, Literal

from msgspec import Meta

from responder.core.controls import DeviceEvent
from responder.faults.edits import Action

FunctionNumber = Annotated[int, Meta(ge=0, le=4096)]
Word = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]


class Switch(Action, tag="switch", frozen=True, kw_only=True):
    """At `device`: switches of the profile have other values from now on.

    They are thrown in the device, so that all of its connections see it.

    Attributes:
        table: the table of the profile: `ide_km`, `tdisp`, or `pcie` for its locks.
        values: the switches and their values.
    """

    table: Literal["ide_km", "tdisp", "pcie"]
    values: dict[str, bool | int | str]


class Happen(Action, tag="happen", frozen=True, kw_only=True):
    """At `device`: something happens to the device of its own accord, before the request.

    Attributes:
        event: `interface-error`: the interface of the function finds an error; `stream-insecure`:
            an integrity check of a stream fails; `configure`: the physical function configures the
            function; `bar-moved`: somebody writes to BAR 0 of the function; `function-reset`: a
            function level reset, of which SPDM is not told.
        function: its number.
        value: the stream, the device-specific configuration, or what is written to BAR 0.
    """

    event: DeviceEvent
    function: FunctionNumber = 0
    value: Word = 0


class WriteMemory(Action, tag="write-memory", frozen=True, kw_only=True):
    """At `device`: a function writes to host memory, before the request, whatever forbids it.

    Attributes:
        function: its number.
        address: in bytes, as the bus sees it.
        value: hexadecimal text, at most 4096 bytes.
    """

    function: FunctionNumber = 0
    address: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    value: str
