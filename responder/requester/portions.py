"""Reports that protocols in VENDOR_DEFINED hand out in portions, by 16-bit offset and length."""

from collections.abc import Callable

from responder.requester.conversation import Conversation, Flow

Fetch = Callable[[int, int], Flow[tuple[bytes, int]]]
"""Asks for a portion by offset and length; the portion, and how many bytes remain after it."""

_MESSAGE_OVERHEAD = 64
"""More bytes than everything around a portion in a message."""
_LAST_OFFSET = 0xFFFF


def read_portions(c: Conversation, checks: str, fetch: Fetch) -> Flow[bytes]:
    """Fetch portions until nothing remains.

    Args:
        c: the conversation.
        checks: the prefix of the checks.
        fetch: asks for one portion.
    """
    limit = c.options.patience.interface_report
    most = min(c.options.tdi.portion, c.largest_message - _MESSAGE_OVERHEAD, _LAST_OFFSET)
    length = max(most, 1)
    data, total = b"", None
    while len(data) <= _LAST_OFFSET:
        portion, rest = yield from fetch(len(data), length)
        size, whole = len(portion), len(data) + len(portion) + rest
        c.require(f"{checks}.portion-size", size <= length, f"{size} of {length} bytes")
        c.require(f"{checks}.portion-empty", size or not rest, f"0 bytes, {rest} remain")
        c.require(f"{checks}.report-limit", whole <= limit, f"{whole} bytes, limit {limit}")
        same = total in (None, whole)
        c.require(f"{checks}.report-total", same, f"{whole} bytes, {total} before")
        data, total = data + portion, whole if total is None else total
        if not (size and rest):
            break
    return data
