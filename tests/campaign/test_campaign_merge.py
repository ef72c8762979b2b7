"""Shards become one store, whose results are those of a campaign that was not divided."""

import pytest
from stores import CASES, begin, passed, whole, write

from responder.campaign.expectations import Expectation, Expectations
from responder.campaign.merge import merge
from responder.campaign.result import Control, End
from responder.campaign.store import part_of, read_store
from responder.errors import ConfigError


def shard(path, name, *, without=(), end=None, **changes):
    first = begin(shard=name, **changes)
    results = [passed(case) for case in part_of(first) if case not in without]
    lines = [first, Control(setting=name, when="before", passed=True), *results]
    return write(path / f"{name.replace('/', '-')}.jsonl", *lines, *([end] if end else []))


def test_merged_shards_are_the_undivided_campaign(tmp_path):
    paths = [
        shard(tmp_path, "2/3", end=End(seconds=1.0, requester_share=0.5, stale=("a", "c"))),
        shard(tmp_path, "3/3", end=End(seconds=2.0, requester_share=0.5, stale=("b", "c"))),
        shard(tmp_path, "1/3", end=End(seconds=1.0, requester_share=1.0, stale=("c",))),
    ]
    out = tmp_path / "all.jsonl"
    assert merge(paths, out) == []
    merged, undivided = read_store(out), read_store(whole(tmp_path / "undivided.jsonl"))
    assert merged.begin == undivided.begin
    assert merged.results == undivided.results
    assert [control.setting for control in merged.controls] == ["1/3", "2/3", "3/3"]
    assert merged.end == End(seconds=4.0, requester_share=0.625, stale=("c",))


def test_a_shard_that_went_on_after_it_was_killed_merges_like_any_other(tmp_path):
    torn = shard(tmp_path, "1/2", without=CASES[4:])
    with torn.open("ab") as file:
        file.write(b'{"type":"result","case":"cas')
    rest = [passed(case) for case in part_of(begin(shard="1/2")) if case in CASES[4:]]
    write(torn, *rest, End(seconds=1.0))
    out = tmp_path / "all.jsonl"
    assert merge([torn, shard(tmp_path, "2/2", end=End())], out) == []
    assert read_store(out).results == [passed(case) for case in CASES]


def test_what_is_stale_is_judged_by_the_results_of_all_shards(tmp_path):
    reasons = [("case.0", "case.1"), ("case.2",), ("case.3", "no.such.fault")]
    entries = [Expectation(case=list(cases), verdict="crash", reason="r") for cases in reasons]
    first, second = (begin(shard=f"{number}/2") for number in (1, 2))
    crashed = passed("case.0", verdict="crash")
    one = write(tmp_path / "1", first, crashed, *map(passed, part_of(first)[1:]), End())
    two = write(tmp_path / "2", second, *map(passed, part_of(second)), End())
    out = tmp_path / "all.jsonl"
    assert merge([one, two], out, Expectations(entries)) == []
    assert read_store(out).end.stale == (
        "case.2: expected crash, seen pass (r)",
        "case.3, no.such.fault: expected crash, seen pass (r)",
    )


def test_a_shard_whose_budget_was_used_up_lacks_nothing(tmp_path):
    late = shard(tmp_path, "1/2", without={"case.6"}, end=End(late=True))
    out = tmp_path / "all.jsonl"
    assert merge([late, shard(tmp_path, "2/2", end=End())], out) == []
    merged = read_store(out)
    assert merged.end == End(late=True)
    assert merged.missing == ["case.6"]


def test_what_is_missing_is_said_and_the_merged_campaign_has_not_ended_well(tmp_path):
    paths = [
        shard(tmp_path, "1/4", without={"case.4"}),
        shard(tmp_path, "2/4", end=End(stopped="a control failed"), without=CASES),
    ]
    out = tmp_path / "all.jsonl"
    lacking = merge(paths, out)
    assert lacking == [
        "shard 1/4 lacks the case case.4",
        "shard 2/4 lacks 2 cases, the first is case.1",
        "shard 2/4 stopped: a control failed",
        "shard 3/4 is missing",
        "shard 4/4 is missing",
    ]
    merged = read_store(out)
    assert merged.end == End(stopped="; ".join(lacking))
    assert [result.case for result in merged.results] == ["case.0"]
    assert merged.missing == list(CASES[1:])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target_digest": "decaf"}, "target digest 'decaf', and not 'c0ffee'"),
        ({"target": "another"}, "target 'another', and not 'a-target'"),
        ({"seed": "other"}, "seed 'other', and not 'seed'"),
        ({"program": "9.9"}, "program '9.9', and not '0.1.0'"),
        ({"plan": (*CASES, "case.new")}, "the plans differ: case.new"),
        ({"plan": CASES[::-1]}, "the plans differ in their order"),
    ],
)
def test_stores_of_other_campaigns_are_refused(tmp_path, changes, said):
    out = tmp_path / "all.jsonl"
    paths = [shard(tmp_path, "1/2"), shard(tmp_path, "2/2", **changes)]
    with pytest.raises(ConfigError, match=said) as caught:
        merge(paths, out)
    assert caught.value.where == str(paths[1])
    assert not out.exists()


def test_shards_of_another_division_and_shards_given_twice_are_refused(tmp_path):
    one, two = shard(tmp_path, "1/2"), shard(tmp_path, "2/3")
    with pytest.raises(ConfigError, match="one of 3 shards"):
        merge([one, two], tmp_path / "out")
    copy = tmp_path / "copy"
    copy.write_bytes(one.read_bytes())
    with pytest.raises(ConfigError, match=r"shard 1/2 once more: it is in .*1-2\.jsonl"):
        merge([one, copy], tmp_path / "out")


def test_the_result_may_replace_one_of_the_shards(tmp_path):
    one, two = shard(tmp_path, "1/2"), shard(tmp_path, "2/2")
    assert merge([one, two], one) == []
    assert read_store(one).results == [passed(case) for case in CASES]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-2.jsonl", "2-2.jsonl"]
