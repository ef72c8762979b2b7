"""Whether measurements say that the interface is locked: a block of this project's devices.

The guest reads it signed: nobody can change the device under it any more. Other devices have no
such block; that is noted.
"""

from responder.requester.conversation import Conversation, Flow
from responder.requester.measurements import measure
from responder.requester.protocols import names_of
from responder.requester.report import Measured
from responder.requester.report_tdi import StatusReport
from responder.requester.tdisp import report_of, state_name
from responder.spec.measurements import ValueType
from responder.spec.tdisp import LockFlag
from responder.wire.errors import WireError
from responder.wire.function_status import STATUS_VERSION, FunctionStatus, StatusFlags

_REQUESTER_ID_MASK = 0xFFFF


def measure_interface(c: Conversation) -> Flow[None]:
    """Read the measurements again, and hold the function's block to what was done."""
    yield from measure(c)
    wanted = c.options.tdi.function_id & _REQUESTER_ID_MASK
    for measured in c.report.measurements:
        status = _status(measured)
        if status is not None and status.function_id == wanted:
            _note(c, measured, status)
            _check(c, status)
            return
    c.report.observe("tdi.unmeasured", f"function id 0x{wanted:04x}")


def _status(measured: Measured) -> FunctionStatus | None:
    """The block in a measurement; ``None`` if it is something else."""
    if not measured.raw or measured.type != ValueType.HARDWARE_CONFIGURATION:
        return None
    try:
        status = FunctionStatus.parse(bytes.fromhex(measured.value))
    except WireError:
        return None
    return status if status.version == STATUS_VERSION else None


def _note(c: Conversation, measured: Measured, status: FunctionStatus) -> None:
    report_of(c).status = StatusReport(
        measured.index,
        state_name(status.tdi_state),
        names_of(LockFlag, status.lock_flags),
        names_of(StatusFlags, status.flags),
        status.configuration,
        status.resets,
        status.refused,
        status.shown,
        measured.signed,
    )
    if status.refused:
        c.report.observe("tdi.changes-refused", f"{status.refused} changes")


def _check(c: Conversation, status: FunctionStatus) -> None:
    if c.tdi.state is not None:
        told, state = state_name(status.tdi_state), c.tdi.state
        same = status.tdi_state == state
        c.require("tdi.measured-state", same, f"{told}, it was brought to {state.name}")
    if not c.tdi.locked:
        return
    locked = status.flags & StatusFlags.CONFIGURATION_LOCKED
    c.require("tdi.measured-locked", locked, "CONFIGURATION_LOCKED is clear")
    changed = status.flags & StatusFlags.CHANGED_SINCE_LOCK
    c.require("tdi.measured-unchanged", not changed, f"{status.shown} changes since the lock")
    told = f"0x{status.lock_flags:x}, asked for 0x{c.tdi.lock_flags:x}"
    c.require("tdi.measured-flags", status.lock_flags == c.tdi.lock_flags, told)
    _compare(c, status)


def _compare(c: Conversation, status: FunctionStatus) -> None:
    """Since the lock nothing resets the function, and nobody configures it."""
    before = c.tdi.status = c.tdi.status or status
    told = f"{status.resets} resets, {before.resets} before"
    c.require("tdi.measured-resets", status.resets == before.resets, told)
    told = f"0x{status.configuration:08x}, 0x{before.configuration:08x} before"
    same = status.configuration == before.configuration
    c.require("tdi.measured-configuration", same, told)
