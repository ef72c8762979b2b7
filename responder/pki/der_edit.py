"""A DER editor: elements as a tree that is changed and written again, also against the rules.

Reading is strict (X.690 section 10: definite, minimal lengths); writing lies when it is told to. No
more of ASN.1 is known here than tags and lengths: ``responder.pki.certificate_edit`` knows X.509.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from responder.pki import oids

SEQUENCE, SET = 0x30, 0x31
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER = 1, 2, 3, 4, 5, 6
UTF8_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x17, 0x18

_CONSTRUCTED = 0x20
_CONTEXT = 0x80
_LONG_FORM = 0x80
_HIGH_TAG = 0x1F
_MAX_LENGTH_BYTES = 4
_INDEFINITE, _END_OF_CONTENTS = b"\x80", b"\0\0"


class DerError(ValueError):
    """Bytes that are not DER."""


@dataclass
class Node:
    """One element.

    Attributes:
        tag: the identifier octet; tag numbers above 30 are not known here.
        content: the contents octets of an element that is not constructed.
        children: the elements inside a constructed one.
        length: the length octets to write instead of the right ones.
        ending: what is written after the contents.
    """

    tag: int
    content: bytes = b""
    children: list["Node"] = field(default_factory=list)
    length: bytes | None = None
    ending: bytes = b""

    @property
    def constructed(self) -> bool:
        """Whether the element consists of elements."""
        return bool(self.tag & _CONSTRUCTED)

    def body(self) -> bytes:
        """The contents octets."""
        return b"".join(c.encode() for c in self.children) if self.constructed else self.content

    def encode(self) -> bytes:
        """The element, tag and length included."""
        body = self.body()
        length = length_octets(len(body)) if self.length is None else self.length
        return bytes((self.tag,)) + length + body + self.ending

    def at(self, *path: int) -> "Node":
        """The element at that path: a place among the children for each level.

        Raises:
            DerError: there is none.
        """
        node = self
        for step in path:
            if not -len(node.children) <= step < len(node.children):
                raise DerError(f"no element {step} among {len(node.children)}")
            node = node.children[step]
        return node

    def replace(self, path: Sequence[int], node: "Node") -> None:
        """Put an element in the place of the one at ``path``; ``DerError`` if there is none."""
        self.at(*path)
        *above, last = path
        self.at(*above).children[last] = node

    def insert(self, path: Sequence[int], node: "Node") -> None:
        """Put an element before the one at ``path``; a place beyond the last one appends."""
        *above, last = path
        self.at(*above).children.insert(last, node)

    def delete(self, path: Sequence[int]) -> None:
        """Take the element at ``path`` away; ``DerError`` if there is none."""
        self.at(*path)
        *above, last = path
        del self.at(*above).children[last]

    def widen_length(self, octets: int) -> None:
        """Write the right length in the long form of so many octets: more than the least is BER."""
        self.length = bytes((_LONG_FORM | octets,)) + len(self.body()).to_bytes(octets, "big")

    def make_indefinite(self) -> None:
        """Write the indefinite form (X.690 section 8.1.3.6), which DER forbids."""
        self.length, self.ending = _INDEFINITE, _END_OF_CONTENTS

    def walk(self) -> Iterator["Node"]:
        """This element and all inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


def length_octets(size: int) -> bytes:
    """The length octets that DER asks for."""
    if size < _LONG_FORM:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((_LONG_FORM | len(octets),)) + octets


def read(data: bytes) -> Node:
    """One element that fills ``data``, with the elements inside constructed ones.

    Raises:
        DerError: it does not fill it, or is not DER.
    """
    nodes = read_all(data)
    if len(nodes) != 1:
        raise DerError(f"{len(nodes)} elements, one was expected")
    return nodes[0]


def read_all(data: bytes) -> list[Node]:
    """The elements that fill ``data``; ``DerError`` as ``read``."""
    nodes, start = [], 0
    while start < len(data):
        tag, body, start = _element(data, start)
        if tag & _CONSTRUCTED:
            nodes.append(Node(tag, children=read_all(body)))
        else:
            nodes.append(Node(tag, body))
    return nodes


def sequence(*children: Node) -> Node:
    """A SEQUENCE."""
    return Node(SEQUENCE, children=list(children))


def identifier(dotted: str) -> Node:
    """An OBJECT IDENTIFIER."""
    return read(oids.der(dotted))


def integer(value: int) -> Node:
    """An INTEGER of as few octets as its sign allows."""
    return Node(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bit_string(data: bytes) -> Node:
    """A BIT STRING of whole octets."""
    return Node(BIT_STRING, b"\0" + data)


def tagged(number: int, content: bytes | list[Node]) -> Node:
    """A context-specific element: constructed around elements, primitive around bytes."""
    if isinstance(content, bytes):
        return Node(_CONTEXT | number, content)
    return Node(_CONTEXT | _CONSTRUCTED | number, children=content)


def _element(data: bytes, start: int) -> tuple[int, bytes, int]:
    """Tag, contents and end of the element at ``start``."""
    head = data[start : start + 2]
    if len(head) != 2:
        raise DerError("an element ends in its header")
    tag, size = head
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise DerError("a tag number above 30")
    begin = start + 2
    if size & _LONG_FORM:
        count = size & ~_LONG_FORM
        octets = data[begin : begin + count]
        if not 0 < count <= _MAX_LENGTH_BYTES or len(octets) != count:
            raise DerError("a length is indefinite, too long or cut")
        size, begin = int.from_bytes(octets, "big"), begin + count
        if size < _LONG_FORM or not octets[0]:
            raise DerError("a length is not minimal")
    if begin + size > len(data):
        raise DerError(f"an element of {size} bytes, {len(data) - begin} are left")
    return tag, data[begin : begin + size], begin + size
