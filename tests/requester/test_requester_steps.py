"""What the requester asks of its driver."""

from responder.requester.steps import Transmit, TransportFailedError, Wait


def test_steps_are_values():
    assert Transmit(b"x") == Transmit(b"x")
    assert Wait(5) == Wait(5)


def test_a_failure_says_of_what_kind_it_is():
    failure = TransportFailedError("timeout", "silence")
    assert (failure.kind, str(failure), failure.report) == ("timeout", "silence", None)
