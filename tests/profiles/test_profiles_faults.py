import pytest

from responder.profiles.load import load_profile

RECALL = '{ do = "recall", field = "nonce", of = ["CHALLENGE"] }'
FAULT = """\
[[fault]]
id = "x"
description = ""
duty = "reject"
basis = "spec"
source = ""
hook = "pre_sign"
action = [{ do = "recall", field = "nonce", of = ["CHALLENGE"] }]
"""


def test_words_that_exist_are_taken(write, head):
    text = head + FAULT + 'message = ["MEASUREMENTS"]\nversion = ["1.2"]\nnth = 2\n'
    (fault,) = load_profile(write(text)).faults
    assert (fault.message, fault.version, fault.nth) == (["MEASUREMENTS"], ["1.2"], 2)


@pytest.mark.parametrize(
    ("text", "line", "reason", "suggestion"),
    [
        (FAULT + 'message = ["MEASUREMENT"]\n', 9, "unknown response", "MEASUREMENTS"),
        (FAULT + 'message = ["CHALLENGE"]\n', 9, "unknown response", "CHALLENGE_AUTH"),
        (FAULT + 'version = ["1.22"]\n', 9, "unknown SPDM version '1.22'", "1.2"),
        (FAULT + "nth = 0\n", 9, "nth counts from 1", ""),
        (FAULT + FAULT, 10, "fault 'x' is there twice", ""),
        (FAULT.replace('"CHALLENGE"', '"CHALLENGES"'), 8, "unknown request", "CHALLENGE"),
        (FAULT.replace('"nonce"', '"nonse"'), 8, "CHALLENGE has no field 'nonse'", "nonce"),
        (FAULT.replace('"CHALLENGE"', '"GET_DIGESTS"'), 8, "has no field 'nonce'", ""),
        (FAULT.replace('"CHALLENGE"', '"KEY_EXCHANGE"'), 8, "has no field 'nonce'", ""),
    ],
)
def test_words_that_do_not_exist(refused, head, text, line, reason, suggestion):
    where, why, hint = refused(head + text)
    assert where == head.count("\n") + line
    assert reason in why
    assert hint == suggestion


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (FAULT.replace(RECALL, ""), 8, "fault 'x' does nothing"),
        (FAULT.replace(RECALL, '{ do = "flip" }'), 8, "the action of pre_sign is 'recall'"),
        (FAULT.replace("pre_sign", "post_sign"), 8, "the action of post_sign is 'flip'"),
        (FAULT + 'message = ["DIGESTS"]\n', 9, "DIGESTS has no signature, so pre_sign never"),
    ],
)
def test_a_fault_that_can_never_strike(refused, head, text, line, reason):
    where, why, _ = refused(head + text)
    assert where == head.count("\n") + line
    assert reason in why
