"""Captures of all kinds become the payloads that crossed the wire."""

import io
import struct

import pytest
from captures.loader import recordings
from packets import (
    ACK,
    CLIENT,
    FIN,
    SERVER,
    SYN,
    enhanced,
    interface,
    ipv4,
    pcap,
    section,
    tcp,
)

from responder.decode.capture import capture_payloads
from responder.observe.pcapng import PLAINTEXT_DATA, PcapngWriter
from responder.transport.socket_frame import TransportType, wrap_frame

MCTP_LINK, DOE_LINK, UPPER_PDU = 291, 292, 252
MCTP_HEADER = bytes.fromhex("000000c0")
GET_VERSION, VERSION = bytes.fromhex("10840000"), bytes.fromhex("1004000000010012")
ASK, TELL = wrap_frame(1, 0, GET_VERSION), wrap_frame(1, 0, VERSION)


def payloads(content, framing=""):
    return list(capture_payloads(io.BytesIO(content), framing))


def read(content):
    """Transport, bytes and problem of each payload."""
    return [(one.transport, one.data, one.problem) for one in payloads(content)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_messages_without_a_network_lose_the_header_of_their_link(order):
    mctp = pcap(MCTP_LINK, [MCTP_HEADER + b"\5" + GET_VERSION] * 2, order=order)
    assert read(mctp) == [(TransportType.MCTP, b"\5" + GET_VERSION, "")] * 2
    doe = pcap(DOE_LINK, [b"\x01\0\0\0"], order=order)
    assert read(doe) == [(TransportType.PCI_DOE, b"\x01\0\0\0", "")]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (pcap(1, [b"ethernet"]), ["there is no SPDM in this capture, only packets without TCP"]),
        (pcap(999, [b"?"]), ["there is no SPDM in this capture, only packets of link type 999"]),
        (pcap(DOE_LINK, [b"one", b"two"])[:-4], ["", "the capture file ends inside the header of"]),
        (pcap(DOE_LINK, [b"three"], cut=1), ["the capture has 4 of the 5 bytes of a packet"]),
        (pcap(MCTP_LINK, [b"\0\0\0"]), ["3 bytes are no MCTP packet"]),
        (pcap(MCTP_LINK, [bytes.fromhex("00000080") + GET_VERSION]), ["MCTP messages in several"]),
        (pcap(101, []), []),
    ],
)
def test_what_cannot_be_read_is_said(content, problems):
    found = [problem for *_, problem in read(content)]
    assert len(found) == len(problems)
    for problem, begins in zip(found, problems, strict=True):
        assert problem.startswith(begins)
        assert bool(problem) == bool(begins)


def captured(*segments):
    """A capture of (from the server?, sequence number, bytes, flags)."""
    packets = []
    for back, sequence, data, flags in segments:
        ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
        packets.append(ipv4(*ends, tcp(*ends, sequence, data, flags)))
    return pcap(101, packets)


def test_a_connection_with_all_that_can_happen_to_it():
    content = captured(
        (False, 10, b"", SYN),
        (True, 20, b"", SYN | ACK),
        (False, 11 + 8, ASK[8:], ACK),
        (False, 11, ASK[:8], ACK),
        (False, 11, ASK, ACK),
        (True, 21, TELL[:5], ACK),
        (True, 21 + 3, TELL[3:], ACK),
        (False, 11 + len(ASK), b"", FIN | ACK),
    )
    found = payloads(content)
    assert [(one.data, one.received, one.frame) for one in found] == [
        (GET_VERSION, True, 4),
        (VERSION, False, 7),
    ]
    assert found[0].time == 1_700_000_000_000_003_000


def test_a_frame_that_the_capture_ends_in_is_told_of():
    found = payloads(captured((False, 10, ASK[:14], ACK)))
    assert [one.problem for one in found] == ["14 bytes of a frame that has no end"]


def test_other_traffic_beside_spdm_is_passed_over():
    web = ipv4(CLIENT, (SERVER[0], 80), tcp(CLIENT, (SERVER[0], 80), 1, b"GET / HTTP"))
    udp = ipv4(CLIENT, SERVER, bytes(8), protocol=17)
    spdm = ipv4(CLIENT, SERVER, tcp(CLIENT, SERVER, 1, ASK))
    assert [one.data for one in payloads(pcap(101, [web, udp, spdm]))] == [GET_VERSION]
    (found,) = payloads(pcap(101, [web, udp]))
    assert found.problem.endswith("only TCP connections of other protocols, packets without TCP")


@pytest.mark.parametrize("name", ["v12-mctp-p384-app", "v13-doe-p384", "v11-tcp-p384"])
def test_what_was_written_is_read_again(name):
    run = next(one for one in recordings() if one.name == name)
    file = io.BytesIO()
    writer = PcapngWriter(file, "test", 2323, plaintext=True)
    expected = []
    for exchange in run.exchanges:
        for received, data, side in (
            (True, exchange.request, "req"),
            (False, exchange.response, "rsp"),
        ):
            frame = wrap_frame(exchange.command, run.transport, data)
            writer.message(1.0, 3, frame, received=received, comment="said")
            expected.append((exchange.command, run.transport, data, received, None))
            plain = run.plain.get((exchange.number, side))
            if plain is not None:
                writer.plaintext(1.0, 3, 0x12345678, plain, received=received)
                expected.append((1, 0, plain, received, 0x12345678))
    writer.close()
    found = payloads(file.getvalue())
    fields = [(one.command, one.transport, one.data, one.received, one.session) for one in found]
    assert fields == expected
    assert {one.connection for one in found} == {1}
    assert {one.comment for one in found} == {"said", ""}
    assert all(one.inside == (one.session is not None) for one in found)


def test_application_data_is_labelled():
    file = io.BytesIO()
    writer = PcapngWriter(file, "test", 4194, plaintext=True)
    writer.message(1.0, 1, bytes.fromhex("06000106") + bytes(4), received=True)
    writer.plaintext(1.0, 1, 5, b"ask", received=True, kind=PLAINTEXT_DATA)
    *_, found = payloads(file.getvalue())
    assert (found.data, found.session, found.label) == (b"ask", 5, "application data")


def exported(name, payload, port=50_000):
    ends = [(20, CLIENT[0]), (21, SERVER[0]), (25, struct.pack(">I", port))]
    tags = [(12, name), *ends, (26, struct.pack(">I", SERVER[1])), (0, b"")]
    head = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in tags)
    return enhanced(head + payload, number=1)


PLAIN = bytes.fromhex("01000000 05000000") + GET_VERSION
KNOWN = b"spdm_plaintext\0\0"


@pytest.mark.parametrize(
    ("packet", "count"),
    [
        (exported(KNOWN, PLAIN), 2),
        (exported(KNOWN, b"\2" + PLAIN[1:]), 1),
        (exported(KNOWN, PLAIN[:7]), 1),
        (exported(KNOWN, PLAIN, port=1), 1),
        (exported(b"http", PLAIN), 1),
        (enhanced(b"\0\x0c", number=1), 1),
    ],
)
def test_only_plaintext_of_a_connection_that_is_there_counts(packet, count):
    spdm = enhanced(ipv4(CLIENT, SERVER, tcp(CLIENT, SERVER, 1, ASK)))
    described = interface("<", 101) + interface("<", UPPER_PDU)
    assert len(payloads(section() + described + spdm + packet)) == count
