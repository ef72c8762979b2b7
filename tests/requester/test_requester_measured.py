"""Measurement blocks in words."""

import pytest
from requester.peer import Peer, block, converse


def measured(value_type, value):
    outcome = converse(Peer(blocks={1: block(1, value_type, value)}))
    assert outcome.report.verdict == "attested"
    return outcome.report.measurements[0], outcome.observed


def mode(operational, device):
    return b"".join(n.to_bytes(4, "little") for n in (0x3F, operational, 0x1F, device))


@pytest.mark.parametrize(
    ("value_type", "value", "name", "text"),
    [
        (0x00, bytes(32), "immutable rom", ""),
        (0x86, b"1.2.3", "mutable firmware version", "1.2.3"),
        (0x86, "v1 é".encode(), "mutable firmware version", "v1 é"),
        (0x87, b"\x07" + bytes(7), "mutable firmware svn", "7"),
        (0x84, b"anything", "measurement manifest", ""),
        (0x89, b"info", "informational", ""),
        (0x85, mode(4, 0), "device mode", "mode normal; debug none"),
    ],
)
def test_values_that_are_as_they_should_be(value_type, value, name, text):
    entry, observed = measured(value_type, value)
    assert (entry.name, entry.text) == (name, text)
    assert entry.raw is bool(value_type & 0x80)
    assert bytes.fromhex(entry.value) == value
    assert observed == []


@pytest.mark.parametrize(
    ("value_type", "value", "observation"),
    [
        (0x8E, b"x", "measurements.reserved-type"),
        (0x81, b"raw", "measurements.raw"),
        (0x85, mode(4, 1), "measurements.debug"),
        (0x85, mode(4, 8), "measurements.debug"),
        (0x85, mode(8, 0), "measurements.not-normal"),
        (0x85, bytes(15), "measurements.odd-value"),
        (0x87, bytes(7), "measurements.odd-value"),
        (0x86, b"1\x1b[2J", "measurements.odd-value"),
        (0x86, b"\xff\xfe\n", "measurements.odd-value"),
    ],
)
def test_values_that_somebody_should_see(value_type, value, observation):
    _, observed = measured(value_type, value)
    assert observed == [observation]


def test_a_version_cannot_steer_a_terminal():
    entry, _ = measured(0x86, b"1\x1b[2J")
    assert entry.text == r"'1\x1b[2J'"


def test_254_blocks():
    blocks = {index: block(index) for index in range(1, 255)}
    report = converse(Peer(blocks=blocks), offer=_large()).report
    assert report.verdict == "attested"
    assert len(report.measurements) == 254


def _large():
    from responder.requester.options import Offer

    return Offer(data_transfer_size=1 << 20)
