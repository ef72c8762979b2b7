"""Which endpoint begins with the negotiated state, and whose is kept."""

import pytest

from responder.server.events import NegotiatedStateLost
from responder.server.negotiated import NegotiatedStates

ONE, TWO = (b"one",), (b"two",)


class Room:
    """A keeper in memory; it may refuse."""

    def __init__(self, found=(), error=None):
        self.found = found
        self.kept = []
        self.error = error

    def keep(self, state):
        if self.error:
            raise self.error
        self.kept.append(state)


class Endpoint:
    """Takes a state, or not."""

    def __init__(self, *, fits=True):
        self.fits = fits
        self.state = None

    def resume(self, state):
        self.state = state
        return self.fits


def states(room):
    told = []
    return NegotiatedStates(room, told.append), told


def test_the_first_endpoint_alone_begins_with_what_was_found():
    room, first, second = Room(ONE), Endpoint(), Endpoint()
    found, told = states(room)
    found.resume(first)
    found.resume(second)
    assert (first.state, second.state, told) == (ONE, None, [])
    assert room.kept == [ONE]


def test_nobody_is_asked_to_go_on_with_nothing():
    endpoint = Endpoint()
    states(Room())[0].resume(endpoint)
    assert endpoint.state is None


def test_what_does_not_fit_is_told_and_thrown_away():
    room = Room(ONE)
    found, told = states(room)
    found.resume(Endpoint(fits=False))
    assert room.kept == [()]
    assert told == [NegotiatedStateLost("the device would negotiate otherwise now")]


def test_an_endpoint_throws_away_its_own_state_only():
    room, first, second = Room(), Endpoint(), Endpoint()
    found, _ = states(room)
    found.keep(first, ONE)
    found.keep(second, TWO)
    found.keep(first, ())
    assert room.kept == [ONE, TWO]
    found.keep(second, ())
    assert room.kept == [ONE, TWO, ()]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(28, "No space left on device"), "No space left"), (ValueError("too long"), "long")],
)
def test_what_cannot_be_kept_is_told(error, reason):
    found, told = states(Room(error=error))
    found.keep(Endpoint(), ONE)
    assert reason in told[0].reason
