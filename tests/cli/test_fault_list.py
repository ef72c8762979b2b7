import pytest

from responder.cli.fault_list import listed, print_list
from responder.errors import ConfigError
from responder.faults.cases import cases
from responder.faults.catalogue import all_cases, groups, tables


def test_every_fault_is_there_once_in_the_order_of_groups():
    rows = listed()
    assert sorted(row.id for row in rows) == sorted(tables())
    letters = [row.group for row in rows]
    assert letters == sorted(letters)


def test_cases_are_counted_and_listed():
    rows = listed()
    assert sum(row.cases for row in rows) == sum(1 for _ in all_cases())
    alone = listed(["U"], cases=True)
    assert [row.id for row in alone] == [
        case.id for group in groups() if group.letter == "U" for t in group.faults.values()
        for case in cases(t)
    ]  # fmt: skip


def test_groups_and_duties_narrow_it():
    assert {row.group for row in listed(["k", "U"])} == {"K", "U"}
    assert {row.fault.duty for row in listed(duties=["retry"])} == {"retry"}
    assert listed(["K"], ["end"]) == []


def test_a_group_that_does_not_exist():
    with pytest.raises(ConfigError, match="there is no group 'XX'; groups are A"):
        listed(["XX"])


def test_an_object_has_what_scripts_need():
    (row,) = [row for row in listed(["K"]) if row.id == "chal.slot-wrong"]
    assert row.document() == {
        "id": "chal.slot-wrong",
        "group": "K",
        "description": "SlotID is that of another slot.",
        "duty": "reject",
        "allows": [],
        "basis": "reference",
        "source": "libspdm test_spdm_requester challenge 14",
        "importance": 1,
        "cases": 1,
    }


def test_people_get_headings(capsys):
    print_list(listed(["K", "U"]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "K  CHALLENGE_AUTH"
    assert lines[1].split()[:2] == ["chal.slot-wrong", "reject"]
    assert lines[lines.index("") + 1].startswith("U  ")
