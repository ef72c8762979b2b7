"""A memory target that is configured and locked."""

import pytest
from requester.cases import put
from requester.cxl_peer import KEY_ANSWERS, CxlPeer, talk
from requester.test_requester_protocols import RUNS, RecordedPeer, recorded

from responder.requester.options import Patience
from responder.spec.cxl import EncryptionAlgorithm, TspErrorCode, TspState
from responder.wire import cxl_tsp as tsp

FLOW = (
    "tsp-version", "tsp-capabilities", "tsp-set-configuration", "tsp-configuration", "tsp-report",
    "tsp-lock", "tsp-report", "tsp-configuration", "tsp-te-state",
)  # fmt: skip

LOCK = b"\x98\x1e\x01\x10\x86"
"""Vendor, protocol, version and opcode of LOCK_TARGET_CONFIGURATION."""


def sent(peer, *kinds):
    return [message for message in peer.asked if isinstance(message, kinds)]


def test_a_target_is_configured_and_locked():
    peer = CxlPeer()
    outcome = talk(peer, *FLOW, te_state=2, ranges=((0x1000, 0x2000), (0x4000, 0x1000)))
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.observed == []
    found = outcome.report.tsp
    assert found.versions == ["1.0"]
    assert found.states == ["CONFIG_UNLOCKED"] * 3 + ["CONFIG_LOCKED"] * 2
    assert found.report == "00" * 40
    assert found.configuration["algorithm"] == ["AES_XTS_256"]
    asked = sent(peer, tsp.SetTargetConfiguration)[0]
    assert asked.memory_encryption_features == 0b1011, "by CKID, which are required then"
    assert asked.explicit_oob_te_state_granularity == 0x40, "the finest one"
    assert asked.configuration_features == 0, "no update of a locked target"
    assert asked.number_of_ckids == 8
    given = sent(peer, tsp.SetTargetTeState)[0]
    assert given.te_state == 2
    assert [(one.starting_address, one.length) for one in tsp.MemoryRange.parse_all(
        given.memory_ranges
    )] == [(0x1000, 0x2000), (0x4000, 0x1000)]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        (EncryptionAlgorithm.AES_XTS_128, EncryptionAlgorithm.AES_XTS_128),
        (sum(EncryptionAlgorithm), EncryptionAlgorithm.AES_XTS_256),
        (EncryptionAlgorithm.VENDOR_SPECIFIC, 0),
    ],
)
def test_the_strongest_known_algorithm_is_chosen(known, chosen):
    lie = put(memory_encryption_algorithms_supported=known)
    peer = CxlPeer(says={tsp.GetTargetCapabilitiesRsp: lie})
    talk(peer, "tsp-set-configuration")
    assert sent(peer, tsp.SetTargetConfiguration)[0].memory_encryption_algorithm == chosen


@pytest.mark.parametrize("state", [TspState.CONFIG_LOCKED, TspState.ERROR])
def test_a_target_that_is_in_use_is_not_configured(state):
    peer = CxlPeer(state=state)
    assert talk(peer, "tsp-set-configuration").check == "tsp.state-before"
    assert not sent(peer, tsp.SetTargetConfiguration)
    peer = CxlPeer(state=state)
    assert not talk(peer, "tsp-set-configuration", state_before=None).check


@pytest.mark.parametrize(("step", "word"), [("tsp-ckid-keys", "Ckid"), ("tsp-range-keys", "Range")])
def test_keys_are_given_made_and_cleared(step, word):
    peer = CxlPeer()
    assert talk(peer, step, ckid=5).report.verdict == "attested"
    names = [type(one).__name__ for one in sent(peer, *KEY_ANSWERS)]
    assert names == [
        f"SetTarget{word}SpecificKey", f"SetTarget{word}RandomKey", f"ClearTarget{word}Key"
    ]  # fmt: skip
    given = peer.asked[1]
    assert given.validity_flags == 3
    assert len({given.data_encryption_key, given.tweak_key, bytes(32)}) == 3


@pytest.mark.parametrize("step", ["tsp-ckid-keys", "tsp-range-keys"])
def test_keys_that_a_target_does_not_support_are_left_out(step):
    lie = put(memory_encryption_features_supported=1)
    peer = CxlPeer(says={tsp.GetTargetCapabilitiesRsp: lie})
    assert talk(peer, step).observed == ["tsp.unsupported"]
    assert not sent(peer, *KEY_ANSWERS)


def refused(code, **more):
    return tsp.TspErrorRsp(error_code=code, **more)


def test_what_is_refused_as_unsupported_is_noted():
    unsupported = refused(TspErrorCode.UNSUPPORTED_REQUEST)
    peer = CxlPeer(refuses={tsp.SetTargetTeState: [unsupported]})
    assert talk(peer, "tsp-te-state").observed == ["tsp.unsupported"]


@pytest.mark.parametrize("code", [*set(TspErrorCode) - {TspErrorCode.BUSY}, 0x99])
def test_an_error_stops(code):
    lie = refused(code, error_data=7, extended_error_data=b"\xaa\xbb")
    outcome = talk(CxlPeer(refuses={tsp.LockTargetConfiguration: [lie]}), "tsp-lock")
    assert outcome.check == "tsp.error"
    known = code in list(TspErrorCode)
    text = TspErrorCode(code).name if known else "reserved code 0x00000099"
    assert f"ERROR_RSP {text} (data 0x00000007)" in outcome.report.refusal.reason
    assert "aabb" in outcome.report.refusal.reason


def test_busy_is_tried_again():
    busy = refused(TspErrorCode.BUSY)
    outcome = talk(CxlPeer(refuses={tsp.LockTargetConfiguration: [busy]}), "tsp-lock")
    assert outcome.report.verdict == "attested"
    assert outcome.waits == [20_000]


def test_what_is_delayed_is_waited_for():
    peer = CxlPeer(
        refuses={
            tsp.SetTargetCkidRandomKey: [tsp.DelayedRsp(delay_time=500)],
            tsp.CheckTargetDelayedCompletion: [tsp.DelayedRsp(delay_time=70)],
        }
    )
    outcome = talk(peer, "tsp-ckid-keys")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.waits == [500, 70]
    assert outcome.observed == ["tsp.delayed"]
    assert type(peer.asked[-1]) is tsp.ClearTargetCkidKey


def test_a_long_delay_is_cut_to_the_requesters_patience():
    delayed = tsp.DelayedRsp(delay_time=0xFFFFFFFF)
    peer = CxlPeer(refuses={tsp.LockTargetConfiguration: [delayed]})
    assert talk(peer, "tsp-lock", patience=Patience(wait=9)).waits == [9]


def test_a_delay_for_ever_ends():
    delayed = [tsp.DelayedRsp()] * 99
    peer = CxlPeer(
        refuses={tsp.LockTargetConfiguration: delayed, tsp.CheckTargetDelayedCompletion: delayed}
    )
    assert talk(peer, "tsp-lock").check == "tsp.delayed-limit"


def test_another_answer_ends_no_delay():
    peer = CxlPeer(
        refuses={
            tsp.LockTargetConfiguration: [tsp.DelayedRsp()],
            tsp.CheckTargetDelayedCompletion: [tsp.LockTargetConfigurationRsp()],
        }
    )
    assert talk(peer, "tsp-lock").check == "tsp.type"


@pytest.mark.parametrize("entries", [b"\x10\x20", b"\x20\x10"])
def test_one_of_several_versions_is_taken(entries):
    peer = CxlPeer(says={tsp.GetTargetTspVersionRsp: put(version_number_entries=entries)})
    assert talk(peer, "tsp-version").report.verdict == "attested"


def test_a_report_is_read_in_portions():
    peer = CxlPeer()
    talk(peer, "tsp-report", portion=16)
    asked = sent(peer, tsp.GetTargetConfigurationReport)
    assert [(one.offset, one.length) for one in asked] == [(0, 16), (16, 16), (32, 16)]


def test_a_report_may_change_before_the_lock():
    peer = CxlPeer()
    reports = iter((b"\1" * 8, b"\2" * 8, b"\3" * 8, b"\3" * 8))
    peer.sends[tsp.TargetConfigurationReport] = lambda _: next(reports)
    steps = ("tsp-report", "tsp-report", "tsp-lock", "tsp-report", "tsp-report")
    assert talk(peer, *steps).report.verdict == "attested"


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_reference_responders_target(run):
    """What it answers to a configuration like the one that was recorded."""
    peer = RecordedPeer(exchanges=recorded(run))
    outcome = talk(peer, "tsp-version", "tsp-capabilities", "tsp-report", "tsp-te-state")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.report.tsp.supported["algorithms"] == ["AES_XTS_256"]
    assert len(outcome.report.tsp.report) == 2 * 220


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_reference_responders_target_is_locked(run):
    """From the lock on; what it told of its configuration before is left out."""
    exchanges = recorded(run)
    lock = next(at for at, (asked, _) in enumerate(exchanges) if asked[:5] == LOCK)
    outcome = talk(RecordedPeer(exchanges=exchanges[lock:]), "tsp-lock", "tsp-te-state")
    assert outcome.report.verdict == "attested", outcome.report.refusal
    assert outcome.report.tsp.states == ["CONFIG_LOCKED"]
