"""Compares what tshark shows with how our own code describes the same messages."""

from dataclasses import dataclass

from captures.loader import MCTP

from responder.replay.recording import REQUEST, RESPONSE
from responder.spec.codes import ResponseCode, response_code_of
from responder.transport.binding import binding_of
from responder.transport.carried import Kind
from responder.transport.errors import FramingError
from responder.transport.records import records_of
from responder.wire.context import WireContext
from responder.wire.describe import describe, describe_record
from responder.wire.follow import Conversation

NORMAL = 1
ASKED_FOR = {
    ResponseCode.CHALLENGE_AUTH: "summary",
    ResponseCode.MEASUREMENTS: "signed",
    ResponseCode.ENDPOINT_INFO: "signed",
    ResponseCode.KEY_EXCHANGE_RSP: "summary",
    ResponseCode.PSK_EXCHANGE_RSP: "summary",
}
CUT = 230
"""Characters of a line of tshark from which on it may be cut."""


@dataclass
class Told:
    """A line of ``decode``; ``value`` is hexadecimal, a number's after ``0x``."""

    depth: int
    start: int
    end: int
    name: str
    value: str
    meaning: str


def plaintext(recording, exchange, side):
    """The message in a recorded secured record, and what kind of data it is; else ``None``."""
    data = recording.plain.get((exchange.number, side))
    if data is None:
        return None
    try:
        return records_of(recording.transport).disclose(data), 0
    except FramingError:
        return data, 1


def payloads(recording):
    """The exchange, the side and the payload of each frame of a recording."""
    for exchange in recording.exchanges:
        yield exchange, REQUEST, exchange.request
        yield exchange, RESPONSE, exchange.response


def described(recording, *, tool_made=False):
    """For each payload that tshark is to show its description, ``None`` if it is no SPDM.

    A capture that the tool made has neither other commands nor what records held.
    """
    follower = Follower()
    for exchange, side, data in payloads(recording):
        binding = binding_of(recording.transport)
        if exchange.command != NORMAL:
            if not tool_made:
                yield None
            continue
        carried = binding.unwrap(data)
        if carried.kind is Kind.SPDM:
            yield from follower.message(carried.message, binding.padding)
        elif carried.kind is Kind.SECURED:
            size = 2 if recording.transport == MCTP else 0
            context = WireContext(sequence_number_size=size)
            yield describe_record(carried.message, context, padding=binding.padding)
            inside = plaintext(recording, exchange, side) if not tool_made else None
            if inside is not None:
                yield from follower.message(inside[0]) if inside[1] == 0 else [None]
        else:
            yield None


class Follower:
    """Describes the messages of one conversation."""

    def __init__(self):
        self._conversation = Conversation()
        self._request = 0

    def message(self, data, padding=0):
        """A message's description, and that of the large one which it completes."""
        context, code = self._conversation.feed(data), data[1]
        found = describe(data, context, padding=padding)
        if found.problem and code in ASKED_FOR and response_code_of(self._request) != code:
            context = context.replace(**{ASKED_FOR[code]: True})
            again = describe(data, context, padding=padding)
            found = found if again.problem else again
        if code & 0x80:
            self._request = code
        yield found
        if self._conversation.completed is not None:
            yield describe(*self._conversation.completed)


def told(description):
    """The lines of a description; one line for each number of a list."""
    for line in description.lines:
        values, meanings = line.value.split(" "), [line.meaning]
        if len(values) > 1:
            meanings = line.meaning.split("; ")
        width = (line.end - line.start) // len(values)
        for place, (value, meaning) in enumerate(zip(values, meanings, strict=True)):
            start = line.start + place * width
            yield Told(line.depth, start, start + width, line.name, value, meaning)


def assert_same(lines, shown):
    """Each line of ``decode`` has its field: place, name, value and meaning.

    Whose a certificate is Wireshark's own dissector says.
    """
    where = f"packet {shown.frame}, {shown.title}"
    assert [line.name for line in lines] == [field.name for field in shown.fields], where
    for line, field in zip(lines, shown.fields, strict=True):
        assert (line.depth, line.start, line.end) == (field.depth, field.start, field.end), where
        value = line.value
        if value.startswith("0x"):
            value = bytes.fromhex(value[2:])[::-1].hex()
        assert value in ("", field.value), (where, line, field)
        if not line.name.startswith("certificates[") and len(field.text) < CUT:
            assert line.meaning.lower() in field.text.lower(), (where, line, field)


def complaints(shown):
    """What the dissector finds wrong; that a message is an ERROR is no such thing."""
    return [text for text in shown.experts if not text.startswith("ERROR ")]
