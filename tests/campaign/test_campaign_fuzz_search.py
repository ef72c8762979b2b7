"""The search finds what lies behind several steps, if each step can be seen from outside."""

import pytest
from fuzzed import SEED, search_of, searched, seen
from msgspec.structs import replace

from responder.campaign.fuzz.search import ROUND
from responder.campaign.settings import SETTINGS
from responder.campaign.targets.reference import ReferenceRunner
from responder.errors import ConfigError

LOCKS = ("DIGESTS", "CERTIFICATE", "CHALLENGE_AUTH", "MEASUREMENTS")


def opened(rules):
    """How many locks an input opens: one is opened by a `set` in its message, if all before are."""
    struck = {rule.message[0] for rule in rules if rule.action[0].__struct_config__.tag == "set"}
    return next((number for number, name in enumerate(LOCKS) if name not in struck), len(LOCKS))


def telling(rules):
    """A requester that tells how far it came, and crashes behind the last lock."""
    if opened(rules) == len(LOCKS):
        return seen(crash="it was ended by SIGSEGV")
    return seen(f"came to {LOCKS[opened(rules)]}")


def silent(rules):
    """The same requester, but it tells nothing."""
    return seen("something is wrong", crash=telling(rules).crash)


@pytest.mark.parametrize("seed", [b"one", b"two", b"three"])
def test_a_bug_behind_several_locks_is_found_by_what_can_be_seen(seed):
    guided, blind = search_of(seed), search_of(seed)
    searched(guided, telling, 6_000)
    searched(blind, silent, 6_000)
    assert [one.signature.kind for one in guided.state.breakdowns] == ["crash"]
    assert guided.state.breakdowns[0].count > sum(one.count for one in blind.state.breakdowns)


def test_what_changes_nothing_is_counted_and_not_kept():
    search = search_of()
    searched(search, lambda _: seen("well", struck=False), ROUND)
    assert (search.state.unstruck, search.state.corpus.kept) == (ROUND, {})


def test_one_breakdown_is_told_once_and_counted():
    search = search_of()
    told = [search.take(trial, seen(crash="SIGSEGV"))[1] for trial in search.round()]
    assert [one is not None for one in told] == [True] + [False] * (ROUND - 1)
    assert [(one.run, one.count) for one in search.state.breakdowns] == [(1, ROUND)]


def test_what_breaks_the_requester_is_not_gone_on_with():
    search = search_of()
    searched(search, lambda _: seen(crash="SIGSEGV"), ROUND)
    assert search.state.corpus.kept == {}


def test_inputs_of_others_come_first():
    others = [trial.rules for trial in search_of(b"other").round()]
    search = search_of()
    search.state.next.extend(others[:3])
    assert [trial.rules for trial in search.round()][:3] == others[:3]


def test_a_response_that_never_comes_cannot_be_mutated():
    with pytest.raises(ConfigError, match="no KEY_EXCHANGE_RSP to mutate"):
        search_of(messages=["KEY_EXCHANGE_RSP"])


def test_only_named_responses_are_mutated():
    inputs = searched(search_of(messages=["DIGESTS"]), telling, 200)
    assert {name for rules in inputs for rule in rules for name in rule.message} == {"DIGESTS"}


def test_a_conversation_that_went_further_has_new_places():
    search = search_of()
    trial, *_ = search.round()
    longer = ReferenceRunner().run(SETTINGS["session"], (), SEED)
    struck = replace(longer.wire, strikes=seen().wire.strikes)
    search.take(trial, replace(longer, wire=struck))
    assert "KEY_EXCHANGE_RSP" in search.state.ground.sites.by_message
