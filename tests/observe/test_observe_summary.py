"""One line says what there is, or why that cannot be told."""

import pytest

from responder.observe.summary import is_management, summary_of_frame, summary_of_message
from responder.transport.socket_frame import SocketFrame

NORMAL, MCTP, DOE = 1, 1, 2


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((NORMAL, MCTP, "0510840000"), "GET_VERSION 1.0, 4 bytes"),
        ((NORMAL, MCTP, "06 0100ff0f 0000 0200 aabb"), "record of session 0x0fff0001, 10 bytes"),
        ((NORMAL, MCTP, "0710"), "2 bytes: MCTP message type 0x07 is not SPDM"),
        ((NORMAL, DOE, "0100000003000000 00000000"), "no SPDM message, 12 bytes"),
        ((0xFFFE, 0, ""), "socket command SHUTDOWN, 0 bytes"),
        ((0x1234, 0, "00"), "socket command 0x1234, 1 bytes"),
    ],
    ids=str,
)
def test_frames(frame, expected):
    command, transport, payload = frame
    found = summary_of_frame(SocketFrame(command, transport, bytes.fromhex(payload)))
    assert found == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("127f4300", "ERROR 1.2, 4 bytes: RequestResynch"),
        ("127f9900", "ERROR 1.2, 4 bytes: 0x99"),
        ("12990000", "0x99 1.2, 4 bytes"),
        ("1284", "2 bytes that are no SPDM message"),
    ],
)
def test_messages(message, expected):
    assert summary_of_message(bytes.fromhex(message)) == expected


@pytest.mark.parametrize(
    ("command", "payload", "expected"),
    [
        (NORMAL, "0510840000", False),
        (4, "0000", True),
        (3, "1004000000010012", False),
        (3, "0c000010 00000000 00000000", True),
        (2, "e8", False),
    ],
)
def test_management(command, payload, expected):
    assert is_management(SocketFrame(command, 4, bytes.fromhex(payload))) == expected
