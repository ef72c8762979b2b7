"""What is on the wire stands in the file, with what is known of it."""

import io

import pytest
from capture_files import blocks, packets, segments

from responder.core.events import (
    ApplicationData,
    FaultFired,
    InternalError,
    RecordDropped,
    RequestReceived,
    ResponseSent,
)
from responder.observe.batch import Batch
from responder.observe.capture import Capture
from responder.observe.entry import Entry
from responder.server.events import BytesReceived, BytesSent, EventsLost, WireClosed, WireOpened
from responder.transport.binding import Kind, binding_of
from responder.transport.socket_frame import Command, TransportType, wrap_frame

GET_VERSION, ERROR = bytes.fromhex("10840000"), bytes.fromhex("127f0400")
HEARTBEAT, ACK = bytes.fromhex("12e80000"), bytes.fromhex("12680000")
RECORD = bytes.fromhex("0100ff0f 0000 1000") + bytes(16)
SESSION = 0x0FFF0001
OPENED = WireOpened(1, "spdm-emu", "192.0.2.1:5", "spdm-emu://127.0.0.1:9")


def framed(message, kind=Kind.SPDM, transport=TransportType.MCTP):
    return wrap_frame(Command.NORMAL, transport, binding_of(transport).wrap(message, kind))


ASKED, REFUSED = framed(GET_VERSION), framed(ERROR)
SEALED = framed(RECORD, Kind.SECURED)


class Unbuffered(io.BytesIO):
    """Takes few bytes at a time, as a pipe may."""

    def write(self, data):
        return super().write(data[:100])


def written(*events, plaintext=False, ordinal=3):
    """The file of a capture of these events, the first of them before the peer had a number."""
    file = Unbuffered()
    capture = Capture(Batch(file), 1_700_000_000_000_000_000, plaintext=plaintext)
    entries = [Entry(0.25, ordinal if number else 0, one) for number, one in enumerate(events)]
    capture.take(entries)
    capture.close()
    return file.getvalue()


def said(*events, **options):
    """Payload and comment of what the connection had."""
    return [(data, comment) for _, _, data, comment in segments(written(*events, **options))]


def test_messages_are_named():
    found = said(OPENED, BytesReceived(1, ASKED), BytesSent(1, REFUSED), WireClosed(1, "it left"))
    assert found == [
        (b"", "192.0.2.1:5 at spdm-emu://127.0.0.1:9"),
        (ASKED, "GET_VERSION 1.0, 4 bytes"),
        (REFUSED, "ERROR 1.2, 4 bytes: UnexpectedRequest"),
        (b"", "it left"),
    ]


def test_time_is_that_of_the_wall():
    ((_, time, *_), *_) = packets(written(OPENED))
    assert time == 1_700_000_000_250_000_000


def test_a_message_in_pieces_is_named_with_its_last():
    pieces = [BytesReceived(1, ASKED[:5]), BytesReceived(1, ASKED[5:] + ASKED)]
    assert [comment for _, comment in said(OPENED, *pieces)[1:]] == [
        "",
        "GET_VERSION 1.0, 4 bytes\nGET_VERSION 1.0, 4 bytes",
    ]


def test_a_fault_and_a_reason_stand_with_the_response():
    found = said(
        OPENED,
        BytesReceived(1, ASKED),
        FaultFired("ver.error", "draft", "set a field", "VERSION", b"before", b"after"),
        RecordDropped("the tag is wrong", RECORD),
        InternalError(0x84, "Traceback:\n  here\nValueError: no\n"),
        ResponseSent(0x7F, ERROR, "too early"),
        BytesSent(1, REFUSED),
        BytesSent(1, REFUSED),
        FaultFired("conn.close", "connection", "closed it"),
        WireClosed(1, "it is over"),
    )
    remarks = [
        "ERROR 1.2, 4 bytes: UnexpectedRequest",
        "fault ver.error (draft): set a field",
        "record dropped: the tag is wrong",
        "internal error: ValueError: no",
        "because: too early",
    ]
    assert [comment for _, comment in found[2:]] == [
        "\n".join(remarks),
        "ERROR 1.2, 4 bytes: UnexpectedRequest",
        "it is over\nfault conn.close (connection): closed it",
    ]


IN_SESSION = (
    OPENED,
    BytesReceived(1, SEALED),
    RequestReceived(0xE8, HEARTBEAT, SESSION),
    ApplicationData(SESSION, b"ask", b"tell"),
    ResponseSent(0x68, ACK, session_id=SESSION),
    BytesSent(1, SEALED),
)


def test_plaintext_follows_its_record():
    found = segments(written(*IN_SESSION, plaintext=True))
    record = f"record of session 0x{SESSION:08x}, 24 bytes"
    header = bytes.fromhex("01000000 0100ff0f")
    assert found[1:] == [
        (0, False, SEALED, record),
        (1, False, header + HEARTBEAT, "HEARTBEAT 1.2, 4 bytes"),
        (1, False, b"\1\1" + header[2:] + b"ask", "application data, 3 bytes"),
        (0, True, SEALED, f"{record}\nin the record: HEARTBEAT_ACK 1.2, 4 bytes"),
        (1, True, b"\1\1" + header[2:] + b"tell", "application data, 4 bytes"),
        (1, True, header + ACK, "HEARTBEAT_ACK 1.2, 4 bytes"),
    ]


def test_what_belongs_to_a_response_passes_by_the_status_of_a_storage_command():
    status = wrap_frame(Command.ACK_STATUS, TransportType.STORAGE, bytes(2))
    fetched = wrap_frame(Command.IF_RECV, TransportType.STORAGE, bytes(4) + RECORD)
    events = (OPENED, BytesReceived(1, ASKED), *IN_SESSION[4:5])
    found = segments(written(*events, BytesSent(1, status), BytesSent(1, fetched), plaintext=True))
    assert [(interface, data) for interface, _, data, _ in found[2:]] == [
        (0, status),
        (0, fetched),
        (1, bytes.fromhex("01000000 0100ff0f") + ACK),
    ]
    assert "in the record" not in found[2][3]
    assert "in the record" in found[3][3]


def test_there_is_no_plaintext_unless_it_is_wanted():
    data = written(*IN_SESSION)
    assert {interface for interface, *_ in packets(data)} == {0}
    assert HEARTBEAT not in data


def test_what_is_outside_of_sessions_is_no_plaintext():
    events = (OPENED, BytesReceived(1, ASKED), RequestReceived(0x84, GET_VERSION))
    assert {interface for interface, *_ in packets(written(*events, plaintext=True))} == {0}


def test_data_objects_are_put_into_frames():
    found = said(
        WireOpened(1, "mailbox", "", "function 0, mailbox 0"),
        BytesReceived(1, binding_of(TransportType.PCI_DOE).wrap(GET_VERSION)),
    )
    framed_object = framed(GET_VERSION, transport=TransportType.PCI_DOE)
    assert found == [(b"", "function 0, mailbox 0"), (framed_object, "GET_VERSION 1.0, 4 bytes")]


@pytest.mark.parametrize(("framing", "port"), [("spdm-emu", 2323), ("dsp0287", 4194)])
def test_the_port_says_the_framing(framing, port):
    data = written(WireOpened(1, framing, "192.0.2.1:5", "somewhere"))
    ports = {packet[20:24] for _, _, packet, _ in packets(data)}
    there, here = (49152).to_bytes(2, "big"), port.to_bytes(2, "big")
    assert ports == {there + here, here + there}


def test_a_message_of_dsp0287_is_named():
    message = bytes.fromhex("06000105") + GET_VERSION
    found = said(WireOpened(1, "dsp0287", "192.0.2.1:5", "here"), BytesReceived(1, message))
    assert found[1] == (message, "GET_VERSION 1.0, 4 bytes")


def test_garbage_is_said_to_be_such_once():
    reason = "the payload is over the limit"
    garbage = BytesReceived(1, b"\xff" * 20)
    comments = [comment for _, comment in said(OPENED, garbage, garbage)[1:]]
    assert comments[0].startswith("bad frame: "), reason
    assert comments[1] == ""


def test_after_lost_events_the_stream_begins_anew():
    lost = EventsLost("capture", 7), EventsLost("journal", 5)
    found = said(OPENED, BytesReceived(1, ASKED[:5]), *lost, BytesReceived(1, ASKED))
    assert found[2] == (ASKED, "7 events before this are missing\nGET_VERSION 1.0, 4 bytes")


def test_a_connection_whose_beginning_was_lost_is_written():
    assert said(BytesReceived(4, ASKED)) == [(ASKED, "GET_VERSION 1.0, 4 bytes")]


def test_each_take_leaves_whole_blocks():
    file = Unbuffered()
    capture = Capture(Batch(file), 0)
    assert len(blocks(file.getvalue())) == 2
    capture.take([Entry(0.0, 0, OPENED)])
    assert len(blocks(file.getvalue())) == 2 + 3
