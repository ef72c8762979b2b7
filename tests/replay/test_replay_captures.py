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
    "messages": 27805,
    "transcripts": 1719,
    "signatures": 1162,
    "MACs": 553,
    "keys": 6077,
    "records": 16720,
}
KEPT = ("secret", "key", "salt")
GIVEN = ("shared_secret",)
"""What no message and no other secret tells."""

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
    assert total(judge) == COUNTS


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


def test_the_counts_are_those_of_the_recordings():
    """Counted in another way: in what the tools wrote down, not in what was checked."""
    expected = Counter()
    for run in recordings():
        signed = [e for side in run.secrets.values() for e in side if e["event"].endswith("_sign")]
        expected["signatures"] += len(signed)
        expected["transcripts"] += len(signed)
        expected["records"] += len(run.plain)
        for event in events(run):
            names = event.keys() - GIVEN
            expected["keys"] += sum(name.rpartition("_")[2] in KEPT for name in names)
            expected["transcripts"] += sum(name.endswith("_hash") for name in names)
    assert expected == {kind: n for kind, n in COUNTS.items() if kind not in (MESSAGES, MACS)}
