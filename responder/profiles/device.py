"""From a profile to the device it describes: reads its files, makes its slots."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING

from responder.device.emulated import EmulatedDevice
from responder.device.endpoint_info import MAX_CLASS_SIZE, DeviceClass
from responder.device.slots import CertificateSlot, Credential
from responder.device.vendor import VendorRule
from responder.errors import ConfigError, data_root, suggest
from responder.pki.emu_keys import chain_file, read_emu_identity
from responder.pki.sets import Identity, list_sets, list_slots, read_identity
from responder.profiles import names
from responder.profiles.lookup import Lookup, find
from responder.profiles.measurements import build_log, build_measurements
from responder.profiles.provisioning import build_key_pairs, build_rules
from responder.profiles.schema import ProfileSpec, PublicKeySection, SlotSection, VendorSection
from responder.profiles.schema_device import DeviceClassSection, EventsSection
from responder.profiles.session import build_psks
from responder.profiles.source import KeyPath
from responder.profiles.trust import build_trust
from responder.spec.events import EventType
from responder.spec.registries import VENDOR_ID_SIZES

if TYPE_CHECKING:
    from responder.device.changes import Change


def build_device(spec: ProfileSpec, lookup: Lookup) -> tuple[EmulatedDevice, list[CertificateSlot]]:
    """The device of a profile, and its slots in the profile's order.

    Raises:
        ConfigError: a file is missing or is no identity, or a word is unknown.
    """
    kinds = key_kinds((*spec.algorithms.base_asym, *spec.algorithms.pqc_asym))
    slots = [build_slot(("slot", n), section, kinds, lookup) for n, section in enumerate(spec.slot)]
    _require_distinct([slot.slot_id for slot in slots], "slot", "id", lookup)
    public_key: Sequence[Credential] = ()
    if spec.public_key is not None:
        public_key = _credentials(("public_key",), spec.public_key, 0, kinds, lookup)
    log = build_log(spec.log, spec.measurement, lookup)
    measurements = build_measurements(spec.measurement, log, lookup)
    _require_distinct([one.index for one in measurements], "measurement", "index", lookup)
    changed = lookup.one(
        ("device", "content_changed"), spec.device.content_changed, names.CONTENT_CHANGED, "value"
    )
    changes: Sequence[Change] = ()
    if spec.change:
        from responder.profiles.changes import build_changes  # noqa: PLC0415 - start-up matters

        changes = build_changes(spec.change, measurements, slots, lookup)
    device = EmulatedDevice(
        {slot.slot_id: slot for slot in slots},
        measurements,
        vendor=[_vendor(("vendor", n), rule, lookup) for n, rule in enumerate(spec.vendor)],
        public_key=public_key,
        psks=build_psks(spec.psk, lookup),
        applications={
            lookup.hex(("application", n, "request"), one.request): lookup.hex(
                ("application", n, "response"), one.response
            )
            for n, one in enumerate(spec.application)
        },
        content_changed=changed,
        key_pairs=build_key_pairs(spec, slots, kinds, lookup),
        rules=build_rules(spec, slots, kinds, lookup),
        trust=build_trust(spec.trust, lookup),
        log=log,
        device_classes=[
            _class(("device_class", n), s, lookup) for n, s in enumerate(spec.device_class)
        ],
        changes=changes,
        event_types=[EventType.EVENT_LOST, *_event_types(spec.events, lookup)],
    )
    return device, [device.slot(slot.slot_id) or slot for slot in slots]


def _event_types(section: EventsSection, lookup: Lookup) -> list[EventType]:
    return lookup.all(("events", "types"), section.types, names.EVENT_TYPES, "type of event")


def _class(path: KeyPath, section: DeviceClassSection, lookup: Lookup) -> DeviceClass:
    standard, vendor_id = _vendor_id(path, section, lookup)
    identifiers = [
        lookup.hex((*path, "identifiers", number), text)
        for number, text in enumerate(section.identifiers)
    ]
    device_class = DeviceClass(standard, vendor_id, identifiers)
    if device_class.size > MAX_CLASS_SIZE:
        reason = f"the class is too long: {device_class.size} of {MAX_CLASS_SIZE} bytes"
        raise lookup.source.error(path, reason)
    return device_class


def key_kinds(offered: Iterable[str]) -> list[str]:
    """The kinds of keys that the offered signature algorithms need."""
    rows = (find(name, names.SIGNATURES) for name in offered)
    return list(dict.fromkeys(row.key for row in rows if row))


def build_slot(
    path: KeyPath, section: SlotSection, kinds: Sequence[str], lookup: Lookup
) -> CertificateSlot:
    """The slot of a table at ``path``, with keys of some kinds.

    Raises:
        ConfigError: as ``build_device``.
    """
    usage = lookup.all((*path, "key_usage"), section.key_usage, names.KEY_USAGES, "key usage")
    return CertificateSlot(
        section.id,
        _credentials(path, section, section.id, kinds, lookup),
        model=lookup.one((*path, "model"), section.model, names.MODELS, "certificate model"),
        key_pair_id=section.key_pair_id,
        key_usage=reduce(or_, (int(use) for use in usage), 0),
        size=section.size,
    )


def _credentials(
    path: KeyPath,
    section: SlotSection | PublicKeySection,
    default_slot: int,
    kinds: Sequence[str],
    lookup: Lookup,
) -> list[Credential]:
    if section.set is not None and section.identity is not None:
        reason = "set and identity exclude each other"
        raise lookup.source.error((*path, "identity"), reason)
    if section.identity is not None:
        here = (*path, "identity")
        file = lookup.source.file(here, section.identity)
        credential = Credential(_read(here, partial(read_identity, file), lookup))
        _require_usable(here, file, credential, lookup)
        return [credential]
    if section.set is None:
        return []
    number = default_slot if section.set_slot is None else section.set_slot
    here = (*path, "set")
    folder = _set_folder(here, section.set, lookup)
    alias = number == 0 and isinstance(section, SlotSection) and section.model == "alias"
    credentials = [
        Credential(_of_set(here, folder, kind, number, lookup, alias=alias), kind) for kind in kinds
    ]
    if folder.parent != data_root("certs"):
        for kind, credential in zip(kinds, credentials, strict=True):
            _require_usable(here, folder / kind, credential, lookup)
    return credentials


def _of_set(
    path: KeyPath, folder: Path, kind: str, number: int, lookup: Lookup, *, alias: bool
) -> Identity:
    """A slot's identity in a certificate set, or in the key folder of spdm_responder_emu."""
    if chain_file(folder, kind, number, alias=alias).is_file():
        return _read(path, partial(read_emu_identity, folder, kind, number, alias=alias), lookup)
    file = _set_file(path, folder, kind, number, lookup)
    return _read(path, partial(read_identity, file), lookup)


def _require_usable(path: KeyPath, file: Path, credential: Credential, lookup: Lookup) -> None:
    """The kind of key decides what the slot can do, so this key is parsed at once."""
    from responder.crypto.signing import UnsupportedKeyError  # noqa: PLC0415 - as in device.slots

    try:
        credential.key()
    except UnsupportedKeyError as error:
        raise lookup.source.error(path, f"{file}: {error}") from error


def _set_folder(path: KeyPath, name: str, lookup: Lookup) -> Path:
    if "/" in name:
        return lookup.source.file(path, name)
    folder = data_root("certs") / name
    if not folder.is_dir():
        reason = f"no certificate set {name!r} in {data_root('certs')}"
        raise lookup.source.error(path, reason, suggest(name, list_sets()))
    return folder


def _set_file(path: KeyPath, folder: Path, kind: str, number: int, lookup: Lookup) -> Path:
    file = folder / kind / f"slot{number}.pem"
    if file.is_file():
        return file
    slots = list_slots(folder.name, kind, folder.parent)
    if slots:
        have = ", ".join(map(str, slots))
        reason = f"no certificate file {file}: the set has {kind} keys for slots {have} only"
    else:
        kinds = sorted({other.parent.name for other in folder.glob("*/slot*.pem")})
        have = ", ".join(kinds) or "none"
        reason = (
            f"no certificate file {file}: the offered signatures need a key of kind {kind}, "
            f"the set has {have}"
        )
    raise lookup.source.error(path, reason)


def _read(path: KeyPath, read: Callable[[], Identity], lookup: Lookup) -> Identity:
    try:
        return read()
    except ConfigError as error:
        reason = f"{error.where}: {error.reason}"
        raise lookup.source.error(path, reason, error.suggestion) from error


def _vendor_id(
    path: KeyPath, section: VendorSection | DeviceClassSection, lookup: Lookup
) -> tuple[int, bytes]:
    """StandardID, and a VendorID of a length that suits it."""
    vendor_id = lookup.hex((*path, "vendor_id"), section.vendor_id)
    if not isinstance(section.standard, str):
        return section.standard, vendor_id
    here = (*path, "standard")
    standard = lookup.one(here, section.standard, names.STANDARDS, "standards body")
    sizes = VENDOR_ID_SIZES[standard]
    if len(vendor_id) not in sizes:
        allowed = " or ".join(map(str, sizes))
        reason = f"a vendor id of {section.standard} has {allowed} bytes, not {len(vendor_id)}"
        raise lookup.source.error((*path, "vendor_id"), reason)
    return int(standard), vendor_id


def _vendor(path: KeyPath, section: VendorSection, lookup: Lookup) -> VendorRule:
    standard, vendor_id = _vendor_id(path, section, lookup)
    if section.echo == (section.response is not None):
        raise lookup.source.error(path, "an answer is either a response or echo = true")
    payloads = {
        key: None if value is None else lookup.hex((*path, key), value)
        for key, value in (("request", section.request), ("response", section.response))
    }
    return VendorRule(standard, vendor_id, **payloads)


def _require_distinct(numbers: Sequence[int], table: str, key: str, lookup: Lookup) -> None:
    for position, number in enumerate(numbers):
        if number in numbers[:position]:
            reason = (
                f"{table} {number:#x} is there twice"
                if number > 9
                else f"{table} {number} is there twice"
            )
            raise lookup.source.error((table, position, key), reason)
