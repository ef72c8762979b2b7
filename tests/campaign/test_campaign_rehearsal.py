"""Rehearsals: which setting, what is compared, and that both runs are as they would be alone."""

import pytest

from responder.campaign.rehearsal import (
    first_difference,
    healthy_run,
    rehearse,
    setting_named,
    settings_for,
)
from responder.campaign.run import Exchanged
from responder.campaign.settings import DEFAULT_ORDER, SOCKET_ORDER
from responder.errors import ConfigError
from responder.faults.catalogue import find

SEED = b"rehearsals"


def case(name):
    (found,) = find(name)
    return found


def test_a_fault_is_rehearsed_beside_the_healthy_run():
    found = rehearse(case("sig.bitflip:CHALLENGE_AUTH"), seed=SEED)
    assert found.setting.name == DEFAULT_ORDER[0]
    assert found.healthy is healthy_run(DEFAULT_ORDER[0], SEED)
    assert found.fired
    assert found.satisfied
    assert found.reaction == "reject"
    assert found.verdict == "refused CHALLENGE chal.signature"
    assert found.observations == []
    struck = found.faulted.exchanges[found.first_difference]
    assert struck.name == "CHALLENGE"
    assert found.faulted.struck() == [found.first_difference]


def test_settings_are_tried_until_it_strikes():
    found = rehearse(case("any.reserved-bytes-set-digests-multi-key:1.4"), seed=SEED)
    assert found.setting.name == "multi-key"
    assert list(found.tried) == list(DEFAULT_ORDER[: DEFAULT_ORDER.index("multi-key")])
    assert all(found.tried.values())


def test_a_fault_that_does_not_strike_says_what_came_nearest():
    found = rehearse(case("cert.portion-gt-request"), setting_named("attestation-1.0"), seed=SEED)
    assert found.fired
    found = rehearse(case("state.reauth-same"), setting_named("attestation"), seed=SEED)
    assert not found.fired
    assert not found.satisfied
    assert found.tried["attestation"]
    assert found.first_difference is None


def test_a_fault_of_frames_is_rehearsed_on_a_socket():
    assert [one.name for one in settings_for(case("sock.drip"))] == ["socket"]
    found = rehearse(case("sock.size-zero"), seed=SEED)
    assert found.setting.listen
    assert found.satisfied


def test_the_order_for_a_fault_that_names_no_setting():
    assert [one.name for one in settings_for(case("sig.zero:CHALLENGE_AUTH"))] == list(
        DEFAULT_ORDER
    )
    nowhere = case("sock.size-zero")
    nowhere = type(nowhere)(**{**as_dict(nowhere), "setting": ""})
    assert [one.name for one in settings_for(nowhere)] == list(SOCKET_ORDER)


def as_dict(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_an_unknown_setting_is_an_error_with_a_suggestion():
    with pytest.raises(ConfigError) as error:
        setting_named("two-conections")
    assert error.value.suggestion == "two-connections"


@pytest.mark.parametrize(
    ("faulted", "expected"),
    [("ab", None), ("ax", 1), ("xb", 0), ("a", 1), ("abc", 2), ("", 0)],
)
def test_the_first_difference(faulted, expected):
    def run(answers):
        return [Exchanged(0, b"\x12\x84\0\0", answer.encode() * 9, 0) for answer in answers]

    assert first_difference(run("ab"), run(faulted)) == expected


def test_signatures_that_no_seed_determines_are_no_difference():
    def run(signature):
        return [Exchanged(0, b"\x12\x83\0\0", b"\x12\x03\0\0" + signature * 8, 0)]

    assert first_difference(run(b"a"), run(b"b")) == 0
    assert first_difference(run(b"a"), run(b"b"), 8) is None
