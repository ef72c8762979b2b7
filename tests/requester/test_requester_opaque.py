"""Opaque data of CHALLENGE_AUTH and MEASUREMENTS."""

import pytest
from requester.cases import draft, offer, put
from requester.peer import Peer, converse

from responder.spec.codes import ResponseCode
from responder.spec.versions import ALL_VERSIONS, V10, V11, V12

CHALLENGE_AUTH, MEASUREMENTS = ResponseCode.CHALLENGE_AUTH, ResponseCode.MEASUREMENTS

GOOD = {
    "dmtf": "01000000 00000300 01020300",
    "vendor": "01000000 03020100 02001122",
    "two": "02000000 00000100 aa000000 00000000",
}
BAD = {
    "past-end": "01000000 0000ff00",
    "no-element": "00000000",
    "vendor-id-length": "01000000 03010100 0000 0000",
    "padding": "01000000 00000100 aa000001",
    "registry": "01000000 55000000",
    "count": "02000000 00000000",
    "one-byte": "01",
}


def with_opaque(code, data, version=V12):
    return Peer(versions=(version,), **draft(code, put(opaque_data=data)))


@pytest.mark.parametrize("code", [CHALLENGE_AUTH, MEASUREMENTS], ids=["challenge", "measurements"])
@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_elements_that_add_up(code, data):
    peer = with_opaque(code, bytes.fromhex(data))
    assert converse(peer).report.verdict == "attested"


@pytest.mark.parametrize(
    ("code", "prefix"), [(CHALLENGE_AUTH, "chal"), (MEASUREMENTS, "meas")], ids=["chal", "meas"]
)
@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_elements_that_do_not(code, prefix, data):
    peer = with_opaque(code, bytes.fromhex(data))
    assert converse(peer).check == f"{prefix}.opaque-elements"


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_before_1_2_opaque_data_is_the_vendors_own(version):
    outcome = converse(with_opaque(CHALLENGE_AUTH, b"vendor", version))
    expected = "" if version in (V10, V11) else "chal.opaque-elements"
    assert outcome.check == expected


def test_format_0_is_not_looked_into():
    peer = with_opaque(CHALLENGE_AUTH, b"abcd")
    peer.draft[ResponseCode.ALGORITHMS] = put(other_params_selection=1)
    assert converse(peer, **offer(opaque_formats=3)).report.verdict == "attested"


@pytest.mark.parametrize("version", ALL_VERSIONS, ids=lambda v: v.label)
def test_1024_bytes_are_the_most(version):
    element = bytes.fromhex("010000000000f803") + bytes(0x3F8)
    assert len(element) == 1024
    assert converse(with_opaque(CHALLENGE_AUTH, element, version)).report.verdict == "attested"
    more = converse(with_opaque(CHALLENGE_AUTH, element + bytes(1), version))
    assert more.check == "chal.opaque-size"
