"""Capture files: byte orders, link types, damage."""

import struct

import pytest
from captures.loader import MCTP, PCI_DOE, runs
from click.testing import CliRunner

from responder.cli.decode import command
from responder.decode.capture_file import Packets, is_capture
from responder.transport.socket_frame import TransportType

MCTP_LINK, DOE_LINK = 291, 292
MCTP_HEADER = bytes.fromhex("000000c0")
GET_VERSION = bytes.fromhex("0510840000")


def capture(link, packets, *, order="<", magic=0xA1B2C3D4, cut=0):
    """A capture file; of each packet ``cut`` bytes are missing."""
    text = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 65536, link)
    for packet in packets:
        kept = packet[: len(packet) - cut]
        text += struct.pack(f"{order}IIII", 0, 0, len(kept), len(packet)) + kept
    return text


def read(content):
    packets = Packets(content)
    return list(packets), packets.problem


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
def test_packets_lose_the_header_of_their_link(order, magic):
    content = capture(MCTP_LINK, [MCTP_HEADER + GET_VERSION] * 2, order=order, magic=magic)
    assert is_capture(content)
    assert read(content) == ([GET_VERSION] * 2, "")
    assert Packets(content).transport == TransportType.MCTP
    doe = capture(DOE_LINK, [b"\x01\0\0\0"], order=order, magic=magic)
    assert read(doe) == ([b"\x01\0\0\0"], "")
    assert Packets(doe).transport == TransportType.PCI_DOE


@pytest.mark.parametrize(
    ("content", "count", "reason"),
    [
        (capture(1, [b"ethernet"]), 0, "link type 1 are not read"),
        (bytes.fromhex("0a0d0d0a") + bytes(28), 0, "editcap"),
        (capture(DOE_LINK, [])[:20], 0, "ends inside its header"),
        (capture(DOE_LINK, [b"one", b"two"])[:-4], 1, "inside the header of a packet"),
        (capture(DOE_LINK, [b"one", b"two"])[:-1], 1, "2 of the 3 bytes"),
        (capture(DOE_LINK, [b"three"], cut=1), 0, "4 of the 5 bytes"),
        (capture(MCTP_LINK, [b"\0\0\0"]), 0, "3 bytes are no MCTP packet"),
        (capture(MCTP_LINK, [bytes.fromhex("00000080") + GET_VERSION]), 0, "several packets"),
    ],
)
def test_what_cannot_be_read_is_said_after_what_can(content, count, reason):
    payloads, problem = read(content)
    assert len(payloads) == count
    assert reason in problem


@pytest.mark.parametrize(
    ("name", "transport", "link", "header"),
    [
        ("v12-mctp-rsapss3072-dhe-nomut", MCTP, MCTP_LINK, MCTP_HEADER),
        ("v13-doe-p384", PCI_DOE, DOE_LINK, b""),
    ],
)
def test_a_conversation_is_decoded_from_a_capture(tmp_path, name, transport, link, header):
    run = next(run for run in runs() if run.name == name)
    assert run.transport == transport
    plain = [e for e in run.exchanges if e.command == 1 and e.session is None]
    packets = [header + payload for e in plain for payload in (e.request, e.response)]
    file = tmp_path / "tool.pcap"
    file.write_bytes(capture(link, packets))
    result = CliRunner().invoke(command, [str(file)])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n#") + 1 == len(packets)
    assert "CHALLENGE_AUTH 1." in result.stdout
    file.write_bytes(capture(1, packets))
    result = CliRunner().invoke(command, [str(file)])
    assert result.exit_code == 1
    assert "  ! captures of link type 1" in result.stdout
