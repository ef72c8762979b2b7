"""GET_CAPABILITIES: what is announced, and what of the answer counts."""

import pytest
from requester.cases import draft, offer, put, raw
from requester.peer import FLAGS, Peer, converse

from responder.requester.capabilities import RULES, flag_names
from responder.requester.check_table import CHECKS
from responder.spec.codes import ResponseCode
from responder.spec.flags import RESPONDER_FLAGS, Cap
from responder.spec.versions import ALL_VERSIONS, V10, V11, V12, V13, V14

CAPABILITIES = ResponseCode.CAPABILITIES


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (V10, "10e10000"),
        (V11, "11e10000" + "00140000" + "06000000"),
        (V12, "12e10000" + "00140000" + "06000200" + "f8110000" + "00001000"),
        (V13, "13e10000" + "00140000" + "06000200" + "f8110000" + "00001000"),
        (V14, "14e10000" + "00140000" + "06000280" + "f8110000" + "00001000"),
    ],
    ids=lambda v: v if isinstance(v, str) else v.label,
)
def test_flags_and_sizes_that_a_version_lacks_are_not_sent(version, expected):
    peer = Peer(versions=(version,))
    converse(peer, **offer(flags=Cap.CERT | Cap.CHAL | Cap.CHUNK | Cap.LARGE_RESP))
    assert peer.requests[1].hex() == expected


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_flags_of_later_versions_are_masked(version):
    later = ~RESPONDER_FLAGS[version] & 0xFFFFFFFF
    report = converse(Peer(versions=(version,), flags=FLAGS | Cap(later))).report
    assert report.verdict == "attested"
    assert report.capabilities.flags == int(FLAGS)


def test_sizes_of_4_gigabytes_are_taken():
    change = put(data_transfer_size=0xFFFFFFFF, max_spdm_msg_size=0xFFFFFFFF)
    report = converse(Peer(**draft(CAPABILITIES, change))).report
    assert report.verdict == "attested"
    assert report.capabilities.data_transfer_size == 0xFFFFFFFF


def test_the_smallest_transfer_size_is_enough_for_a_small_offer():
    change = put(data_transfer_size=42, max_spdm_msg_size=42)
    peer = Peer(**draft(CAPABILITIES, change))
    report = converse(peer, **offer(structures={})).report
    assert report.verdict == "attested"
    assert max(len(request) for request in peer.requests) <= 42


def test_requests_that_need_chunks_are_not_sent():
    change = put(data_transfer_size=42, max_spdm_msg_size=42)
    peer = Peer(versions=(V13,), **draft(CAPABILITIES, change))
    outcome = converse(peer, **offer(structures={}))
    assert outcome.check == "any.request-fits"
    assert outcome.report.refusal.step == "CHALLENGE"
    assert max(len(request) for request in peer.requests) <= 42


def block(size: int) -> bytes:
    return bytes((0, 0, size, 0)).ljust(size, b"\x11")


def test_an_algorithms_block_that_nobody_asked_for_is_told_and_signed():
    change = put(param1=1, supported_algorithms=block(30))
    outcome = converse(Peer(versions=(V13,), **draft(CAPABILITIES, change)))
    assert outcome.report.verdict == "attested"
    assert outcome.observed == ["capabilities.unasked-algorithms"]


def test_a_reserved_bit_alone_announces_no_block():
    outcome = converse(Peer(versions=(V13,), **draft(CAPABILITIES, put(param1=0xFE))))
    assert outcome.report.verdict == "attested"
    peer = Peer(versions=(V13,), **raw(CAPABILITIES, lambda r: r[:2] + b"\x01" + r[3:]))
    outcome = converse(peer)
    assert outcome.check == "chal.signature", "the bytes as received enter the transcript"
    assert outcome.observed == []


def test_what_fills_no_block_is_trailing_garbage():
    peer = Peer(
        versions=(V13,), **raw(CAPABILITIES, lambda r: r[:2] + b"\x01" + r[3:] + block(30)[:-1])
    )
    assert converse(peer).check == "any.size-trailing"


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (Cap(0), []),
        (Cap.CERT | Cap.CHAL, ["CERT", "CHAL"]),
        (Cap.MEAS_NO_SIG, ["MEAS_NO_SIG"]),
        (Cap.MEAS_SIG | Cap.MEAS_FRESH, ["MEAS_SIG", "MEAS_FRESH"]),
        (
            Cap.PSK | Cap.PSK_WITH_CONTEXT | Cap.MULTI_KEY_NEG,
            ["PSK", "PSK_WITH_CONTEXT", "MULTI_KEY_NEG"],
        ),
    ],
)
def test_names_of_flags(flags, names):
    assert flag_names(flags) == names


def test_every_rule_is_a_check():
    assert {rule.check for rule in RULES} <= CHECKS.keys()


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_all_flags_at_once_break_a_rule(version):
    peer = Peer(versions=(version,), flags=Cap(0xFFFFFFFF))
    assert converse(peer).check == "cap.meas-reserved"


def test_the_reference_responders_defaults_break_no_rule():
    """Flags of spdm-emu's responder as captured, for each version."""
    defaults = {V10: 0x37, V11: 0xFBF7, V12: 0x1AFBF7, V13: 0x399AFBF7, V14: 0xB99AFBF7}
    for version, flags in defaults.items():
        assert converse(Peer(versions=(version,), flags=Cap(flags))).report.verdict == "attested"
