"""The interface report, in portions and as a whole."""

import pytest
from requester.cases import put
from requester.tdi_peer import RANGES, TdiPeer, report_of, talk

from responder.requester.options import Patience
from responder.spec.tdisp import InterfaceInfo, LockFlag, MmioAttribute
from responder.wire import tdisp

READ = ("tdisp-lock", "tdisp-report")
ONE = RANGES[0]


def lying(change):
    return TdiPeer(says={tdisp.InterfaceReport: change})


def asked(peer):
    kind = tdisp.GetDeviceInterfaceReport
    return [(m.offset, m.length) for m in peer.asked if isinstance(m, kind)]


def test_a_report_is_read_in_portions():
    peer = TdiPeer()
    outcome = talk(peer, *READ, portion=20)
    assert outcome.report.verdict == "attested"
    assert asked(peer) == [(0, 20), (20, 20), (40, 20)]
    assert len(report_of(RANGES).build()) == 56
    found = outcome.report.tdi.interface
    assert found.info == ["NO_FW_UPDATE_AFTER_LOCK"]
    assert found.device_specific_info == b"info".hex()
    assert [(r.bar, r.first_page, r.address, r.size, r.attributes) for r in found.ranges] == [
        (0, 0x100, 0x100000, 0x4000, []),
        (2, 0x200, 0x200000, 0x2000, ["IS_MEM_ATTR_UPDATABLE"]),
    ]


def test_a_portion_fits_the_messages_of_both_sides():
    peer = TdiPeer()
    talk(peer, *READ, portion=0xFFFF)
    assert asked(peer) == [(0, 4600 - 64)]


def test_the_reporting_offset_is_taken_away():
    outcome = talk(TdiPeer(), *READ, reporting_offset=0x80000)
    first = outcome.report.tdi.interface.ranges[0]
    assert (first.first_page, first.address) == (0x100, 0x80000)


def test_a_report_without_ranges():
    outcome = talk(lying(put(mmio_ranges=b"", device_specific_info=b"")), *READ)
    assert outcome.report.verdict == "attested"
    assert outcome.report.tdi.interface.ranges == []


@pytest.mark.parametrize("count", [3, 0xFFFF, 0x10000000, 0xFFFFFFFF])
def test_more_ranges_than_there_are_bytes(count):
    assert talk(lying(put(mmio_range_count=count)), *READ).check == "tdi.report-ranges"


@pytest.mark.parametrize("length", [0, 3, 5, 0xFFFFFFFF])
def test_device_specific_information_of_another_length(length):
    assert talk(lying(put(device_specific_info_len=length)), *READ).check == "tdi.report-specific"


@pytest.mark.parametrize("size", [0, 1, 19])
def test_a_report_that_is_too_short(size):
    peer = TdiPeer(sends={tdisp.InterfaceReport: lambda data: data[:size]})
    assert talk(peer, *READ).check == "tdi.report-size"


def test_a_portion_of_nothing_does_not_go_on_for_ever():
    lie = put(report_bytes=b"", remainder_length=40)
    peer = TdiPeer(says={tdisp.DeviceInterfaceReport: lie})
    assert talk(peer, *READ).check == "tdi.portion-empty"
    peer = TdiPeer(says={tdisp.DeviceInterfaceReport: lie})
    assert talk(peer, *READ, without="tdi.portion-empty").check == "tdi.report-size"
    assert len(asked(peer)) == 1


def test_a_remainder_that_does_not_shrink_ends():
    peer = TdiPeer(says={tdisp.DeviceInterfaceReport: put(remainder_length=0x7000)})
    assert talk(peer, *READ, portion=4).check == "tdi.report-total"


def test_a_report_above_the_limit():
    patience = Patience(interface_report=55)
    assert talk(TdiPeer(), *READ, patience=patience).check == "tdi.report-limit"


def test_a_report_of_an_unlocked_interface_is_noted():
    peer = TdiPeer(serves_unlocked=True)
    assert talk(peer, "tdisp-stop", "tdisp-report").observed == ["tdi.report-unlocked"]


def test_a_report_may_change_with_the_next_lock():
    peer = TdiPeer()
    peer.says[tdisp.InterfaceReport] = lambda m: m.replace(
        device_specific_info=bytes((peer.locks,))
    )
    outcome = talk(peer, *READ, "tdisp-stop", *READ)
    assert outcome.report.verdict == "attested"


def test_reserved_bits_are_noted():
    odd = ONE.replace(range_attributes=0x8000)
    lie = put(interface_info=0x8001, mmio_ranges=odd.build())
    outcome = talk(lying(lie), *READ)
    assert outcome.report.verdict == "attested"
    assert [(o.id, o.detail) for o in outcome.report.observations] == [
        ("tdi.reserved", "INTERFACE_INFO: 0x8000"),
        ("tdi.reserved", "range id 0, attributes: 0x8000"),
    ]


def test_firmware_updates_may_stay_where_nobody_forbade_them():
    outcome = talk(lying(put(interface_info=InterfaceInfo.ATS)), *READ, lock_flags=0)
    assert outcome.report.verdict == "attested"
    assert outcome.report.tdi.interface.info == ["ATS"]


def test_a_range_outside_of_the_tee_is_noted():
    odd = ONE.replace(range_attributes=MmioAttribute.IS_NON_TEE_MEM)
    assert talk(lying(put(mmio_ranges=odd.build())), *READ).observed == ["tdi.non-tee"]


@pytest.mark.parametrize(
    ("first_page", "observed"), [(0x104, []), (0xFC, []), (0x105, ["tdi.range-id-repeated"])]
)
def test_a_range_id_elsewhere_is_noted(first_page, observed):
    twice = ONE.build() + ONE.replace(first_page=first_page).build()
    assert talk(lying(put(mmio_ranges=twice)), *READ).observed == observed


@pytest.mark.parametrize(
    ("attributes", "observed"), [(0, ["tdi.msix-unmarked"]), (MmioAttribute.MSIX_TABLE, [])]
)
def test_a_locked_table_of_msix_is_marked(attributes, observed):
    table = ONE.replace(range_attributes=attributes)
    flags = LockFlag.LOCK_MSIX | LockFlag.NO_FW_UPDATE
    outcome = talk(lying(put(mmio_ranges=table.build())), *READ, lock_flags=flags)
    assert outcome.observed == observed


@pytest.mark.parametrize(
    ("bars", "check"),
    [
        ({0: (0x100000, 0x4000), 2: (0x200000, 0x2000)}, ""),
        ({0: (0x100000, 0x3000), 2: (0x200000, 0x2000)}, "tdi.range-bar"),
        ({0: (0x101000, 0x4000), 2: (0x200000, 0x2000)}, "tdi.range-bar"),
        ({0: (0x100000, 0x4000)}, "tdi.range-bar"),
    ],
)
def test_ranges_lie_in_the_bars_that_the_host_knows(bars, check):
    assert talk(TdiPeer(), *READ, bars=bars).check == check


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_ranges_that_touch_do_not_overlap(pages):
    ranges = (
        ONE.replace(number_of_pages=pages).build() + RANGES[1].replace(first_page=0x102).build()
    )
    check = "tdi.range-overlap" if pages == 3 else ""
    assert talk(lying(put(mmio_ranges=ranges)), *READ).check == check


def test_a_range_may_end_where_the_address_space_does():
    last = ONE.replace(first_page=(1 << 52) - 4)
    assert talk(lying(put(mmio_ranges=last.build())), *READ).report.verdict == "attested"


def test_the_report_of_an_unlocked_interface_has_to_be_refused():
    steps = ("tdisp-lock", "tdisp-stop", "tdisp-report-unlocked")
    outcome = talk(TdiPeer(), *steps)
    assert (outcome.report.verdict, outcome.observed) == ("attested", [])
    outcome = talk(TdiPeer(serves_unlocked=True), *steps)
    assert (outcome.report.verdict, outcome.observed) == ("attested", ["tdi.report-unlocked"])


OUTSIDE = MmioAttribute.IS_NON_TEE_MEM


@pytest.mark.parametrize(
    ("attributes", "known", "observed"),
    [
        (0, (), []),
        (OUTSIDE, (), ["tdi.non-tee"]),
        (OUTSIDE, (0x100000,), []),
        (0, (0x100000,), ["tdi.non-tee-hidden"]),
    ],
)
def test_a_host_knows_what_stays_outside(attributes, known, observed):
    found = ONE.replace(range_attributes=attributes).build()
    peer = lying(put(mmio_ranges=found))
    assert talk(peer, *READ, non_tee=frozenset(known)).observed == observed
