"""What was worked out, against what was recorded: counts, and everything that differs."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from responder.replay.judge import Derived
from responder.replay.recording import REQUESTER, RESPONDER, Event, Recording
from responder.replay.terms import Terms, UnreplayableError

MESSAGES, TRANSCRIPTS, SIGNATURES = "messages", "transcripts", "signatures"
MACS, KEYS, RECORDS = "MACs", "keys", "records"
KINDS = (MESSAGES, TRANSCRIPTS, SIGNATURES, MACS, KEYS, RECORDS)
"""What is counted."""

SIDES = (RESPONDER, REQUESTER)
HANDSHAKE, DATA, PSK_USE = "handshake_key", "data_key", "psk_use"
UPDATE_REQUEST, UPDATE_RESPONSE = "key_update_request", "key_update_response"
_SIGN = {RESPONDER: "responder_sign", REQUESTER: "requester_sign"}
_CONTEXT = "session_ctx"
_COUNTED = {"hash": TRANSCRIPTS, "secret": KEYS, "key": KEYS, "salt": KEYS}
"""What counts as what, by the last word of its name; ``_GIVEN`` is not worked out."""
_GIVEN = frozenset({"handshake_key.shared_secret"})


@dataclass(slots=True)
class Tally:
    """What came out of one run.

    Attributes:
        counts: how much was checked, by ``KINDS``.
        problems: everything that differs, with its place.
        notes: what is odd about the peers, and was passed over.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


class Ledger:
    """Compares with what both sides of a run wrote down, in the order in which they did."""

    def __init__(self, recording: Recording) -> None:
        self.tally = Tally()
        self.place = ""
        self._events: dict[str, deque[Event]] = {
            side: deque(recording.secrets.get(side, ())) for side in SIDES
        }
        self._plain = dict(recording.plain)
        self._sessions: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def count(self, kind: str, number: int = 1) -> None:
        """Something was checked, and is as it should be."""
        self.tally.counts[kind] += number

    def problem(self, reason: str) -> None:
        """Something is not as it should be."""
        self.tally.problems.append(f"{self.place}: {reason}")

    def note(self, reason: str) -> None:
        """Something is odd, but known."""
        self.tally.notes[reason] += 1

    def compare(self, kind: str, what: str, worked_out: bytes, seen: bytes) -> None:
        """One value against the one on the wire or in the record."""
        if worked_out == seen:
            self.count(kind)
        else:
            self.problem(f"{what} is {seen.hex()}, worked out {worked_out.hex()}")

    def signed(self, side: str, code: int, terms: Terms, transcript_hash: bytes) -> None:
        """A side signed a transcript: the hash of it, as it wrote it down."""
        event = self._take(side, _SIGN[side])
        if event is None:
            self.problem(f"the {side} wrote down no signature")
            return
        expected = {
            "op_code": code,
            "spdm_version": terms.version << 8,
            "base_hash_algo": terms.base_hash.bit,
            "is_data_hash": 1,
        }
        for name, value in expected.items():
            if event.get(name) != value:
                self.problem(f"{name} of the {side}'s signature is {event.get(name)}, not {value}")
        self.compare(
            TRANSCRIPTS, "the hash that was signed", transcript_hash, _bytes(event, "message")
        )

    def pass_over(self, side: str) -> None:
        """A side signed what this judge does not see."""
        self._take(side, _SIGN[side])

    def opened(self, place: tuple[int, str], data: bytes) -> None:
        """A record was opened: its application data, and what was written down of it, if any."""
        if place in self._plain:
            self.compare(RECORDS, "a plaintext", data, self._plain.pop(place))
        else:
            self.count(RECORDS)

    def secret(self, *, psk: bool) -> bytes:
        """What the next session's key exchange agreed on, or its PSK.

        Raises:
            UnreplayableError: nobody wrote it down.
        """
        name, key = (PSK_USE, "psk") if psk else (HANDSHAKE, "shared_secret")
        for side in SIDES:
            event = next((one for one in self._events[side] if one.get("event") == name), None)
            if event is not None and event.get(key):
                return _bytes(event, key)
        raise UnreplayableError("nobody wrote the shared secret down")

    def derived(self, session: str, name: str, keys: Derived) -> None:
        """Values of a session against the event ``name``, which one of the sides must have.

        A session may have any name; its first event is that of the handshake.
        """
        known = self._sessions[session]
        events = {side: self._take(side, name, known.get(side)) for side in SIDES}
        if name == HANDSHAKE:
            known |= {side: event.get(_CONTEXT) for side, event in events.items() if event}
        if not any(events.values()):
            self.problem(f"nobody wrote down {name}")
        fields: dict[str, dict[str, Any]] = defaultdict(dict)
        for side, event in events.items():
            for field_name, value in (event or {}).items():
                fields[field_name][side] = value
        for field_name in fields.keys() & keys.keys():
            self._value(f"{name}.{field_name}", fields[field_name], keys[field_name])

    def _value(self, what: str, recorded: dict[str, Any], worked_out: bytes | int) -> None:
        """One value; both sides wrote down the same."""
        text = worked_out.hex() if isinstance(worked_out, bytes) else worked_out
        for side, value in recorded.items():
            if value != text:
                self.problem(f"{what} of the {side} is {value}, worked out {text}")
        kind = _COUNTED.get(what.rpartition("_")[2])
        if (
            kind is not None
            and what not in _GIVEN
            and all(value == text for value in recorded.values())
        ):
            self.count(kind)

    def _take(self, side: str, name: str, context: Any = None) -> Event | None:
        """The next event of a name; of a session, if the event says of which it is."""
        events = self._events[side]
        for index, event in enumerate(events):
            other = context is not None and event.get(_CONTEXT, context) != context
            if event.get("event") == name and not other:
                del events[index]
                return event
        return None

    def close(self) -> Tally:
        """The end of the run: everything that was written down must have come up."""
        self.place = "end"
        for side in SIDES:
            left = Counter(str(event.get("event")) for event in self._events[side])
            for name, number in sorted(left.items()):
                self.problem(f"the {side} wrote down {number} {name} more than there were")
        if self._plain:
            self.problem(f"{len(self._plain)} plaintexts are of records that did not come")
        return self.tally


def _bytes(event: Mapping[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(event.get(name, ""))
    except (ValueError, TypeError):
        raise UnreplayableError(f"{event.get('event')}.{name} is not hexadecimal") from None
