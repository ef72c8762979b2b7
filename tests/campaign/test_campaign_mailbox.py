"""Conversations through mailbox registers: what the driver does there, and what faults do."""

from dataclasses import replace

import msgspec
import pytest

from responder.campaign.conversation import converse
from responder.campaign.evidence import contradictions
from responder.campaign.mask import masked_journal
from responder.campaign.rehearsal import first_difference, rehearse, setting_named, settings_for
from responder.campaign.settings import MAILBOX_ORDER
from responder.core.events import FaultFired, RequestReceived, ResponseSent
from responder.errors import ConfigError
from responder.faults.catalogue import find, tables
from responder.faults.rule import FaultSpec

SEED = b"mailboxes"
BUSY, READY = 0x1, 0x8000_0000
DISCOVERY_ORDER = [bytes.fromhex("01000001"), bytes.fromhex("01000100")]
"""Entry 0 points to 1, entry 1 is SPDM and the last one: what a device without sessions lists."""


def fault(**fields):
    written = {
        "id": "a.fault",
        "description": "A fault.",
        "duty": "bounded",
        "basis": "spec",
        "source": "PCIe 6.2",
        "hook": "register",
    }
    return msgspec.convert(written | fields, FaultSpec)


def refused(run):
    """Where and why each attestation ended, and what the driver left behind."""
    assert run.crash == ""
    assert run.defects == []
    assert run.misdeeds == []
    return [(one.refusal.step, one.refusal.check) if one.refusal else () for one in run.reports]


@pytest.mark.parametrize("name", MAILBOX_ORDER)
def test_it_is_the_same_conversation_as_without_registers(name):
    setting = setting_named(name)
    overrides = {k: v for k, v in setting.overrides.items() if k not in {"pcie", "mailbox"}}
    plain = replace(setting, mailbox=False, overrides=overrides, padding=3)
    at_mailbox, beside = converse(setting, (), SEED), converse(plain, (), SEED)
    assert refused(at_mailbox) == [()]
    assert [e.request for e in at_mailbox.exchanges] == [e.request for e in beside.exchanges]
    assert [e.response for e in at_mailbox.exchanges] == [e.response for e in beside.exchanges]


def test_two_runs_of_a_seed_are_the_same():
    setting = setting_named("mailbox-session")
    one, other = converse(setting, (), SEED), converse(setting, (), SEED)
    assert masked_journal(one.journal) == masked_journal(other.journal)
    assert one.registers == other.registers
    another = converse(setting, (), b"another")
    assert first_difference(one.exchanges, another.exchanges) is not None


def test_all_is_in_the_journal_of_its_connection():
    run = converse(replace(setting_named("mailbox"), connections=2), (), SEED)
    assert refused(run) == [(), ()]
    sent = [
        (e.connection, e.event.message) for e in run.journal if isinstance(e.event, ResponseSent)
    ]
    asked = [e.connection for e in run.journal if isinstance(e.event, RequestReceived)]
    assert asked == [connection for connection, _ in sent]
    assert set(asked) == {1, 2}
    assert [message for _, message in sent] == [
        exchange.response[: len(message)]
        for exchange, (_, message) in zip(run.exchanges, sent, strict=True)
    ]


def test_a_profile_without_functions_has_no_mailbox():
    with pytest.raises(ConfigError, match="no function with SPDM"):
        converse(replace(setting_named("mailbox"), overrides={}), (), SEED)


def test_a_second_without_an_answer_and_then_an_abort():
    (case,) = find("doe.reg-busy-forever:GET_VERSION")
    run = rehearse(case, seed=SEED).faulted
    assert refused(run) == [("GET_VERSION", "transport.timeout")]
    first, second = run.registers.aborts
    assert first == 0.0
    assert 1.0 <= second < 1.1


def test_a_mailbox_that_ignores_two_aborts_is_given_up():
    (case,) = find("doe.reg-abort-ignored:GET_VERSION:1")
    run = rehearse(case, seed=SEED).faulted
    assert refused(run) == [("GET_VERSION", "transport.closed")]
    assert len(run.registers.aborts) == 3, "one before the first object, and two"


def test_an_error_is_aborted_at_once_and_discovery_asks_again():
    (case,) = find("doe.reg-error-on-go:discovery:1")
    run = rehearse(case, seed=SEED).faulted
    assert refused(run) == [()]
    assert run.registers.aborts == [0.0, 0.0]


def test_a_device_that_is_gone_is_not_aborted():
    (case,) = find("doe.config-retry:GET_VERSION")
    run = rehearse(case, seed=SEED).faulted
    assert refused(run) == [("GET_VERSION", "transport.closed")]
    assert run.registers.aborts == [0.0]


def test_a_requester_that_does_not_abort_is_told_of():
    run = converse(setting_named("mailbox"), (), SEED)
    assert run.misdeeds == []
    run.registers.written("doe.control", READY, 11.0)
    run.registers.read("doe.status", BUSY)
    assert run.misdeeds == ["the mailbox: an exchange was given up without an abort"]


def test_register_faults_try_the_settings_with_mailboxes():
    wanted = fault(space=["doe.status"], action=[{"do": "set-bits", "field": "value", "mask": 2}])
    assert [one.name for one in settings_for(wanted)] == list(MAILBOX_ORDER)
    found = rehearse(wanted, seed=SEED)
    assert found.setting.name == "mailbox"
    assert contradictions(found) == []


def test_answers_to_discovery_pass_the_frame_hook():
    seen = fault(hook="frame", kind=["discovery"], action=[{"do": "delay", "seconds": 0.25}])
    run = converse(setting_named("mailbox"), [seen], SEED)
    assert refused(run) == [()]
    late = [entry.time for entry in run.journal if isinstance(entry.event, FaultFired)]
    assert late == pytest.approx([0.0, 0.25], abs=0.01)
    extended = fault(
        hook="frame",
        kind=["discovery"],
        action=[{"do": "xor", "field": "doe.payload", "mask": 255}],
    )
    run = converse(setting_named("mailbox-v1"), [extended], SEED)
    payload = next(event.before for event in run.evidence)[8:]
    assert payload == DISCOVERY_ORDER[0]


def test_an_answer_to_discovery_that_is_kept_back_leaves_the_mailbox_busy():
    silent = fault(hook="frame", kind=["discovery"], action=[{"do": "silence"}])
    run = converse(setting_named("mailbox"), [silent], SEED)
    (report,) = run.reports
    assert report.refusal.check == "transport.timeout"
    assert "still Busy" in report.refusal.reason
    assert refused(run) == [("CONNECT", "transport.timeout")]


ON_SOCKETS = sorted(
    name
    for name, table in tables().items()
    if name.startswith("doe.") and str(table.get("setting", "")).startswith("socket-doe")
)
NOT_AT_A_MAILBOX = {
    "doe.header-truncated": "it cuts the frame of the socket; what a mailbox has are whole DWs",
    "doe.not-dword-multiple": "a mailbox has whole DWs",
    "doe.discovery-short": "a mailbox has whole DWs",
    "doe.pad-nonzero": "no message of that conversation is padded at that place",
}


@pytest.mark.parametrize("name", sorted(set(ON_SOCKETS) - set(NOT_AT_A_MAILBOX)))
def test_a_fault_of_data_objects_meets_its_duty_at_a_mailbox_too(name):
    sessions = tables()[name]["setting"] == "socket-doe-sessions"
    setting = setting_named("mailbox-session" if sessions else "mailbox")
    for case in find(name):
        found = rehearse(case, setting, seed=SEED)
        assert found.fired, found.tried
        assert contradictions(found) == []
        assert found.faulted.misdeeds == []
        if not sessions:
            assert found.satisfied, (case.id, found.reaction, found.verdict)
