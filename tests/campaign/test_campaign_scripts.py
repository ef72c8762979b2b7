"""The parts that are no part of an attestation: what they send, and what they refuse."""

from dataclasses import replace

import msgspec
import pytest

from responder.campaign.conversation import converse
from responder.campaign.settings import SETTINGS
from responder.faults.rule import FaultSpec

SEED = b"scripts"


def refusal(setting, *actions, **rule):
    """The check that refuses an attestation with this change of CERTIFICATE, if one does."""
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": "reject",
        "basis": "spec",
        "source": "DSP0274",
        "hook": "draft",
        "message": ["CERTIFICATE"],
        "action": list(actions),
    }
    fault = msgspec.convert(written | rule, FaultSpec)
    run = converse(SETTINGS[setting], [fault], SEED)
    assert run.evidence
    (report,) = run.reports
    return report.refusal and report.refusal.check


def names(setting):
    return [exchange.name for exchange in converse(SETTINGS[setting], (), SEED).exchanges]


BEGIN = [
    "GET_VERSION",
    "GET_CAPABILITIES",
    "NEGOTIATE_ALGORITHMS",
    "GET_DIGESTS",
    "GET_CERTIFICATE",
]
MEASURE = ["GET_MEASUREMENTS", "GET_MEASUREMENTS"]
SAID = {
    "slot-size": [*BEGIN, "GET_CERTIFICATE", "GET_CERTIFICATE", "CHALLENGE", *MEASURE],
    "large-certificates": [*BEGIN, "GET_CERTIFICATE", "CHALLENGE", *MEASURE],
    "resign-twice": [*BEGIN, "CHALLENGE", "CHALLENGE", *MEASURE, *MEASURE],
    "digests-twice": [*BEGIN, *BEGIN[3:], "CHALLENGE", *MEASURE],
    "counted-first": [*BEGIN, "GET_MEASUREMENTS", "CHALLENGE", *MEASURE],
    "resumed": [
        *BEGIN, "CHALLENGE", *MEASURE, "VENDOR_DEFINED_REQUEST",
        *BEGIN[3:], "CHALLENGE", *MEASURE, "VENDOR_DEFINED_REQUEST",
    ],
    "session-clearing": [*BEGIN, "KEY_EXCHANGE", "FINISH", "END_SESSION", "GET_DIGESTS"],
    "counted-between": [
        *BEGIN, "CHALLENGE", "GET_MEASUREMENTS", "GET_DIGESTS", "GET_CERTIFICATE", *MEASURE,
    ],
}  # fmt: skip


@pytest.mark.parametrize("setting", SAID)
def test_what_is_said(setting):
    assert names(setting) == SAID[setting]


def test_the_size_of_a_slot_brings_no_chain():
    extend = {"do": "extend", "field": "cert_chain", "by": 1}
    assert refusal("slot-size", extend, request={"attributes": 1}) == "cert.portion-size"


LARGE = {
    "cert.large": ({"do": "flip", "bit": 23},),
    "cert.portion-empty": (
        {"do": "copy", "field": "large_remainder_length", "of": "response",
         "source": "large_portion_length"},
        {"do": "truncate", "field": "cert_chain", "to": 0},
        {"do": "set", "field": "large_portion_length", "value": 0},
    ),
    "cert.chain-limit": ({"do": "set", "field": "large_remainder_length", "value": 0x50000},),
}  # fmt: skip


@pytest.mark.parametrize("check", LARGE)
def test_large_portions_are_judged(check):
    assert refusal("large-certificates", *LARGE[check], request={"slot": 0x80}) == check


def test_large_portions_have_one_total_and_no_more_than_was_asked_for():
    small = SETTINGS["large-certificates"]
    offer = replace(small.options.offer, data_transfer_size=300)
    small = replace(small, options=replace(small.options, offer=offer))
    healthy = converse(small, (), SEED)
    assert healthy.reports[0].attested
    large = [e for e in healthy.exchanges if e.request[1:3] == b"\x82\x80"]
    assert len(large) > 2
