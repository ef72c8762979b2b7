"""FramingError is a ValueError that brings what was complete before it."""

from responder.transport.errors import FramingError


def test_keeps_reason_and_frames():
    error = FramingError("too long", frames=[b"a", b"b"])
    assert isinstance(error, ValueError)
    assert (str(error), error.reason, error.frames) == ("too long", "too long", (b"a", b"b"))


def test_has_no_frames_unless_given():
    assert FramingError("short").frames == ()
