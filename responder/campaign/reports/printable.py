"""Text that a requester wrote, made safe to show: it may hold anything, terminal commands too."""

_KEPT = "\n\t"


def printable(text: str) -> str:
    r"""The text with everything that has no shape of its own written as an escape.

    Line ends and tabs stay; control characters, marks of writing direction and the like become
    ``\x1b`` or ``\u202e``. Nothing that is left is refused by XML 1.0.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _KEPT else _escape(one) for one in text)


def one_line(text: str) -> str:
    """The same in one line: line ends and tabs are spaces."""
    return printable(" ".join(text.split()))


def shortened(text: str, most: int) -> str:
    """At most ``most`` characters: the first ones, and a word on what is left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}... ({len(text) - most} characters more)"


def _escape(one: str) -> str:
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
