"""What an onlooker makes of payloads, who does not know what was asked."""

import pytest

from responder.transport.errors import FramingError
from responder.transport.overheard import Overheard, carried_by, overheard
from responder.transport.socket_frame import SocketFrame
from responder.transport.storage import Operation, StorageCommand

NORMAL, IF_SEND, IF_RECV, STORAGE = 1, 2, 3, 4
NONE, MCTP, DOE, TCP = range(4)
GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
RECORD = bytes.fromhex("0100ff0f 0000 0200 aabb")
ASKED = StorageCommand(Operation.MESSAGE, 4, GET_VERSION).encode()
SEALED = StorageCommand(Operation.SECURED_MESSAGE, 14, bytes(4) + RECORD).encode()
FETCH = StorageCommand(Operation.MESSAGE, 64).encode()


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((NORMAL, NONE, GET_VERSION), Overheard("none", GET_VERSION)),
        ((NORMAL, MCTP, b"\5" + GET_VERSION), Overheard("mctp", GET_VERSION)),
        ((NORMAL, MCTP, b"\6" + RECORD), Overheard("mctp", RECORD, 0, "", 2)),
        (
            (NORMAL, DOE, bytes.fromhex("0100010003000000") + GET_VERSION),
            Overheard("doe", GET_VERSION, 3),
        ),
        (
            (NORMAL, TCP, bytes.fromhex("000001bf")),
            Overheard("tcp", bytes.fromhex("000001bf"), label="no SPDM message"),
        ),
        ((IF_SEND, STORAGE, ASKED), Overheard("storage", GET_VERSION)),
        ((IF_SEND, STORAGE, SEALED), Overheard("storage", RECORD, 0, "", 2)),
        (
            (IF_RECV, STORAGE, FETCH),
            Overheard("storage", FETCH, label="storage command: fetch MESSAGE, at most 64 bytes"),
        ),
        ((IF_RECV, STORAGE, VERSION), Overheard("storage", VERSION)),
        ((IF_RECV, STORAGE, bytes(4) + RECORD), Overheard("storage", RECORD, 0, "", 2)),
        (
            (IF_RECV, STORAGE, bytes.fromhex("0c000010")),
            Overheard("storage", bytes.fromhex("0c000010"), label="management of storage"),
        ),
        ((0xDEAD, NONE, b"hello"), Overheard("socket", b"hello", label="socket command TEST")),
        ((0x1234, NONE, b""), Overheard("socket", b"", label="socket command 0x1234")),
    ],
    ids=str,
)
def test_frames(frame, expected):
    assert overheard(SocketFrame(*frame)) == expected


def test_a_record_may_be_padded_by_more_than_its_transport():
    assert carried_by(MCTP, b"\6" + RECORD, padding=5) == Overheard("mctp", RECORD, 5, "", 2)


def test_a_header_of_another_transport_is_an_error():
    with pytest.raises(FramingError):
        overheard(SocketFrame(NORMAL, MCTP, GET_VERSION))
