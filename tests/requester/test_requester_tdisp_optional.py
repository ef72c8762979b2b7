"""The requests of TDISP that a device need not support."""

import pytest
from requester.cases import put
from requester.tdi_peer import RANGES, SUPPORTED, TdiPeer, talk, tdisp_error

from responder.spec.tdisp import TdispErrorCode, TdispType
from responder.wire import tdisp

OPTIONAL = {
    "tdisp-vdm": tdisp.VdmRequest,
    "tdisp-p2p": tdisp.BindP2pStreamRequest,
    "tdisp-config": tdisp.SetTdispConfigRequest,
    "tdisp-mmio-attribute": tdisp.SetMmioAttributeRequest,
}
MANDATORY = [one for one in SUPPORTED if one <= TdispType.STOP_INTERFACE_REQUEST]


def sent(peer, kind):
    return [message for message in peer.asked if isinstance(message, kind)]


@pytest.mark.parametrize("step", OPTIONAL)
def test_what_is_not_supported_is_left_out(step):
    peer = TdiPeer(supported=MANDATORY)
    outcome = talk(peer, "tdisp-lock", step)
    assert outcome.observed == ["tdi.unsupported"]
    assert not sent(peer, OPTIONAL[step])


@pytest.mark.parametrize("step", ["tdisp-vdm", "tdisp-p2p", "tdisp-config"])
def test_what_is_refused_as_unsupported_is_noted(step):
    unsupported = tdisp_error(TdispErrorCode.UNSUPPORTED_REQUEST)
    peer = TdiPeer(refuses={OPTIONAL[step]: [unsupported]})
    assert talk(peer, step).observed == ["tdi.unsupported"]


@pytest.mark.parametrize("step", ["tdisp-vdm", "tdisp-p2p", "tdisp-config"])
def test_another_error_is_refused(step):
    wrong = tdisp_error(TdispErrorCode.INVALID_INTERFACE_STATE)
    assert talk(TdiPeer(refuses={OPTIONAL[step]: [wrong]}), step).check == "tdi.error"


def test_a_vendor_answers():
    outcome = talk(TdiPeer(), "tdisp-vdm", vdm_vendor=b"\x34\x12", vdm_data=b"\x01\x02")
    assert outcome.report.tdi.vdm_response == "0201"


def test_the_registry_of_a_vendor_comes_back():
    peer = TdiPeer(says={tdisp.VdmResponse: put(registry_id=1)})
    assert talk(peer, "tdisp-vdm").check == "tdi.vdm-vendor"


def test_a_stream_is_bound_and_unbound():
    peer = TdiPeer()
    assert talk(peer, "tdisp-p2p", p2p_stream_id=9).report.verdict == "attested"
    kinds = [tdisp.BindP2pStreamRequest, tdisp.UnbindP2pStreamRequest]
    assert [(type(m), m.p2p_stream_id) for m in peer.asked] == [(kind, 9) for kind in kinds]


def test_a_configuration_is_set():
    peer = TdiPeer()
    talk(peer, "tdisp-config", config=3)
    assert sent(peer, tdisp.SetTdispConfigRequest)[0].tdisp_config == 3


def test_a_range_changes_sides_and_changes_back():
    peer = TdiPeer()
    outcome = talk(peer, "tdisp-lock", "tdisp-mmio-attribute")
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["tdi.non-tee"]
    asked = [tdisp.MmioRange.parse(m.mmio_range) for m in sent(peer, tdisp.SetMmioAttributeRequest)]
    assert [(one.range_id, one.range_attributes) for one in asked] == [(2, 0xC), (2, 0x8)]
    assert peer.ranges == RANGES


def test_an_attribute_that_does_not_show_is_noted():
    peer = TdiPeer()
    peer.set_attribute = lambda _: tdisp.SetMmioAttributeResponse()
    observed = talk(peer, "tdisp-lock", "tdisp-mmio-attribute").observed
    assert observed == ["tdi.attribute-ignored"]


def test_no_range_can_be_changed():
    peer = TdiPeer(ranges=RANGES[:1])
    assert talk(peer, "tdisp-lock", "tdisp-mmio-attribute").observed == ["tdi.not-updatable"]
