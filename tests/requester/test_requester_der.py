"""DER, as far as the requester reads it itself."""

import pytest

from responder.requester.der import (
    DerError,
    decode_oid,
    elements,
    read_element,
    spdm_extension_oids,
    split_certificates,
    utf8_string,
)

LONG = b"\x30\x81\x80" + bytes(128)


@pytest.mark.parametrize(
    ("data", "tag", "size", "end"),
    [(b"\x05\0", 5, 0, 2), (b"\x04\x02hi!", 4, 2, 4), (LONG + b"x", 0x30, 128, 131)],
)
def test_elements(data, tag, size, end):
    found, content, after = read_element(data)
    assert (found, len(content), after) == (tag, size, end)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x80\0\0", b"\x30\x05hi", b"\x30\x81\x7f" + bytes(127), b"\x30\x82\0\x80",
     b"\x30\x81", b"\x30\x85\x01\0\0\0\0", b"\x30\x82\0\x80" + bytes(128)],
    ids=lambda data: data[:6].hex() or "empty",
)  # fmt: skip
def test_what_is_not_der(data):
    with pytest.raises(DerError):
        read_element(data)


def test_certificates_up_to_the_fault():
    assert split_certificates(LONG + LONG) == ([LONG, LONG], "")
    assert split_certificates(b"") == ([], "")
    found, fault = split_certificates(LONG + b"\x31\0")
    assert found == [LONG]
    assert fault == "certificate 1 begins with 0x31"


@pytest.mark.parametrize(
    ("content", "oid"),
    [
        ("2b060104018 31c821202".replace(" ", ""), "1.3.6.1.4.1.412.274.2"),
        ("67811 3".replace(" ", ""), "2.23.147"),
        ("2a864886f70d01010b", "1.2.840.113549.1.1.11"),
        ("883703", "2.999.3"),
    ],
)
def test_object_identifiers(content, oid):
    assert decode_oid(bytes.fromhex(content)) == oid


@pytest.mark.parametrize("content", [b"", b"\x2b\x86"])
def test_object_identifiers_that_are_cut(content):
    with pytest.raises(DerError):
        decode_oid(content)


def test_the_spdm_extension():
    hardware = bytes.fromhex("300e300c060a2b06010401831c821202")
    assert spdm_extension_oids(hardware) == ["1.3.6.1.4.1.412.274.2"]


@pytest.mark.parametrize("value", ["0500", "30020500", "3004300205 00", "300e300c060a2b06010401"])
def test_what_is_no_spdm_extension(value):
    with pytest.raises(DerError):
        spdm_extension_oids(bytes.fromhex(value))


def test_utf8_strings():
    assert utf8_string(b"\x0c\x02hi") == "hi"
    for wrong in (b"\x0c\x02\xff\xff", b"\x13\x02hi", b"\x0c\x02hi!"):
        with pytest.raises(DerError):
            utf8_string(wrong)


def test_elements_fill_their_parent():
    assert elements(b"\x05\0\x05\0") == [(5, b""), (5, b"")]
    with pytest.raises(DerError):
        elements(b"\x05\0\x05")
