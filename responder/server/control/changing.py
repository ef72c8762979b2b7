"""Commands that change something: faults, settings, the device, the server itself."""

from typing import Any

from responder.core.ownership import Reset
from responder.server.control import arguments as asked_for
from responder.server.control.errors import CommandError
from responder.server.control.results import Faults, Happened, Nothing, Settings
from responder.server.control.steered import Scene

_RESETS = {
    "function-level": Reset.FUNCTION_LEVEL,
    "conventional": Reset.CONVENTIONAL,
    "power-cycle": Reset.POWER_CYCLE,
}
_HIDDEN = "(not shown)"


def fault_add(scene: Scene, asked: asked_for.FaultAdd) -> Faults:
    """Add faults; those that are in force by that."""
    return Faults(list(scene.steering.add_faults(asked.faults, now=asked.now)))


def fault_list(scene: Scene, asked: asked_for.FaultList) -> Faults:
    """The faults in force."""
    del asked
    return Faults(list(scene.steering.faults()))


def fault_remove(scene: Scene, asked: asked_for.FaultRemove) -> Faults:
    """Remove faults; those that were."""
    return Faults(list(scene.steering.remove_faults(asked.faults or None, now=asked.now)))


def set_keys(scene: Scene, asked: asked_for.Set) -> Settings:
    """Change keys of the profile; all that are changed by now."""
    scene.steering.set(asked.changes)
    return _settings(scene)


def unset_keys(scene: Scene, asked: asked_for.Unset) -> Settings:
    """Take changes back; those that stay."""
    scene.steering.unset(asked.keys or None)
    return _settings(scene)


def query_settings(scene: Scene, asked: asked_for.QuerySettings) -> Settings:
    """The keys that are changed."""
    del asked
    return _settings(scene)


def measurement_set(scene: Scene, asked: asked_for.MeasurementSet) -> Nothing:
    """A measurement changes."""
    try:
        value = bytes.fromhex(asked.value)
    except ValueError:
        reason = f"measurement-set: {asked.value!r} is not hexadecimal"
        raise CommandError("BadArgument", reason) from None
    scene.steering.set_measurement(asked.index, value, now=asked.now)
    return Nothing()


def slot_set(scene: Scene, asked: asked_for.SlotSet) -> Nothing:
    """A slot holds something else."""
    scene.steering.set_slot(asked.slot, asked.content, now=asked.now)
    return Nothing()


def tdi_error(scene: Scene, asked: asked_for.TdiError) -> Happened:
    """An interface goes to ERROR."""
    fail = scene.device.fail_interface
    return Happened(fail(asked.function, asked.reason, connection=asked.connection))


def reset(scene: Scene, asked: asked_for.Reset) -> Happened:
    """Devices are reset, or a function of them."""
    kind = _RESETS[asked.kind]
    return Happened(scene.device.reset(kind, asked.function, connection=asked.connection))


def link_down(scene: Scene, asked: asked_for.LinkDown) -> Happened:
    """The link goes down and comes back."""
    return Happened(scene.device.link_down(connection=asked.connection))


def stream_insecure(scene: Scene, asked: asked_for.StreamInsecure) -> Happened:
    """An IDE stream goes insecure."""
    return Happened(scene.device.fail_stream(asked.stream, connection=asked.connection))


def shutdown(scene: Scene, asked: asked_for.Shutdown) -> Nothing:
    """The server stops."""
    scene.shut_down(asked.now)
    return Nothing()


def _settings(scene: Scene) -> Settings:
    return Settings(_without_secrets(dict(scene.steering.settings())))


def _without_secrets(value: Any) -> Any:
    """The same with something else in the place of pre-shared keys, at any depth."""
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _HIDDEN if key.rpartition(".")[2].startswith("secret") else _without_secrets(one)
        for key, one in value.items()
    }
