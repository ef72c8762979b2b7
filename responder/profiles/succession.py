"""A profile that is loaded again while its device is in use: what of the device goes on."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from responder.device.emulated import EmulatedDevice
from responder.device.line import Same
from responder.device.state import DeviceState
from responder.errors import ConfigError
from responder.profiles.device import key_kinds
from responder.profiles.load import Profile
from responder.profiles.schema import ProfileSpec

_OF_DEVICE = (
    "slot", "public_key", "log", "measurement", "device", "change", "vendor", "psk", "application",
    "provisioning", "key_pair", "bank", "trust", "device_class",
)  # fmt: skip
"""The tables that a device is built from, beside the kinds of its keys and of its events."""
_SHARED = -1
"""Stands for the functions that have no certificates of their own."""


def succeeded(new: Profile, old: Profile, *, anew: bool = False) -> Profile:
    """A profile whose device goes on where that of the profile before stands.

    Connections keep the device as it was described when they began. If both profiles describe the
    same, it is the same object; else what requesters write, and what happens to it, is the same in
    both from now on. What has happened so far is carried over, but for what the new profile
    describes otherwise: of a measurement or of the slots its word is the later one.

    Args:
        new: as it was loaded.
        old: the one before.
        anew: the device is to be another object in any case.

    Raises:
        ConfigError: what requesters have written into the device has no place in the new profile.
    """
    before, devices = _devices(old), _devices(new)
    same = _same(new.spec, old.spec)
    others = [n for n in devices if n in before and (anew or _differ(new.spec, old.spec, n))]
    try:
        for number in others:
            devices[number].provisioning.check_succession(before[number].provisioning)
        _check_gone({n: device for n, device in before.items() if n not in devices})
    except ValueError as error:
        raise ConfigError(str(error)) from None
    for number, device in devices.items():
        if number not in before:
            device.measure_like(old.device, same.measurements)
        elif number in others:
            device.succeed(before[number], same)
        else:
            devices[number] = before[number]
    shared = devices[_SHARED]
    if new.functions is None:
        return replace(new, device=shared)
    count = len(new.functions.devices)
    standing = [devices.get(number, shared) for number in range(count)]
    return replace(new, device=shared, functions=replace(new.functions, devices=standing))


def _devices(profile: Profile) -> dict[int, EmulatedDevice]:
    """The device of a profile, and those of functions that have certificates of their own."""
    behind = () if profile.functions is None else profile.functions.devices
    own = {n: device for n, device in enumerate(behind) if device is not profile.device}
    return {_SHARED: profile.device, **own}


def _check_gone(gone: Mapping[int, EmulatedDevice]) -> None:
    """Raise ValueError if something was written into a device that is there no more."""
    for number, device in gone.items():
        written = device.provisioning
        if written.state != DeviceState(written.described):
            raise ValueError(f"requesters have written certificates into function {number}")


def _same(new: ProfileSpec, old: ProfileSpec) -> Same:
    now, before = _measurements(new), _measurements(old)
    slots = new.slot == old.slot and _kinds(new) == _kinds(old)
    return Same(
        measurements={index for index in now if now[index] == before.get(index)},
        slots=slots,
        changes=slots and new.change == old.change,
    )


def _measurements(spec: ProfileSpec) -> dict[int, Any]:
    """What a profile says of each measurement."""
    return {
        one.index: (one, [entry for entry in spec.log if entry.measurement == one.index])
        for one in spec.measurement
    }


def _differ(new: ProfileSpec, old: ProfileSpec, number: int) -> bool:
    """Whether two profiles describe the device of a function in different ways."""
    return _described(new, number) != _described(old, number)


def _described(spec: ProfileSpec, number: int) -> list[Any]:
    """All that the device of a function is built from."""
    own = [(f.set, f.set_slot, f.identity) for f in spec.function if f.number == number]
    return [*(getattr(spec, name) for name in _OF_DEVICE), _kinds(spec), spec.events.types, own]


def _kinds(spec: ProfileSpec) -> list[str]:
    return key_kinds((*spec.algorithms.base_asym, *spec.algorithms.pqc_asym))
