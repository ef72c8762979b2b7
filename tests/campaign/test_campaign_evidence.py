"""Evidence that is true, and evidence of each kind that is not."""

import msgspec
import pytest
from campaign.runs import ANSWER, GET_CAPABILITIES, GET_DIGESTS, GET_VERSION, fired, report, run_of

from responder.campaign.evidence import contradictions
from responder.campaign.rehearsal import Rehearsal
from responder.campaign.setting import Setting
from responder.faults.rule import FaultSpec

SIGNATURE = bytes(range(64))
CHALLENGE = bytes.fromhex("12830001") + bytes(32)
SIGNED = bytes.fromhex("12030001") + bytes(40) + SIGNATURE
OTHER = bytes.fromhex("12010299")
BEFORE = (GET_VERSION, GET_CAPABILITIES)
EDIT = {"do": "set", "field": "x", "value": 1}


def rehearsal(healthy, faulted, *, hook="message", action=EDIT):
    """A fault of one rule, and two runs."""
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": "reject",
        "basis": "spec",
        "source": "DSP0274",
        "hook": hook,
        "action": [action],
    }
    setting = Setting(name="a setting", text="A conversation.")
    return Rehearsal(
        msgspec.convert(written, FaultSpec),
        setting,
        run_of(healthy, report()),
        run_of(faulted, report()),
        {},
    )


HEALTHY = [*BEFORE, GET_DIGESTS, (CHALLENGE, SIGNED)]
MESSAGE = fired("message", ANSWER, OTHER)
TRUE = {
    "a message": rehearsal(HEALTHY, [*BEFORE, MESSAGE, (GET_DIGESTS, OTHER)]),
    "a message with padding": rehearsal(
        [*BEFORE, (GET_DIGESTS, ANSWER + bytes(3))],
        [*BEFORE, MESSAGE, (GET_DIGESTS, OTHER + bytes(3))],
    ),
    "two changes of one message": rehearsal(
        HEALTHY,
        [
            *BEFORE,
            fired("message", ANSWER, b"between"),
            fired("message", b"between", OTHER),
            (GET_DIGESTS, OTHER),
        ],
    ),
    "a draft that is signed": rehearsal(
        HEALTHY,
        [
            *HEALTHY[:3],
            fired("draft", SIGNED[:44], OTHER + SIGNED[4:44]),
            (CHALLENGE, OTHER + SIGNED[4:]),
        ],
        hook="draft",
    ),
    "a signature": rehearsal(
        HEALTHY,
        [
            *HEALTHY[:3],
            fired("post_sign", SIGNATURE, bytes(64)),
            (CHALLENGE, SIGNED[:-64] + bytes(64)),
        ],
        hook="post_sign",
    ),
    "a transcript": rehearsal(
        HEALTHY,
        [
            *HEALTHY[:3],
            fired("pre_sign", GET_VERSION + ANSWER + CHALLENGE + SIGNED[:-64], GET_VERSION),
            (CHALLENGE, SIGNED[:-64] + bytes(64)),
        ],
        hook="pre_sign",
    ),
    "a request that was taken for another": rehearsal(
        HEALTHY,
        [*BEFORE, fired("request", GET_DIGESTS, OTHER), (GET_DIGESTS, OTHER)],
        hook="request",
    ),
    "a frame": rehearsal(
        HEALTHY,
        [*BEFORE, fired("message", b"", b""), (GET_DIGESTS, ANSWER)],
        action={"do": "silence"},
    ),
}
FALSE = {
    "nothing at all": (rehearsal(HEALTHY, HEALTHY), "no evidence"),
    "another fault's": (
        rehearsal(HEALTHY, [*BEFORE, fired(before=b"", after=b"", fault="b"), GET_DIGESTS]),
        "evidence of b",
    ),
    "another hook's": (
        rehearsal(HEALTHY, [*BEFORE, MESSAGE, (GET_DIGESTS, OTHER)], hook="draft"),
        "no rule of the fault is at message",
    ),
    "no bytes where bytes were changed": (
        rehearsal(HEALTHY, [*BEFORE, fired("message", b"", b""), GET_DIGESTS]),
        "the bytes are not told",
    ),
    "a difference before the fault": (
        rehearsal(HEALTHY, [GET_VERSION, GET_VERSION, MESSAGE, (GET_DIGESTS, OTHER)]),
        "exchange 1 differs, and the fault struck first at 2",
    ),
    "another request": (
        rehearsal(HEALTHY, [*BEFORE, MESSAGE, (GET_VERSION, OTHER)]),
        "the request of exchange 2",
    ),
    "other bytes before": (
        rehearsal(HEALTHY, [*BEFORE, fired("message", b"x", OTHER), (GET_DIGESTS, OTHER)]),
        "message: the bytes before",
    ),
    "other bytes after": (
        rehearsal(HEALTHY, [*BEFORE, fired("message", ANSWER, b"x"), (GET_DIGESTS, OTHER)]),
        "message: the bytes after",
    ),
    "a draft that was another": (
        rehearsal(
            HEALTHY, [*BEFORE, fired("draft", OTHER, ANSWER), (GET_DIGESTS, OTHER)], hook="draft"
        ),
        "draft: the bytes before",
    ),
    "a draft that did not come": (
        rehearsal(
            HEALTHY, [*BEFORE, fired("draft", ANSWER, b"x"), (GET_DIGESTS, OTHER)], hook="draft"
        ),
        "draft: the bytes after",
    ),
    "a signature that was another": (
        rehearsal(
            HEALTHY,
            [*HEALTHY[:3], fired("post_sign", bytes(64), SIGNATURE), (CHALLENGE, SIGNED)],
            hook="post_sign",
        ),
        "post_sign: the bytes before",
    ),
    "a signature that did not come": (
        rehearsal(
            HEALTHY,
            [*HEALTHY[:3], fired("post_sign", SIGNATURE, bytes(64)), (CHALLENGE, SIGNED)],
            hook="post_sign",
        ),
        "post_sign: the bytes after",
    ),
    "a request that was another": (
        rehearsal(
            HEALTHY,
            [*BEFORE, fired("request", CHALLENGE, OTHER), (GET_DIGESTS, OTHER)],
            hook="request",
        ),
        "request: the bytes before",
    ),
    "a transcript of what was never said": (
        rehearsal(
            HEALTHY,
            [*HEALTHY[:3], fired("pre_sign", GET_VERSION + OTHER, b""), (CHALLENGE, SIGNED)],
            hook="pre_sign",
        ),
        "pre_sign: the bytes before",
    ),
    "a frame without the response": (
        rehearsal(
            HEALTHY,
            [
                *BEFORE,
                msgspec.structs.replace(fired("frame", b"x", b"y"), message="spdm"),
                (GET_DIGESTS, OTHER),
            ],
            hook="frame",
        ),
        "frame: the bytes before",
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_evidence(name):
    assert contradictions(TRUE[name]) == []


@pytest.mark.parametrize("name", FALSE)
def test_false_evidence(name):
    found, expected = FALSE[name]
    assert [text for text in contradictions(found) if expected in text], contradictions(found)
