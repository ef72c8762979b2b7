"""Measurement values with a structure (DSP0274 "DMTF specification for the Measurement field")."""

from responder.spec.measurements import DeviceMode, OperationalMode
from responder.wire.fields import Int32ul
from responder.wire.message import Record, wire


class DeviceModeValue(Record):
    """The value of a measurement of type DEVICE_MODE; 16 bytes."""

    operational_mode_capabilities: int = wire(Int32ul, default=0, show=OperationalMode)
    operational_mode_state: int = wire(Int32ul, default=0, show=OperationalMode)
    device_mode_capabilities: int = wire(Int32ul, default=0, show=DeviceMode)
    device_mode_state: int = wire(Int32ul, default=0, show=DeviceMode)
