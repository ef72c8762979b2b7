"""The tests that both of our transcripts have to pass on the captures."""

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

from responder.crypto.signing import SignatureError

every_run = pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)


def refuses_without_one_message(signed):
    signed.verify()
    with pytest.raises(SignatureError):
        replace(signed, covered=signed.covered[:-2] + signed.covered[-1:]).verify()


class SignatureTests:
    """To be inherited with ``new_book``, which makes a ``Book`` of the transcript under test."""

    @every_run
    def test_captured_signatures_verify(self, run):
        check_signatures(run, self.new_book())

    @every_run
    def test_challenges_that_requesters_signed_verify(self, run):
        check_requester_challenges(run, self.new_book)

    def test_as_many_signatures_as_recorded_are_checked(self):
        signed = [one for run in runs() for one in signed_messages(run, self.new_book())]
        assert Counter((one.scheme.name, one.kind) for one in signed) == COUNTS

    def test_as_many_challenges_of_requesters_as_there_are_in_the_captures_are_checked(self):
        found = [one for run in runs() for one in requester_challenges(run, self.new_book)]
        assert len(found) == REQUESTER_CHALLENGES

    @pytest.mark.parametrize("name", ["v13-mctp-p521", "v14-mctp-mldsa65-secp384"])
    @pytest.mark.parametrize("kind", ["CHALLENGE_AUTH", "MEASUREMENTS", "MEASUREMENTS in session"])
    def test_a_signature_refuses_a_transcript_that_lacks_one_message(self, kind, name):
        run = next(run for run in runs() if run.name == name)
        signed = signed_messages(run, self.new_book())
        refuses_without_one_message(next(one for one in signed if one.kind == kind))

    def test_a_requesters_signature_refuses_a_transcript_that_lacks_one_message(self):
        found = (one for run in runs() for one in requester_challenges(run, self.new_book))
        refuses_without_one_message(next(found))
