"""Finds the line of a key in a TOML document, which ``tomllib`` does not tell.

The document has passed ``tomllib`` before, so what is read here is well formed.
"""

import re
import tomllib

from responder.profiles.source import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table, key and array element of a TOML document."""
    return _Scanner(text).document()


class _Scanner:
    """One pass over a document; ``_at`` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        """All lines."""
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek("[["):
                table = self._header(2)
            elif self._peek("["):
                table = self._header(1)
            else:
                self._key_value(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self, brackets: int) -> KeyPath:
        """``[a.b]``, or ``[[a.b]]``, which is one more element of an array."""
        start = self._at
        self._at += brackets
        *parents, last = self._dotted_key()
        self._at += brackets
        path: KeyPath = ()
        for key in parents:
            path = self._last_element((*path, key), start)
        path = (*path, last)
        if brackets == 1:
            path = self._last_element(path, start)
        else:
            self._note(path, start)
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        self._note(path, start)
        return path

    def _last_element(self, path: KeyPath, start: int) -> KeyPath:
        self._note(path, start)
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _key_value(self, table: KeyPath) -> None:
        start = self._at
        path = table
        for key in self._dotted_key():
            path = (*path, key)
            self._note(path, start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif not self._skip(_STRING):
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while not self._peek("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            self._separator()
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while not self._peek("}"):
            self._key_value(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        self._skip(_BLANK)
        if self._peek(","):
            self._at += 1
            self._skip(_BLANK)

    def _dotted_key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._skip(_BARE_KEY):
                keys.append(self._text[start : self._at])
            else:
                self._skip(_STRING)
                keys.append(_unquoted(self._text[start : self._at]))
            self._skip(_SPACE)
            if not self._peek("."):
                return keys
            self._at += 1

    def _peek(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Move behind the pattern; whether there was anything of it."""
        match = pattern.match(self._text, self._at)
        moved = match is not None and match.end() > self._at
        if match is not None:
            self._at = match.end()
        return moved

    def _note(self, path: KeyPath, at: int) -> None:
        if path not in self._lines:
            self._lines[path] = self._text.count("\n", 0, at) + 1


def _unquoted(key: str) -> str:
    (name,) = tomllib.loads(f"{key} = 0")
    return name
