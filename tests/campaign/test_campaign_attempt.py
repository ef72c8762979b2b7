"""One case: run, judged, repeated, and kept in short."""

import pytest
from msgspec.structs import replace

from responder.campaign.attempt import Health, attempt, health_of, lacking, slim
from responder.campaign.plan import case_named, full_plan
from responder.campaign.result import Exchange, Observed, Strike, Wire
from responder.campaign.targets.reference import ReferenceRunner

SEED = b"attempt"
CASE = "dig.all-wrong"


class Scripted:
    """A runner that says what it is told, one after the other."""

    def __init__(self, *observed):
        self.left = list(observed)

    def run(self, *_):
        return self.left.pop(0)

    def close(self):
        pass


def seen(*, succeeded):
    strike = Strike(exchange=0, hook="draft", detail="set", before=b"a" * 9999, after=b"b" * 9999)
    exchanges = (
        Exchange(connection=1, request=b"\x10\x84\0\0", response=b"\x10\x04\0\0\0\1\0\x12"),
        Exchange(connection=1, request=b"\x12\x81\0\0", response=b"\x12\x01" * 90, struck=True),
    )
    wire = Wire(exchanges=exchanges, count=2, strikes=(strike,) * 9, reaction=("close",))
    return Observed(succeeded=succeeded, wire=wire)


def test_the_reference_passes_and_without_its_check_it_accepts():
    case = case_named(CASE)
    assert attempt(ReferenceRunner(), case, SEED).verdict == "pass"
    mutant = ReferenceRunner(without=frozenset({"cert.digest"}))
    found = attempt(mutant, case, SEED)
    assert found.verdict == "accepted"
    assert (found.group, found.setting, found.duty) == ("H", case.setting.name, "reject")


def test_a_failure_that_is_not_repeated_is_flaky_and_tells_both():
    found = attempt(
        Scripted(seen(succeeded=True), seen(succeeded=False)), case_named(CASE), SEED, repeat=1
    )
    assert found.verdict == "flaky"
    assert "first accepted" in found.text
    assert found.attempts == 2


def test_a_failure_that_is_repeated_is_one_and_a_pass_is_not_run_again():
    twice = Scripted(seen(succeeded=True), seen(succeeded=True))
    assert attempt(twice, case_named(CASE), SEED, repeat=1).verdict == "accepted"
    once = Scripted(seen(succeeded=False))
    assert attempt(once, case_named(CASE), SEED, repeat=1).attempts == 1


def test_of_what_passed_only_what_was_struck_or_negotiated_keeps_its_bytes():
    kept = slim(seen(succeeded=False)).wire
    assert len(kept.exchanges[0].response) == 8
    assert len(kept.exchanges[1].response) == 180
    assert len(kept.strikes) == 3
    assert len(kept.strikes[0].before) == 512


def test_of_what_was_neither_it_is_known_what_it_was():
    message = Exchange(connection=1, request=b"\x12\x83" + bytes(34), response=b"\x12\x03" * 99)
    kept = slim(Observed(wire=Wire(exchanges=(message,), count=1))).wire.exchanges[0]
    assert (kept.request, kept.response) == (b"\x12\x83", b"\x12\x03")


class TestLacking:
    def health(self, **values):
        names = frozenset({"GET_DIGESTS", "DIGESTS"})
        return Health(**{"passed": True, "messages": names, **values})

    def test_nothing_lacks_where_the_message_is(self):
        assert lacking(case_named(CASE), self.health()) == ""

    def test_a_message_that_our_requester_has_there_is_missed(self):
        why = lacking(case_named(CASE), self.health(messages=frozenset({"GET_VERSION"})))
        assert "DIGESTS" in why

    def test_a_message_that_nobody_sees_there_is_not(self):
        case = case_named("chk.get-inner-corrupt:DIGESTS")
        assert lacking(case, self.health()) == ""

    def test_a_fault_of_another_version_cannot_be_met(self):
        case = next(one for one in full_plan() if one.fault.version == ["1.4"])
        health = health_of(ReferenceRunner().run(case.setting, (), SEED))
        assert health.version == "1.4"
        assert lacking(case, health) == ""
        assert "SPDM 1.2" in lacking(case, replace(health, version="1.2"))

    def test_get_version_is_of_every_version(self):
        case = case_named("any.param1-reserved-set:VERSION:param1")
        assert "1.4" not in case.fault.version
        health = self.health(version="1.4", messages=frozenset({"GET_VERSION", "VERSION"}))
        assert lacking(case, health) == ""

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"passed": False, "text": "no such option"}, "fails without any fault: no such"),
            ({"passed": False, "unimplemented": True, "text": "cannot"}, "cannot"),
        ],
    )
    def test_a_conversation_that_fails_without_a_fault_tests_nothing(self, values, words):
        assert words in lacking(case_named(CASE), self.health(**values))


def test_health_is_what_a_healthy_run_says():
    health = health_of(ReferenceRunner().run(case_named(CASE).setting, (), SEED))
    assert health.passed
    assert {"GET_DIGESTS", "CHALLENGE_AUTH"} <= health.messages
