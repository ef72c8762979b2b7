"""What measurements say of a locked interface."""

import pytest
from requester.cases import put
from requester.peer import BLOCKS, FLAGS, block
from requester.session_peer import SESSION_FLAGS
from requester.tdi_peer import FUNCTION_ID, STATUS_INDEX, TdiPeer, talk

from responder.spec.flags import Cap
from responder.spec.tdisp import TdiState
from responder.wire.function_status import FunctionStatus, StatusFlags

RAW = ["measurements.raw"]
"""It has no digest: its values are to be read."""
MEASURED = ("tdisp-lock", "tdisp-measured")


def test_the_block_of_the_function_is_reported():
    outcome = talk(TdiPeer(), *MEASURED)
    assert outcome.report.verdict == "attested"
    assert outcome.observed == RAW
    status = outcome.report.tdi.status
    assert (status.index, status.state, status.signed) == (STATUS_INDEX, "CONFIG_LOCKED", True)
    assert status.flags == ["CONFIGURATION_LOCKED"]
    assert status.lock_flags == outcome.report.tdi.lock_flags
    assert (status.configuration, status.resets) == (0xABCD, 0)


def test_it_may_be_measured_before_it_is_locked():
    outcome = talk(TdiPeer(), "tdisp-measured", "tdisp-stop", "tdisp-measured")
    assert outcome.report.verdict == "attested"
    assert outcome.report.tdi.status.state == "CONFIG_UNLOCKED"


def test_a_stop_begins_anew():
    peer = TdiPeer()
    peer.status = lambda status: status.replace(configuration=peer.locks)
    outcome = talk(peer, *MEASURED, "tdisp-stop", *MEASURED)
    assert outcome.report.verdict == "attested"


@pytest.mark.parametrize(
    "blocks",
    [
        {1: BLOCKS[1]},
        {2: block(2, 0x82, b"another raw value")},
        {2: block(2, 0x83, FunctionStatus(function_id=FUNCTION_ID).build())},
        {2: block(2, 0x82, FunctionStatus(function_id=FUNCTION_ID + 1).build())},
        {2: block(2, 0x82, FunctionStatus(function_id=FUNCTION_ID, version=2).build())},
    ],
    ids=["none", "other", "other-type", "other-function", "other-version"],
)
def test_a_device_without_such_a_block_is_noted(blocks):
    outcome = talk(TdiPeer(status=None, blocks=blocks), *MEASURED)
    assert outcome.report.verdict == "attested"
    assert "tdi.unmeasured" in outcome.observed
    assert outcome.report.tdi.status is None


def test_a_device_that_measures_nothing():
    flags = SESSION_FLAGS & ~Cap.MEAS_SIG
    assert talk(TdiPeer(flags=flags), *MEASURED).observed == ["step.unsupported"]
    assert flags & FLAGS


def test_refused_changes_are_noted():
    outcome = talk(TdiPeer(status=put(refused=2)), *MEASURED)
    assert outcome.observed == [*RAW, "tdi.changes-refused"]


def test_a_change_that_took_effect_is_refused():
    lie = put(flags=StatusFlags.CONFIGURATION_LOCKED | StatusFlags.CHANGED_SINCE_LOCK, shown=1)
    outcome = talk(TdiPeer(status=lie), *MEASURED)
    assert outcome.check == "tdi.measured-unchanged"
    assert outcome.report.tdi.status.shown == 1


def test_a_state_that_only_the_measurement_tells():
    lie = put(tdi_state=TdiState.CONFIG_UNLOCKED)
    assert talk(TdiPeer(status=lie), *MEASURED).check == "tdi.measured-state"


def test_a_reset_since_the_last_look_is_refused():
    resets = iter((0, 0, 1, 1))
    peer = TdiPeer(status=lambda status: status.replace(resets=next(resets)))
    assert talk(peer, *MEASURED, "tdisp-measured").check == "tdi.measured-resets"
