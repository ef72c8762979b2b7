"""Ground truth: signatures of an independent implementation verify over ``core``'s transcript."""

from collections import Counter
from dataclasses import replace

import pytest
from captures.loader import runs
from captures.signatures import (
    COUNTS,
    REQUESTER_CHALLENGES,
    check_requester_challenges,
    check_signatures,
    requester_challenges,
    signed_messages,
)

from responder.core.transcript import Buffer, Transcript
from responder.crypto.signing import SignatureError
from responder.spec.codes import RequestCode, ResponseCode, name_of_code
from responder.spec.versions import V10

BUFFERS = {
    RequestCode.GET_VERSION: Buffer.A,
    RequestCode.GET_CAPABILITIES: Buffer.A,
    RequestCode.NEGOTIATE_ALGORITHMS: Buffer.A,
    RequestCode.GET_DIGESTS: Buffer.B,
    RequestCode.GET_CERTIFICATE: Buffer.B,
    RequestCode.CHALLENGE: Buffer.C,
    RequestCode.GET_MEASUREMENTS: Buffer.M,
}
"""The buffer that each exchange belongs to; in a session only the last counts."""
SESSION_BEGINS = (ResponseCode.KEY_EXCHANGE_RSP, ResponseCode.PSK_EXCHANGE_RSP)


class CoreBook:
    """Keeps ``core.transcript`` the way the responder does, one for the connection and session."""

    def __init__(self):
        self.connection = Transcript()
        self.session = Transcript()
        self.authenticated = False

    def __call__(self, exchange):
        code, answer = exchange.request.message.code, exchange.response.message
        if code == RequestCode.GET_VERSION:
            self.__init__()
        in_session = exchange.session is not None
        transcript = self.session if in_session else self.connection
        if answer.code == ResponseCode.ERROR:
            if code == RequestCode.GET_MEASUREMENTS:
                transcript.clear(Buffer.M)
            return None
        transcript.begin(code, authenticated=self.authenticated)
        if answer.code in SESSION_BEGINS:
            self.session = self.with_vca()
        if code not in BUFFERS or (in_session and BUFFERS[code] is not Buffer.M):
            return None
        return self.append(transcript, BUFFERS[code], exchange)

    def append(self, transcript, buffer, exchange):
        answer = exchange.response.message
        for side in (exchange.request, exchange.response):
            transcript.append(buffer, name_of_code(side.message.code), side.unsigned)
        if not getattr(answer, "signature", b""):
            return None
        covered = [part for _, part in transcript.signed(buffer, answer.spdm_version)]
        transcript.complete(buffer)
        self.authenticated = self.authenticated or buffer is Buffer.C
        return covered

    def with_vca(self):
        """A session's transcript: its own measurements after the connection's VCA."""
        transcript = Transcript()
        for name, message in self.connection.signed(Buffer.A, V10):
            transcript.append(Buffer.A, name, message)
        return transcript


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_captured_signatures_verify_over_the_transcript_of_core(run):
    check_signatures(run, CoreBook())


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_challenges_that_requesters_signed_verify_over_the_transcript_of_core(run):
    check_requester_challenges(run, CoreBook)


def test_as_many_of_them_as_there_are_in_the_captures_are_checked():
    found = [one for run in runs() for one in requester_challenges(run, CoreBook)]
    assert len(found) == REQUESTER_CHALLENGES


def test_as_many_signatures_as_recorded_are_checked():
    signed = [one for run in runs() for one in signed_messages(run, CoreBook())]
    assert Counter((one.scheme.name, one.kind) for one in signed) == COUNTS


def refuses_without_one_message(signed):
    signed.verify()
    with pytest.raises(SignatureError):
        replace(signed, covered=signed.covered[:-2] + signed.covered[-1:]).verify()


@pytest.mark.parametrize("name", ["v13-mctp-p521", "v14-mctp-mldsa65-secp384"])
@pytest.mark.parametrize("kind", ["CHALLENGE_AUTH", "MEASUREMENTS", "MEASUREMENTS in session"])
def test_a_captured_signature_refuses_a_transcript_that_lacks_one_message(kind, name):
    run = next(run for run in runs() if run.name == name)
    refuses_without_one_message(
        next(one for one in signed_messages(run, CoreBook()) if one.kind == kind)
    )


def test_a_requesters_signature_refuses_a_transcript_that_lacks_one_message():
    found = (one for run in runs() for one in requester_challenges(run, CoreBook))
    refuses_without_one_message(next(found))
