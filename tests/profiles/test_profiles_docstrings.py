from responder.profiles.docstrings import documented


class Above:
    """What all have in common.

    Attributes:
        place: where
            it is.
        name: what it is called.
    """


class Below(Above):
    """The first line,
    and ``another``.

    Attributes:
        size: bytes.
        name: here it is told otherwise.
    """


class Bare(Above):
    pass


def test_the_summary_is_one_line_and_code_is_marked_as_in_markdown():
    assert documented(Below).summary == "The first line, and `another`."


def test_keys_are_those_of_the_class_and_then_of_those_above_it():
    assert documented(Below).keys == {
        "size": "bytes.",
        "name": "here it is told otherwise.",
        "place": "where it is.",
    }
    assert list(documented(Below).keys) == ["size", "name", "place"]


def test_a_class_without_a_docstring_does_not_borrow_the_summary():
    told = documented(Bare)
    assert told.summary == ""
    assert list(told.keys) == ["place", "name"]
