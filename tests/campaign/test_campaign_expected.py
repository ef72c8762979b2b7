"""The table of what our requester does in each case; the catalogue's tests say that it is right."""

from types import SimpleNamespace

import pytest
from campaign.runs import report, run_of

from responder.campaign import expected
from responder.campaign.expected import (
    Expected,
    expected_of,
    load_expected,
    named,
    text_of,
    write,
)
from responder.campaign.rehearsal import rehearse
from responder.campaign.settings import SETTINGS
from responder.faults import catalogue
from responder.requester.check_table import CHECKS
from responder.requester.report import OBSERVATIONS, Passed

USUAL = Expected("attestation", ("any.version",), ())
OTHER = Expected("session", ("enc.size", "err.refused"), ("encapsulated.declined",))


def read_back(monkeypatch, tmp_path, text):
    (tmp_path / expected.NAME).write_text(text)
    monkeypatch.setattr(expected.resources, "files", lambda _package: tmp_path)
    return load_expected()


def test_the_table_knows_all_cases_and_none_that_is_gone():
    table = load_expected()
    every = {case.id for case in catalogue.all_cases()}
    assert [case for case in every if case not in table] == []
    assert set(table) <= every | set(catalogue.tables())


def test_the_table_names_settings_checks_and_observations_that_exist():
    for row in load_expected().values():
        assert row.setting in SETTINGS
        assert all(check in CHECKS or check.startswith("transport.") for check in row.checks)
        assert set(row.observations) <= set(OBSERVATIONS)


def test_cases_share_the_line_of_their_fault(monkeypatch, tmp_path):
    rows = {"a.fault:1": USUAL, "a.fault:2": OTHER, "a.fault:3": USUAL, "b.fault": OTHER}
    table = read_back(monkeypatch, tmp_path, text_of(rows))
    assert list(table) == ["a.fault", "a.fault:2", "b.fault"]
    assert {case: table[case] for case in rows} == rows
    assert "c.fault:1" not in table
    with pytest.raises(KeyError):
        table["c.fault:1"]


def test_what_is_refused_and_what_is_declined_is_named_once_and_in_order():
    first, second = report(), report("refused", "any.version")
    first.declined = [Passed("GET_DIGESTS", "enc.size", "declined")] * 2
    assert named(run_of([], first, second, second)) == ("enc.size", "any.version")


def test_a_race_may_end_with_any_of_its_checks():
    (name, racing), *_ = expected.RACES.items()
    for check in (*racing, "any.header"):
        rehearsal = SimpleNamespace(
            fault=SimpleNamespace(id=name),
            setting=SimpleNamespace(name="socket"),
            faulted=run_of([], report("refused", check)),
            observations=[],
        )
        assert expected_of(rehearsal).checks == (racing if check in racing else (check,))


def test_a_part_of_the_table_can_be_made_again(monkeypatch, tmp_path):
    case = catalogue.find("enc.version-other:10")[0]
    old = load_expected()
    whole = text_of({one.id: old[one.id] for one in catalogue.all_cases()})
    wrong = whole.replace("\nenc.version-other\tmutual-session\t", "\nenc.version-other\tsession\t")
    assert read_back(monkeypatch, tmp_path, wrong)[case.id].setting == "session"
    write(tmp_path / "new.tsv", [case.family], processes=1)
    assert (tmp_path / "new.tsv").read_text() == whole
    assert expected_of(rehearse(case)) == old[case.id]
