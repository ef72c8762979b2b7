"""Loops become cases with stable ids."""

import pytest
from faults.engines import ABOUT

from responder.errors import ConfigError
from responder.faults.cases import cases
from responder.faults.domains import DOMAINS, describe_domain


def ids(**keys):
    written = ABOUT | {"hook": "message", "action": [{"do": "silence"}]} | keys
    return [case.id for case in cases(written)]


def test_without_variables_there_is_one_case():
    assert ids() == ["x.test"]


def test_each_combination_is_a_case():
    each = {"message": ["DIGESTS", "VERSION"], "bit": {"first": 0, "last": 4, "step": 2}}
    assert ids(each=each) == [
        f"x.test:{message}:{bit}" for message in ("DIGESTS", "VERSION") for bit in (0, 2, 4)
    ]


def test_cases_may_be_left_out():
    assert ids(each={"n": [1, 2, 3]}, without=["2"]) == ["x.test:1", "x.test:3"]


def test_a_variable_stands_for_its_value_wherever_it_is_named():
    written = ABOUT | {
        "description": "Number {n} of {message}.",
        "each": {"message": ["DIGESTS"], "n": [7]},
        "hook": "draft",
        "message": ["{message}"],
        "action": [{"do": "set", "field": "param{n}", "value": "{n}"}],
    }
    (case,) = cases(written)
    assert case.description == "Number 7 of DIGESTS."
    assert case.message == ["DIGESTS"]
    assert (case.action[0].field, case.action[0].value) == ("param7", 7)


def test_fields_are_those_of_the_message_before():
    found = ids(each={"message": ["VERSION", "DIGESTS"], "field": "fields"})
    assert "x.test:VERSION:version_number_entry" in found
    assert "x.test:DIGESTS:digest" in found
    assert "x.test:VERSION:digest" not in found


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_has_values_and_a_description(name):
    values = DOMAINS[name]({"message": "CHALLENGE_AUTH"})
    assert len(values) == len(set(values)) > 1
    assert describe_domain(name)


def test_signed_responses_are_those_with_a_signature():
    later = ["ENDPOINT_INFO", "KEY_EXCHANGE_RSP"]
    assert DOMAINS["signed"]({}) == ["CHALLENGE_AUTH", "MEASUREMENTS", *later]


def test_an_unknown_domain_is_told_with_what_was_meant():
    with pytest.raises(ConfigError) as caught:
        ids(each={"message": "response"})
    assert caught.value.suggestion == "responses"
