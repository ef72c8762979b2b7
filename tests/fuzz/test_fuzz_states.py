"""Random conversations: every request in every state, good, wrong, late, early and padded.

A model beside the responder knows the order of the protocol (DSP0274) and keeps the transcripts;
each signature has to agree with it.
"""

from core import raw_requests as raw
from core.dialogue import Dialogue
from core.fakes import VERSIONS, policy, responder
from fuzzing import AFTER, REQUESTS, fuzzing
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from responder.core.interfaces import TimingPolicy

INVALID, UNEXPECTED, UNSUPPORTED, MISMATCH, NOT_READY = 0x01, 0x04, 0x07, 0x41, 0x42
AGREED = ("negotiated", "digests", "certificate", "authenticated")
LEGAL = {"GET_CAPABILITIES": ("version",), "NEGOTIATE_ALGORITHMS": ("capabilities",)}
PROGRESS = {0x81: "digests", 0x82: "certificate"}
WRONG = {
    "another slot": lambda version: raw.challenge(version, 1),
    "beyond the chain": lambda version: raw.get_certificate(version, offset=0xFFFF),
    "no such index": lambda version: raw.get_measurements(version, 0x80),
    "no such summary": lambda version: raw.challenge(version, summary=2),
    "a byte too many": lambda version: raw.get_digests(version) + b"\0",
    "a byte too few": lambda version: raw.challenge(version)[:-1],
}


class Conversation(RuleBasedStateMachine):
    """One responder, and what a requester that does anything at any time knows of it."""

    @initialize(version=st.sampled_from(VERSIONS), slow=st.booleans())
    def meet(self, version, slow):
        its_policy = policy(
            timing=TimingPolicy(ready_after={0x83: 2_000, 0x81: 1_000} if slow else {})
        )
        self.slow = {0x83, 0x81} if slow else set()
        self.dialogue = Dialogue(responder(its_policy=its_policy), version)
        self.deferred = None
        self.measured = []

    @property
    def version(self):
        return self.dialogue.version

    @property
    def fixed(self):
        """Whether GET_CAPABILITIES has fixed the version."""
        return self.dialogue.state not in ("nothing", "version")

    def hear_error(self, answer, code, data=0):
        version = self.version if self.fixed else 0x10
        assert answer == bytes([version, 0x7F, code, data]), answer.hex()

    def succeed(self, request, answer):
        """Follow a request that was answered."""
        code, dialogue = request[1], self.dialogue
        assert answer[1] == code & 0x7F, f"{request.hex()} got {answer.hex()}"
        if code != 0xE0:
            self.measured = []
        if code == 0x83:
            dialogue.check_challenge(request, answer)
            dialogue.b, dialogue.state = b"", "authenticated"
        elif code == 0xE0:
            self.measured.append((request, answer))
            dialogue.took(request, answer)
            if request[2] & 1:
                dialogue.check_measurements(self.measured)
                self.measured = []
        else:
            dialogue.took(request, answer, AFTER.get(code))
            if code == 0x84:
                self.deferred = None
        state = PROGRESS.get(code)
        if state and AGREED.index(state) > AGREED.index(dialogue.state):
            dialogue.state = state

    @rule(name=st.sampled_from(sorted(REQUESTS)), pad=st.integers(0, 3))
    def ask(self, name, pad):
        request = REQUESTS[name](self.version)
        if request[1] == 0xFF:
            return
        legal = name == "GET_VERSION" or self.dialogue.state in LEGAL.get(name, AGREED)
        answer = self.dialogue.say(request + bytes(pad), padding=3)
        if legal and request[1] in self.slow:
            assert answer[:4] == bytes([self.version, 0x7F, NOT_READY, 0])
            self.deferred = (request, answer[6])
        elif legal:
            self.succeed(request, answer)
        elif self.fixed:
            self.hear_error(answer, UNEXPECTED)
        else:
            assert answer[1] == 0x7F
            assert answer[2] in (MISMATCH, UNEXPECTED)

    @rule()
    def go_on(self):
        """The next step of an attestation, so that later states are reached often."""
        state = self.dialogue.state
        steps = {
            "nothing": "GET_VERSION",
            "version": "GET_CAPABILITIES",
            "capabilities": "NEGOTIATE_ALGORITHMS",
            "negotiated": "GET_DIGESTS",
            "digests": "GET_CERTIFICATE",
            "certificate": "CHALLENGE",
            "authenticated": "signed GET_MEASUREMENTS",
        }
        self.ask(steps[state], 0)

    @precondition(lambda self: self.dialogue.state in AGREED)
    @rule(name=st.sampled_from(sorted(WRONG)))
    def ask_wrongly(self, name):
        request = WRONG[name](self.version)
        if request[1] in self.slow and len(request) in (4, 36, 44):
            return
        self.hear_error(self.dialogue.say(request), INVALID)
        if request[1] == 0xE0:
            self.measured = []

    @precondition(lambda self: self.fixed)
    @rule(name=st.sampled_from(sorted(REQUESTS)), change=st.sampled_from([-1, 1, 0x10]))
    def ask_in_another_version(self, name, change):
        request = REQUESTS[name](self.version)
        if request[1] == 0x84:
            return
        answer = self.dialogue.say(bytes([request[0] + change]) + request[1:])
        self.hear_error(answer, MISMATCH)
        if request[1] == 0xE0:
            self.measured = []

    @rule(header=st.sampled_from([0x00, 0x0F, 0x11, 0x12, 0x14, 0x20]))
    def ask_for_versions_in_another_version(self, header):
        assert self.dialogue.say(raw.get_version(header)) == bytes([0x10, 0x7F, MISMATCH, 0])

    @precondition(lambda self: self.fixed)
    @rule(code=st.sampled_from([0x00, 0x04, 0x7F, 0x80, 0x89, 0xFB]))
    def ask_for_something_unknown(self, code):
        answer = self.dialogue.say(bytes([self.version, code, 0, 0]))
        self.hear_error(answer, UNSUPPORTED, code)

    @rule(seconds=st.sampled_from([0.0, 0.0005, 0.002, 60.0]))
    def wait(self, seconds):
        self.dialogue.now += seconds

    @precondition(lambda self: self.fixed)
    @rule(token=st.integers(0, 255), code=st.sampled_from([0x81, 0x83, 0xFF]))
    def come_back_with_anything(self, token, code):
        if self.deferred and (code, token) == (self.deferred[0][1], self.deferred[1]):
            return
        answer = self.dialogue.say(raw.respond_if_ready(self.version, code, token))
        self.hear_error(answer, INVALID if self.deferred else UNEXPECTED)

    @precondition(lambda self: self.deferred)
    @rule()
    def come_back(self):
        request, token = self.deferred
        answer = self.dialogue.say(raw.respond_if_ready(self.version, request[1], token))
        if answer[2] == NOT_READY and answer[1] == 0x7F:
            assert answer[6] != token
            self.deferred = (request, answer[6])
            return
        self.deferred = None
        self.succeed(request, answer)

    @invariant()
    def nothing_is_left_over(self):
        dialogue = getattr(self, "dialogue", None)
        if dialogue is not None:
            assert dialogue.responder.connection.phase_changes == []


TestConversation = Conversation.TestCase
TestConversation.settings = fuzzing(40, stateful_step_count=40)
