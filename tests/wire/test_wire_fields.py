"""The constructs of ``wire.fields``: strict when parsing, permissive when building."""

import pytest

from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf, Rest, When, negotiated, since
from responder.wire.message import Record, wire


class Sized(Record):
    length: int | None = wire(LengthOf("body", Int16ul, unit=2, extra=3), default=None)
    body: bytes = wire(Blob(lambda c: (c.length - 3) * 2), default=b"")


class Conditional(Record):
    flag: int = wire(Int8ul)
    extra: int | None = wire(When(lambda c: c.flag == 1, Int8ul), default=None)
    rest: bytes = wire(Rest(), default=b"")


class Negotiated(Record):
    digest: bytes | None = wire(Blob(negotiated("hash_size")))
    late: bytes = wire(When(since(0x13), Blob(2), b""), default=b"")


class Either(Record):
    small: int | None = wire(LengthOf("body", Int8ul, applies=lambda c: not c.large), default=None)
    large: int = wire(Int8ul, default=0)
    body: bytes = wire(Rest(), default=b"")


def test_a_length_counts_units_and_what_it_adds():
    assert Sized(body=b"abcd").build() == b"\x05\x00abcd"
    assert Sized.parse(b"\x05\x00abcd").body == b"abcd"


def test_a_length_that_is_set_is_written_as_it_is_and_so_are_the_bytes():
    assert Sized(length=0xFFFF, body=b"a").build() == b"\xff\xffa"


def test_a_length_that_does_not_apply_is_zero():
    assert Either(body=b"ab", large=0).build() == b"\x02\x00ab"
    assert Either(body=b"ab", large=1).build() == b"\x00\x01ab"
    assert Either(small=9, body=b"ab", large=1).build() == b"\x09\x01ab"


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x05\x00abc", b"\x05\x00abcde"])
def test_bytes_that_are_not_there_or_too_many_are_refused(data):
    with pytest.raises(WireError):
        Sized.parse(data)


def test_a_blob_of_a_size_below_zero_is_refused():
    with pytest.raises(WireError):
        Sized.parse(b"\x00\x00abcd")


def test_a_field_is_there_only_under_its_condition():
    assert Conditional.parse(b"\x01\x07!") == Conditional(flag=1, extra=7, rest=b"!")
    assert Conditional.parse(b"\x02\x07!") == Conditional(flag=2, extra=None, rest=b"\x07!")


def test_a_field_that_is_set_is_built_even_where_its_condition_does_not_hold():
    assert Conditional(flag=2, extra=7).build() == b"\x02\x07"
    assert Conditional(flag=2).build() == b"\x02"


def test_a_field_that_is_missing_where_its_condition_holds_is_refused():
    with pytest.raises(WireError):
        Conditional(flag=1).build()


def test_sizes_and_conditions_come_from_the_context():
    context = WireContext(version=0x13, hash_size=3)
    assert Negotiated.parse(b"abcde", context) == Negotiated(digest=b"abc", late=b"de")
    assert Negotiated.parse(b"abc", WireContext(version=0x12, hash_size=3)).late == b""


def test_a_blob_of_none_is_built_as_zeros_of_its_size():
    assert Negotiated(digest=None).build(WireContext(version=0x12, hash_size=4)) == bytes(4)


def test_a_record_wants_all_its_fields_and_no_others():
    with pytest.raises(TypeError, match="flag"):
        Conditional(rest=b"")
    with pytest.raises(TypeError, match="speed"):
        Conditional(flag=1, speed=2)


def test_records_are_equal_by_their_class_and_fields():
    assert Conditional(flag=2) == Conditional(flag=2, extra=None, rest=b"")
    assert Conditional(flag=2) != Conditional(flag=3)
    assert Sized(body=b"") != Either(body=b"")
    assert Conditional(flag=2).replace(rest=b"!").build() == b"\x02!"
