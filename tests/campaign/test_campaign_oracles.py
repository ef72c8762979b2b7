"""Oracles: silent about a good requester, and each speaks of the one that it is for."""

import pytest

from responder.campaign.conversation import converse
from responder.campaign.oracles import ORACLES, Asked, judged
from responder.campaign.settings import SETTINGS
from responder.faults import catalogue

BUSY = bytes.fromhex("127f0300")
ERROR = bytes.fromhex("127f0100")
ANSWER = bytes.fromhex("12030001")


def challenge(nonce):
    return bytes.fromhex("128300ff") + bytes([nonce]) * 32


def measurements(nonce, *, signed=True):
    return bytes([0x12, 0xE0, signed, 0xFF]) + (bytes([nonce]) * 32 if signed else b"")


def key_exchange(session, random, key):
    return bytes([0x12, 0xE4, 0, 0, session, 0, 0, 0]) + bytes([random]) * 32 + bytes([key]) * 64


def said(*conversations):
    """The oracles that speak of conversations of requests and answers."""
    return [name for name, _ in judged([[Asked(*one) for one in each] for each in conversations])]


NONCE, KEYS, RETRY = (
    "fresh.requester-must-vary",
    "fresh.requester-random-vary",
    "time.retry-changes-nonce",
)
GOOD = [
    [[(challenge(1), ANSWER), (measurements(2), ANSWER)], [(challenge(3), ANSWER)]],
    [[(challenge(1), BUSY), (challenge(1), ANSWER)]],
    [[(challenge(1), None), (challenge(1), ANSWER)]],
    [[(measurements(0, signed=False), ANSWER), (measurements(0, signed=False), ANSWER)]],
    [[(challenge(1), ERROR), (challenge(2), ANSWER)]],
    [[(key_exchange(1, 1, 1), ERROR), (key_exchange(2, 2, 2), ERROR)]],
    [[(key_exchange(1, 1, 1), ERROR)], [(key_exchange(1, 2, 2), ERROR)]],
    [[(measurements(1), BUSY), (bytes([0x12, 0xE0, 1, 1]) + bytes(32), ANSWER)]],
    [[(b"\x10", None), (b"", None)]],
]
BAD = [
    ([[(challenge(1), ANSWER), (challenge(1), ANSWER)]], [NONCE]),
    ([[(challenge(1), ANSWER)], [(challenge(1), ANSWER)]], [NONCE]),
    ([[(challenge(1), ANSWER), (measurements(1), ANSWER)]], [NONCE]),
    ([[(challenge(1), BUSY), (challenge(2), ANSWER)]], [RETRY]),
    ([[(challenge(1), None), (challenge(2), ANSWER)]], [RETRY]),
    ([[(key_exchange(1, 1, 1), ERROR)], [(key_exchange(2, 1, 2), ERROR)]], [KEYS]),
    ([[(key_exchange(1, 1, 1), ERROR)], [(key_exchange(2, 2, 1), ERROR)]], [KEYS]),
]


@pytest.mark.parametrize("conversations", GOOD)
def test_nothing_is_said_of_a_good_requester(conversations):
    assert said(*conversations) == []


@pytest.mark.parametrize(("conversations", "expected"), BAD)
def test_each_oracle_speaks_of_its_misdeed(conversations, expected):
    assert said(*conversations) == expected


def test_the_catalogue_describes_each_oracle():
    described = [one.id for group in catalogue.groups() for one in group.oracles]
    assert sorted(described) == sorted(ORACLES)


@pytest.mark.parametrize("name", ["two-connections", "two-runs", "resign-twice"])
def test_the_reference_requester_varies_what_must_vary(name):
    run = converse(SETTINGS[name], [], b"seed")
    assert run.exchanges
    assert run.misdeeds == []


def test_the_same_run_twice_is_a_requester_that_repeats_itself():
    runs = [converse(SETTINGS["attestation"], [], b"seed") for _ in range(2)]
    asked = [[Asked(one.request, one.response) for one in run.exchanges] for run in runs]
    assert {name for name, _ in judged(asked)} == {NONCE}


def test_a_retry_of_the_reference_requester_is_the_same():
    (fault,) = catalogue.find("err.busy-once:CHALLENGE")
    run = converse(SETTINGS["attestation"], [fault], b"seed")
    assert [one.name for one in run.exchanges].count("CHALLENGE") == 2
    assert run.misdeeds == []
