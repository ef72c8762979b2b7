"""Rows and numbers of the live view."""

import pytest
from rich.cells import cell_len
from rich.color import Color

from responder.observe import live_text
from responder.observe.live_text import (
    Cell,
    bars,
    counted,
    duration_text,
    fitted,
    row,
    rule,
    seconds_text,
    span_text,
)


def plain(line):
    return "".join(text for text, _ in line)


def luminance(style):
    """Relative luminance of a colour (WCAG 2.1)."""
    parts = [part / 255 for part in Color.parse(style).get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["GRAY", "GOOD", "BAD", "WARNING", "STRUCK", "NOTABLE"])
def test_colours_can_be_told_from_white_and_from_black(name):
    """WCAG 2.1 asks for a contrast of 3 for large text and 4.5 for other; none has more to both."""
    own = luminance(getattr(live_text, name))
    assert (1 + 0.05) / (own + 0.05) >= 3.8, "on white"
    assert (own + 0.05) / 0.05 >= 3.8, "on black"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("a", 0, ""),
        ("ab", 1, "…"),
        ("", 2, "  "),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日 …"),
    ],
)
def test_texts_are_fitted(text, width, expected):
    assert fitted(text, width) == expected
    assert cell_len(expected) == width


def test_numbers_stand_at_the_right():
    assert fitted("12", 4, right=True) == "  12"


@pytest.mark.parametrize("width", range(40))
def test_a_row_is_as_wide_as_it_is_to_be(width):
    line = row(width, Cell("abc", 6), Cell("12345", 4, right=True), Cell("the rest"))
    assert cell_len(plain(line)) == width


def test_a_row_has_its_cells_side_by_side():
    line = row(24, Cell("abc", 6), Cell("1", 4, "bold", right=True), Cell("the rest of it"))
    assert plain(line) == "abc       1 the rest of…"
    assert ("   1", "bold") in line


@pytest.mark.parametrize("width", range(60))
def test_a_rule_is_as_wide_as_it_is_to_be(width):
    assert cell_len(plain(rule(width, "Connections", "3 open, 17 so far"))) == width


def test_a_rule():
    assert plain(rule(30, "Events", "2 new")) == "── Events " + "─" * 11 + " 2 new ──"


def test_bars_are_as_high_as_counts():
    assert bars([0, 1, 4, 8]) == " ▁▄█"
    assert bars([0, 0]) == "  "
    assert bars([0, 1000, 1]) == " █▁"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "now"),
        (-0.2, "now"),
        (1, "1 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (7200, "2 h"),
        (9e5, "10 d"),
    ],
)
def test_how_long_ago(seconds, text):
    assert span_text(seconds) == text


def test_times_and_durations():
    assert seconds_text(1.23456) == "1.235"
    assert len(seconds_text(99_999.9994)) == len(seconds_text(9_999_999.9)) == 9
    assert duration_text(3_725.9) == "1:02:05"


def test_counts():
    assert [counted(n, "error") for n in (0, 1, 1234)] == ["0 errors", "1 error", "1,234 errors"]
