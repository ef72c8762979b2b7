"""Two versions of bytes beside each other: rows worked out by hand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.cli.side_by_side import (
    Leaf,
    changed_fields,
    laid_out,
    paired,
    rows,
    text_of,
)


def shown(before, after):
    """The rows as plain text."""
    return [text_of(row, colour=False) for row in rows(paired(before, after))]


def fields(**values):
    return [Leaf(name, bytes.fromhex(value)) for name, value in values.items()]


def test_a_changed_byte_is_in_brackets_on_both_sides_and_its_field_is_named():
    before, after = fields(code="03", param1="00 01"), fields(code="03", param1="00 81")
    assert shown(before, after) == [
        "  0000  03                          03                         code",
        "  0001  00[01]                      00[81]                     param1",
    ]
    assert changed_fields(paired(before, after)) == ["param1"]


def test_neighbours_in_one_bracket_and_what_only_one_side_has_as_dots():
    before, after = fields(opaque="61 62 63 64"), fields(opaque="61 62 ee ef 63 64")
    assert shown(before, after) == [
        "  0000  61 62[.. ..]63 64           61 62[ee ef]63 64          opaque",
    ]


def test_what_is_the_same_stands_opposite_each_other_whatever_is_between():
    same, end = bytes(range(16, 26)), bytes(range(48, 58))
    (pair,) = paired(
        [Leaf("a", b"\x01" + same + b"\x02" + end + b"\x03")],
        [Leaf("a", b"\x04\x05\x07" + same + end + b"\x06")],
    )
    assert pair.before == [1, None, None, *same, 2, *end, 3]
    assert pair.after == [4, 5, 7, *same, None, *end, 6]


def test_a_cut_end_is_missing_at_the_end():
    assert shown(fields(nonce="00 00 00"), fields(nonce="00")) == [
        "  0000  00[00 00]                   00[.. ..]                  nonce",
    ]


def test_a_field_that_is_gone_and_one_that_is_new():
    pairs = paired(fields(a="01", b="02"), fields(a="01", c="03"))
    assert [pair.path for pair in pairs] == ["a", "b", "c"]
    assert changed_fields(pairs) == ["b is gone", "c is new"]
    assert [(pair.before, pair.after) for pair in pairs[1:]] == [([2], [None]), ([None], [3])]


def blocks(*values):
    """Elements of a list, two fields each."""
    return [
        Leaf(f"record[{n}].{name}", data)
        for n, value in enumerate(values)
        for name, data in (("index", value[:1]), ("kind", b"k"), ("value", value))
    ]


def test_an_element_that_is_gone_is_told_as_one_and_the_others_are_found_again():
    assert shown(blocks(b"1111", b"2222", b"3333"), blocks(b"2222", b"3333")) == [
        "  0000 [31 6b 31 31 31 31]         [.. .. .. .. .. ..]         record[0] is gone",
        "  0000  32                          32                         record[0].index",
        "       ... 5 fields, 11 bytes alike",
    ]
    pairs = paired(blocks(b"1111"), blocks(b"1111", b"4444"))
    assert changed_fields(pairs) == ["record[1] is new"]
    assert changed_fields(paired(blocks(b"1111", b"2222"), blocks(b"1111", b"2422"))) == [
        "record[1].value"
    ]


def test_of_a_long_field_that_is_gone_the_first_row_is_shown():
    assert shown(fields(digest="11" * 20), []) == [
        "  0000 [11 11 11 11 11 11 11 11]   [.. .. .. .. .. .. .. ..]   digest is gone",
        "       ... 12 bytes more",
    ]


def test_meanings_are_told_when_they_change():
    before = [Leaf("length", b"\x04\x00", "4"), Leaf("kind", b"\x01", "x")]
    after = [Leaf("length", b"\x06\x00", "6"), Leaf("kind", b"\x02")]
    assert changed_fields(paired(before, after)) == ["length: 4 -> 6", "kind: x -> 0x02"]


def test_far_from_a_change_bytes_are_only_counted():
    before = fields(a="01", b="02", c="03", d="04", e="00" * 40, f="06")
    after = fields(a="01", b="02", c="ff", d="04", e="00" * 40, f="06")
    assert shown(before, after) == [
        "       ... 1 field, 1 bytes alike",
        "  0001  02                          02                         b",
        "  0002 [03]                        [ff]                        c",
        "  0003  04                          04                         d",
        "       ... 2 fields, 41 bytes alike",
    ]


def test_of_a_long_field_only_the_rows_about_the_change_are_shown():
    data = bytearray(64)
    data[40] = 1
    assert shown([Leaf("signature", bytes(64))], [Leaf("signature", bytes(data))]) == [
        "       ... 32 bytes alike",
        "  0020  00 00 00 00 00 00 00 00     00 00 00 00 00 00 00 00    signature",
        "  0028 [00]00 00 00 00 00 00 00    [01]00 00 00 00 00 00 00",
        "  0030  00 00 00 00 00 00 00 00     00 00 00 00 00 00 00 00",
        "       ... 8 bytes alike",
    ]


def test_offsets_are_those_of_the_changed_bytes():
    (row,) = shown(fields(a="01", b="02"), fields(a="01", b="02")[:1])[1:]
    assert row.split()[:4] == ["0001", "[02]", "[..]", "b"]


def test_alike_is_counted_and_nothing_is_nothing():
    assert shown([Leaf("", b"abc")], [Leaf("", b"abc")]) == ["       ... 3 bytes alike"]
    assert shown([], []) == []


def test_what_cannot_be_read_is_cut_as_what_it_was():
    whole = fields(code="03", nonce="01 02 03")
    assert laid_out(b"\x03\x01", whole) == fields(code="03", nonce="01")
    assert laid_out(b"\x04\x01\x02\x03\x05", whole) == [
        *fields(code="04", nonce="01 02 03"),
        Leaf("", b"\x05"),
    ]
    assert laid_out(b"", whole) == []


def test_on_a_terminal_what_changed_is_red():
    (row,) = rows(paired(fields(a="01"), fields(a="02")))
    assert "\x1b[31m02\x1b[0m" in text_of(row, colour=True)


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_both_sides_are_whole_and_differ_where_it_says(before, after):
    for pair in paired([Leaf("a", before)], [Leaf("a", after)]):
        assert bytes(byte for byte in pair.before if byte is not None) == before
        assert bytes(byte for byte in pair.after if byte is not None) == after
        assert len(pair.before) == len(pair.after) == max(len(before), len(after))
        assert pair.changed == (before != after)
