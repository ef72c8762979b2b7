"""Descriptors that came with a message."""

import array
import os
import socket

import pytest
from server.vfio_user.peers import open_descriptors

from responder.server.vfio_user.codec import RequestError
from responder.server.vfio_user.descriptors import Descriptors, close_all

pytestmark = pytest.mark.usefixtures("no_descriptor_is_left")
RIGHTS = (socket.SOL_SOCKET, socket.SCM_RIGHTS)


def test_those_of_several_parts_of_a_message_are_held_together():
    descriptors = Descriptors()
    numbers = [os.eventfd(0) for _ in range(3)]
    descriptors.receive([(*RIGHTS, array.array("i", numbers[:2]).tobytes())], 0)
    descriptors.receive([(0, 0, b"else"), (*RIGHTS, array.array("i", numbers[2:]).tobytes())], 0)
    assert list(descriptors) == numbers
    descriptors.check(3)
    with pytest.raises(RequestError, match="3 descriptors came, not at most 2"):
        descriptors.check(2)
    descriptors.close()


def test_some_that_did_not_get_through_are_an_error():
    descriptors = Descriptors()
    descriptors.receive([], socket.MSG_CTRUNC)
    with pytest.raises(RequestError, match="more descriptors"):
        descriptors.check(8)


def test_what_is_taken_is_not_closed():
    descriptors = Descriptors()
    descriptors.hold([os.eventfd(0)])
    (taken,) = descriptors.take()
    descriptors.close()
    assert len(descriptors) == 0
    assert taken in open_descriptors()
    close_all([taken, taken])
