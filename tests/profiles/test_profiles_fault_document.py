"""The JSON Schema of faults, and the tables of docs/faults.md."""

import pytest

from responder.faults.domains import DOMAINS
from responder.faults.edits import Edit
from responder.faults.rule import ACTIONS
from responder.profiles.fault_document import (
    action_name,
    common_rows,
    condition_rows,
    domain_rows,
    edit_rows,
    fault_definitions,
    other_rows,
)

PLACEHOLDER = {"$ref": "#/$defs/Placeholder"}


@pytest.fixture(scope="module")
def definitions():
    return fault_definitions()


def choices(prop):
    return prop.get("anyOf", [prop])


def test_a_variable_may_stand_for_a_number_a_word_or_a_flag(definitions):
    flip, fault = definitions["Flip"]["properties"], definitions["FaultSpec"]["properties"]
    assert PLACEHOLDER in choices(flip["bit"])
    assert PLACEHOLDER in choices(fault["duty"])
    assert PLACEHOLDER in choices(fault["session"])
    assert PLACEHOLDER in choices(fault["connection"]["items"])
    assert PLACEHOLDER in choices(definitions["Rule"]["properties"]["nth"]["items"])


def test_where_text_may_stand_a_variable_may_anyway(definitions):
    assert PLACEHOLDER not in choices(definitions["Set"]["properties"]["value"])
    assert definitions["FaultSpec"]["properties"]["message"]["items"] == {"type": "string"}


def test_an_action_is_chosen_by_its_name_alone(definitions):
    for cls in ACTIONS:
        assert definitions[cls.__name__]["properties"]["do"] == {"enum": [action_name(cls)]}


def test_only_a_fault_that_extends_none_has_to_say_everything(definitions):
    fault = definitions["FaultSpec"]
    assert "required" not in fault
    assert fault["if"] == {"not": {"required": ["extends"]}}
    assert set(fault["then"]["required"]) == {"id", "description", "duty", "basis", "source"}
    assert fault["then"]["anyOf"] == [{"required": ["hook", "action"]}, {"required": ["step"]}]


def test_every_action_is_in_one_table_with_all_its_keys():
    rows = [*edit_rows(), *other_rows()]
    assert sorted(row[0] for row in rows) == sorted(f"`{action_name(cls)}`" for cls in ACTIONS)
    shared = {"field", "part", "lengths"}
    for cls in ACTIONS:
        (row,) = (row for row in rows if row[0] == f"`{action_name(cls)}`")
        own = set(cls.__struct_fields__) - (shared if issubclass(cls, Edit) else set())
        assert [name for name in own if f"`{name}`" not in row[-1]] == []


def test_actions_that_are_no_edits_say_where_they_work():
    assert [row[0] for row in other_rows() if not row[1].startswith("`")] == []


def test_the_other_tables():
    assert {row[0] for row in common_rows()} == {"`field`", "`part`", "`lengths`"}
    assert {row[0] for row in domain_rows()} == {f"`{name}`" for name in DOMAINS}
    assert "`probability`" in {row[0] for row in condition_rows()}
