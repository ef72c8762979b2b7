"""The live view as lines, at several sizes."""

import pytest
from observe.live_states import (
    CAPABILITIES,
    INVALID_REQUEST,
    arrived,
    attestation,
    exchange,
    fired,
    left,
    live,
)
from rich.cells import cell_len

from responder.core.events import InternalError, RecordDropped, SessionStarted
from responder.observe.entry import Entry
from responder.observe.live_page import Facts, page
from responder.observe.live_text import BAD, GOOD, GRAY, STRUCK, WARNING
from responder.server.events import EventsLost, FunctionNotice, PeerIgnored

FACTS = Facts("default", "A device", "SPDM 1.2, slot 0", "spdm-emu://127.0.0.1:2323")
FOOTER = "q ends"


def plain(lines):
    return ["".join(text for text, _ in line) for line in lines]


def shown(state, size=(80, 24), now=10.0):
    return [line.rstrip() for line in plain(page(state, FACTS, now, size, FOOTER))]


def styles_of(state, text, size=(80, 24)):
    """The styles of what has ``text`` in it."""
    lines = page(state, FACTS, 10.0, size, FOOTER)
    return {style for line in lines for part, style in line if text in part}


def busy():
    """Two connections, of which one has left; a fault, an error, a device with functions."""
    return live(
        *attestation(1, 1.0),
        *attestation(2, 3.0),
        fired(3.3, 2),
        *exchange(4.0, CAPABILITIES, INVALID_REQUEST, 2, "data_transfer_size is 12", 7),
        Entry(5.0, 2, FunctionNotice(1, "tdi-state", "function 1: CONFIG_LOCKED to RUN", "RUN")),
        Entry(6.0, 0, PeerIgnored("noise")),
        left(7.0, 1),
        faults=["ver.none", "sig.bitflip"],
        functions=2,
        state="CONFIG_UNLOCKED",
    )


def test_at_80_by_24():
    assert shown(busy()) == [
        " spdm-responder  default  A device                                   up 0:00:10",
        " spdm-emu://127.0.0.1:2323",
        " SPDM 1.2, slot 0",
        " 7 requests              0.0/s            █ █▃            1 error      0 lost",
        "── Connections ───────────────────────────────────────────── 1 open, 2 so far ──",
        "    #2 127.0.0.1:4002        1.2  authenticated      4      1    5 s KEY",
        "    #1 127.0.0.1:4001        left: the peer closed the connection",
        "",
        "── Exchanges ─────────────────────────────── s in a session, ! error, * fault ──",
        "     time     # request              bytes   response           bytes",
        "    1.200    #1 CHALLENGE               44   CHALLENGE_AUTH       302",
        "    3.000    #2 GET_VERSION              4   VERSION               12",
        "    3.100    #2 GET_CAPABILITIES        20   CAPABILITIES          20",
        "    3.200    #2 CHALLENGE               44   CHALLENGE_AUTH       302 * sig.bit…",
        "    4.000    #2 GET_CAPABILITIES        20 s ! InvalidRequest, 4 B: data_transf…",
        "── Faults in force ──────────────────────────────────────────── 1 of 2 struck ──",
        " ver.none                       not yet",
        " sig.bitflip                        1 x     6 s CHALLENGE_AUTH: flip 1 of 96 by…",
        "── Devices ────────────────────────────────────────────────────── 2 functions ──",
        " #2      0 unlocked   1 run",
        "── Events ──────────────────────────────────────────────────────────────────────",
        "    5.000    #2 function 1: CONFIG_LOCKED to RUN",
        "    6.000       peer ignored: noise",
        " q ends",
    ]


def test_on_a_wide_terminal_exchanges_are_beside_the_rest():
    lines = shown(busy(), (200, 60))
    assert all(line[99:100] == "│" for line in lines[4:-1])
    heads = [line for line in lines if "── " in line]
    assert [head.split()[1] for head in heads] == [
        *("Connections", "Devices", "Faults", "Events"),
    ]
    assert "── Exchanges ──" in heads[0]
    assert any("KEY fffe0001" in line for line in lines)
    assert lines[5].split("│")[0].split() == [
        *("#", "peer", "SPDM", "phase", "asked", "errors", "quiet", "sessions"),
    ]


@pytest.mark.parametrize("width", [1, 2, 7, 20, 39, 80, 131, 132, 200, 400])
@pytest.mark.parametrize("height", [1, 2, 5, 6, 9, 12, 24, 60, 120])
def test_it_fills_any_terminal_exactly(width, height):
    lines = plain(page(busy(), FACTS, 10.0, (width, height), FOOTER))
    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_nothing_moves_while_things_happen(size):
    """Titles of sections are where they were before anything happened."""
    quiet = live(faults=["ver.none", "sig.bitflip"], functions=2, state="CONFIG_UNLOCKED")
    titles = [
        [(n, line.split(" ─")[0]) for n, line in enumerate(shown(state, size)) if "── " in line]
        for state in (quiet, busy())
    ]
    assert titles[0] == titles[1]


def test_where_there_is_little_room_exchanges_are_what_is_left():
    lines = shown(busy(), (80, 12))
    assert [line.split()[1] for line in lines if line.startswith("──")] == ["Exchanges"]


def test_more_connections_than_rows():
    state = live(*(arrived(1.0, number) for number in range(1, 100)))
    lines = shown(state)
    assert "99 open, 99 so far" in lines[4]
    assert [line.split()[0] for line in lines[5:8]] == ["#97", "#98", "#99"]


def test_more_faults_than_rows():
    """Those that struck are shown first, in the order in which all are."""
    faults = [f"a.{number}" for number in range(40)]
    state = live(*attestation(), *(fired(fault=f"a.{n}") for n in (30, 20)), faults=faults)
    lines = shown(state)
    at = next(n for n, line in enumerate(lines) if "2 of 40 struck" in line)
    assert [line.split()[0] for line in lines[at + 1 : at + 4]] == ["a.20", "a.30", "a.0"]


def test_sessions_take_the_room_there_is():
    sessions = [Entry(1.0, 1, SessionStarted(number, "PSK")) for number in (1, 2)]
    one, two = live(*attestation(), sessions[0]), live(*attestation(), *sessions)
    assert "KEY fffe0001, PSK opens 00000001" in shown(one, (131, 24))[5]
    assert shown(two)[5].endswith(" 3 sessions")


def test_events_have_the_colour_of_their_level():
    events = [RecordDropped("no session", b""), PeerIgnored("x"), InternalError(0, "Traceback")]
    state = live(*(Entry(1.0, 0, event) for event in events))
    texts = ("record dropped", "peer ignored", "a bug")
    styles = [styles_of(state, text, (80, 40)) for text in texts]
    assert styles == [{GRAY}, {WARNING}, {BAD}]


def test_what_is_wrong_is_said_without_colours_too():
    state = live(*attestation(), Entry(1.0, 0, EventsLost("mqtt", 12)))
    assert "12 lost" in shown(state)[3]
    assert styles_of(state, "12 lost") == {BAD}
    assert styles_of(busy(), "! InvalidRequest") == {BAD}
    assert styles_of(busy(), "authenticated") == {GOOD}
    assert styles_of(busy(), "* sig.bit") == {STRUCK}
