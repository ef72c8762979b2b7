"""The measurement of a function that says how it stands (``wire.function_status``)."""

from typing import TYPE_CHECKING

from responder.device.measurements import Measurement
from responder.device.pcie.interfaces import TdiState
from responder.spec.algorithms import Hash
from responder.spec.measurements import ValueType

if TYPE_CHECKING:
    from responder.device.pcie.function import Function


class StatusMeasurement:
    """The block of one function, made anew each time it is read; a ``core.interfaces.Measured``.

    Attributes:
        index: 1 to 0xFE.
        tcb: no: it changes while the device does what it should.
        hash_extend: no.
    """

    tcb = False
    hash_extend = False

    def __init__(self, index: int, function: "Function") -> None:
        self.index = index
        self._function = function

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """The measurement block, a raw bit stream whatever was asked for."""
        kind = ValueType.HARDWARE_CONFIGURATION
        return Measurement(self.index, kind, self.value(), raw=True).block(
            measurement_hash, raw=raw
        )

    def value(self) -> bytes:
        """The 24 bytes of ``FunctionStatus``."""
        from responder.wire.function_status import (  # noqa: PLC0415 - start-up time matters
            FunctionStatus,
            StatusFlags,
        )

        function, interface = self._function, self._function.interface
        state = interface.state if interface else TdiState.CONFIG_UNLOCKED
        flags = StatusFlags(0)
        if state is not TdiState.CONFIG_UNLOCKED:
            flags |= StatusFlags.CONFIGURATION_LOCKED
        if function.configuration.changed_since_lock or (interface and interface.violations):
            flags |= StatusFlags.CHANGED_SINCE_LOCK
        if interface and interface.enforced:
            flags |= StatusFlags.DMA_NEEDS_RUN
        return FunctionStatus(
            tdi_state=int(state),
            lock_flags=interface.lock_flags if interface else 0,
            function_id=(interface or function).function_id,
            flags=int(flags),
            configuration=function.configuration.word,
            resets=function.reset_count,
            refused=function.configuration.refused,
            shown=function.configuration.changed_locked,
        ).build()
