"""No value that a side wrote down may be another one."""

from dataclasses import replace

import pytest
from replay.runs import replay, run_of, with_secret_changed

RUNS = (
    "v11-mctp-p384-mut-encrypted-handshake",
    "v12-mctp-p384-dhe-maconly",
    "v13-mctp-p256-psk",
    "v13-mctp-p384-keyupd-rsp",
)
NOT_WORKED_OUT = {"event", "session_ctx", "key_pair_id"}
"""Names, and what only those who wrote them down know."""


@pytest.mark.slow
@pytest.mark.parametrize("side", ["responder", "requester"])
@pytest.mark.parametrize("name", RUNS)
def test_a_value_that_differs_is_noticed(name, side):
    run = run_of(name)
    for index, event in enumerate(run.secrets[side]):
        for key in event.keys() - NOT_WORKED_OUT:
            changed = with_secret_changed(run, side, index, key)
            assert replay(changed).problems, (index, event["event"], key)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["responder", "requester"])
@pytest.mark.parametrize("name", RUNS)
def test_an_event_too_many_or_too_few_is_noticed(name, side):
    run = run_of(name)
    events = run.secrets[side]
    for index in range(len(events)):
        for others in (events[:index] + events[index + 1 :], [*events, events[index]]):
            only = {"responder": [], "requester": [], side: others}
            if side == "requester":  # the responder's signatures are its own
                only["responder"] = [
                    e for e in run.secrets["responder"] if e["event"].endswith("sign")
                ]
            changed = replace(run, secrets=only)
            assert replay(changed).problems, (index, events[index]["event"])


def test_what_only_one_side_wrote_down_is_enough():
    run = run_of("v12-mctp-p384-dhe-nomut")
    tally = replay(replace(run, secrets={"responder": run.secrets["responder"], "requester": []}))
    assert not tally.problems
    assert tally.counts == replay(run).counts


def test_without_secrets_a_session_cannot_be_replayed():
    run = replace(run_of("v12-mctp-p384-dhe-nomut"), secrets={})
    assert any("nobody wrote the shared secret down" in text for text in replay(run).problems)


def test_a_plaintext_that_differs_is_noticed():
    run = run_of("v13-mctp-p256-psk")
    for place, data in run.plain.items():
        plain = {**run.plain, place: data + b"\0"}
        assert any("a plaintext" in text for text in replay(replace(run, plain=plain)).problems)


def test_what_is_not_hexadecimal_is_a_problem():
    run = run_of("v12-mctp-p384-dhe-maconly")
    for name in ("message", "shared_secret"):
        events = [
            {**event, name: "zz"} if name in event else event for event in run.secrets["responder"]
        ]
        tally = replay(replace(run, secrets={"responder": events, "requester": []}))
        assert any(f"{name} is not hexadecimal" in text for text in tally.problems)
