"""Certificate extensions that SPDM and PCIe CMA add to X.509, as DER."""

import re
from collections.abc import Sequence

import msgspec
from cryptography import x509

from responder.errors import ConfigError
from responder.pki import oids

_UTF8_STRING, _SEQUENCE = 0x0C, 0x30

_CMA = re.compile(
    r"Vendor=[0-9a-f]{4}:Device=[0-9a-f]{4}:CC=[0-9a-f]{6}:REV=[0-9a-f]{2}"
    r"(:SSVID=[0-9a-f]{4}:SSID=[0-9a-f]{4})?(:[0-9a-f]{16})?"
)
_DEVICE_INFO = re.compile(r"[^:]+:[^:]+:[^:]+")


class Name(msgspec.Struct, frozen=True):
    """A subjectAltName otherName: its type-id and the text of its UTF8String."""

    type_id: str
    text: str


def device_info(manufacturer: str, product: str, serial: str) -> Name:
    """DMTF's otherName (DSP0274 "SPDM certificate requirements")."""
    return Name(oids.DEVICE_INFO, f"{manufacturer}:{product}:{serial}")


def parse_name(text: str) -> Name:
    """Which otherName a text is, by its form.

    Raises:
        ConfigError: it is neither a CMA identity, whose hexadecimal digits are lower case (PCIe
            r6.1 section 6.31.3), nor ``manufacturer:product:serial``.
    """
    if text.startswith("Vendor="):
        if not _CMA.fullmatch(text):
            wanted = "Vendor=1b36:Device=0010:CC=010802:REV=02[:SSVID=1af4:SSID=1100][:<16 digits>]"
            raise ConfigError(f"{text!r} has not the form {wanted}", where="--san")
        return Name(oids.CMA_IDENTITY, text)
    if not _DEVICE_INFO.fullmatch(text):
        raise ConfigError(f"{text!r} is neither manufacturer:product:serial nor Vendor=…")
    return Name(oids.DEVICE_INFO, text)


def subject_alternative_name(names: Sequence[Name]) -> x509.SubjectAlternativeName:
    """The subjectAltName extension with one otherName for each name."""
    return x509.SubjectAlternativeName(
        [
            x509.OtherName(
                x509.ObjectIdentifier(name.type_id), oids.tlv(_UTF8_STRING, name.text.encode())
            )
            for name in names
        ]
    )


def spdm_extension(identifiers: Sequence[str]) -> x509.UnrecognizedExtension:
    """DMTF's SPDM extension: SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER }."""
    body = b"".join(oids.tlv(_SEQUENCE, oids.der(dotted)) for dotted in identifiers)
    oid = x509.ObjectIdentifier(oids.SPDM_EXTENSION)
    return x509.UnrecognizedExtension(oid, oids.tlv(_SEQUENCE, body))
