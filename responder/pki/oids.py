"""Object identifiers in SPDM certificates (DSP0274 "Certificates and certificate chains")."""

_DMTF_SPDM = "1.3.6.1.4.1.412.274"

DEVICE_INFO = f"{_DMTF_SPDM}.1"
"""subjectAltName otherName: ``manufacturer:product:serial``."""
HARDWARE_IDENTITY = f"{_DMTF_SPDM}.2"
"""Marks the Device Certificate, or the Device Certificate CA of the alias model."""
RESPONDER_AUTH = f"{_DMTF_SPDM}.3"
REQUESTER_AUTH = f"{_DMTF_SPDM}.4"
"""Extended key usages of the two roles."""
MUTABLE_CERTIFICATE = f"{_DMTF_SPDM}.5"
"""Marks a certificate that the device itself makes: the alias certificates."""
SPDM_EXTENSION = f"{_DMTF_SPDM}.6"
"""The extension that holds ``HARDWARE_IDENTITY`` or ``MUTABLE_CERTIFICATE``."""

CMA_IDENTITY = "2.23.147"
"""subjectAltName otherName: what configuration space says (PCIe r6.1 section 6.31.3)."""

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"

NAMES = {
    DEVICE_INFO: "device-info",
    HARDWARE_IDENTITY: "hardware-identity",
    RESPONDER_AUTH: "responder-auth",
    REQUESTER_AUTH: "requester-auth",
    MUTABLE_CERTIFICATE: "mutable-certificate",
    SPDM_EXTENSION: "SPDM",
    CMA_IDENTITY: "CMA",
    SERVER_AUTH: "serverAuth",
    CLIENT_AUTH: "clientAuth",
}
"""What people call them."""

_OBJECT_IDENTIFIER = 0x06


def der(dotted: str) -> bytes:
    """An object identifier as DER element, tag and length included."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(_OBJECT_IDENTIFIER, b"".join(map(_base128, (40 * first + second, *rest))))


def tlv(tag: int, body: bytes) -> bytes:
    """One DER element; a length of 128 bytes or more takes the long form."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def content(element: bytes) -> bytes:
    """What is inside one DER element; its length is not checked."""
    long_form = element[1] & 0x80 if len(element) > 1 else 0
    return element[2 + (element[1] & 0x7F if long_form else 0) :]


def _base128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | (arc & 0x7F))
    return bytes(reversed(groups))
