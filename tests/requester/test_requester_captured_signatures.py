"""Ground truth: captured signatures verify over the transcript of ``requester``."""

from collections import Counter
from dataclasses import replace

import pytest
from captures.loader import runs
from captures.signatures import (
    COUNTS,
    REQUESTER_CHALLENGES,
    SIGNERS,
    check_requester_challenges,
    check_signatures,
    requester_challenges,
    signed_messages,
)

from responder.crypto.signing import SignatureError
from responder.requester.transcript import Transcript
from responder.spec.codes import ResponseCode

SESSION_BEGINS = (ResponseCode.KEY_EXCHANGE_RSP, ResponseCode.PSK_EXCHANGE_RSP)


class RequesterBook:
    """Gives ``requester.transcript`` every exchange; a session's L1 is kept by one of its own."""

    def __init__(self):
        self.connection = Transcript()
        self.session = Transcript()

    def __call__(self, exchange):
        transcript = self.connection if exchange.session is None else self.session
        response = exchange.response
        signature_size = len(response.raw) - len(response.unsigned)
        signed = transcript.add(exchange.request.raw, response.raw, signature_size=signature_size)
        if response.message.code in SESSION_BEGINS:
            self.session = self.after_vca()
        if response.message.code not in SIGNERS or signed is None:
            return None
        assert signed.context == SIGNERS[response.message.code]
        assert signed.signature == response.message.signature
        return list(signed.parts)

    def after_vca(self):
        """A session begins with the connection's VCA and no other message."""
        transcript = Transcript()
        vca = self.connection.vca
        for request, response in zip(vca[::2], vca[1::2], strict=True):
            transcript.add(request, response)
        return transcript


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_captured_signatures_verify_over_the_transcript_of_requester(run):
    check_signatures(run, RequesterBook())


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_challenges_that_requesters_signed_verify_over_the_transcript_of_requester(run):
    check_requester_challenges(run, RequesterBook)


def test_as_many_of_them_as_there_are_in_the_captures_are_checked():
    found = [one for run in runs() for one in requester_challenges(run, RequesterBook)]
    assert len(found) == REQUESTER_CHALLENGES


def test_as_many_signatures_as_recorded_are_checked():
    signed = [one for run in runs() for one in signed_messages(run, RequesterBook())]
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
        next(one for one in signed_messages(run, RequesterBook()) if one.kind == kind)
    )


def test_a_requesters_signature_refuses_a_transcript_that_lacks_one_message():
    found = (one for run in runs() for one in requester_challenges(run, RequesterBook))
    refuses_without_one_message(next(found))
