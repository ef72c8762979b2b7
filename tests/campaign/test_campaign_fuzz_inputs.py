"""Inputs are faults: they have names, can be written, and are read again as they were."""

import tomllib

from fuzzed import search_of, searched, seen

from responder.campaign.fuzz.inputs import digest_of, fault_of, input_of
from responder.faults.edits import Add, Truncate
from responder.faults.rule import Rule
from responder.faults.written import written
from responder.profiles.load import load_profile
from responder.profiles.toml_text import fault_lines

LONGER = Rule(
    hook="draft", message=["CERTIFICATE"], action=[Add(field="portion_length", by=1)], nth=[2]
)
SHORTER = Rule(hook="message", message=["DIGESTS"], action=[Truncate(by=3, lengths="keep")])


def test_a_rule_by_itself_is_the_fault():
    fault = fault_of((LONGER,))
    assert (fault.hook, fault.nth, fault.step) == ("draft", [2], [])
    assert fault.description == "CERTIFICATE 2: add portion_length 1."


def test_several_rules_are_steps():
    fault = fault_of((LONGER, SHORTER))
    assert len(fault.step) == 2
    assert fault.description == (
        "CERTIFICATE 2: add portion_length 1; DIGESTS: truncate 3 lengths keep."
    )


def test_a_requester_must_come_to_an_end():
    assert fault_of((LONGER,)).duty == "bounded"


def test_the_rules_of_a_fault_are_the_input():
    for rules in ((LONGER,), (SHORTER, LONGER)):
        assert input_of(fault_of(rules)) == rules


def test_other_rules_have_another_name():
    names = {digest_of(rules) for rules in ((LONGER,), (SHORTER,), (LONGER, SHORTER))}
    assert len(names) == 3
    assert fault_of((LONGER,)).id == f"fuzz.{digest_of((LONGER,))}"


def test_whatever_is_made_can_be_written_into_a_profile(tmp_path):
    path = tmp_path / "fuzzed.toml"
    inputs = searched(search_of(), lambda rules: seen(str(rules)), 640)
    faults = list({fault.id: fault for fault in map(fault_of, inputs)}.values())
    lines = ['extends = "ecdsa-p256"']
    for fault in faults:
        lines += ["", *fault_lines(written(fault))]
    path.write_text("\n".join(lines), "utf-8")
    assert tomllib.loads(path.read_text("utf-8"))["fault"]
    assert load_profile(str(path)).faults == tuple(faults)
