"""The report, and that everything legal but odd is told in some test."""

from pathlib import Path

import pytest

from responder.requester.report import OBSERVATIONS, Report


def test_an_observation_is_told_once():
    report = Report()
    report.observe("nonce.zero", "CHALLENGE_AUTH")
    report.observe("nonce.zero", "CHALLENGE_AUTH")
    report.observe("nonce.zero", "MEASUREMENTS")
    report.observe("nonce.echo")
    assert [(o.id, o.detail) for o in report.observations] == [
        ("nonce.zero", "CHALLENGE_AUTH"),
        ("nonce.zero", "MEASUREMENTS"),
        ("nonce.echo", OBSERVATIONS["nonce.echo"]),
    ]


def test_an_unknown_observation_is_a_defect():
    with pytest.raises(KeyError):
        Report().observe("nonce.nonsense")


def test_only_attested_is_attested():
    assert not Report().attested
    assert not Report("refused").attested
    assert Report("attested").attested


def test_every_observation_is_expected_by_some_test():
    here = Path(__file__)
    others = (path for path in here.parent.glob("test_*.py") if path != here)
    text = "".join(path.read_text() for path in others)
    of_scripts = {"state.not-cleared"}  # expected by the case of the catalogue that shows it
    missing = [name for name in OBSERVATIONS if f'"{name}"' not in text]
    assert set(missing) == of_scripts
