"""Every check of the table: a lie that it refuses, and that gets further without it."""

from collections import Counter

import pytest
from requester.cases_banks import BANKS
from requester.cases_certificates import CHAIN, DIGEST, TRANSFER
from requester.cases_chunks import CHUNKS
from requester.cases_cxl import CXL, TSP
from requester.cases_device import DEVICE
from requester.cases_proof import CHALLENGE, MEASUREMENT, REST
from requester.cases_sessions import DECLINED, ENCAPSULATED, RECORD, SESSION
from requester.cases_tdi import IDE, TDI
from requester.cases_vca import ALGORITHM, ANY, CAPABILITY, ERROR, VERSIONS
from requester.peer import Peer, converse

from responder.errors import ConfigError
from responder.requester.check_table import CHECKS
from responder.requester.checks import Checks, Refused, UnknownCheckError
from responder.spec.codes import ResponseCode

CASES = [
    *ANY, *ERROR, *VERSIONS, *CAPABILITY, *ALGORITHM,
    *DIGEST, *TRANSFER, *CHAIN, *CHALLENGE, *MEASUREMENT, *REST,
    *RECORD, *SESSION, *ENCAPSULATED, *CHUNKS, *DEVICE, *BANKS,
    *IDE, *TDI, *CXL, *TSP,
]  # fmt: skip


def test_every_check_has_exactly_one_case():
    assert Counter(case.check for case in [*CASES, *DECLINED]) == Counter(list(CHECKS))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_the_check_refuses(case):
    outcome, _ = case.run()
    assert (outcome.report.verdict, outcome.check) == ("refused", case.check), (
        outcome.report.refusal
    )
    assert outcome.report.refusal.step == case.step
    assert outcome.report.refusal.source == CHECKS[case.check].source
    assert not outcome.report.passed_over


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_without_the_check_the_requester_gets_further(case):
    refused, asked_before = case.run()
    outcome, asked = case.run(case.check)
    assert outcome.check != case.check
    assert case.check in [passed.check for passed in outcome.report.passed_over]
    assert len(asked.requests) >= len(asked_before.requests)
    if outcome.report.verdict == "refused":
        assert len(outcome.report.exchanges) >= len(refused.report.exchanges)


@pytest.mark.parametrize("case", DECLINED, ids=lambda case: case.check)
def test_a_request_of_the_responder_is_declined(case):
    outcome, peer = case.run()
    assert ResponseCode.ERROR in [answer[1] for answer in peer.delivered]
    assert "encapsulated.declined" in outcome.observed
    assert case.check in [declined.check for declined in outcome.report.declined]
    assert outcome.report.verdict == "attested", "the session is kept"


@pytest.mark.parametrize("case", DECLINED, ids=lambda case: case.check)
def test_without_the_check_it_is_answered(case):
    outcome, peer = case.run(case.check)
    assert ResponseCode.ERROR not in [answer[1] for answer in peer.delivered]
    assert outcome.report.declined == []
    assert case.check in [passed.check for passed in outcome.report.passed_over]


def test_a_good_responder_passes_with_nothing_passed_over():
    outcome = converse(Peer())
    assert outcome.report.verdict == "attested"
    assert outcome.report.refusal is None
    assert outcome.report.passed_over == []
    assert outcome.observed == []


def test_a_good_responder_passes_no_matter_which_check_is_missing():
    outcome = converse(Peer(), without=frozenset(CHECKS))
    assert outcome.report.verdict == "attested"
    assert outcome.report.passed_over == []


def test_require_names_the_step():
    checks = Checks()
    checks.step = "CHALLENGE"
    with pytest.raises(Refused) as refusal:
        checks.require("chal.slot", condition=False, detail="slot 1")
    assert str(refusal.value) == "CHALLENGE: chal.slot: slot 1"
    assert refusal.value.report is None


def test_require_says_whether_it_holds():
    checks = Checks(frozenset({"chal.slot"}))
    assert checks.require("chal.slot", condition=True, detail="")
    assert not checks.require("chal.slot", condition=False, detail="slot 1")
    assert [passed.check_id for passed in checks.passed_over] == ["chal.slot"]


def test_an_unknown_id_is_a_defect():
    with pytest.raises(UnknownCheckError):
        Checks().require("chal.nonsense", condition=True, detail="")


def test_leaving_out_an_unknown_check_is_the_users_mistake():
    with pytest.raises(ConfigError) as error:
        Checks(frozenset({"chal.signatur"}))
    assert error.value.suggestion == "chal.signature"
