"""Hexadecimal text, dumps and raw bytes, cut into payloads."""

import re
from collections.abc import Iterator

from responder.decode.payload import Payload
from responder.spec.codes import RequestCode, ResponseCode

SPLITS = ("auto", "lines", "blank", "none")

_CODES = frozenset((*RequestCode, *ResponseCode))
_MESSAGE_PLACES = (0, 1, 4, 8)
"""Where a message begins: plain, after MCTP's type byte, DSP0287's header, DOE's header."""

_DUMP = re.compile(r"\s*([0-9a-fA-F]{4,8})(?::\s+|\s{2,})((?:[0-9a-fA-F]{2}| (?! ))+)(?:\s.*)?")
_DUMP_WITH_BARS = re.compile(r"\s*([0-9a-fA-F]{4,8})\s+([0-9a-fA-F\s]+)\|.*")
_DUMP_OF_OD = re.compile(r"\s*([0-9a-fA-F]{6,8}) ((?:[0-9a-fA-F]{2}(?: |$))+)\s*(?:>.*)?")
_DUMP_END = re.compile(r"\s*([0-9a-fA-F]{4,8})()\s*")
_LIKE_ABOVE = "*"

_PREFIX = re.compile(r"0x|\\x", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,:;{}\[\]()\"']+")
_DIGITS = re.compile(r"[0-9a-fA-F]*")


def text_payloads(content: bytes, split: str = "auto") -> Iterator[Payload]:
    """The payloads in hexadecimal text, or in a dump with offsets; other bytes are one payload.

    In a dump a lower offset begins the next payload.

    Args:
        content: the whole of the file.
        split: how hexadecimal text is cut: at ``lines``, at ``blank`` lines, not at all
            (``none``), or by what it looks like (``auto``).
    """
    if not _is_text(content):
        return iter([Payload(content)])
    lines = content.decode("ascii").splitlines()
    first = next((line for line in lines if line.strip()), "")
    if _begins_dump(first):
        return _dump_payloads(lines)
    return (from_hex(text) for text in _cut(lines, split))


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
