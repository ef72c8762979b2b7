"""The capture of a case has its messages as frames, and says in comments what was struck."""

import io
import shutil
import struct
import subprocess

import pytest

from responder.campaign.capture import message_name, write_capture
from responder.campaign.result import Exchange, Strike, Wire
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.decode.text import Payload
from responder.decode.transport import unframed, unwrap
from responder.faults.catalogue import find

GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
GET_DIGESTS = bytes.fromhex("12810000")
FRAME = bytes.fromhex("00000001000000010000000f0510")
WIRE = Wire(
    exchanges=(
        Exchange(connection=1, request=GET_VERSION, response=VERSION, time=1.5, took=0.25),
        Exchange(connection=1, request=GET_DIGESTS, session=0xFFFE0001, struck=True),
        Exchange(connection=2, request=GET_VERSION, response=VERSION, struck=True),
    ),
    count=3,
    strikes=(
        Strike(exchange=1, hook="request", detail="silence"),
        Strike(exchange=2, hook="frame", detail="size lies", before=b"x", after=FRAME),
    ),
)


def captured(wire, transport="mctp"):
    file = io.BytesIO()
    write_capture(file, wire, transport, "a case with a target: accepted")
    return file.getvalue()


def segments(data):
    """TCP payload and comment of each packet that has any payload."""
    found = []
    while data:
        kind, size = struct.unpack_from("<II", data)
        if kind == 6:
            (length,) = struct.unpack_from("<I", data, 20)
            packet, rest = data[28 : 28 + length], data[28 + length + -length % 4 : size]
            code, comment = struct.unpack_from("<HH", rest)
            text = rest[4 : 4 + comment].decode() if code == 1 else ""
            found.append((packet[40:], text))
        data = data[size:]
    return [(payload, text) for payload, text in found if payload]


def test_messages_are_frames_and_comments_name_them():
    found = segments(captured(WIRE))
    assert [text for _, text in found] == [
        "GET_VERSION",
        "VERSION",
        "GET_DIGESTS in session 0xfffe0001, decrypted",
        "GET_VERSION",
        "VERSION\nstruck at frame: size lies",
    ]
    frames = [
        unwrap(part, "auto").data
        for data, _ in found[:4]
        for part in unframed(Payload(data), "auto")
    ]
    assert frames == [GET_VERSION, VERSION, GET_DIGESTS, GET_VERSION]


def test_times_are_those_of_the_exchanges():
    data = captured(WIRE)
    found = []
    while data:
        kind, size = struct.unpack_from("<II", data)
        if kind == 6:
            found.append(struct.unpack_from("<II", data, 12)[1])
        data = data[size:]
    assert found[0] == 1_500_000_000
    assert found[4] == found[-1] == 1_750_000_000


def test_a_frame_that_a_fault_changed_is_as_it_was_sent():
    assert segments(captured(WIRE))[-1][0] == FRAME


@pytest.mark.parametrize("transport", ["mctp", "doe", "tcp", "none", "dsp0287", "storage"])
def test_every_transport_has_its_frames(transport):
    data, _ = segments(captured(WIRE, transport))[0]
    (part,) = unframed(Payload(data), "auto")
    assert unwrap(part, "auto").data[:4] == GET_VERSION
    assert (data[:4] == bytes.fromhex("00000001")) == (transport != "dsp0287")


def test_names_of_what_is_no_message():
    assert (message_name(b""), message_name(b"\x10")) == ("nothing", "unreadable")


def test_wireshark_reads_the_capture_of_a_whole_case(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    (fault,) = find("sig.bitflip:CHALLENGE_AUTH")
    observed = ReferenceRunner().run(SETTINGS["attestation"], [fault], b"seed")
    path = tmp_path / "case.pcapng"
    path.write_bytes(captured(observed.wire))
    shown = subprocess.run(
        [
            "tshark",
            "-n",
            "-r",
            str(path),
            "-Y",
            "frame.comment",
            "-T",
            "fields",
            "-e",
            "frame.comment",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(shown) == 2 * observed.wire.count
    assert shown[:2] == ["GET_VERSION", "VERSION"]
    assert shown[-1].startswith("CHALLENGE_AUTH\\nstruck at post_sign: flip")
