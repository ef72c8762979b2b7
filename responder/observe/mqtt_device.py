"""How the device is: what it claims, and what has happened so far, as one JSON object."""

from collections import Counter
from typing import Any

from responder.core.events import FaultFired, SessionEstablished, SessionStarted
from responder.observe.entry import Entry
from responder.server.events import DeviceReset, FunctionNotice, PeerArrived, PeerLeft
from responder.server.server import Emulated
from responder.spec.flags import Cap


def claims(emulated: Emulated) -> dict[str, Any]:
    """What connections that come now are told: profile, versions, capabilities; and what is there.

    Only numbers of slots and measurements; ``measurement_changes`` counts their changes.
    """
    device, policy = emulated.device, emulated.policy
    slots = range(device.supported_slot_mask().bit_length())
    return {
        "profile": emulated.name,
        "versions": [version.label for version in policy.versions],
        "capabilities": [flag.name for flag in Cap if flag in policy.flags],
        "slots": [slot_id for slot_id in slots if device.slot(slot_id) is not None],
        "measurements": [measured.index for measured in device.measurements()],
        "measurement_changes": device.measurement_revision(),
    }


class DeviceState:
    """What has happened to the device: a prompt sink of ``responder.observe.bus.Bus``.

    It is told every event, also those that observers lose, so that what it counts is right. It may
    be read in another thread.
    """

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._functions: dict[int, FunctionNotice] = {}
        self._reset = ""

    def __call__(self, entry: Entry) -> None:
        """Take one event in."""
        match entry.event:
            case PeerArrived():
                self._count["arrived"] += 1
            case PeerLeft() if entry.connection:  # others never arrived
                self._count["left"] += 1
            case SessionStarted():
                self._count["started"] += 1
            case SessionEstablished():
                self._count["established"] += 1
            case FaultFired(fault=fault):
                self._faults[fault] += 1
            case FunctionNotice(function=number) as notice:
                self._functions[number] = notice
            case DeviceReset(reset=reset):
                self._count["reset"] += 1
                self._reset = reset

    def document(self) -> dict[str, Any]:
        """All of it, JSON-able."""
        count = self._count
        return {
            "connections": {
                "open": count["arrived"] - count["left"],
                "total": count["arrived"],
            },
            "sessions": {"started": count["started"], "established": count["established"]},
            "faults": dict(self._faults),
            "functions": {
                str(number): {"what": notice.what, "detail": notice.detail}
                for number, notice in list(self._functions.items())
            },
            "resets": count["reset"],
            "last_reset": self._reset,
        }
