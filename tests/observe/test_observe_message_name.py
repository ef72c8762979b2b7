"""Names of messages, with those that VENDOR_DEFINED ones carry."""

import pytest

from responder.core.events import RequestReceived, ResponseSent
from responder.observe.message_name import detail_of, message_name

VENDOR_DEFINED = 0xFE
PCI_SIG = bytes.fromhex("0300 02 0100")
"""StandardID, length of the VendorID, VendorID."""


def vendor_defined(payload, *, version=0x12, standard=PCI_SIG):
    """A request with a payload, as DSP0274 has it: header, StandardID to payload, its length."""
    size = len(payload).to_bytes(2, "little")
    return bytes([version, VENDOR_DEFINED, 0, 0]) + standard + size + payload


def name(message):
    return message_name(RequestReceived(message[1], message))


def test_messages_of_spdm_itself():
    assert message_name(RequestReceived(0x83, b"\x12\x83\0\0")) == "CHALLENGE"
    assert message_name(ResponseSent(0x7F, b"\x12\x7f\x01\0")) == "ERROR"
    assert message_name(RequestReceived(0x99, b"\x12\x99\0\0")) == "0x99"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("01 10 83 0000 00000000 0000000000000000", "TDISP LOCK_INTERFACE_REQUEST"),
        ("01 10 9f 0000 00000000 0000000000000000", "TDISP 0x9f"),
        ("00 00 00 00", "IDE_KM QUERY"),
        ("00 02 00 00 00 00", "IDE_KM KEY_PROG"),
        ("01 10", "VENDOR_DEFINED_REQUEST"),
        ("77 10 83", "VENDOR_DEFINED_REQUEST"),
        ("", "VENDOR_DEFINED_REQUEST"),
    ],
)
def test_payloads(payload, expected):
    assert name(vendor_defined(bytes.fromhex(payload))) == expected


def test_details():
    tdisp = vendor_defined(bytes.fromhex("01 10 83 0000 00000000 0000000000000000"))
    assert detail_of(tdisp) == "TDISP LOCK_INTERFACE_REQUEST"
    assert detail_of(b"\x12\x7f\x01\0") == "InvalidRequest"
    for message in (vendor_defined(b""), b"\x12\x83\0\0", b"\x12", b""):
        assert detail_of(message) == ""


def test_a_large_payload_has_a_longer_length():
    """1.4: Param1 bit 7, then 2 reserved bytes and 32 bits of length."""
    head = bytes([0x14, VENDOR_DEFINED, 0x80, 0]) + PCI_SIG + bytes(2) + bytes([17, 0, 0, 0])
    assert name(head + bytes.fromhex("011081") + bytes(14)) == "TDISP GET_TDISP_VERSION"


@pytest.mark.parametrize("size", range(4, 13))
def test_what_is_cut_off_has_the_name_of_the_message(size):
    whole = vendor_defined(bytes.fromhex("0110830000"))
    assert name(whole[:size]) == "VENDOR_DEFINED_REQUEST"


def test_another_vendor_is_not_pci_sig():
    other = vendor_defined(bytes.fromhex("0110830000"), standard=bytes.fromhex("0300 02 8680"))
    assert name(other) == "VENDOR_DEFINED_REQUEST"
