"""Every case of the catalogue can be written as a table of a profile, and read again from it."""

import tomllib

from responder.faults.cases import cases
from responder.faults.catalogue import all_cases, find
from responder.faults.written import written
from responder.profiles.toml_text import fault_lines


def test_every_case_is_read_again_as_it_was():
    for case in all_cases():
        (table,) = tomllib.loads("\n".join(fault_lines(written(case))))["fault"]
        assert cases(table) == [case], case.id


def test_nothing_is_written_that_goes_without_saying():
    (case,) = find("sig.bitflip")[:1]
    table = written(case)
    assert {"id", "description", "duty", "basis", "source", "hook", "action"} <= set(table)
    assert not {"each", "extends", "step", "probability", "scope"} & set(table)
    assert all(None not in action.values() for action in table["action"])
