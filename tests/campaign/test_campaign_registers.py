"""What counts as a mailbox that was left well."""

import pytest

from responder.campaign.registers import Registers

BUSY, ERROR, READY, GONE = 0x1, 0x4, 0x8000_0000, 0xFFFF_FFFF
GO, ABORT = 0x8000_0000, 0x1

LEFT_OPEN = {
    "nothing": ([], False),
    "a whole exchange": ([("go",), ("status", READY), ("pop",), ("status", 0)], False),
    "no answer": ([("go",), ("status", BUSY)], True),
    "no answer, and an abort": ([("go",), ("status", BUSY), ("abort",)], False),
    "dropped": ([("go",), ("status", 0)], True),
    "an error": ([("go",), ("status", ERROR)], True),
    "an answer that was not fetched": ([("go",), ("status", READY)], True),
    "an answer that does not end": ([("go",), ("pop",), ("status", READY)], True),
    "a device that is gone": ([("go",), ("status", GONE)], False),
    "a second object": ([("go",), ("pop",), ("status", 0), ("go",), ("status", 0)], True),
}


@pytest.mark.parametrize("name", LEFT_OPEN)
def test_an_exchange_is_ended_or_aborted(name):
    did, expected = LEFT_OPEN[name]
    registers = Registers()
    for what, *value in did:
        if what == "status":
            registers.read("doe.status", *value)
        elif what == "pop":
            registers.written("doe.read_mailbox", 0, 1.0)
        else:
            registers.written("doe.control", GO if what == "go" else ABORT, 1.0)
    assert registers.left_open == expected


def test_what_was_read_and_when_it_was_aborted_is_kept():
    registers = Registers()
    registers.read("header.vendor_id", 7)
    registers.written("msix.control", 0x8000_0000, 1.0)
    registers.written("doe.control", ABORT, 2.0)
    assert registers.reads == {("header.vendor_id", 7)}
    assert registers.aborts == [2.0]
    assert not registers.left_open
