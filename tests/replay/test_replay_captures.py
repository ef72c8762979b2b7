"""Ground truth: everything that an independent implementation signed, derived and sealed follows.

For each implementation of ours: every message of all captured runs is built again byte for byte,
every transcript hash recomputed from the wire, every signature and MAC verified, every key derived,
every record opened.
"""

from collections import Counter
from functools import cache

import pytest
from captures.loader import recordings
from replay.runs import replay

from responder.replay.command import JUDGES
from responder.replay.ledger import MACS, MESSAGES

COUNTS = {
    "requester": {
        "messages": 27805,
        "transcripts": 1719,
        "signatures": 1162,
        "MACs": 553,
        "keys": 6077,
        "records": 16720,
    },
    "core": {
        "messages": 27805,
        "transcripts": 1667,
        "signatures": 1110,
        "MACs": 553,
        "keys": 5564,
        "records": 16720,
    },
}
"""The core does not see what requesters sign in encapsulated exchanges, and shows no secret that
only other secrets come from."""
KEPT = ("secret", "key", "salt")
GIVEN = {"shared_secret"}
"""What no message and no other secret tells."""
UNSEEN = {
    "requester": (set(), set()),
    "core": (
        {"handshake_secret", "master_secret"},
        {("requester_sign", 0x03), ("requester_sign", 0x07)},
    ),
}
"""Keys, and signatures by event and code, that a judge does not see."""

judged = pytest.mark.parametrize("judge", JUDGES)


@cache
def tally_of(judge, index):
    return replay(recordings()[index], judge)


@judged
@pytest.mark.parametrize("index", range(154), ids=lambda index: recordings()[index].name)
def test_a_captured_run_is_as_we_work_it_out(judge, index):
    assert tally_of(judge, index).problems == []


def total(judge):
    return sum((tally_of(judge, i).counts for i in range(len(recordings()))), Counter())


@judged
def test_as_much_is_checked_as_there_is(judge):
    assert total(judge) == COUNTS[judge]


@judged
def test_nothing_is_passed_over_but_what_is_known_of_the_peer(judge):
    notes = sum((tally_of(judge, i).notes for i in range(len(recordings()))), Counter())
    assert notes == {"6 zeros follow KEY_PAIR_INFO, as libspdm sends it": 23}


def events(run):
    """The longer of what the two sides wrote down: they agree, or one left early."""
    both = run.secrets["responder"], run.secrets["requester"]
    for name in ("handshake_key", "data_key", "key_update_request", "key_update_response"):
        found = [[event for event in side if event["event"] == name] for side in both]
        yield from max(found, key=len)


@judged
def test_the_counts_are_those_of_the_recordings(judge):
    """Counted in another way: in what the tools wrote down, not in what was checked."""
    unseen_keys, unseen_signatures = UNSEEN[judge]
    expected = Counter()
    for run in recordings():
        signed = [e for side in run.secrets.values() for e in side if e["event"].endswith("_sign")]
        seen = [e for e in signed if (e["event"], e["op_code"]) not in unseen_signatures]
        expected["signatures"] += len(seen)
        expected["transcripts"] += len(seen)
        expected["records"] += len(run.plain)
        for event in events(run):
            names = event.keys() - GIVEN - unseen_keys
            expected["keys"] += sum(name.rpartition("_")[2] in KEPT for name in names)
            expected["transcripts"] += sum(name.endswith("_hash") for name in names)
    assert expected == {
        kind: number for kind, number in COUNTS[judge].items() if kind not in (MESSAGES, MACS)
    }
