"""The requester inside the Linux kernel (``lib/spdm``), in what it sends and what it checks.

Source: its public patch series, read in October 2026; PCIe 6.1 section 6.31.3 for the name.
"""

from datetime import datetime

from responder.errors import ConfigError
from responder.requester.check_table import CHECKS
from responder.requester.options import AttestOptions, MeasurementMode, Offer, Patience
from responder.spec.flags import Cap
from responder.spec.limits import REQUESTER_CONTEXT_SIZE, SUMMARY_NONE
from responder.spec.versions import V10, V11, V12, V13

VERSIONS = (V10, V11, V12, V13)
CT_EXPONENT = 20
DOE_TRANSFER_SIZE = 1_048_568
"""Bytes of the largest SPDM message in a data object: 2^18 DW less the object header."""
BASE_ASYM = 0x1B5
"""RSASSA 2048, 3072, 4096 and ECDSA P-256, P-384, P-521."""
BASE_HASH = 0x7
"""SHA-256, SHA-384, SHA-512."""

_NOT_CHECKED = (
    "any.version",
    "any.size-trailing",
    "any.transfer-size",
    "any.request-fits",
    "ver.header-version",
    "cert.digest",
    "cert.portion-size",
    "chal.slot",
    "chal.slot-mask",
    "chal.basic-mutual-authentication",
    "chal.chain-hash",
    "chal.context",
    "dig.subset",
    "x5.count",
    "x5.critical-extension",
    "x5.device-mutable",
    "x5.alias-hardware-identity",
    "x5.duplicate",
    "x5.leaf-constraints",
    "x5.leaf-eku",
    "x5.name-chaining",
    "x5.names-present",
    "x5.not-after",
    "x5.not-before",
    "x5.path-length",
    "x5.root-critical",
    "x5.root-hash",
    "x5.serial",
    "x5.version",
)
"""What the kernel does not look at."""


_FIELDS = ("vendor", "device", "cc", "rev", "ssvid", "ssid")
_REQUIRED_FIELDS = 4
_SERIAL_DIGITS = 16


def _left_out() -> frozenset[str]:
    flag_rules = {
        check_id
        for check_id in CHECKS
        if check_id.startswith("cap.") and check_id not in ("cap.required", "cap.transfer-size")
    }
    return frozenset({*_NOT_CHECKED, *flag_rules})


def linux_cma_options(
    *,
    roots: tuple[bytes, ...],
    time: datetime | None = None,
    san: str | None = None,
    padding: int = 0,
    measurements: MeasurementMode = "none",
    without: frozenset[str] = frozenset(),
) -> AttestOptions:
    """The options of an attestation that the kernel would make.

    Args:
        roots: what is in the ``.cma`` keyring, DER.
        time: only told to the report: the kernel checks no validity.
        san: the name that the device must have; see ``cma_name``.
        padding: bytes that the transport may have added to a message.
        measurements: the kernel reads none.
        without: checks left out beside those that the kernel does not make.
    """
    return AttestOptions(
        versions=VERSIONS,
        roots=roots,
        time=time,
        slot=None,
        offer=Offer(
            flags=Cap.CERT | Cap.CHAL,
            ct_exponent=CT_EXPONENT,
            data_transfer_size=DOE_TRANSFER_SIZE,
            base_asym=BASE_ASYM,
            base_hash=BASE_HASH,
            opaque_formats=0,
            structures={},
        ),
        required=Cap.CERT | Cap.CHAL,
        summary=SUMMARY_NONE,
        measurements=measurements,
        requester_context=bytes(REQUESTER_CONTEXT_SIZE),
        san=san,
        padding=padding,
        patience=Patience(busy=0, not_ready=0, resynch=0),
        without=without | _left_out(),
    )


def cma_name(
    vendor: int,
    device: int,
    class_code: int,
    revision: int,
    subsystem: tuple[int, int] | None = None,
    serial: int | None = None,
) -> str:
    """The otherName 2.23.147 of a function with these configuration space values.

    Args:
        vendor: Vendor ID, 16 bits.
        device: Device ID, 16 bits.
        class_code: Class Code, 24 bits.
        revision: Revision ID, 8 bits.
        subsystem: Subsystem Vendor ID and Subsystem ID, of a type 0 header.
        serial: Device Serial Number, 64 bits, if there is that capability.
    """
    name = f"Vendor={vendor:04x}:Device={device:04x}:CC={class_code:06x}:REV={revision:02x}"
    if subsystem is not None:
        name += f":SSVID={subsystem[0]:04x}:SSID={subsystem[1]:04x}"
    return name if serial is None else f"{name}:{serial:016x}"


def parse_pci(text: str) -> str:
    """The name in the kernel's form of ``Vendor=1b36:Device=10:CC=10802:REV=2``.

    SSVID and SSID come together or not at all; 16 digits at the end are the serial number.

    Raises:
        ConfigError: a field is missing, unknown, or not hexadecimal.
    """
    *fields, last = text.split(":")
    serial: int | None = None
    if "=" in last:
        fields.append(last)
    elif len(last) == _SERIAL_DIGITS:
        serial = _hexadecimal(last)
    else:
        raise ConfigError(f"{last!r} is no serial number of 16 digits", where=text)
    values: dict[str, int] = {}
    for field in fields:
        name, _, digits = field.partition("=")
        if name.lower() not in _FIELDS:
            raise ConfigError(f"{name!r} is none of {', '.join(_FIELDS)}", where=text)
        values[name.lower()] = _hexadecimal(digits)
    if list(values) not in (list(_FIELDS), list(_FIELDS[:_REQUIRED_FIELDS])):
        raise ConfigError(f"the fields are {', '.join(_FIELDS)}, in this order", where=text)
    vendor, device, class_code, revision, *subsystem = values.values()
    pair = (subsystem[0], subsystem[1]) if subsystem else None
    return cma_name(vendor, device, class_code, revision, pair, serial)


def _hexadecimal(digits: str) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        raise ConfigError(f"{digits!r} is not hexadecimal") from None
