"""Which endpoint a connection finds."""

import pytest
from server_peers import Remembered

from responder.core.hooks import Hooks
from responder.server.attach import Attach, Attachments
from responder.server.clock import ManualClock
from responder.server.endpoint import SpdmEndpoint


class HookedPeer:
    """A peer that nobody speaks to."""

    def __init__(self, hooks):
        self.hooks = hooks


class QuietCore:
    """A core that has nothing to say."""

    def opened(self):
        pass

    def closed(self):
        pass


def attachments(mode):
    made = []

    def make(ordinal):
        made.append(ordinal)
        return SpdmEndpoint(QuietCore(), ManualClock(), Remembered.of)

    return Attachments(mode, make), made


@pytest.mark.parametrize(
    ("mode", "made"),
    [(Attach.FRESH, [1, 2, 3]), (Attach.STICKY, [1, 2]), (Attach.SHARED, [1])],
)
def test_how_many_endpoints_two_and_then_one_connection_need(mode, made):
    found, ordinals = attachments(mode)
    one, two, three = (HookedPeer(Hooks()) for _ in range(3))
    first = found.attach(one, 1)
    second = found.attach(two, 2)
    found.detach(one, first)
    third = found.attach(three, 3)
    assert ordinals == made
    assert (second is first) == (mode is Attach.SHARED)
    assert (third is first) == (mode is not Attach.FRESH)


def test_close_lets_no_timer_fire():
    found, _ = attachments(Attach.STICKY)
    peer = HookedPeer(Hooks())
    endpoint = found.attach(peer, 1)
    clock = endpoint._clock
    fired = []
    endpoint._responder.expire = lambda name, now: fired.append((name, now)) or []
    endpoint._timers.arm("t", 1.0)
    found.detach(peer, endpoint)
    found.close()
    clock.advance(2)
    assert fired == []


@pytest.mark.parametrize("mode", [Attach.STICKY, Attach.SHARED])
def test_after_a_renewal_endpoints_of_before_are_found_by_nobody(mode):
    gone = []
    found = Attachments(mode, lambda _: SpdmEndpoint(QuietCore(), ManualClock(), id), gone.append)
    one, two, three, four = (HookedPeer(Hooks()) for _ in range(4))
    left, kept = found.attach(one, 1), found.attach(two, 2)
    found.detach(one, left)
    found.renew()
    assert gone == ([left] if mode is Attach.STICKY else [])
    new = found.attach(three, 3)
    assert new not in (left, kept)
    found.detach(two, kept)
    assert gone[-1] is kept
    found.detach(three, new)
    assert found.attach(four, 4) is new


def test_a_fresh_endpoint_is_gone_with_its_connection():
    gone = []
    make = lambda _: SpdmEndpoint(QuietCore(), ManualClock(), id)  # noqa: E731
    found = Attachments(Attach.FRESH, make, gone.append)
    peer = HookedPeer(Hooks())
    endpoint = found.attach(peer, 1)
    found.detach(peer, endpoint)
    assert gone == [endpoint]
