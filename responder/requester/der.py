"""As much DER (X.690) as it takes to cut a chain into certificates and to read SPDM's extension."""

_SEQUENCE = 0x30
_OID = 0x06
_UTF8_STRING = 0x0C
_LONG_FORM = 0x80
_MAX_LENGTH_BYTES = 4


class DerError(ValueError):
    """Bytes that are not DER, or not the DER expected."""


def read_element(data: bytes, start: int = 0) -> tuple[int, bytes, int]:
    """The element at ``start``.

    Returns:
        Tag (one byte), content, and where the next element begins.

    Raises:
        DerError: the length is indefinite, not minimal, or beyond the data.
    """
    head = data[start : start + 2]
    if len(head) != 2:
        raise DerError("an element ends in its header")
    tag, size = head
    begin = start + 2
    if size & _LONG_FORM:
        count = size & ~_LONG_FORM
        if not 0 < count <= _MAX_LENGTH_BYTES:
            raise DerError("a length is indefinite" if count == 0 else "a length is too long")
        octets = data[begin : begin + count]
        size, begin = int.from_bytes(octets, "big"), begin + count
        if len(octets) != count or size < _LONG_FORM or not octets[0]:
            raise DerError("a length is not minimal")
    if begin + size > len(data):
        raise DerError(f"an element of {size} bytes, {len(data) - begin} are left")
    return tag, data[begin : begin + size], begin + size


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of the elements that fill ``data``; ``DerError`` if they do not."""
    found, start = [], 0
    while start < len(data):
        tag, content, start = read_element(data, start)
        found.append((tag, content))
    return found


def split_certificates(data: bytes) -> tuple[list[bytes], str]:
    """The DER certificates that follow one another.

    Returns:
        The certificates up to the first fault, and the fault, empty if there is none.
    """
    found: list[bytes] = []
    start = 0
    while start < len(data):
        try:
            tag, _, end = read_element(data, start)
        except DerError as error:
            return found, f"certificate {len(found)}: {error}"
        if tag != _SEQUENCE:
            return found, f"certificate {len(found)} begins with 0x{tag:02x}"
        found.append(data[start:end])
        start = end
    return found, ""


def decode_oid(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content; ``DerError`` if it is cut."""
    arcs, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    if not arcs or content[-1] & 0x80:
        raise DerError("an OID is cut")
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def spdm_extension_oids(value: bytes) -> list[str]:
    """The OIDs in id-DMTF-spdm-extension: SEQUENCE OF SEQUENCE { OID, ... }.

    Raises:
        DerError: it is not that.
    """
    tag, content, end = read_element(value)
    if tag != _SEQUENCE or end != len(value):
        raise DerError("no SEQUENCE")
    oids = []
    for inner_tag, inner in elements(content):
        oid_tag, oid, _ = read_element(inner)
        if inner_tag != _SEQUENCE or oid_tag != _OID:
            raise DerError("no SEQUENCE that begins with an OID")
        oids.append(decode_oid(oid))
    return oids


def utf8_string(value: bytes) -> str:
    """The text of a UTF8String element.

    Raises:
        DerError: it is none, or not UTF-8.
    """
    tag, content, end = read_element(value)
    if tag != _UTF8_STRING or end != len(value):
        raise DerError("no UTF8String")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DerError("no UTF-8") from error
