"""The journal in memory."""

import pytest

from responder.core.events import PhaseChanged, RequestReceived, ResponseSent
from responder.observe.entry import Entry
from responder.observe.journal import Journal

REQUEST = Entry(1.0, 1, RequestReceived(0x84, b"\x10\x84\0\0"))
CHANGE = Entry(1.0, 1, PhaseChanged("A", "B"))
RESPONSE = Entry(2.0, 1, ResponseSent(0x04, b"\x10\x04\0\0"))


def filled(limit=None):
    journal = Journal(limit)
    for entry in (REQUEST, CHANGE, RESPONSE):
        journal(entry)
    return journal


def test_it_is_a_sequence():
    journal = filled()
    assert list(journal) == [REQUEST, CHANGE, RESPONSE]
    assert (len(journal), journal[0], journal[-1]) == (3, REQUEST, RESPONSE)
    assert journal[1:] == [CHANGE, RESPONSE]
    assert CHANGE in journal
    with pytest.raises(IndexError):
        journal[3]


def test_messages_and_their_names():
    assert filled().messages() == [REQUEST, RESPONSE]
    assert filled().names() == ["GET_VERSION", "VERSION"]


def test_a_bound_keeps_the_latest_and_counts_the_others():
    journal = filled(2)
    assert list(journal) == [CHANGE, RESPONSE]
    assert journal.dropped == 1
    journal.clear()
    assert (len(journal), journal.dropped) == (0, 0)


def test_without_a_bound_nothing_is_dropped():
    journal = Journal()
    for _ in range(5000):
        journal(REQUEST)
    assert (len(journal), journal.dropped) == (5000, 0)
