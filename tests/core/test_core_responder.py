"""What the responder tells its surroundings besides the messages that it sends."""
# ruff: noqa: ARG002 - devices take what the core hands them

import pytest
from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import VERSIONS, FakeDevice, responder

from responder.core.effects import Emit, Send
from responder.core.events import InternalError, PhaseChanged, RequestReceived, ResponseSent
from responder.core.hooks import Hooks


def events(effects):
    return [effect.event for effect in effects if isinstance(effect, Emit)]


def test_a_request_is_told_as_it_came_and_a_response_as_it_left():
    peer = responder()
    request = raw.get_version() + bytes(3)
    effects = peer.receive(request, 0.0, padding=3)
    sent = [effect.message for effect in effects if isinstance(effect, Send)]
    assert events(effects) == [
        RequestReceived(0x84, request),
        ResponseSent(0x04, sent[0]),
        PhaseChanged("NOT_STARTED", "AFTER_VERSION"),
    ]


def test_a_refusal_is_told_with_its_reason():
    effects = responder().receive(raw.get_version(0x12), 0.0)
    (refusal,) = (event for event in events(effects) if isinstance(event, ResponseSent))
    assert refusal.message == bytes([0x10, 0x7F, 0x41, 0])
    assert refusal.reason


@pytest.mark.parametrize("version", VERSIONS, ids="1.{0.real}".format)
def test_phases_go_forward_and_get_version_goes_back(version):
    peer, changes = responder(), []
    receive = peer.receive

    def listening(data, now, *, padding=0):
        effects = receive(data, now, padding=padding)
        changes.extend(event.after for event in events(effects) if isinstance(event, PhaseChanged))
        return effects

    peer.receive = listening
    dialogue = Dialogue(peer, version).reach("authenticated")
    dialogue.say(raw.get_digests(version))
    dialogue.say(raw.get_version())
    assert changes == [
        "AFTER_VERSION", "AFTER_CAPABILITIES", "NEGOTIATED", "AFTER_DIGESTS",
        "AFTER_CERTIFICATE", "AUTHENTICATED", "AFTER_VERSION",
    ]  # fmt: skip


def test_a_defect_below_is_told_and_the_peer_hears_unspecified():
    class Broken(FakeDevice):
        def measurements(self):
            raise RuntimeError("no measurements today")

    dialogue = Dialogue(responder(Broken()), 0x12).reach("negotiated")
    effects = dialogue.responder.receive(raw.get_measurements(0x12), 0.0)
    assert [e.message for e in effects if isinstance(e, Send)] == [bytes([0x12, 0x7F, 5, 0])]
    (defect,) = (event for event in events(effects) if isinstance(event, InternalError))
    assert "no measurements today" in defect.traceback
    dialogue.authenticate()


def test_a_value_that_does_not_fit_its_field_is_unspecified():
    class Talkative(FakeDevice):
        def vendor_request(self, request):
            return bytes(0x1_0000)

    dialogue = Dialogue(responder(Talkative()), 0x11).reach("negotiated")
    assert dialogue.say(raw.vendor_defined(0x11)) == bytes([0x11, 0x7F, 5, 0])
    dialogue.authenticate()


def test_timers_and_jobs_have_no_part_in_these_requests():
    peer = responder()
    assert peer.expire("anything", 1.0) == []
    assert peer.complete(1, None, 1.0) == []


def test_two_responders_of_one_device_know_nothing_of_each_other():
    device = FakeDevice()
    one, other = responder(device, hooks=Hooks()), responder(device, hooks=Hooks())
    first = Dialogue(one, 0x12).reach("certificate")
    second = Dialogue(other, 0x11).reach("negotiated")
    first.authenticate()
    second.authenticate()
