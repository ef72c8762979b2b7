"""Texts of requesters are shown without what they would do to a terminal or to XML."""

import sys

import pytest

from responder.campaign.reports.printable import one_line, printable, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: ä → 漢 🙂", "plain: ä → 漢 🙂"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x00\x07\r\x85", "\\x00\\x07\\x0d\\x85"),
        ("\u202eevil\u200b", "\\u202eevil\\u200b"),
        ("\ufffe\ud800\U000e0001", "\\ufffe\\ud800\\U000e0001"),
    ],
)
def test_what_has_no_shape_is_an_escape(text, shown):
    assert printable(text) == shown


def test_all_that_is_left_is_allowed_in_xml():
    left = set(printable("".join(map(chr, range(sys.maxunicode + 1)))))
    allowed = [(0x9, 0xA), (0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF)]
    assert all(any(low <= ord(one) <= high for low, high in allowed) for one in left)


def test_one_line_and_a_shorter_one():
    assert one_line(" a\r\n\tb\x00 ") == "a b\\x00"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcdef... (1 characters more)"
