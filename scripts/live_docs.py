"""Draws the picture of the live view: what `serve --live` shows of a made-up afternoon."""

from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.color import Color

from responder.core.events import (
    Event,
    FaultFired,
    PhaseChanged,
    RequestReceived,
    ResponseSent,
    SessionEstablished,
    SessionStarted,
)
from responder.observe.entry import Entry
from responder.observe.live import Live
from responder.observe.live_page import Facts, page
from responder.server.events import FunctionNotice, PeerArrived, PeerLeft
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode

SIZE = (112, 30)
WIDTH, HEIGHT, MARGIN = 8.4, 18, 12
FAULT = "sig.bitflip:CHALLENGE_AUTH"
LISTENER = "spdm-emu://127.0.0.1:2323"
FACTS = Facts(
    "tdisp-device",
    "A TDISP device: five functions with DOE mailboxes, IDE, TDISP and a DMA engine",
    "SPDM 1.2 1.3 1.4, slot 0, 9 measurements, 5 PCIe functions, IDE, TDISP",
    LISTENER,
)
ATTESTED = (
    ("GET_VERSION", 4, "VERSION", 12),
    ("GET_CAPABILITIES", 20, "CAPABILITIES", 20),
    ("NEGOTIATE_ALGORITHMS", 48, "ALGORITHMS", 52),
    ("GET_DIGESTS", 4, "DIGESTS", 52),
    ("GET_CERTIFICATE", 8, "CERTIFICATE", 1938),
    ("CHALLENGE", 44, "CHALLENGE_AUTH", 238),
)
IN_SESSION = (
    ("KEY_EXCHANGE", 150, "KEY_EXCHANGE_RSP", 374),
    ("FINISH", 52, "FINISH_RSP", 4),
    ("GET_MEASUREMENTS", 45, "MEASUREMENTS", 637),
)
LOCK = bytes.fromhex("14fe0000 0300 02 0100 1300 01 10 83") + bytes(21)
LOCKED = bytes.fromhex("147e0000 0300 02 0100 3100 01 10 03") + bytes(46)
SESSION = 0xFFFE0001


def _exchanges(connection: int, at: float, named: tuple) -> list[Entry]:
    entries = []
    for number, (request, size, response, answer) in enumerate(named):
        time = at + 0.012 * number
        asked = RequestReceived(RequestCode[request], b"\x14" + bytes(size - 1))
        said = ResponseSent(ResponseCode[response], bytes(answer))
        entries += [Entry(time, connection, asked), Entry(time + 0.004, connection, said)]
    return entries


def _attested(connection: int, at: float) -> list[Entry]:
    arrived = PeerArrived(f"127.0.0.1:{48100 + 2 * connection}", LISTENER)
    done = PhaseChanged("AFTER_CERTIFICATE", "AUTHENTICATED")
    return [
        Entry(at, connection, arrived),
        *_exchanges(connection, at, ATTESTED),
        Entry(at + 0.07, connection, done),
    ]


def _entries() -> list[Entry]:
    struck = FaultFired(FAULT, "post_sign", "flip 1 of 96 bytes", "CHALLENGE_AUTH")
    busy = ResponseSent(
        ResponseCode.ERROR,
        bytes([0x14, ResponseCode.ERROR, ErrorCode.INVALID_REQUEST, 0]),
        "slot 5 does not exist",
    )
    digest = RequestReceived(RequestCode.GET_CERTIFICATE, bytes(8))
    locked = "function 1: CONFIG_UNLOCKED to CONFIG_LOCKED"
    running = "function 1: CONFIG_LOCKED to RUN"
    after: list[tuple[float, int, Event]] = [
        (181.10, 3, SessionStarted(SESSION, "KEY")),
        (181.12, 3, SessionEstablished(SESSION)),
        (181.30, 3, RequestReceived(RequestCode.VENDOR_DEFINED_REQUEST, LOCK, SESSION)),
        (181.30, 3, ResponseSent(ResponseCode.VENDOR_DEFINED_RESPONSE, LOCKED, "", SESSION)),
        (181.31, 3, FunctionNotice(1, "tdi-state", locked, "CONFIG_LOCKED")),
        (182.65, 3, FunctionNotice(1, "tdi-state", running, "RUN")),
        (184.70, 4, digest),
        (184.71, 4, busy),
    ]
    return [
        *_attested(1, 171.0),
        Entry(171.08, 1, struck),
        Entry(171.2, 1, PeerLeft("", "the peer closed the connection")),
        *_attested(3, 180.9),
        *_exchanges(3, 181.1, IN_SESSION),
        *(Entry(*one) for one in after[:6]),
        *_attested(4, 183.9),
        Entry(183.97, 4, struck),
        *(Entry(*one) for one in after[6:]),
    ]


def picture() -> str:
    """The view as SVG, each text where a terminal would have it."""
    live = Live(lambda: [FAULT, "meas.toctou"], 5, "CONFIG_UNLOCKED")
    live.take(_entries())
    lines = page(live, FACTS, 186.4, SIZE, "q ends")
    width, height = SIZE[0] * WIDTH + 2 * MARGIN, SIZE[1] * HEIGHT + 2 * MARGIN
    shape = f'viewBox="0 0 {width:g} {height}" font-family="monospace" font-size="14"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {shape}>',
        f'<rect width="{width:g}" height="{height}" rx="8" fill="#101418"/>',
    ]
    for number, line in enumerate(lines):
        parts += _drawn(line, MARGIN + number * HEIGHT)
    return "\n".join([*parts, "</svg>", ""])


def _drawn(line: tuple, top: float) -> list[str]:
    drawn, column = [], 0
    for text, style in line:
        size = cell_len(text)
        left = MARGIN + column * WIDTH
        column += size
        reverse, bold = "reverse" in style, "bold" in style
        if reverse:
            box = f'width="{size * WIDTH:.1f}" height="{HEIGHT}" fill="#dde3e8"'
            drawn.append(f'<rect x="{left:.1f}" y="{top}" {box}/>')
        if text.strip():
            fill = "#101418" if reverse else "#dde3e8"
            if style.startswith("color"):
                fill = Color.parse(style).get_truecolor().hex
            weight = ' font-weight="bold"' if bold else ""
            place = f'x="{left:.1f}" y="{top + 13.5}" textLength="{size * WIDTH:.1f}"'
            drawn.append(
                f'<text {place} fill="{fill}"{weight} xml:space="preserve">{escape(text)}</text>'
            )
    return drawn
