"""Requests as bytes, laid out by hand from DSP0274; none of the program's codecs is used."""

import struct

from core.fakes import CERT, CHAL, CONTEXT, NONCE, P256, SHA_256

TABLES = ((2, 0x10), (3, 0x02), (4, 0x80), (5, 0x01))
"""DHE, AEAD, requester signature and key schedule, one algorithm each."""


def get_version(version=0x10, *, param1=0, param2=0):
    return bytes([version, 0x84, param1, param2])


def get_capabilities(
    version, *, flags=CERT | CHAL, ct=20, ext=0, transfer=0x1200, size=None, param1=0
):
    """4 bytes in 1.0, 12 in 1.1, 20 later."""
    message = bytes([version, 0xE1, param1, 0])
    if version >= 0x11:
        message += struct.pack("<BBHI", 0, ct, ext, flags)
    if version >= 0x12:
        message += struct.pack("<II", transfer, transfer if size is None else size)
    return message


def structure(kind, bits, *, fixed=2, extended=0, bodies=None):
    """An algorithm structure; ``bodies`` is how many extended algorithms really follow."""
    count = extended if bodies is None else bodies
    return struct.pack("<BBH", kind, fixed << 4 | extended, bits) + bytes(4 * count)


def negotiate(
    version,
    *,
    asym=P256,
    hashes=SHA_256,
    specification=1,
    other=None,
    pqc=0,
    mel=0,
    ext_asym=0,
    ext_hash=0,
    bodies=None,
    tables=None,
    count=None,
    length=None,
):
    """32 bytes, extended algorithms, structures; ``length`` and the counts may lie."""
    if other is None:
        other = 2 if version >= 0x12 else 0
    if tables is None:
        tables = [structure(*row) for row in TABLES] if version >= 0x11 else []
    trailer = bytes(4 * (ext_asym + ext_hash if bodies is None else bodies)) + b"".join(tables)
    total = 32 + len(trailer) if length is None else length
    return (
        bytes([version, 0xE3, len(tables) if count is None else count, 0])
        + struct.pack("<HBBIII", total & 0xFFFF, specification, other, asym, hashes, pqc)
        + bytes(8)
        + bytes([ext_asym, ext_hash, 0, mel])
        + trailer
    )


def get_digests(version, *, param1=0, param2=0):
    return bytes([version, 0x81, param1, param2])


def get_certificate(version, slot=0, *, attributes=0, offset=0, length=0xFFFF, large=None):
    """8 bytes; with ``large`` (offset, length) of 32 bits 16 bytes, bit 7 set by the caller."""
    message = struct.pack("<BBBBHH", version, 0x82, slot, attributes, offset, length)
    return message if large is None else message + struct.pack("<II", *large)


def challenge(version, slot=0, *, summary=0, nonce=NONCE):
    """36 bytes, 44 from 1.3 on."""
    message = bytes([version, 0x83, slot, summary]) + nonce
    return message + CONTEXT if version >= 0x13 else message


def get_measurements(version, operation=0xFF, *, attributes=0, slot=0, nonce=NONCE):
    """4 or 12 bytes without a signature, 36, 37 or 45 with one."""
    message = bytes([version, 0xE0, attributes, operation])
    if attributes & 1:
        message += nonce
        if version >= 0x11:
            message += bytes([slot])
    return message + CONTEXT if version >= 0x13 else message


def vendor_defined(
    version, payload=b"ping", *, standard=3, vendor=b"\x34\x12", param1=0, length=None
):
    """StandardID, VendorID and payload; with bit 7 of Param1 the large form of 1.4."""
    size = len(payload) if length is None else length
    form = "<HI" if param1 & 0x80 and version >= 0x14 else "<H"
    sizes = (0, size) if form == "<HI" else (size,)
    return (
        bytes([version, 0xFE, param1, 0])
        + struct.pack("<HB", standard, len(vendor))
        + vendor
        + struct.pack(form, *sizes)
        + payload
    )


def get_csr(version, *, key_pair=0, attributes=0, info=b"", opaque=b"", sizes=None):
    """Header with KeyPairID and attributes, two lengths of 2 bytes, RequesterInfo, opaque data."""
    lengths = (len(info), len(opaque)) if sizes is None else sizes
    head = bytes([version, 0xED, key_pair, attributes])
    return head + struct.pack("<HH", *lengths) + info + opaque


def chain(size=200, *, length=None):
    """A certificate chain structure of so many bytes; its Length may lie."""
    return struct.pack("<I", size if length is None else length) + bytes(size - 4)


def set_certificate(version, slot=0, certificates=None, *, key_pair=0, model=0, erase=False):
    """Header with slot, model and Erase, and KeyPairID; then the chain, unless it erases."""
    param1 = slot | model << 4 | (0x80 if erase else 0)
    body = b"" if erase else chain()
    return bytes([version, 0xEE, param1, key_pair]) + (
        body if certificates is None else certificates
    )


def get_key_pair_info(version, key_pair=1):
    return bytes([version, 0xFC, 0, 0, key_pair])


def set_key_pair_info(
    version, key_pair=1, operation=0, *, usage=0, asym=0, slots=1, pqc=b"", tail=True
):
    """5 bytes, and unless it erases 8 more; from 1.4 on a length and a post-quantum mask."""
    message = bytes([version, 0xFD, operation, 0, key_pair])
    if operation == 1:
        return message
    message += struct.pack("<BHIB", 0, usage, asym, slots)
    return message + bytes([len(pqc)]) + pqc if version >= 0x14 and tail else message


def slot_management(version, sub_code=0, structure=b"", *, offset=None, gap=b""):
    """8 bytes, and a structure that begins where MgmtStructOffset says."""
    begin = (8 + len(gap) if structure else 0) if offset is None else offset
    return bytes([version, 0x88, sub_code, 0]) + struct.pack("<HH", begin, 0) + gap + structure


def respond_if_ready(version, code, token):
    return bytes([version, 0xFF, code, token])


REQUESTS = {
    "GET_VERSION": lambda _: get_version(),
    "GET_CAPABILITIES": get_capabilities,
    "NEGOTIATE_ALGORITHMS": negotiate,
    "GET_DIGESTS": get_digests,
    "GET_CERTIFICATE": get_certificate,
    "CHALLENGE": challenge,
    "GET_MEASUREMENTS": get_measurements,
    "signed GET_MEASUREMENTS": lambda version: get_measurements(version, attributes=1),
    "VENDOR_DEFINED": vendor_defined,
    "RESPOND_IF_READY": lambda version: respond_if_ready(version, 0x83, 1),
}
"""A valid request of each kind, by version."""
HOME = {
    "GET_VERSION": "nothing",
    "GET_CAPABILITIES": "version",
    "NEGOTIATE_ALGORITHMS": "capabilities",
}
"""Where a request is expected; all others are from ``negotiated`` on."""
