"""The DER editor, against encodings of X.690 written by hand and against OpenSSL's certificates."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.pki import der_edit as der
from responder.pki import sets
from responder.pki.der_edit import DerError, Node

PAIR = bytes.fromhex("3008 020105 0c03616263".replace(" ", ""))


def test_an_element_is_a_tree():
    node = der.read(PAIR)

    assert (node.tag, node.constructed) == (0x30, True)
    assert (node.at(0).tag, node.at(0).content) == (2, b"\x05")
    assert node.at(-1).content == b"abc"
    assert node.encode() == PAIR
    assert [one.tag for one in node.walk()] == [0x30, 2, 0x0C]


@pytest.mark.parametrize("kind", sets.KINDS)
def test_a_certificate_is_written_as_it_was_read(kind):
    for data in sets.read_identity(sets.identity_path("device", kind, 0)).chain:
        assert der.read(data).encode() == data


@pytest.mark.parametrize(
    ("size", "octets"),
    [(0, "00"), (127, "7f"), (128, "8180"), (255, "81ff"), (256, "820100"), (65536, "83010000")],
)
def test_lengths_are_minimal(size, octets):
    assert der.length_octets(size).hex() == octets
    assert der.read(b"\x04" + bytes.fromhex(octets) + bytes(size)).content == bytes(size)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("30", "ends in its header"),
        ("3003020105ff", "ends in its header"),
        ("30800000", "indefinite"),
        ("3085000000000000", "indefinite, too long or cut"),
        ("3082ff", "indefinite, too long or cut"),
        ("048103616263", "not minimal"),
        ("0482008000", "not minimal"),
        ("0403ffff", "3 bytes, 2 are left"),
        ("30030203ff", "3 bytes, 1 are left"),
        ("1f8100", "tag number above 30"),
        ("", "0 elements, one was expected"),
        ("05000500", "2 elements, one was expected"),
    ],
)
def test_what_is_no_der_is_refused(data, reason):
    with pytest.raises(DerError, match=reason):
        der.read(bytes.fromhex(data))


def test_elements_are_exchanged_by_their_path():
    node = der.read(PAIR)

    node.replace((0,), der.integer(-1))
    node.insert((1,), Node(der.NULL))
    node.insert((9,), der.sequence(der.integer(128)))
    node.insert((3, 0), Node(der.BOOLEAN, b"\xff"))
    node.delete((2,))

    assert node.encode().hex() == "300e" + "0201ff" + "0500" + "3007" + "0101ff" + "02020080"


@pytest.mark.parametrize("path", [(2,), (-3,), (0, 0), (0, 0, 1)])
def test_a_path_to_nowhere_is_refused(path):
    node = der.read(PAIR)

    with pytest.raises(DerError, match=r"no element -?\d among"):
        node.replace(path, Node(der.NULL))
    with pytest.raises(DerError, match=r"no element -?\d among"):
        node.delete(path)
    assert node.encode() == PAIR


def test_lengths_lie_when_told_to():
    node = der.read(PAIR)
    node.at(1).length = b"\x84\xff\xff\xff\xff"

    assert node.encode().hex() == "300c" + "020105" + "0c84ffffffff616263"


def test_lengths_are_wider_than_they_need_to_be():
    node = der.read(PAIR)
    node.widen_length(3)

    assert node.encode().hex() == "3083000008" + PAIR[2:].hex()


def test_the_indefinite_form_ends_with_two_zeros():
    node = der.read(PAIR)
    node.make_indefinite()

    assert node.encode().hex() == "3080" + PAIR[2:].hex() + "0000"


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "0080"),
        (-1, "ff"),
        (-129, "ff7f"),
        (-24301, "a113"),
    ],
)
def test_integers(value, octets):
    assert der.integer(value).content.hex() == octets


def test_the_other_makers():
    assert der.identifier("2.999.1").encode().hex() == "0603883701"
    assert der.bit_string(b"\x01").encode().hex() == "03020001"
    assert der.tagged(0, b"\x01").encode().hex() == "800101"
    assert der.tagged(3, [Node(der.NULL)]).encode().hex() == "a3020500"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_what_is_read_is_written_the_same(data):
    try:
        node = der.read(data)
    except DerError:
        return
    assert node.encode() == data
