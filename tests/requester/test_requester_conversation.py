"""Reading responses: cut, padded, too long."""

import pytest
from requester.cases import offer, raw
from requester.peer import Peer, converse

from responder.spec.codes import ResponseCode

CODES = [
    ResponseCode.VERSION,
    ResponseCode.CAPABILITIES,
    ResponseCode.ALGORITHMS,
    ResponseCode.DIGESTS,
    ResponseCode.CERTIFICATE,
    ResponseCode.CHALLENGE_AUTH,
    ResponseCode.MEASUREMENTS,
]


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_less_than_a_header(code, size):
    assert converse(Peer(**raw(code, lambda r: r[:size]))).check == "any.header"


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_cut_anywhere_is_refused(code):
    whole = []
    converse(Peer(**raw(code, lambda r: whole.append(r) or r)))
    for size in range(4, len(whole[0]), 3):
        outcome = converse(Peer(**raw(code, lambda r, n=size: r[:n])))
        assert outcome.report.verdict == "refused", size


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
@pytest.mark.parametrize("other", [0x00, 0x05, 0x20, 0x60, 0x64, 0x7E, 0x84, 0xFF])
def test_another_code(code, other):
    outcome = converse(Peer(**raw(code, lambda r: r[:1] + bytes((other,)) + r[2:])))
    assert outcome.check == ("any.response-code" if other != code else "")


@pytest.mark.parametrize("code", CODES[1:], ids=lambda code: code.name)
@pytest.mark.parametrize("version", [0x00, 0x10, 0x11, 0x13, 0x20, 0xFF])
def test_another_version(code, version):
    outcome = converse(Peer(**raw(code, lambda r: bytes((version,)) + r[1:])))
    assert outcome.check == "any.version"


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_kilobyte_behind_the_message(code):
    outcome = converse(Peer(**raw(code, lambda r: r + bytes(1024))))
    assert outcome.check == "any.size-trailing"


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_bit_flips_are_refused(code):
    """Every byte up to the signatures is signed, so that no flipped bit goes unnoticed."""
    whole = []
    converse(Peer(**raw(code, lambda r: whole.append(r) or r)))
    for position in range(0, 8 * min(len(whole[0]), 60), 5):
        changed = raw(code, lambda r, n=position: flipped(r, n))
        assert converse(Peer(**changed)).report.verdict == "refused", position


def flipped(message, bit):
    if bit // 8 >= len(message):
        return message
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_response_larger_than_announced():
    assert converse(Peer(), **offer(data_transfer_size=150)).check == "any.transfer-size"
