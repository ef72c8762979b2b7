"""Commands that look, and change nothing."""

from typing import TYPE_CHECKING

from responder import __version__
from responder.server.control import arguments as asked_for
from responder.server.control.results import (
    Connections,
    ConnectionSeen,
    Counters,
    DeviceSeen,
    FunctionSeen,
    JournalPage,
    MeasurementSeen,
    SessionSeen,
    SlotSeen,
    Status,
    Waiting,
)
from responder.server.control.steered import Scene
from responder.spec.codes import name_of_code
from responder.spec.limits import HEADER_SIZE
from responder.spec.measurements import RAW_BIT_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from responder.core.connection import Connection
    from responder.core.interfaces import Device
    from responder.device.pcie.interfaces import Interface
    from responder.server.control.gate import Held
    from responder.server.endpoint import SpdmEndpoint

_BLOCK_TYPE = 4
_BLOCK_VALUE = 7
"""Where type and value lie in a measurement block (DSP0274 "Measurement block")."""


def status(scene: Scene, asked: asked_for.QueryStatus) -> Status:
    """The server."""
    del asked
    server, gate = scene.server, scene.gate
    return Status(
        instance=scene.instance,
        version=__version__,
        profile=server.profile.name,
        time=round(server.clock.now(), 6),
        connections=len(server.connections) + len(list(server.devices.occupied_functions())),
        paused=gate.paused,
        waiting=len(gate.waiting),
    )


def connections(scene: Scene, asked: asked_for.QueryConnections) -> Connections:
    """The connections, and the machines that have a function."""
    del asked
    server = scene.server
    found = [
        _connection(scene, one.ordinal, one.peer, str(one.listener), one.endpoint)
        for one in server.connections
    ]
    found += [
        _connection(scene, function.ordinal, "a machine", listener, function.met)
        for function, listener in server.devices.occupied_functions()
    ]
    return Connections(sorted(found, key=lambda one: one.connection))


def device(scene: Scene, asked: asked_for.QueryDevice) -> DeviceSeen:
    """The device that connections get."""
    del asked
    shown = scene.server.profile.device
    return DeviceSeen(
        slots=list(_slots(shown)),
        measurements=list(_measurements(shown)),
        functions=[
            FunctionSeen(function.ordinal, function.number, _interface(inside.interface))
            for host in scene.server.devices
            for function, inside in zip(host.functions, host.device.functions, strict=True)
        ],
    )


def journal(scene: Scene, asked: asked_for.QueryJournal) -> JournalPage:
    """A part of the journal."""
    return scene.story.page(asked.since, asked.limit, asked.connection)


def counters(scene: Scene, asked: asked_for.QueryCounters) -> Counters:
    """How often each thing has happened."""
    del asked
    return scene.story.counters()


def name_of_held(held: "Held") -> str:
    """What waits, as far as it can be known without keys."""
    if held.secured:
        return "secured record"
    return name_of_code(held.message[1]) if len(held.message) >= HEADER_SIZE else "no message"


def _connection(
    scene: Scene, ordinal: int, peer: str, listener: str, endpoint: "SpdmEndpoint | None"
) -> ConnectionSeen:
    connection = endpoint.connection if endpoint is not None else None
    version = connection.version if connection is not None else None
    return ConnectionSeen(
        connection=ordinal,
        peer=peer,
        listener=listener,
        phase=connection.phase.name if connection is not None else "",
        version=version.label if version is not None else "",
        sessions=list(_sessions(connection)) if connection is not None else [],
        waiting=[
            Waiting(name_of_held(held), held.message.hex())
            for held in scene.gate.waiting
            if ordinal and held.peer.ordinal == ordinal
        ],
    )


def _sessions(connection: "Connection") -> "Iterator[SessionSeen]":
    for session in connection.sessions.values():
        kind = "PSK" if session.psk else "KEY"
        yield SessionSeen(session.session_id, kind, session.phase.name.lower())


def _slots(device: "Device") -> "Iterator[SlotSeen]":
    mask = device.supported_slot_mask()
    for slot_id in range(mask.bit_length()):
        if mask >> slot_id & 1:
            yield SlotSeen(slot_id, device.slot_size(slot_id), device.slot(slot_id) is not None)


def _measurements(device: "Device") -> "Iterator[MeasurementSeen]":
    for measured in device.measurements():
        block = measured.block(None, raw=True)
        kind = block[_BLOCK_TYPE] & ~RAW_BIT_STREAM
        yield MeasurementSeen(measured.index, kind, block[_BLOCK_VALUE:].hex())


def _interface(interface: "Interface | None") -> str:
    return interface.state.name if interface is not None else ""
