"""The live view where there is no terminal."""

import threading

from observe.live_states import arrived, attestation, fired, live

from responder.core.events import PhaseChanged
from responder.observe.entry import Entry
from responder.observe.live import Live
from responder.observe.live_lines import LiveLines, summary
from responder.server.events import EventsLost


def test_all_in_one_line():
    state = live(*attestation(), fired(), fired(), faults=["sig.bitflip", "ver.none"])
    assert summary(state, 2.0) == (
        "1 connection of 1, 1 session, 3 requests (0.6/s), 0 errors, 2 strikes of 1 fault"
    )
    state.take([Entry(2.0, 0, EventsLost("mqtt", 7))])
    assert summary(state, 60.0).endswith(", 7 events lost")


def test_what_does_not_matter_is_left_out():
    assert summary(Live(), 0.0) == "0 connections of 0, 0 sessions, 0 requests (0.0/s), 0 errors"


def test_the_last_line_is_said_at_the_end():
    said = []
    lines = LiveLines(Live(), lambda: 2.0, said.append, 3600.0)
    lines.take([arrived()])
    lines.take([Entry(1.0, 1, PhaseChanged("A", "B"))])
    lines.close(10)
    assert said == ["live: 1 connection of 1, 0 sessions, 0 requests (0.0/s), 0 errors"]


def test_a_line_is_said_when_something_has_changed_and_else_not():
    said, first = [], threading.Event()

    def say(text):
        said.append(text)
        first.set()

    lines = LiveLines(Live(), lambda: 2.0, say, 0.001)
    lines.take([arrived()])
    assert first.wait(10)
    lines.close(10)
    assert said == [said[0]] * 2
