"""Names and the SPDM extension, byte by byte."""

import pytest

from responder.errors import ConfigError
from responder.pki import extensions, oids

QEMU = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"


@pytest.mark.parametrize(
    "text",
    [
        QEMU,
        "Vendor=1b36:Device=0010:CC=010802:REV=02",
        "Vendor=1b36:Device=0010:CC=010802:REV=02:0123456789abcdef",
        QEMU + ":0123456789abcdef",
    ],
)
def test_the_forms_of_a_cma_identity(text):
    assert extensions.parse_name(text) == extensions.Name(oids.CMA_IDENTITY, text)


def test_the_form_of_a_device_info():
    name = extensions.parse_name("ACME:WIDGET:0123456789")

    assert name == extensions.device_info("ACME", "WIDGET", "0123456789")
    assert name.type_id == "1.3.6.1.4.1.412.274.1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ACME",
        "ACME:WIDGET",
        "ACME::0001",
        "A:B:C:D",
        QEMU.upper().replace("VENDOR", "Vendor"),
        QEMU.replace("1b36", "1B36"),
        QEMU.replace("CC=010802", "CC=0108"),
        QEMU + ":0123",
        QEMU + "\n",
        QEMU.replace(":SSID=1100", ""),
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(ConfigError):
        extensions.parse_name(text)


def test_the_spdm_extension_is_a_sequence_of_sequences():
    one = extensions.spdm_extension([oids.HARDWARE_IDENTITY])
    both = extensions.spdm_extension([oids.HARDWARE_IDENTITY, oids.MUTABLE_CERTIFICATE])

    assert one.value.hex() == "300e300c060a2b06010401831c821202"
    assert both.value.hex() == ("301c300c060a2b06010401831c821202300c060a2b06010401831c821205")
    assert one.oid.dotted_string == "1.3.6.1.4.1.412.274.6"


def test_a_name_is_a_utf8_string():
    extension = extensions.subject_alternative_name([extensions.parse_name(QEMU)])

    assert extension.public_bytes().hex() == ("3048a0460603678113a03f0c3d" + QEMU.encode().hex())
