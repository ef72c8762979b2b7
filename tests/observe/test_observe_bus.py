"""Every observer is told; one that fails stops nobody."""

import asyncio

import pytest

from responder.core.events import Event, PhaseChanged, SessionKeys
from responder.observe.bus import Bus
from responder.observe.entry import Entry
from responder.server.events import ObserverLost, PeerIgnored

EVENT = PhaseChanged("A", "B")
KEYS = SessionKeys(1, "request", "data", "AES-256-GCM", True, False, bytes(32), bytes(12))
TIMEOUT = 30


def test_every_sink_gets_every_entry_in_order():
    first, second = [], []
    bus = Bus(first.append)
    bus(0.5, 1, EVENT)
    bus.add(second.append)
    bus(1.5, 2, EVENT)
    assert first == [Entry(0.5, 1, EVENT), Entry(1.5, 2, EVENT)]
    assert second == first[1:]


def test_a_sink_that_raises_is_taken_off_and_the_others_are_told():
    seen, calls = [], []

    def broken(entry):
        calls.append(entry)
        raise OSError("disk full")

    bus = Bus(broken, seen.append)
    bus(0.5, 1, EVENT)
    bus(1.5, 1, EVENT)
    assert len(calls) == 1
    lost = [entry.event for entry in seen if isinstance(entry.event, ObserverLost)]
    assert [event.error for event in lost] == ["OSError: disk full"]
    assert "broken" in lost[0].observer
    assert [entry.time for entry in seen if entry.event is EVENT] == [0.5, 1.5]


def test_keys_are_told_to_those_who_log_keys_and_to_nobody_else():
    journal, keys, observed_keys, observed = [], [], [], []
    bus = Bus(journal.append)
    bus.add_for_keys(keys.append)
    closing = [bus.observe_keys("keys", observed_keys.extend), bus.observe("all", observed.extend)]
    bus(0.5, 1, EVENT)
    bus(1.5, 2, KEYS)
    assert all(one.close(TIMEOUT) for one in closing)
    assert [entry.event for entry in journal] == [EVENT]
    assert [entry.event for entry in observed] == [EVENT]
    assert keys == observed_keys == [Entry(1.5, 2, KEYS)]
    with pytest.raises(ValueError, match="observe_keys"):
        bus.observe("curious", observed.extend, kinds=(SessionKeys,))


@pytest.mark.parametrize("add", ["add_for_keys", "observe_keys"])
def test_a_broken_key_log_is_told_of(add):
    seen = []

    def broken(_):
        raise OSError("disk full")

    bus = Bus(seen.append)
    if add == "observe_keys":
        observed = bus.observe_keys("broken", broken)
        bus(0.5, 1, KEYS)
        observed.close(TIMEOUT)
    else:
        bus.add_for_keys(broken)
        bus(0.5, 1, KEYS)
    bus(1.5, 1, KEYS)
    assert [type(entry.event) for entry in seen] == [ObserverLost]


def test_observers_get_the_kinds_they_ask_for_and_no_others():
    class Asked(Event, frozen=True):
        on_request = True

    prompt, some, everything, asked = [], [], [], []
    bus = Bus(prompt.append)
    closing = [
        bus.observe("some", some.extend, kinds=(PeerIgnored,)),
        bus.observe("everything", everything.extend),
        bus.observe("asked", asked.extend, kinds=(PeerIgnored, Asked)),
    ]
    events = [EVENT, PeerIgnored("x"), Asked()]
    for event in events:
        bus(0.5, 1, event)
    assert all(one.close(TIMEOUT) for one in closing)
    assert [entry.event for entry in prompt] == events[:2]
    assert [entry.event for entry in some] == events[1:2]
    assert [entry.event for entry in everything] == events[:2]
    assert [entry.event for entry in asked] == events[1:]


async def test_observers_are_given_an_entry_after_the_turn_in_which_it_came_about():
    journal, waiting = [], []
    bus = Bus(journal.append)
    observed = bus.observe("late", [].extend)
    bus(0.5, 1, EVENT)
    bus(0.5, 1, EVENT)
    assert (len(journal), observed.waiting) == (2, 0)
    asyncio.get_running_loop().call_soon(lambda: waiting.append(observed.waiting))
    await asyncio.sleep(0)
    assert waiting == [2]
    assert observed.close(TIMEOUT)


async def test_what_came_about_in_the_last_turn_is_taken_before_close_returns():
    seen = []
    bus = Bus()
    observed = bus.observe("last", seen.extend)
    bus(0.5, 1, EVENT)
    assert observed.close(TIMEOUT)
    assert len(seen) == 1
