"""What an answer stands for, where chunks or an acknowledgement carry it."""

import pytest

from responder.campaign.carried import carried
from responder.campaign.run import Exchanged

SEND, GET, DIGESTS = b"\x14\x85", b"\x14\x86\0\x01", b"\x14\x81\0\0"
LARGE = bytes.fromhex("147f0f0001")
FIRST = bytes.fromhex("140600010000000002000000 05000000") + b"he"
LAST = bytes.fromhex("140601010100000003000000") + b"llo"
OTHER = bytes.fromhex("14010000")


def rows(*pairs):
    return [Exchanged(0, request, response, 0) for request, response in pairs]


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        (rows((DIGESTS, OTHER)), OTHER),
        (rows((DIGESTS, None)), None),
        (rows((DIGESTS, LARGE), (GET, FIRST), (GET, LAST), (DIGESTS, OTHER)), b"hello"),
        (rows((DIGESTS, LARGE), (GET, FIRST[:10])), b""),
        (rows((SEND, bytes.fromhex("1405000100000000") + OTHER)), OTHER),
        (rows((SEND, bytes.fromhex("1405000100000000"))), bytes.fromhex("1405000100000000")),
        (rows((SEND, bytes.fromhex("140500"))), bytes.fromhex("140500")),
        (rows((SEND, bytes.fromhex("1405000100000000") + LARGE), (GET, FIRST)), b"he"),
        (rows((GET, FIRST)), FIRST),
    ],
)
def test_what_an_answer_stands_for(exchanges, expected):
    assert carried(exchanges, 0).response == expected
