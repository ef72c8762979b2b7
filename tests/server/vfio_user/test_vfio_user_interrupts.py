"""DEVICE_SET_IRQS in all its forms, and what an eventfd then counts."""

import os

import pytest
from server.vfio_user.peers import (
    BOOL,
    EVENTFD,
    MASK,
    NONE,
    TRIGGER,
    UNMASK,
    VECTORS,
    irqs,
    memory_file,
)

from responder.server.vfio_user.codec import RequestError, parse_irq_set
from responder.server.vfio_user.descriptors import Descriptors
from responder.server.vfio_user.interrupts import Interrupts

pytestmark = pytest.mark.usefixtures("no_descriptor_is_left")


class Vectors:
    """Interrupts of which this keeps the eventfds too."""

    def __init__(self):
        self.interrupts = Interrupts(VECTORS)
        self.eventfds = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(VECTORS)]

    def set(self, flags, start=0, count=1, data=b"", *, index=2, files=()):
        descriptors = Descriptors()
        descriptors.hold(os.dup(file) for file in files)
        try:
            self.interrupts.set(
                parse_irq_set(irqs(flags, start, count, data, index=index)), descriptors
            )
        finally:
            descriptors.close()

    def assign(self, start, count):
        self.set(EVENTFD | TRIGGER, start, count, files=self.eventfds[start : start + count])

    def counts(self):
        """How often each was signalled since the last look."""
        found = []
        for eventfd in self.eventfds:
            try:
                found.append(os.eventfd_read(eventfd))
            except BlockingIOError:
                found.append(0)
        return found


@pytest.fixture
def vectors():
    its = Vectors()
    yield its
    its.interrupts.close()
    for eventfd in its.eventfds:
        os.close(eventfd)


def test_a_vector_is_signalled_on_its_eventfd(vectors):
    vectors.assign(1, 2)
    vectors.interrupts.signal(2)
    vectors.interrupts.signal(2)
    vectors.interrupts.signal(1)
    assert vectors.counts() == [0, 1, 2, 0]


def test_another_eventfd_takes_the_place_of_the_first(vectors):
    vectors.assign(0, 1)
    vectors.set(EVENTFD | TRIGGER, 0, 1, files=vectors.eventfds[3:])
    vectors.interrupts.signal(0)
    assert vectors.counts() == [0, 0, 0, 1]


def test_a_vector_without_an_eventfd_waits_for_one(vectors):
    vectors.interrupts.signal(1)
    vectors.interrupts.signal(1)
    vectors.interrupts.signal(99)
    vectors.assign(0, 4)
    assert vectors.counts() == [0, 1, 0, 0]


def test_a_set_without_eventfds_takes_them_away(vectors):
    vectors.assign(0, 4)
    vectors.set(EVENTFD | TRIGGER, 1, 2)
    for vector in range(VECTORS):
        vectors.interrupts.signal(vector)
    assert vectors.counts() == [1, 0, 0, 1]


def test_all_are_disabled_at_once(vectors):
    vectors.assign(0, 4)
    vectors.set(NONE | MASK, 0, 1)
    vectors.interrupts.signal(0)
    vectors.set(NONE | TRIGGER, 0, 0)
    vectors.interrupts.signal(1)
    vectors.assign(0, 1)
    assert vectors.counts() == [0, 0, 0, 0]
    vectors.interrupts.signal(0)
    assert vectors.counts() == [1, 0, 0, 0]


def test_a_masked_vector_waits_until_it_is_not(vectors):
    vectors.assign(0, 4)
    vectors.set(NONE | MASK, 0, 3)
    vectors.interrupts.signal(0)
    vectors.interrupts.signal(1)
    vectors.interrupts.signal(3)
    assert vectors.counts() == [0, 0, 0, 1]
    vectors.set(BOOL | UNMASK, 0, 3, b"\0\1\1")
    assert vectors.counts() == [0, 1, 0, 0]
    vectors.set(NONE | UNMASK, 0, 1)
    assert vectors.counts() == [1, 0, 0, 0]


def test_what_waits_is_forgotten_by_a_reset(vectors):
    vectors.interrupts.signal(0)
    vectors.interrupts.forget_pending()
    vectors.assign(0, 4)
    assert vectors.counts() == [0, 0, 0, 0]


def test_a_client_triggers_vectors_itself(vectors):
    vectors.assign(0, 4)
    vectors.set(NONE | TRIGGER, 1, 2)
    vectors.set(BOOL | TRIGGER, 0, 4, b"\1\0\1\0")
    assert vectors.counts() == [1, 1, 2, 0]


def test_an_eventfd_that_is_full_does_not_hold_us_up(vectors):
    blocking = os.eventfd(0)
    os.eventfd_write(blocking, (1 << 64) - 2)
    vectors.set(EVENTFD | TRIGGER, 0, 1, files=[blocking])
    vectors.interrupts.signal(0)
    assert os.eventfd_read(blocking) == (1 << 64) - 2
    vectors.interrupts.signal(0)
    assert os.eventfd_read(blocking) == 1
    os.close(blocking)


def test_how_many_there_are_of_each_type(vectors):
    assert [vectors.interrupts.count(index) for index in range(5)] == [0, 0, VECTORS, 0, 0]


# (flags, start, count, data), index, number of eventfds
WRONG = [
    ((NONE | TRIGGER, 0, 0, b""), 5, 0),
    ((NONE | TRIGGER, 0, 0, b""), 0xFFFFFFFF, 0),
    ((NONE | TRIGGER, 0, 1, b""), 0, 0),
    ((EVENTFD | TRIGGER, 0, 1, b""), 3, 1),
    ((NONE | TRIGGER, VECTORS, 1, b""), 2, 0),
    ((NONE | TRIGGER, 0, VECTORS + 1, b""), 2, 0),
    ((NONE | MASK, 0xFFFFFFFF, 0xFFFFFFFF, b""), 2, 0),
    ((EVENTFD | TRIGGER, 0, 2, b""), 2, 1),
    ((EVENTFD | TRIGGER, 0, 1, b""), 2, 2),
    ((EVENTFD | MASK, 0, 1, b""), 2, 1),
    ((EVENTFD | UNMASK, 0, 1, b""), 2, 1),
    ((NONE | TRIGGER, 0, 1, b""), 2, 1),
    ((BOOL | TRIGGER, 0, 1, b"\1"), 2, 1),
]


@pytest.mark.parametrize(("request_", "index", "files"), WRONG)
def test_what_is_refused(vectors, request_, index, files):
    vectors.assign(0, 4)
    with pytest.raises(RequestError):
        vectors.set(*request_, index=index, files=vectors.eventfds[:files])
    vectors.interrupts.signal(0)
    assert vectors.counts() == [1, 0, 0, 0]


def test_disabling_a_type_that_has_none_is_nothing(vectors):
    vectors.assign(0, 1)
    vectors.set(NONE | TRIGGER, 0, 0, index=0)
    vectors.interrupts.signal(0)
    assert vectors.counts() == [1, 0, 0, 0]


def test_only_eventfds_are_taken(vectors):
    pipe = os.pipe()
    for file in (*pipe, memory_file(8)):
        with pytest.raises(RequestError, match="no eventfd"):
            vectors.set(EVENTFD | TRIGGER, 0, 1, files=[file])
        os.close(file)
