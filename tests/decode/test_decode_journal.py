"""Journals and rows of messages: what is in them, and what was said of it."""

import json

import pytest

from responder.core.events import (
    ApplicationData,
    FaultFired,
    PhaseChanged,
    RecordDropped,
    RequestReceived,
    ResponseSent,
)
from responder.decode.journal import json_payloads
from responder.decode.payload import Payload
from responder.observe.entry import Entry, entry_as_dict

GET_VERSION, ERROR = bytes.fromhex("10840000"), bytes.fromhex("107f0100")


def journal(*events):
    lines = [json.dumps(entry_as_dict(Entry(0.5, 3, event))) for event in events]
    return list(json_payloads(lines))


def payload(data, received, comment="", **more):
    place = {"transport": 0, "padding": 3, "connection": 3, "time": 500_000_000}
    return Payload(data, received=received, comment=comment, **place, **more)


def test_messages_of_a_journal():
    found = journal(
        RequestReceived(0x84, GET_VERSION),
        PhaseChanged("A", "B"),
        ResponseSent(0x7F, ERROR),
        RequestReceived(0xE8, GET_VERSION, 7),
    )
    assert found == [
        payload(GET_VERSION, True),
        payload(ERROR, False),
        payload(GET_VERSION, True, session=7),
    ]


def test_what_was_done_to_a_response_is_its_comment():
    found = journal(
        RequestReceived(0x84, GET_VERSION),
        FaultFired("ver.error", "draft", "set a field", "VERSION", b"a", b"b"),
        RecordDropped("the tag is wrong", b"record"),
        ResponseSent(0x7F, ERROR, "too early"),
        ResponseSent(0x7F, ERROR),
    )
    said = "fault ver.error (draft): set a field\nrecord dropped: the tag is wrong"
    assert found[1:] == [
        payload(ERROR, False, f"{said}\nbecause: too early"),
        payload(ERROR, False),
    ]


def test_application_data_of_a_session():
    found = journal(ApplicationData(7, b"ask", b"tell"), ApplicationData(7, b"ask", b""))
    label = {"session": 7, "label": "application data"}
    assert found == [
        payload(b"ask", True, **label),
        payload(b"tell", False, **label),
        payload(b"ask", True, **label),
    ]


def test_rows_with_requests_and_responses():
    rows = [
        {"req": "10 84 00 00", "rsp": "107f0100", "cmd": 1, "trans": 2, "t": 0.25},
        {"request": "00", "response": "01"},
        {"message": "zz", "cmd": 0xFFFE},
    ]
    lines = ["", *map(json.dumps, rows)]
    time = {"time": 250_000_000, "transport": 2}
    assert list(json_payloads(lines)) == [
        Payload(GET_VERSION, received=True, **time),
        Payload(ERROR, received=False, **time),
        Payload(b"\0", received=True),
        Payload(b"\1", received=False),
        Payload(b"", "'zz' is not hexadecimal", command=0xFFFE),
    ]


@pytest.mark.parametrize("line", ["{", "[1]", '{"other": 1}', '{"req": "00", "trans": "x"}'])
def test_another_line_ends_the_rows(line):
    found = list(json_payloads(['{"req": "00"}', line, '{"req": "00"}']))
    assert len(found) == 2
    assert found[1].problem.startswith("line 2 is no JSON object with req, ")
