"""A sitting of the fuzzer, from a conversation without faults to what is said at the end."""

import pytest
from fuzzed import SEED, healthy, seen
from msgspec.structs import replace

from responder.campaign.fuzz.drive import Terms, alone
from responder.campaign.fuzz.findings import Findings
from responder.campaign.fuzz.folder import STATE
from responder.campaign.fuzz.session import Bounds, Session, prepare
from responder.campaign.target import read_target
from responder.errors import UnavailableError
from responder.profiles.load import load_profile


class Fragile:
    """A requester that breaks down on anything in CERTIFICATE, or only once; counts its runs."""

    def __init__(self, *, fails=False, once=False, how="crash"):
        self.runs, self.crashes = 0, 0
        self._fails, self._once, self._how = fails, once, how

    def run(self, setting, faults, seed, case=""):
        del setting, seed, case
        if not faults:
            return replace(healthy(), succeeded=not self._fails, text="as always")
        self.runs += 1
        names = {rule.message[0] for rule in faults[0].rules}
        if "CERTIFICATE" in names and not (self._once and self.crashes):
            self.crashes += 1
            return seen(**{self._how: "it was ended by SIGSEGV"})
        return seen(" ".join(sorted(names)))

    def close(self):
        pass


@pytest.fixture
def terms(tmp_path):
    return Terms(read_target("our-requester"), "attestation", SEED, str(tmp_path))


def sitting(runner, terms, tmp_path, bounds, *, clock=lambda: 0.0, corpus=None):
    """Hold a session; the session, and what was told."""
    told = []
    search, folder = prepare(runner, terms, (), corpus)
    findings = Findings(tmp_path / "found", terms.target, terms.setting, terms.seed)
    observe = alone(runner, terms)
    session = Session(search, folder, findings, observe, clock, told.append)
    session.run(observe, bounds)
    return session, told


def test_a_requester_that_fails_anyway_is_not_fuzzed(terms):
    with pytest.raises(UnavailableError, match="attestation fails without any fault: as always"):
        prepare(Fragile(fails=True), terms, (), None)


def test_it_ends_after_so_many_runs(terms, tmp_path):
    runner = Fragile()
    session, told = sitting(runner, terms, tmp_path, Bounds(runs=50))
    assert runner.runs == len(told) == 50
    assert session.summary[0].startswith("50 inputs in 0.0 s")


def test_it_ends_when_the_time_is_over(terms, tmp_path):
    time = iter(range(10_000))
    runner = Fragile()
    sitting(runner, terms, tmp_path, Bounds(seconds=100.0), clock=lambda: float(next(time)))
    assert 10 < runner.runs < 100


def test_a_crash_is_told_and_saved_at_once_and_made_smaller_later(terms, tmp_path):
    runner = Fragile()
    session, told = sitting(runner, terms, tmp_path, Bounds(runs=200))
    assert [one.new for one in told if one.new] == [
        "crash: it was ended by SIGSEGV after GET_CAPABILITIES"
    ]
    (path,) = (tmp_path / "found").glob("crash-*.toml")
    assert "Not made smaller." in path.read_text("utf-8")
    session.shrink()
    assert "It came again" in path.read_text("utf-8")
    (fault,) = load_profile(str(path)).faults
    assert [rule.message for rule in fault.rules] == [["CERTIFICATE"]]
    assert session.summary[-2].endswith(f": {path}")
    assert session.summary[-1] == "crashes: 1, hangs: 0"


def test_a_crash_that_does_not_come_again_is_kept_and_said_to_be_so(terms, tmp_path):
    runner = Fragile(once=True)
    session, _ = sitting(runner, terms, tmp_path, Bounds(runs=200))
    session.shrink()
    (path,) = (tmp_path / "found").glob("crash-*.toml")
    assert "It did not come again" in path.read_text("utf-8")


def test_a_hang_that_does_not_come_again_was_none(terms, tmp_path):
    runner = Fragile(once=True, how="hang")
    session, told = sitting(runner, terms, tmp_path, Bounds(runs=200))
    said = [one.new for one in told if one.new]
    assert said == ["hang: it asks no more after GET_CAPABILITIES, once and not again"]
    assert session.summary[-1] == "crashes: 0, hangs: 0"
    assert not (tmp_path / "found").exists()


def test_a_hang_that_comes_again_is_saved(terms, tmp_path):
    session, _ = sitting(Fragile(how="hang"), terms, tmp_path, Bounds(runs=200))
    assert session.summary[-1] == "crashes: 0, hangs: 1"
    assert list((tmp_path / "found").glob("hang-*.toml"))


def test_a_corpus_outlasts_the_session(terms, tmp_path):
    corpus = tmp_path / "corpus"
    first, _ = sitting(Fragile(), terms, tmp_path, Bounds(runs=64), corpus=corpus)
    first.save()
    assert (corpus / STATE).exists()
    assert len(list(corpus.glob("*.json"))) > 1
    second, told = sitting(Fragile(), terms, tmp_path, Bounds(runs=64), corpus=corpus)
    assert len(told) == 64
    assert "128 in all" in second.summary[0]
    assert not [one.new for one in told if one.new], "the crash is known"


def test_the_state_is_saved_now_and_then(terms, tmp_path):
    time = iter(range(10_000))
    corpus = tmp_path / "corpus"
    sitting(Fragile(), terms, tmp_path, Bounds(runs=40), clock=lambda: next(time), corpus=corpus)
    assert (corpus / STATE).exists()
