"""What is worked out again agrees with the requester, which captures verify."""

import msgspec
import pytest

from responder.campaign.recomputed import derived, edited, opens, sealed
from responder.core.hooks import Derivation, Sealing
from responder.crypto.hashing import digest
from responder.crypto.hkdf import hmac
from responder.faults import edits
from responder.requester.key_schedule import KeySchedule, Traffic
from responder.requester.record import Direction
from responder.spec.algorithms import AEADS, BASE_HASHES, by_name

AES = by_name(AEADS, "AES-256-GCM")
SHA384 = by_name(BASE_HASHES, "SHA-384")
KEY, IV, SESSION_ID = bytes(range(32)), bytes(range(12)), 0xFFFE0102
DATA = b"application data"
SECRET, PARTS = bytes(range(48)), [("A", b"messages"), ("B", b" so far")]


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("big_endian", [True, False])
@pytest.mark.parametrize("sequence_size", [0, 2])
def test_a_record_is_the_one_that_the_requester_seals(encrypted, big_endian, sequence_size):
    kind = {"encrypted": encrypted, "big_endian": big_endian, "sequence_size": sequence_size}
    direction = Direction(AES, Traffic(b"", KEY, IV), **kind)
    direction.sequence = 0x0102
    size = len(DATA).to_bytes(2, "little") if encrypted else b""
    padding = b"pad" if encrypted else b""
    sealing = Sealing(
        SESSION_ID,
        0x0102,
        bytes.fromhex("0201")[:sequence_size],
        KEY,
        IV,
        AES.name,
        size + DATA,
        padding=padding,
        encrypted=encrypted,
        big_endian=big_endian,
    )
    record = sealed(sealing)
    assert record == direction.seal(SESSION_ID, DATA, padding)
    assert opens(record, sealing)
    for field in ({"sequence": 0x0103}, {"key": bytes(32)}, {"big_endian": not big_endian}):
        assert not opens(record, msgspec.structs.replace(sealing, **field))


def derivation(purpose, secret, label="", parts=(), **fields):
    given = {"salt": b"", "size": 48, **fields}
    return Derivation(
        purpose, secret, label=label, parts=list(parts), base_hash=SHA384, version=0x13, **given
    )


def test_derivations_are_those_of_the_requester():
    schedule = KeySchedule(0x13, SHA384, AES)
    th1 = digest(SHA384, *(data for _, data in PARTS))
    right = schedule.handshake(bytes(48), SECRET, th1)
    assert derived(derivation("handshake secret", SECRET, salt=bytes(48))) == right.secret
    secret = derived(derivation("response handshake secret", right.secret, "rsp hs data", PARTS))
    assert secret == right.response.secret
    key = derivation("response handshake key", secret, "key", size=32)
    assert derived(key) == right.response.key
    finished = derived(derivation("response finished key", secret, "finished"))
    assert finished == right.response_finished
    told = derivation("responder verify data", finished, parts=PARTS)
    assert derived(told) == hmac(SHA384, finished, th1)
    assert derived(derivation("salt 1", SECRET, "derived", result=b"this")) == b"this"


EDITED = [
    ({"do": "set", "field": "x", "value": 0x0201}, b"\1\2\0"),
    ({"do": "set", "field": "x", "value": "zeros"}, bytes(3)),
    ({"do": "set", "field": "x", "value": "ones"}, b"\xff" * 3),
    ({"do": "set", "field": "x", "value": "0a0b"}, b"\x0a\x0b"),
    ({"do": "set", "field": "x", "value": "random"}, None),
    ({"do": "add", "field": "x", "by": -1}, b"\0\2\3"),
    ({"do": "add", "field": "x", "by": 0xFFFFFF}, b"\0\2\3"),
    ({"do": "flip", "bit": 9}, b"\1\0\3"),
    ({"do": "flip", "bit": -8}, b"\1\2\2"),
    ({"do": "flip", "bit": "random"}, None),
    ({"do": "truncate", "by": 1}, b"\1\2"),
    ({"do": "truncate", "to": 1}, b"\1"),
    ({"do": "extend", "by": 2}, b"\1\2\3\0\0"),
    ({"do": "swap"}, None),
]  # fmt: skip
KINDS = edits.Set | edits.Add | edits.Flip | edits.Truncate | edits.Extend | edits.Swap


@pytest.mark.parametrize(("action", "expected"), EDITED, ids=str)
def test_an_edit_comes_to(action, expected):
    assert edited(msgspec.convert(action, KINDS), b"\1\2\3") == expected
