"""The usual limits."""

from responder.server.limits import Limits
from responder.transport.doe import MAX_OBJECT_DW


def test_a_frame_may_carry_the_largest_data_object():
    assert Limits().max_frame >= 4 * MAX_OBJECT_DW


def test_qemu_may_be_silent_as_long_as_its_guest():
    assert Limits().idle_timeout == 0
