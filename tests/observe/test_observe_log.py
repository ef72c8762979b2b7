"""The log for people."""

import json
import os

import pytest

from responder.core.events import (
    FaultFired,
    FaultMissed,
    InternalError,
    PhaseChanged,
    RequestReceived,
    ResponseSent,
)
from responder.observe.entry import Entry, entry_as_dict
from responder.observe.log import FORMS, Level, Log, log_json_line, notice, text_line
from responder.server.events import (
    EventsLost,
    FunctionNotice,
    ObserverLost,
    PeerArrived,
    PeerIgnored,
    PeerLeft,
)

LEFT = PeerLeft("127.0.0.1:5000", "the peer asked for shutdown")


@pytest.mark.parametrize(
    ("connection", "event", "line"),
    [
        (
            3,
            LEFT,
            (
                "  1.500000 info    #3 PeerLeft peer=127.0.0.1:5000"
                " reason='the peer asked for shutdown'\n"
            ),
        ),
        (0, PeerIgnored("noise"), "  1.500000 warning - PeerIgnored reason=noise\n"),
        (
            2,
            FaultFired("a.b", "draft", "set nonce", "CHALLENGE_AUTH", b"before", b"after"),
            (
                "  1.500000 info    #2 FaultFired fault=a.b hook=draft detail='set nonce'"
                " message=CHALLENGE_AUTH\n"
            ),
        ),
        (
            0,
            FaultMissed("a.b", "connection 1, wanted 2"),
            "  1.500000 warning - FaultMissed fault=a.b nearest='connection 1, wanted 2'\n",
        ),
        (
            1,
            FunctionNotice(2, "tdi-error", "it fails"),
            "  1.500000 info    #1 FunctionNotice function=2 what=tdi-error detail='it fails'\n",
        ),
        (
            1,
            RequestReceived(0x84, b"\x10\x84\0\0"),
            "  1.500000 debug   #1 GET_VERSION 4 bytes 10840000\n",
        ),
        (
            1,
            ResponseSent(0x7F, bytes(40), "too short"),
            f"  1.500000 debug   #1 ERROR 40 bytes {'00' * 32}... reason='too short'\n",
        ),
        (
            1,
            InternalError(0x84, "Traceback\n  x\n"),
            "  1.500000 error   #1 InternalError \nTraceback\n  x\n",
        ),
    ],
)
def test_lines(connection, event, line):
    assert text_line(Entry(1.5, connection, event)).decode() == line


def test_control_characters_of_a_reason_do_not_reach_the_terminal():
    for form in FORMS.values():
        assert b"\x1b" not in form(Entry(0.0, 1, PeerLeft("x", "bad \x1b[31m")))


@pytest.mark.parametrize(
    ("level", "names"),
    [
        (Level.ERROR, ["InternalError", "ObserverLost"]),
        (Level.WARNING, ["EventsLost", "InternalError", "ObserverLost", "PeerIgnored"]),
        (
            Level.INFO,
            [
                *("EventsLost", "InternalError", "ObserverLost"),
                *("PeerArrived", "PeerIgnored", "PeerLeft"),
            ],
        ),
        (
            Level.DEBUG,
            [
                *("EventsLost", "GET_VERSION", "InternalError", "ObserverLost"),
                *("PeerArrived", "PeerIgnored", "PeerLeft", "PhaseChanged"),
            ],
        ),
    ],
)
def test_levels(level, names):
    events = [
        *(InternalError(0, "x"), ObserverLost("o", "e"), PeerArrived("p", "l"), PeerIgnored("r")),
        *(LEFT, PhaseChanged("A", "B"), RequestReceived(0x84, b"\x10\x84\0\0")),
        EventsLost("o", 1),
    ]
    kinds = Log(2, level, text_line).kinds
    entries = [Entry(0.0, 1, event) for event in events if kinds is None or type(event) in kinds]
    assert sorted(entry.name for entry in entries) == names


@pytest.mark.parametrize("form", FORMS.values())
def test_it_writes_a_line_for_each_entry(form):
    reader, writer = os.pipe()
    entries = [Entry(1.5, 3, LEFT), Entry(1.5, 3, PhaseChanged("A", "B"))]
    Log(writer, Level.INFO, form).take(entries)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        assert file.readlines() == [form(entry) for entry in entries]


def test_a_line_for_programs_is_that_of_a_journal_with_its_level():
    entry = Entry(1.5, 3, LEFT)
    assert json.loads(log_json_line(entry)) == {**entry_as_dict(entry), "level": "info"}


def test_what_no_event_tells_has_the_form_of_the_log():
    assert notice("text", "seed 00") == b"seed 00\n"
    assert json.loads(notice("json", "seed 00")) == {"v": 1, "notice": "seed 00"}
