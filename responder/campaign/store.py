"""A campaign's store: JSON Lines of ``responder.campaign.result``, bytes in them as base64.

The first line is a ``Begin``; a line counts once its newline is there.
"""

import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from responder.campaign.result import Begin, Control, End, Line, Result
from responder.errors import ConfigError

VERSION = 1
"""Of the form of store that is written, and the only one that is read: ``Begin.version``."""

_HEAD = b'{"type":"begin",'
"""How each store begins; a file that does not is never cut."""
_BLOCK = 1 << 16


class Campaign(msgspec.Struct, frozen=True):
    """What a store tells of a campaign, or of a shard of it.

    Attributes:
        begin: its first line.
        controls: conversations without a fault, as they were held.
        results: one a case, in the order of the plan; of a case that was run more than once the
            last.
        end: ``None`` if it was interrupted.
        recent: how many results there are since it was begun, or last gone on with.
        path: the store.
    """

    begin: Begin
    controls: list[Control]
    results: list[Result]
    end: End | None
    recent: int
    path: Path

    @property
    def missing(self) -> list[str]:
        """The cases of this shard that have no result, in the order of the plan."""
        found = {result.case for result in self.results}
        return [case for case in part_of(self.begin) if case not in found]


class Store:
    """Writes a store, or goes on with one that was interrupted: lines are only ever appended."""

    def __init__(self, path: Path) -> None:
        """Open ``path`` for appending; what an interrupted run left of a line is cut off.

        Raises:
            ConfigError: there is something else in that file.
            OSError: it cannot be written.
        """
        self._file: FileIO = path.open("ab+", buffering=0)
        try:
            _cut_torn_line(self._file, path)
        except BaseException:
            self._file.close()
            raise

    def append(self, line: Line) -> None:
        """Write one line with one write: it outlives this process from when this returns.

        Raises:
            OSError: the file takes no more.
        """
        data = _encoded(line) + b"\n"
        while data:
            data = data[self._file.write(data) :]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_store(path: Path) -> Campaign:
    """Read a store; a last line without its newline is left out.

    Raises:
        ConfigError: a line is none of a store's, or does not belong to this campaign.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        lines = _lines(file, path)
        first = next(lines, None)
        if first is None:
            raise ConfigError("no campaign is in this file", where=str(path))
        begin = _begin(*first)
        plan = {case: number for number, case in enumerate(begin.plan)}
        controls: list[Control] = []
        results: dict[str, Result] = {}
        end: End | None = None
        recent = 0
        for line, where in lines:
            end = None
            match line:
                case Control():
                    controls.append(line)
                    recent = 0 if line.when == "before" else recent
                case Result() if line.case in plan:
                    results[line.case] = line
                    recent += 1
                case Result():
                    raise ConfigError(f"{line.case} is not in the plan", where=where)
                case End():
                    end = line
                case Begin():
                    raise ConfigError("a second campaign begins here", where=where)
    ordered = sorted(results.values(), key=lambda result: plan[result.case])
    return Campaign(begin, controls, ordered, end, recent, path)


def shard_of(begin: Begin) -> tuple[int, int]:
    """The number of the shard, from 1, and of how many.

    Raises:
        ConfigError: it is written in another way.
    """
    number, slash, count = begin.shard.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise ConfigError(f"{begin.shard!r} is no shard: such as 2/4 is one")


def part_of(begin: Begin) -> tuple[str, ...]:
    """The cases of this shard: every n-th of the plan, so that each shard has some of all groups.

    Raises:
        ConfigError: see ``shard_of``.
    """
    number, count = shard_of(begin)
    return begin.plan[number - 1 :: count]


def _begin(line: Line, where: str) -> Begin:
    if not isinstance(line, Begin):
        raise ConfigError("this store lacks its beginning", where=where)
    if line.version != VERSION:
        reason = f"a store of form {line.version}, of spdm-responder {line.program}"
        raise ConfigError(f"{reason}; this one reads form {VERSION}", where=where)
    try:
        shard_of(line)
    except ConfigError as error:
        raise ConfigError(error.reason, where=where) from None
    return line


def _encoded(line: Line) -> bytes:
    try:
        return msgspec.json.encode(line, enc_hook=_plain)
    except UnicodeEncodeError:  # half a character, such as a requester may write
        text = json.dumps(msgspec.to_builtins(line, enc_hook=_plain), ensure_ascii=False)
        return text.encode("utf-8", "replace")


def _plain(value: object) -> bytes:
    """Bytes of a class of their own, as bytes."""
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError(f"{type(value).__name__} has no place in a store")


def _lines(file: Iterator[bytes], path: Path) -> Iterator[tuple[Line, str]]:
    """Each whole line, and where it stands."""
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    for number, data in enumerate(file, 1):
        where = f"{path}:{number}"
        if not data.endswith(b"\n"):
            return
        try:
            yield decoder.decode(data), where
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"no line of a store: {error}", where=where) from None


def _cut_torn_line(file: FileIO, path: Path) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if not _HEAD.startswith(file.read(len(_HEAD)) or b""):
        raise ConfigError("there is something else in this file", where=str(path))
    end = _end_of_lines(file, size)
    if end < size:
        file.truncate(end)


def _end_of_lines(file: FileIO, size: int) -> int:
    """The number of bytes up to the last newline, and with it."""
    while size:
        start = max(0, size - _BLOCK)
        file.seek(start)
        newline = (file.read(size - start) or b"").rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        size = start
    return 0
