"""GET_VERSION: the choice of a version."""

import pytest
from requester.cases import draft, put
from requester.peer import Peer, converse

from responder.spec.codes import ResponseCode
from responder.spec.versions import ALL_VERSIONS, V10, V11, V12, V13


def versions(*entries):
    return Peer(**draft(ResponseCode.VERSION, put(version_number_entry=list(entries))))


@pytest.mark.parametrize(
    ("entries", "chosen", "offered"),
    [
        ((0x1000, 0x1100, 0x1200), "1.2", ["1.0", "1.1", "1.2"]),
        ((0x1200, 0x1000, 0x1300, 0x1100), "1.3", ["1.2", "1.0", "1.3", "1.1"]),
        ((0x1100, 0x1100), "1.1", ["1.1", "1.1"]),
        ((0x1230,), "1.2", ["1.2.3"]),
        ((0xFF00, 0x1100), "1.1", ["15.15", "1.1"]),
        ((0x1302, 0x1200), "1.2", ["1.3.0-alpha2", "1.2"]),
    ],
    ids=["ascending", "unsorted", "duplicates", "update", "unknown", "released-before-alpha"],
)
def test_the_highest_common_version_is_chosen(entries, chosen, offered):
    report = converse(versions(*entries)).report
    assert report.verdict == "attested"
    assert report.version == chosen
    assert report.versions_offered == offered


def test_255_entries_are_taken():
    assert converse(versions(*[0x2000] * 254, 0x1200)).report.version == "1.2"


def test_a_prerelease_alone_is_taken_and_told():
    outcome = converse(versions(0x1302))
    assert outcome.report.version == "1.3"
    assert outcome.observed == ["version.alpha"]


def test_a_version_can_be_forced():
    peer = Peer(versions=ALL_VERSIONS)
    assert converse(peer, versions=(V11,)).report.version == "1.1"
    refused = converse(Peer(versions=(V10, V13)), versions=(V12,))
    assert refused.check == "ver.common"
    assert "offered: 1.0, 1.3; wanted: 1.2" in refused.report.refusal.reason


def test_more_entries_announced_than_there_are():
    peer = Peer(**draft(ResponseCode.VERSION, put(version_number_entry_count=9)))
    assert converse(peer).check == "any.size-short"
