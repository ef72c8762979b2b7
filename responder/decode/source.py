"""Finds out what a file is, and reads payloads from it as they are asked for."""

import re
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from responder.decode.capture_file import is_capture
from responder.decode.payload import Payload
from responder.decode.text import text_payloads
from responder.errors import ConfigError, suggest

_HEAD_SIZE = 16
_XZ = bytes.fromhex("fd377a585a00")
_STORE = b'{"type":"begin"'
_JSON = re.compile(rb"\s*\{\s*\"")
_SHOWN = 5
_FRAMINGS = {"socket": "spdm-emu", "tcp": "dsp0287"}
"""The framings of TCP connections that names of transports stand for."""


def path_payloads(path: Path, split: str = "auto", transport: str = "auto") -> Iterator[Payload]:
    """The payloads in a file or folder; see ``file_payloads``.

    Raises:
        ConfigError: it seems to be something that it is not.
        OSError: it cannot be read.
    """
    if path.is_dir():
        yield from _recorded(path)
        return
    with path.open("rb") as file:
        yield from file_payloads(file, split, transport, path)


def file_payloads(
    file: BinaryIO, split: str = "auto", transport: str = "auto", path: Path | None = None
) -> Iterator[Payload]:
    """The payloads in a file, in order.

    Of captures and JSON lines only what is at hand is in memory; everything else is read whole.

    Args:
        file: a capture file (pcap, pcapng), JSON lines, among them a journal of ``serve``, packed
            recordings, a campaign's store, a dump, hexadecimal text, or raw bytes.
        split: as of ``text_payloads``.
        transport: of a capture the framing of its TCP connections, if it is one.
        path: where the file is; recordings and stores need one.

    Raises:
        ConfigError: it seems to be something that it is not.
    """
    head = file.read(_HEAD_SIZE)
    whole = BufferedReader(_Rejoined(head, file))
    if is_capture(head):
        from responder.decode.capture import capture_payloads  # noqa: PLC0415 - if met

        yield from capture_payloads(whole, _FRAMINGS.get(transport, ""))
    elif head.startswith((_XZ, _STORE)):
        if path is None:
            raise ConfigError("recordings and stores are read from files, not from a pipe")
        yield from _recorded(path) if head.startswith(_XZ) else _stored(path)
    else:
        yield from _text(whole, split)


def chosen(payloads: Iterator[Payload], name: str, where: str) -> Iterator[Payload]:
    """The payloads of one conversation, and what concerns all of them.

    Args:
        payloads: of all conversations.
        name: of a recorded run or case, or the number of a connection; empty for all.
        where: what is read, for people.

    Raises:
        ConfigError: there is no such conversation.
    """
    found = not name
    others: dict[str, None] = {}
    for payload in payloads:
        own = payload.conversation or str(payload.connection)
        if name in ("", own) or not payload.connection:
            found = found or name == own
            yield payload
        else:
            others[own] = None
    if not found:
        some = ", ".join(list(others)[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        reason = f"there is no conversation {name!r}, only {some}" if others else "there is none"
        raise ConfigError(reason, where=where, suggestion=suggest(name, others))


def _recorded(path: Path) -> Iterator[Payload]:
    from responder.decode.recordings import recorded_payloads  # noqa: PLC0415 - if met

    return recorded_payloads(path)


def _stored(path: Path) -> Iterator[Payload]:
    from responder.decode.stores import store_payloads  # noqa: PLC0415 - if met

    return store_payloads(path)


def _text(file: "BufferedReader[_Rejoined]", split: str) -> Iterator[Payload]:
    before = []
    for line in file:
        before.append(line)
        if line.strip():
            break
    if not _JSON.match(before[-1] if before else b""):
        yield from text_payloads(b"".join(before) + file.read(), split)
        return
    from responder.decode.journal import json_payloads  # noqa: PLC0415 - if met

    yield from json_payloads(line.decode(errors="replace") for line in chain(before, file))


class _Rejoined(RawIOBase):
    """A file from which some bytes have been read, with those before it."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Read as much as is there."""
        size = len(buffer)
        data, self._head = self._head[:size], self._head[size:]
        if not data:
            read = getattr(self._file, "read1", self._file.read)
            data = read(size)
        buffer[: len(data)] = data
        return len(data)
