"""What somebody means who names faults; the rows are those of the catalogue."""

import pytest

from responder.errors import ConfigError
from responder.faults.catalogue import find
from responder.faults.choice import chosen


def ids(*names):
    return [case.id for case in chosen(names)]


def test_a_case_and_a_fault_without_cases():
    assert ids("any.empty:DIGESTS", "chal.slot-wrong") == ["any.empty:DIGESTS", "chal.slot-wrong"]
    assert ids() == []


def test_a_fault_whose_cases_strike_different_messages_is_all_of_them():
    assert ids("any.empty") == [case.id for case in find("any.empty")]
    assert len(ids("any.empty")) > 1


def test_of_cases_that_exclude_each_other_one_has_to_be_named():
    with pytest.raises(ConfigError) as caught:
        chosen(["err.sweep"])
    count = len(find("err.sweep"))
    first = find("err.sweep")[0].id
    assert f"'err.sweep' has {count} cases that exclude each other" in caught.value.reason
    assert first in caught.value.reason
    assert "err.sweep:*" in caught.value.reason
    assert ids(first) == [first]
    assert len(ids("err.sweep:*")) == count


def test_a_pattern_is_all_that_it_fits():
    found = ids("chal.opaque-*")
    assert found
    assert all(name.startswith("chal.opaque-") for name in found)
    assert ids("any.empty:D*") == ["any.empty:DIGESTS"]
    assert set(ids("any.hdr-trunc-?:DIGESTS")) == {f"any.hdr-trunc-{n}:DIGESTS" for n in (1, 2, 3)}


def test_each_is_there_once():
    assert ids("any.empty:DIGESTS", "any.empty:D*", "any.empty:DIGESTS") == ["any.empty:DIGESTS"]


@pytest.mark.parametrize(
    ("name", "reason", "meant"),
    [
        ("chal.slot-wronk", "there is no fault 'chal.slot-wronk'", "chal.slot-wrong"),
        ("any.empty:DIGEST", "any.empty has no case 'any.empty:DIGEST'", "any.empty:DIGESTS"),
        ("nothing.*", "there is no fault 'nothing.*'", ""),
    ],
)
def test_what_nobody_knows(name, reason, meant):
    with pytest.raises(ConfigError) as caught:
        chosen([name])
    assert caught.value.reason == reason
    assert caught.value.suggestion == meant
