"""Object identifiers against bytes written down in the standards."""

import pytest

from responder.pki import oids


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        (oids.HARDWARE_IDENTITY, "060a2b06010401831c821202"),
        (oids.MUTABLE_CERTIFICATE, "060a2b06010401831c821205"),
        (oids.CMA_IDENTITY, "0603678113"),
        ("1.2.840.113549.1.1.1", "06092a864886f70d010101"),  # RFC 8017 rsaEncryption
    ],
)
def test_der_of_an_object_identifier(dotted, expected):
    assert oids.der(dotted).hex() == expected


@pytest.mark.parametrize(
    ("size", "head"), [(0, "0c00"), (127, "0c7f"), (128, "0c8180"), (256, "0c820100")]
)
def test_length_forms(size, head):
    element = oids.tlv(0x0C, bytes(size))

    assert element == bytes.fromhex(head) + bytes(size)
    assert oids.content(element) == bytes(size)
