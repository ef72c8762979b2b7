"""Evidence of keys and records that is not true: real conversations, and one thing changed in each.

That true evidence is taken for it, the cases of the catalogue show.
"""

from copy import copy
from dataclasses import replace

import msgspec
import pytest
from faults.engines import fault

from responder.campaign import recomputed
from responder.campaign.conversation import converse
from responder.campaign.rehearsal import Rehearsal, rehearse
from responder.campaign.session_evidence import contradictions_of_sessions
from responder.campaign.settings import SETTINGS
from responder.core.events import FaultFired

HEARTBEAT = {"message": ["HEARTBEAT_ACK"], "nth": [1]}
SKIPPED = {"do": "add", "field": "sequence", "by": 2}
FLIPPED = {"do": "flip", "field": "plaintext.application_data", "bit": 9}
LEFT_OUT = {"do": "leave-out", "part": ["KEY_EXCHANGE_RSP signature"]}
SEAL = fault(hook="seal", **HEARTBEAT, action=[SKIPPED])
KEYS = fault(hook="seal", **HEARTBEAT, action=[{"do": "keys", "side": "request"}])
RECORD = fault(hook="record", **HEARTBEAT, action=[{"do": "flip", "bit": -1}])
DERIVE = fault(hook="derive", purpose=["response handshake secret"], action=[LEFT_OUT])
SEED = fault(hook="agree", action=[{"do": "set", "field": "seed", "value": "zeros"}])


def rehearsal(spec, setting="session"):
    found = rehearse(spec, SETTINGS[setting])
    assert list(contradictions_of_sessions(found)) == []
    return found


def with_run(found, **changes):
    """The same with something else in the run with the fault."""
    run = copy(found.faulted)
    for name, value in changes.items():
        setattr(run, name, value)
    return replace(found, faulted=run)


def watched(found, place, **changes):
    """The same where something else passed a hook."""
    every = [*found.faulted.watched]
    every[place] = replace(every[place], **changes)
    return with_run(found, watched=every)


def changed_place(found):
    """Where the fault struck first, among what passed the hooks."""
    return next(n for n, one in enumerate(found.faulted.watched) if one.before != one.after)


def exchanged(found, number, **changes):
    """The same where something else crossed the wire."""
    every = [*found.faulted.exchanges]
    every[number] = replace(every[number], **changes)
    return with_run(found, exchanges=every)


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def another_seal(found):
    place = changed_place(found)
    after = found.faulted.watched[place].after
    return watched(found, place, after=msgspec.structs.replace(after, sequence=99))


def another_record(found):
    number = found.faulted.watched[changed_place(found)].exchange
    return exchanged(found, number, record=flipped(found.faulted.exchanges[number].record))


def other_bytes(found):
    journal = [
        msgspec.structs.replace(e, event=msgspec.structs.replace(e.event, after=b"other"))
        if isinstance(e.event, FaultFired)
        else e
        for e in found.faulted.journal
    ]
    return with_run(found, journal=journal)


def no_evidence(found):
    kept = [e for e in found.faulted.journal if not isinstance(e.event, FaultFired)]
    return with_run(found, journal=kept)


def another_seed(found):
    return replace(found, healthy=converse(found.setting, (), b"another seed"))


def saying(hook, **action):
    """The same conversation, where the fault says something else of itself."""
    return lambda found: replace(found, fault=fault(hook=hook, **HEARTBEAT, action=[action]))


def leaving_out_another(found):
    action = {**LEFT_OUT, "part": ["KEY_EXCHANGE"]}
    return replace(found, fault=fault(hook="derive", action=[action]))


def later_secret(found, secret):
    """What comes next is derived from another secret."""
    place = changed_place(found)
    new = recomputed.derived(found.faulted.watched[place].after)
    every = []
    for one in found.faulted.watched:
        if one.hook == "derive" and one.before.secret == new:
            other = msgspec.structs.replace(one.before, secret=secret)
            every.append(replace(one, before=other, after=other))
        else:
            every.append(one)
    return with_run(found, watched=every)


def right_secret(found):
    return later_secret(
        found, recomputed.derived(found.faulted.watched[changed_place(found)].before)
    )


def another_exchange_data(found):
    number = found.faulted.watched[changed_place(found)].exchange
    response = found.faulted.exchanges[number].response
    changed = response[:40] + flipped(response[40:104]) + response[104:]
    return exchanged(found, number, response=changed)


def another_agreed_secret(found):
    place = changed_place(found) + 1
    before = found.faulted.watched[place].before
    return watched(found, place, before=msgspec.structs.replace(before, secret=b"other"))


FALSE = {
    "a record that was sealed otherwise": (SEAL, another_seal, "not what was sealed"),
    "a record that did not come": (SEAL, another_record, "another record came"),
    "other bytes in the evidence": (SEAL, other_bytes, "the bytes are not those"),
    "a change without evidence": (SEAL, no_evidence, "0 strikes, and 1 changes"),
    "another conversation": (SEAL, another_seed, "not what the healthy run has"),
    "a number that was moved further": (
        SEAL,
        saying("seal", **{**SKIPPED, "by": 3}),
        "that is not what happened",
    ),
    "another field": (
        SEAL,
        saying("seal", do="add", field="session_id", by=2),
        "that is not what happened",
    ),
    "another bit of the plaintext": (
        fault(hook="seal", **HEARTBEAT, action=[FLIPPED]),
        saying("seal", **{**FLIPPED, "field": "plaintext.application_data_length"}),
        "that is not what happened",
    ),
    "keys of another epoch": (
        KEYS,
        saying("seal", do="keys", side="request", epoch="handshake"),
        "that is not what happened",
    ),
    "keys of the other side": (
        KEYS,
        saying("seal", do="keys", side="response"),
        "that is not what happened",
    ),
    "another bit of a record": (
        RECORD,
        saying("record", do="flip", bit=0),
        "that is not what happened",
    ),
    "a record that was sent twice": (
        RECORD,
        saying("record", do="again"),
        "that is not what happened",
    ),
    "another part of a transcript": (DERIVE, leaving_out_another, "that is not what happened"),
    "a secret that nobody uses": (DERIVE, lambda f: later_secret(f, b""), "it is not used"),
    "a right secret": (DERIVE, right_secret, "the right one is used all the same"),
    "a key that was not exchanged": (SEED, another_exchange_data, "ExchangeData is not that"),
    "a secret that was not agreed on": (SEED, another_agreed_secret, "another secret"),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_evidence(name):
    spec, change, expected = FALSE[name]
    found = list(contradictions_of_sessions(change(rehearsal(spec))))
    assert [text for text in found if expected in text], found


def test_a_change_that_makes_no_difference_is_told():
    """The byte order of sequence number 0."""
    order = {"do": "set", "field": "big_endian", "value": 1}
    spec = fault(hook="seal", message=["FINISH_RSP"], action=[order])
    found = list(contradictions_of_sessions(rehearse(spec, SETTINGS["session"])))
    assert found == ["seal: the record opens as if nothing had been changed"]


def test_both_runs_are_watched():
    found = rehearse(SEAL, SETTINGS["session"])
    assert isinstance(found, Rehearsal)
    hooks = {one.hook for one in found.healthy.watched}
    assert hooks == {"agree", "derive", "seal", "record"}
    place = changed_place(found)
    assert found.healthy.watched[:place] == found.faulted.watched[:place]
