"""What ``decode`` is given: hexadecimal text, dumps, JSON lines or raw bytes, cut into payloads."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from responder.decode.capture_file import Packets, is_capture
from responder.spec.codes import RequestCode, ResponseCode
from responder.transport.doe import DoeBinding
from responder.transport.socket_frame import TransportType

NORMAL_COMMAND = 1
SPLITS = ("auto", "lines", "blank", "none")

_JSON_KEYS = ("req", "request", "rsp", "response", "message")
_EVENT = "event"
"""The key of a journal's entry that other JSON lines do not have."""
_CODES = frozenset((*RequestCode, *ResponseCode))
_MESSAGE_PLACES = (0, 1, 4, 8)
"""Where a message begins: plain, after MCTP's type byte, DSP0287's header, DOE's header."""

_DUMP = re.compile(r"\s*([0-9a-fA-F]{4,8})(?::\s+|\s{2,})((?:[0-9a-fA-F]{2}| (?! ))+)(?:\s.*)?")
_DUMP_WITH_BARS = re.compile(r"\s*([0-9a-fA-F]{4,8})\s+([0-9a-fA-F\s]+)\|.*")
_DUMP_OF_OD = re.compile(r"\s*([0-9a-fA-F]{6,8}) ((?:[0-9a-fA-F]{2}(?: |$))+)\s*(?:>.*)?")
_DUMP_END = re.compile(r"\s*([0-9a-fA-F]{4,8})()\s*")
_LIKE_ABOVE = "*"

_JSON = re.compile(r"\s*\{\s*\"")
_PREFIX = re.compile(r"0x|\\x", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,:;{}\[\]()\"']+")
_DIGITS = re.compile(r"[0-9a-fA-F]*")


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to decode.

    Attributes:
        data: what could be read of them.
        problem: why there are no more, empty if they are whole.
        command: the command of the socket protocol, if the input tells it.
        transport: the transport type of the socket protocol, if the input tells it.
        padding: how many bytes at the end may be a transport's padding, besides what
            ``transport`` allows.
        connection: which of several connections it belongs to; 0 if the input does not tell.
    """

    data: bytes
    problem: str = ""
    command: int = NORMAL_COMMAND
    transport: int | None = None
    padding: int = 0
    connection: int = 0


def payloads(content: bytes, split: str = "auto") -> Iterator[Payload]:
    """The payloads in a file, in order.

    A pcap file has a payload in each packet; other bytes that are no text are one payload. Text
    is JSON lines, among them the journal of ``serve``, a dump with offsets (a lower offset begins
    the next payload), or hexadecimal.

    Args:
        content: the whole of the file.
        split: how hexadecimal text is cut: at ``lines``, at ``blank`` lines, not at all
            (``none``), or by what it looks like (``auto``).
    """
    if not _is_text(content):
        return _binary_payloads(content)
    lines = content.decode("ascii").splitlines()
    first = next((line for line in lines if line.strip()), "")
    if _JSON.match(first):
        return _json_payloads(lines)
    if _begins_dump(first):
        return _dump_payloads(lines)
    return (from_hex(text) for text in _cut(lines, split))


def _binary_payloads(content: bytes) -> Iterator[Payload]:
    if not is_capture(content):
        yield Payload(content)
        return
    packets = Packets(content)
    yield from (Payload(data, transport=packets.transport) for data in packets)
    if packets.problem:
        yield Payload(b"", packets.problem)


def _is_text(content: bytes) -> bool:
    return all(byte in b"\t\n\r\f" or 0x20 <= byte < 0x7F for byte in content)


def from_hex(text: str) -> Payload:
    r"""Hexadecimal digits with any separators, each byte perhaps after ``0x`` or ``\x``."""
    digits = _digits(text)
    good = _DIGITS.match(digits)
    whole = good.group() if good else ""
    problem = ""
    if len(whole) < len(digits):
        problem = f"{digits[len(whole) :][:20]!r} is not hexadecimal"
    elif len(whole) % 2:
        problem = "half a byte at the end"
    return Payload(bytes.fromhex(whole[: len(whole) // 2 * 2]), problem)


def is_hex(text: str) -> bool:
    """Whether ``text`` is nothing but hexadecimal digits, some of them, and separators."""
    digits = _digits(text)
    return bool(digits) and _DIGITS.fullmatch(digits) is not None


def _digits(text: str) -> str:
    return _SEPARATORS.sub("", _PREFIX.sub(" ", text))


def _cut(lines: list[str], split: str) -> list[str]:
    lines = [line.partition("#")[0].rstrip() for line in lines]
    text = "\n".join(lines)
    if split == "none":
        return [text]
    paragraphs = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    full = [line for line in lines if line.strip()]
    if split == "lines" or (split == "auto" and len(paragraphs) == 1 and _all_begin(full)):
        return full
    return paragraphs


def _all_begin(lines: list[str]) -> bool:
    """Whether every line looks like the beginning of a message, which wrapped lines do not."""
    return all(_begins_message(from_hex(line).data) for line in lines)


def _begins_message(data: bytes) -> bool:
    places = (data[place : place + 2] for place in _MESSAGE_PLACES)
    return any(len(head) == 2 and head[0] >> 4 == 1 and head[1] in _CODES for head in places)


def _json_payloads(lines: list[str]) -> Iterator[Payload]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _json_row(line)
        if _EVENT in row:
            yield from _journal_payload(row)
            continue
        keys = [key for key in _JSON_KEYS if key in row]
        if not keys:
            yield Payload(b"", f"line {number} is no JSON object with {', '.join(_JSON_KEYS)}")
            return
        command, transport = row.get("cmd", NORMAL_COMMAND), row.get("trans")
        for key in keys:
            read = from_hex(str(row[key]))
            yield Payload(read.data, read.problem, command, transport)


def _journal_payload(row: dict[str, Any]) -> Iterator[Payload]:
    """The message of a journal's entry, if it has one: without transport header, but padded."""
    if "message" in row:
        read = from_hex(str(row["message"]))
        connection = row.get("connection", 0)
        yield Payload(
            read.data,
            read.problem,
            transport=TransportType.NONE,
            padding=DoeBinding.padding,
            connection=connection if isinstance(connection, int) else 0,
        )


def _json_row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    numbers = [row.get("cmd", 1), row.get("trans", 0)] if isinstance(row, dict) else [""]
    return row if all(isinstance(number, int) for number in numbers) else {}


def _begins_dump(line: str) -> bool:
    match = _dump_row(line)
    return match is not None and int(match[1], 16) == 0


def _dump_row(line: str) -> re.Match[str] | None:
    """A row's offset, and its bytes in hexadecimal."""
    matches = (form.fullmatch(line) for form in (_DUMP_WITH_BARS, _DUMP, _DUMP_OF_OD))
    return next(filter(None, matches), None)


def _dump_payloads(lines: list[str]) -> Iterator[Payload]:
    """Dumps of xxd, ``hexdump -C``, ``od -A x -t x1`` and Wireshark; ``*``: rows like the last."""
    data = row = b""
    like_above = False
    for number, line in enumerate(lines, 1):
        if line.strip() == _LIKE_ABOVE:
            like_above = True
        if line.strip() in ("", _LIKE_ABOVE):
            continue
        match = _dump_row(line) or _DUMP_END.fullmatch(line)
        offset = int(match[1], 16) if match else 0
        if match and offset < len(data):
            yield Payload(data)
            data = row = b""
        if like_above and row:
            data += row * ((offset - len(data)) // len(row))
        like_above = False
        if match is None or offset != len(data):
            yield Payload(data, f"line {number} does not continue the dump")
            return
        row = bytes.fromhex(match[2])
        data += row
    yield Payload(data)
