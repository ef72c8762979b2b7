"""Every observer is told; one that fails stops nobody."""

from responder.core.events import PhaseChanged, SessionKeys
from responder.observe.bus import Bus, ObserverLost
from responder.observe.entry import Entry

EVENT = PhaseChanged("A", "B")
KEYS = SessionKeys(1, "request", "data", "AES-256-GCM", True, False, bytes(32), bytes(12))


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
    journal, keys = [], []
    bus = Bus(journal.append)
    bus.add_for_keys(keys.append)
    bus(0.5, 1, EVENT)
    bus(1.5, 2, KEYS)
    assert [entry.event for entry in journal] == [EVENT]
    assert keys == [Entry(1.5, 2, KEYS)]


def test_a_broken_key_log_is_told_of():
    seen = []

    def broken(entry):
        raise OSError("disk full")

    bus = Bus(seen.append)
    bus.add_for_keys(broken)
    bus(0.5, 1, KEYS)
    bus(1.5, 1, KEYS)
    assert [type(entry.event) for entry in seen] == [ObserverLost]
