"""Requests that are worked for: the work leaves the loop, and the answer comes after it."""

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue, messages_of
from core.error_table import PROFILES
from core.fakes import FakeChange, policy, responder

from responder.core.effects import Emit, Run, Send
from responder.core.errors import ProtocolError
from responder.core.events import InternalError
from responder.core.interfaces import TimingPolicy
from responder.core.ownership import Reset
from responder.core.provisioning import CsrTerms, Desired, Terms
from responder.spec.codes import ErrorCode

V13 = 0x13
MULTI_KEY = {"other": 2 | 1 << 4}


def begun(profile="provisioning", change=None, **algorithms):
    dialogue = Dialogue(PROFILES[profile](), V13, algorithms=algorithms).reach("negotiated")
    provisioning = dialogue.responder.device.provisioning
    provisioning.asked.clear()
    provisioning.change = change or FakeChange(b"the CSR")
    return dialogue, provisioning


def heard(dialogue, request):
    """The effects of a request before its work, and the one that begins the work."""
    effects = dialogue.responder.receive(request, 0.0)
    runs = [effect for effect in effects if isinstance(effect, Run)]
    assert len(runs) == 1
    assert not [effect for effect in effects if isinstance(effect, Send)]
    return runs[0]


class TestWork:
    def test_the_answer_comes_when_the_work_is_done(self):
        dialogue, provisioning = begun()
        run = heard(dialogue, raw.get_csr(V13))
        assert provisioning.change.history == []
        result = run.work()
        assert provisioning.change.history == ["work"]
        (answer,) = messages_of(dialogue.responder.complete(run.job, result, 0.0))
        assert answer[1] == 0x6D
        assert provisioning.change.history == ["work", "commit"]

    def test_work_that_fails_is_given_up_and_refused(self):
        failure = ProtocolError(ErrorCode.OPERATION_FAILED, "why")
        dialogue, provisioning = begun(change=FakeChange(b"", failure))
        assert dialogue.say(raw.get_csr(V13)) == bytes([V13, 0x7F, 0x44, 0])
        assert provisioning.change.history == ["work", "give up"]

    def test_a_commit_may_refuse_too(self):
        waits = ProtocolError(ErrorCode.RESET_REQUIRED, data=5)
        dialogue, _ = begun(change=FakeChange(waits))
        assert dialogue.say(raw.get_csr(V13)) == bytes([V13, 0x7F, 0x0C, 5])

    def test_a_defect_in_the_work_is_told_and_answered_unspecified(self):
        dialogue, provisioning = begun(change=FakeChange(b"", ZeroDivisionError("ours")))
        run = heard(dialogue, raw.get_csr(V13))
        effects = dialogue.responder.complete(run.job, run.work(), 0.0)
        events = [effect.event for effect in effects if isinstance(effect, Emit)]
        assert any(isinstance(e, InternalError) and "ours" in e.traceback for e in events)
        sent = [effect.message for effect in effects if isinstance(effect, Send)]
        assert sent == [bytes([V13, 0x7F, 0x05, 0])]
        assert provisioning.change.history == ["work", "give up"]

    def test_after_a_reset_nobody_waits_for_the_answer_and_the_change_is_made(self):
        dialogue, provisioning = begun()
        run = heard(dialogue, raw.get_csr(V13))
        result = run.work()
        dialogue.responder.reset(Reset.CONVENTIONAL)
        assert messages_of(dialogue.responder.complete(run.job, result, 0.0)) == []
        assert provisioning.change.history == ["work", "commit"]

    def test_a_job_that_nobody_knows_leads_to_nothing(self):
        assert responder().complete(3, None, 0.0) == []

    def test_a_deferred_request_is_worked_for_when_it_is_asked_again(self):
        its = responder(
            its_policy=policy(
                flags=0x3 << 19 | 0x16, timing=TimingPolicy(ready_after={0xED: 5_000})
            )
        )
        dialogue = Dialogue(its, V13).reach("negotiated")
        refused = dialogue.say(raw.get_csr(V13))
        assert refused[:3] == bytes([V13, 0x7F, 0x42])
        dialogue.now = 1.0
        answer = dialogue.say(raw.respond_if_ready(V13, 0xED, refused[6]))
        assert answer[1] == 0x6D


class TestWhatIsAsked:
    def test_a_csr(self):
        dialogue, provisioning = begun("provisioning at reset")
        dialogue.say(raw.get_csr(V13, attributes=0x80, info=b"\x30\x00"))
        ((name, wanted),) = provisioning.asked
        assert (name, type(wanted), type(wanted.terms)) == ("csr", CsrTerms, Terms)
        assert (wanted.requester_info, wanted.tracking_tag, wanted.overwrite) == (
            b"\x30\x00", 0, True,
        )  # fmt: skip
        terms = wanted.terms
        assert (terms.asym.name, terms.base_hash.name) == ("ECDSA-P256", "SHA-256")
        assert (terms.version, terms.model, terms.key_pair_id, terms.at_reset) == (V13, 1, 0, True)

    def test_a_csr_of_a_named_key_pair(self):
        dialogue, provisioning = begun("provisioning, multi-key", **MULTI_KEY)
        dialogue.say(raw.get_csr(V13, key_pair=2, attributes=3))
        wanted = provisioning.asked[0][1]
        assert (wanted.terms.key_pair_id, wanted.terms.model) == (2, 3)

    def test_a_chain_to_write(self):
        dialogue, provisioning = begun()
        dialogue.say(raw.set_certificate(V13, 0, raw.chain(100)))
        name, slot, chain, terms = provisioning.asked[0]
        assert (name, slot, chain) == ("write", 0, raw.chain(100))
        assert (terms.model, terms.at_reset) == (1, False)

    def test_a_key_pair_to_change(self):
        dialogue, provisioning = begun()
        dialogue.say(raw.set_key_pair_info(V13, usage=3, asym=0x10, slots=2))
        assert provisioning.asked == [("set key pair", 1, 0, Desired(3, 0x10, 0, 2), False)]

    def test_slots_that_may_not_change_stay(self):
        dialogue, provisioning = begun()
        dialogue.say(raw.set_key_pair_info(V13, 2, slots=0))
        assert provisioning.asked == [("set key pair", 2, 0, Desired(slot_mask=4), False)]


@pytest.mark.parametrize(("version", "waits"), [(0x13, False), (0x14, True)])
def test_key_pairs_wait_for_a_reset_from_1_4_on(version, waits):
    dialogue = Dialogue(PROFILES["provisioning at reset"](), version).reach("negotiated")
    dialogue.say(raw.set_key_pair_info(version))
    assert dialogue.responder.device.provisioning.asked[-1][-1] is waits
