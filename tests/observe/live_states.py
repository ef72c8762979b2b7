"""Entries for tests of the live view: conversations, in short."""

from responder.core.events import (
    FaultFired,
    PhaseChanged,
    RequestReceived,
    ResponseSent,
    SessionEstablished,
    SessionStarted,
)
from responder.observe.entry import Entry
from responder.observe.live import Live
from responder.server.events import PeerArrived, PeerLeft

LISTENER = "spdm-emu://127.0.0.1:2323"
CAPABILITIES = bytes.fromhex("12e10000") + bytes(16)
INVALID_REQUEST = bytes.fromhex("127f0100")


def arrived(time=1.0, connection=1, listener=LISTENER):
    return Entry(time, connection, PeerArrived(f"127.0.0.1:{4000 + connection}", listener))


def left(time=9.0, connection=1, reason="the peer closed the connection"):
    return Entry(time, connection, PeerLeft("", reason))


def asked(time, message, connection=1, session=None):
    return Entry(time, connection, RequestReceived(message[1], message, session))


def said(time, message, connection=1, reason="", session=None):
    return Entry(time, connection, ResponseSent(message[1], message, reason, session))


def exchange(time, request, response, connection=1, reason="", session=None):
    return [
        asked(time, request, connection, session),
        said(time + 0.005, response, connection, reason, session),
    ]


def attestation(connection=1, time=1.0):
    """A connection that ends AUTHENTICATED, with a session."""
    return [
        arrived(time, connection),
        *exchange(time, b"\x10\x84\0\0", bytes.fromhex("10040000") + bytes(8), connection),
        *exchange(time + 0.1, CAPABILITIES, b"\x12\x61" + bytes(18), connection),
        *exchange(time + 0.2, b"\x12\x83" + bytes(42), b"\x12\x03" + bytes(300), connection),
        Entry(time + 0.2, connection, PhaseChanged("AFTER_CERTIFICATE", "AUTHENTICATED")),
        Entry(time + 0.3, connection, SessionStarted(0xFFFE0001, "KEY")),
        Entry(time + 0.4, connection, SessionEstablished(0xFFFE0001)),
    ]


def fired(time=2.0, connection=1, fault="sig.bitflip", detail="flip 1 of 96 bytes"):
    return Entry(time, connection, FaultFired(fault, "post_sign", detail, "CHALLENGE_AUTH"))


def live(*entries, faults=(), **options):
    """The state after these; ``faults`` are in force."""
    state = Live(lambda: faults, **options)
    state.take(entries)
    return state
