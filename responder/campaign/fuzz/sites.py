"""The places in a requester's conversation that can be changed, found by the wire declarations."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from responder.campaign.result import Wire
from responder.faults.address import addresses, steps
from responder.faults.place import Leaf, NoSuchPlace
from responder.faults.subject import Subject
from responder.spec.codes import ResponseCode, name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.follow import Conversation
from responder.wire.registry import class_of

Kind = Literal["message", "length", "number", "list", "element", "bytes"]

_READ = 4
"""So many sizes of one message are read; those of a chain's portions differ by no field."""
_LENGTHS = frozenset(
    {"length", "size", "count", "number", "remainder", "offset", "portion", "total", "mask"}
)
"""Words in the names of fields by which a requester finds its way through a message."""
_BOUND = frozenset({"signature", "responder_verify_data"})
"""Fields that are there only once everything before them is."""
_PLACES = ("[0]", "[1]", "[-1]")


class Site(msgspec.Struct, frozen=True):
    """A place in a message.

    Attributes:
        message: the response, by name.
        address: the field; empty for the whole message.
        kind: what stands there; ``element`` is one of several, of bytes or of a list.
        width: bytes of a number, or of each entry of a list; 0 for bytes.
        size: how many bytes stood there when it was seen first.
        late: it is there only once the message is signed.
        value: the number that stood there then; ``None`` for all else.
    """

    message: str
    address: str
    kind: Kind
    width: int = 0
    size: int = 0
    late: bool = False
    value: int | None = None


class Sites(msgspec.Struct):
    """All places that are known, in the order in which they were seen.

    Attributes:
        only: names of the responses that are looked at; all if none is named.
        by_message: the places of each response, by its name.
        seen: how often each response came in one conversation, at most.
        sizes: the sizes of the responses that were read, by name.
    """

    only: frozenset[str] = frozenset()
    by_message: dict[str, list[Site]] = {}
    seen: dict[str, int] = {}
    sizes: dict[str, set[int]] = {}

    def learn(self, wire: Wire) -> list[Site]:
        """The places of a conversation that were not known; those of struck responses are left."""
        found: list[Site] = []
        counts: dict[str, int] = {}
        for response, context in _unstruck(wire):
            name = name_of_code(response[1])
            counts[name] = counts.get(name, 0) + 1
            if self._wanted(name, len(response)):
                found += self._new(name, response, context)
        for name, count in counts.items():
            self.seen[name] = max(count, self.seen.get(name, 0))
        return found

    def _wanted(self, name: str, size: int) -> bool:
        if (self.only and name not in self.only) or name == ResponseCode.ERROR.name:
            return False
        sizes = self.sizes.setdefault(name, set())
        if size in sizes or len(sizes) == _READ:
            return False
        sizes.add(size)
        return True

    def _new(self, name: str, response: bytes, context: WireContext) -> list[Site]:
        places = self.by_message.setdefault(name, [])
        known = {site.address for site in places}
        found = []
        for site in sites_of(name, response, context):
            if site.address not in known:
                known.add(site.address)
                found.append(site)
        places += found
        return found


def _unstruck(wire: Wire) -> Iterator[tuple[bytes, WireContext]]:
    """The responses as the device made them, whole ones after their chunks too."""
    following = Conversation()
    for exchange in wire.exchanges:
        following.feed(exchange.request)
        context = following.feed(exchange.response)
        if exchange.struck or len(exchange.response) < HEADER_SIZE:
            continue
        yield exchange.response, context
        if following.completed and len(following.completed[0]) >= HEADER_SIZE:
            yield following.completed


def sites_of(name: str, response: bytes, context: WireContext) -> Iterator[Site]:
    """The places in one response, the whole of it first.

    Of the elements of a sequence the first two and the last are named.
    """
    yield Site(name, "", "message", size=len(response))
    subject = Subject.of_bytes(response, context)
    try:
        record = class_of(response)
        subject.record()
    except (NoSuchPlace, WireError):
        return
    several: set[str] = set()
    for address in addresses(record):
        if (leaf := _leaf(subject, address)) is None:
            continue
        yield _site(name, address, leaf)
        if not isinstance(leaf.value, int):
            for place in _PLACES:
                if (element := _leaf(subject, address + place)) is not None:
                    several.add(address)
                    yield _site(name, address + place, element, element=True)
        first, _, rest = address.partition(".")
        last = f"{first}[-1].{rest}"
        if first in several and rest and (leaf := _leaf(subject, last)) is not None:
            yield _site(name, last, leaf)


def _leaf(subject: Subject, address: str) -> Leaf | None:
    try:
        return subject.get(address)
    except NoSuchPlace:
        return None


def _site(message: str, address: str, leaf: Leaf, *, element: bool = False) -> Site:
    name = steps(address)[-1].name
    kind: Kind = "bytes"
    if element:
        kind = "element"
    elif isinstance(leaf.value, int):
        kind = "length" if _LENGTHS & set(name.split("_")) else "number"
    elif isinstance(leaf.value, list):
        kind = "list"
    value = leaf.value if isinstance(leaf.value, int) else None
    return Site(message, address, kind, leaf.width, len(leaf.bytes()), name in _BOUND, value)
