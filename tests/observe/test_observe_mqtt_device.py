"""The retained state of a device."""

from responder.core.events import FaultFired, RequestReceived, SessionEstablished, SessionStarted
from responder.observe.entry import Entry
from responder.observe.mqtt_device import DeviceState, claims
from responder.profiles.load import load_profile
from responder.server.events import DeviceReset, FunctionNotice, PeerArrived, PeerLeft


def told(*entries):
    state = DeviceState()
    for connection, event in entries:
        state(Entry(0.0, connection, event))
    return state.document()


def test_nothing_has_happened():
    assert told() == {
        "connections": {"open": 0, "total": 0},
        "sessions": {"started": 0, "established": 0},
        "faults": {},
        "functions": {},
        "resets": 0,
        "last_reset": "",
    }


def test_what_happened_is_counted():
    moved = FunctionNotice(1, "tdi-state", "CONFIG_LOCKED to RUN")
    found = told(
        (1, PeerArrived("a", "x")),
        (2, PeerArrived("b", "x")),
        (0, PeerLeft("c", "asked nothing")),
        (1, PeerLeft("a", "gone")),
        (1, RequestReceived(0x84, b"")),
        (2, SessionStarted(1, "KEY")),
        (2, SessionEstablished(1)),
        (2, SessionStarted(2, "PSK")),
        (2, FaultFired("chal.slot-wrong", "draft", "")),
        (2, FaultFired("chal.slot-wrong", "draft", "")),
        (0, FunctionNotice(1, "reset", "")),
        (0, moved),
        (0, DeviceReset("conventional reset")),
    )
    assert found["connections"] == {"open": 1, "total": 2}
    assert found["sessions"] == {"started": 2, "established": 1}
    assert found["faults"] == {"chal.slot-wrong": 2}
    assert found["functions"] == {"1": {"what": moved.what, "detail": moved.detail}}
    assert (found["resets"], found["last_reset"]) == (1, "conventional reset")


def test_claims_are_the_profiles_and_follow_it():
    profile = load_profile("default")
    before = claims(profile)
    profile.device.change_measurement(1, b"new")
    assert before["profile"] == "default"
    assert before["versions"] == [version.label for version in profile.policy.versions]
    assert before["capabilities"] == ["CERT", "CHAL", "MEAS_SIG", "MEAS_FRESH"]
    assert claims(profile) == {**before, "measurement_changes": 1}
