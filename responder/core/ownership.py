"""Who owns what, and which reset clears it.

State belongs to one level and is reached from those below it. This table is the only place that
says how far a reset goes; whoever owns a level asks it.
"""

from enum import Enum


class Level(Enum):
    """Owners of state, the widest first; the value says what each one owns."""

    PROCESS = "listeners, endpoints, journals"
    DEVICE = "slots, key pairs, measurements, pre-shared keys"
    FUNCTION = "configuration space, DOE mailboxes, IDE streams, TDIs"
    ENDPOINT = "the SPDM connection: version, capabilities, algorithms, transcripts, phase"
    SESSION = "keys, sequence numbers; a TDI is bound to the session that locked it"


class Reset(Enum):
    """What clears state; the value is its name for people."""

    SESSION_END = "end of a session"
    GET_VERSION = "GET_VERSION"
    PEER_GONE = "loss of the peer's connection"
    FUNCTION_LEVEL = "function level reset"
    CONVENTIONAL = "conventional reset"
    POWER_CYCLE = "power cycle"


CLEARS: dict[Reset, frozenset[Level]] = {
    Reset.SESSION_END: frozenset({Level.SESSION}),
    Reset.GET_VERSION: frozenset({Level.SESSION, Level.ENDPOINT}),
    Reset.PEER_GONE: frozenset(),
    Reset.FUNCTION_LEVEL: frozenset({Level.FUNCTION}),
    Reset.CONVENTIONAL: frozenset({Level.SESSION, Level.ENDPOINT, Level.FUNCTION}),
    Reset.POWER_CYCLE: frozenset({Level.SESSION, Level.ENDPOINT, Level.FUNCTION, Level.DEVICE}),
}
"""The levels whose state is gone afterwards; of a device only what is volatile.

The loss of a peer clears nothing by itself: an endpoint that is attached ``fresh`` ends with its
peer, ``sticky`` and ``shared`` ones stay as they are.
"""

KEEPS_NEGOTIATED = frozenset({Reset.CONVENTIONAL, Reset.POWER_CYCLE})
"""The resets over which a responder with CACHE_CAP keeps the negotiated state of its connection
(DSP0274 "CAPABILITIES response message"): of an endpoint all else is gone."""

APPLIES_WAITING = frozenset({Reset.CONVENTIONAL, Reset.POWER_CYCLE})
"""The resets that let certificates and key pairs take effect that wait for a reset of the device
(CERT_INSTALL_RESET_CAP, SET_KEY_PAIR_RESET_CAP)."""
