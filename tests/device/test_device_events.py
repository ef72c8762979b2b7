from responder.device.events import EventLog
from responder.spec.events import EventType


def test_occurrences_are_numbered_and_have_the_detail_of_the_wire():
    events = EventLog()
    events.measurements(EventType.MEASUREMENT_CHANGED, [1, 0xFE])
    events.certificates(0b101)
    changed, certificates = events.since(0)
    assert (changed.number, changed.event_type) == (1, 2)
    assert changed.detail == b"\x02" + bytes(30) + b"\x40", "bit 1 of byte 0, bit 6 of byte 31"
    assert (certificates.number, certificates.event_type) == (2, 4)
    assert certificates.detail == b"\x05"
    assert (events.since(1), events.since(2)) == ([certificates], [])
    assert events.latest == 2


def test_the_oldest_are_forgotten():
    events = EventLog(capacity=2)
    for slot in range(4):
        events.certificates(1 << slot)
    assert [one.number for one in events.since(0)] == [3, 4]
    assert events.latest == 4
