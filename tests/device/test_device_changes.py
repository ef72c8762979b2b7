from responder.device.changes import (
    AnnounceMeasurement,
    Change,
    ChangeMeasurement,
    ChangeSlot,
    Schedule,
)
from responder.device.emulated import EmulatedDevice
from responder.device.measurements import Measurement
from responder.device.mel import HashExtendMeasurement, LogEntry, MeasurementLog
from responder.device.slots import CertificateSlot, Credential
from responder.pki.sets import identity_path, read_identity
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, MEASUREMENT_HASHES, by_name
from responder.spec.events import EventType
from responder.spec.measurements import ValueType

P384 = by_name(BASE_ASYM, "ECDSA-P384")
SHA384 = by_name(BASE_HASHES, "SHA-384")
MEASURED_WITH = by_name(MEASUREMENT_HASHES, "SHA-384")
ANNOUNCE = AnnounceMeasurement(1)


def slot(slot_id):
    identity = read_identity(identity_path("device", "ecp384", slot_id))
    return CertificateSlot(slot_id, [Credential(identity, "ecp384")])


def device(*changes, log=()):
    log = MeasurementLog(log)
    measurements = [
        Measurement(1, ValueType.MUTABLE_FIRMWARE, b"old", raw=True),
        HashExtendMeasurement(0x11, log),
    ]
    return EmulatedDevice({0: slot(0), 1: slot(1)}, measurements, log=log, changes=changes)


def due(schedule, now):
    return [time for _, time in schedule.due(now)]


def test_after_requests_the_next_one_finds_the_change():
    schedule = Schedule([Change(ANNOUNCE, after_requests=2, times=2)])
    assert [due(schedule, 0.0) for _ in range(7)] == [[], [], [0], [], [1], [], []]


def test_after_seconds_it_happens_with_the_next_request():
    schedule = Schedule([Change(ANNOUNCE, after_seconds=1.5, times=3)])
    assert [due(schedule, now) for now in (0.0, 1.4, 1.5, 2.0, 4.6, 100.0)] == [
        [], [], [0], [], [1, 2], []
    ]  # fmt: skip


def test_a_measurement_takes_one_value_after_the_other():
    measured = device(Change(ChangeMeasurement(1, [b"new", b"newer"]), after_requests=1, times=3))
    values, revisions = [], []
    for _ in range(5):
        measured.tick(0.0)
        values.append(measured.measurements()[0].block(None, raw=True)[-3:])
        revisions.append(measured.measurement_revision())
    assert values == [b"old", b"new", b"wer", b"new", b"new"]
    assert revisions == [0, 1, 2, 3, 3]
    assert [one.event_type for one in measured.events.since(0)] == [2, 2, 2]


def test_what_is_hash_extended_gets_another_entry_of_the_log():
    measured = device(Change(ChangeMeasurement(0x11, [b"loaded"]), after_seconds=1.0))
    before = measured.measurements()[1].block(MEASURED_WITH, raw=False)
    measured.tick(1.0)
    after = measured.measurements()[1].block(MEASURED_WITH, raw=False)
    expected = MeasurementLog([LogEntry(0x11, ValueType.INFORMATIONAL, b"loaded")])
    assert measured.measurement_extension_log(MEASURED_WITH) == expected.build(MEASURED_WITH)
    assert (len(after), after == before) == (len(before), False)
    (event,) = measured.events.since(0)
    assert event.detail == (1 << 0x11).to_bytes(32, "little")


def test_an_announcement_changes_nothing_but_is_an_event():
    measured = device(Change(ANNOUNCE, after_seconds=1.0))
    measured.tick(1.0)
    assert measured.measurement_revision() == 0
    assert [one.event_type for one in measured.events.since(0)] == [
        EventType.MEASUREMENT_PRE_UPDATE
    ]


def test_a_slot_gets_the_content_of_another():
    changed = device(Change(ChangeSlot(0, [slot(1), slot(0)]), after_requests=1, times=2))
    own = [changed.slot(number).digest(P384, SHA384) for number in (0, 1)]
    found = []
    for _ in range(3):
        changed.tick(0.0)
        found.append(changed.slot(0).digest(P384, SHA384))
    assert found == [own[0], own[1], own[0]]
    assert changed.slot(0).slot_id == 0
    assert [(one.event_type, one.detail) for one in changed.events.since(0)] == [(4, b"\x01")] * 2
