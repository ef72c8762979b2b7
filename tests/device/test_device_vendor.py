import pytest

from responder.core.interfaces import VendorRequest
from responder.device.vendor import VendorRule, vendor_response

PCI_SIG, IANA = 3, 4
RULES = (
    VendorRule(PCI_SIG, b"\x01\x00", request=b"ping", response=b"pong"),
    VendorRule(PCI_SIG, b"\x01\x00", request=b"void", response=b""),
    VendorRule(PCI_SIG, b"\x02\x00"),
)


@pytest.mark.parametrize(
    ("standard_id", "vendor_id", "payload", "answer"),
    [
        (PCI_SIG, b"\x01\x00", b"ping", b"pong"),
        (PCI_SIG, b"\x01\x00", b"void", b""),
        (PCI_SIG, b"\x01\x00", b"other", None),
        (PCI_SIG, b"\x02\x00", b"anything", b"anything"),
        (PCI_SIG, b"\x02\x00", b"", b""),
        (PCI_SIG, b"\x03\x00", b"ping", None),
        (IANA, b"\x01\x00", b"ping", None),
    ],
)
def test_first_rule_for_the_address_and_payload_answers(standard_id, vendor_id, payload, answer):
    assert vendor_response(RULES, VendorRequest(standard_id, vendor_id, payload)) == answer
