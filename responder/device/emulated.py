"""The emulated device below the SPDM endpoint."""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from responder.core.controls import Controls
from responder.core.interfaces import (
    Measured,
    Psk,
    SessionToken,
    SigningKey,
    VendorRequest,
)
from responder.device.changes import Change, Schedule
from responder.device.endpoint_info import DeviceClass, device_class_identifiers
from responder.device.events import EventLog
from responder.device.key_pairs import KeyPair
from responder.device.measurements import Measurement
from responder.device.mel import HashExtendMeasurement, LogEntry, MeasurementLog
from responder.device.provisioning import NO_RULES, Provisioning, Rules
from responder.device.requester_trust import TrustedRequesters
from responder.device.slots import CertificateSlot, Credential, credential_for
from responder.device.vendor import VendorRule, vendor_response
from responder.spec.algorithms import Hash, Signature
from responder.spec.events import EventType
from responder.spec.measurements import ContentChanged, ValueType

if TYPE_CHECKING:
    from responder.device.line import DeviceLine, Same, Watcher


class EmulatedDevice:
    """Slots, measurements and vendor answers; implements ``core.interfaces.Device``.

    One device serves any number of connections; what changes it changes it for all of them.

    Attributes:
        events: what has happened to it.
        trust: whom it believes to be a requester.
        provisioning: the part that is written from outside.
        schedule: what happens to it of its own accord.
        watchers: whoever is told what happens to it.
        controls: none: it is no PCI Express device by itself.
    """

    controls: Controls | None = None

    def __init__(  # noqa: PLR0913 - the parts of a profile, by name
        self,
        slots: Mapping[int, CertificateSlot],
        measurements: Sequence[Measurement | HashExtendMeasurement] = (),
        *,
        vendor: Sequence[VendorRule] = (),
        public_key: Sequence[Credential] = (),
        psks: Sequence[Psk] = (),
        applications: Mapping[bytes, bytes] = MappingProxyType({}),
        content_changed: ContentChanged = ContentChanged.NO_CHANGE,
        log: MeasurementLog | None = None,
        device_classes: Sequence[DeviceClass] = (),
        changes: Sequence[Change] = (),
        event_types: Iterable[EventType] = EventType,
        trust: TrustedRequesters | None = None,
        key_pairs: Sequence[KeyPair] = (),
        rules: Rules = NO_RULES,
    ) -> None:
        self._slots = dict(slots)
        self._measurements = {one.index: one for one in measurements}
        self._vendor = tuple(vendor)
        self._public_key = tuple(public_key)
        self._applications = dict(applications)
        self._psks = {psk.hint: psk for psk in psks}
        self._content_changed = content_changed
        self._log = log or MeasurementLog()
        self._device_classes = device_classes
        self.schedule = Schedule(changes)
        self._revision = 0
        self.watchers: list[Watcher] = []
        self.events = EventLog(event_types)
        self.trust = trust or TrustedRequesters()
        self.provisioning = Provisioning(self._slots, key_pairs, rules, self._written)

    @cached_property
    def line(self) -> "DeviceLine":
        """What it has in common with other descriptions of the same device."""
        from responder.device.line import DeviceLine  # noqa: PLC0415 - only if something happens

        return DeviceLine(self)

    def tick(self, now: float) -> None:
        """A request arrives: the changes that are due happen before it is answered."""
        for deed, time in self.schedule.due(now):
            deed.happen(self, time)

    def slot(self, slot_id: int) -> CertificateSlot | None:
        """The slot; ``None`` if it does not exist or has neither a chain nor a key."""
        slot = self._slots.get(slot_id)
        return slot if slot and not slot.empty else None

    def supported_slot_mask(self) -> int:
        """The slots that exist, provisioned or not."""
        return sum(1 << slot_id for slot_id in self._slots)

    def slot_size(self, slot_id: int) -> int:
        """Bytes of storage of a slot that exists, else 0."""
        slot = self._slots.get(slot_id)
        return slot.size if slot else 0

    def public_key(self, asym: Signature) -> SigningKey | None:
        """The key that requesters were given as a raw public key; ``None`` without one."""
        credential = credential_for(self._public_key, asym)
        return credential.key() if credential else None

    def measurements(self) -> Sequence[Measured]:
        """All measurements, ascending by index."""
        return [self._measurements[index] for index in sorted(self._measurements)]

    def content_changed(self) -> int:
        """``ContentChanged``, the same for every signed response."""
        return self._content_changed

    def measurement_revision(self) -> int:
        """How often measurements have changed."""
        return self._revision

    def measurement_extension_log(self, measurement_hash: Hash | None) -> bytes:
        """The whole log; ``measurement_hash`` is ``None`` when only raw is possible."""
        return self._log.build(measurement_hash)

    def endpoint_info(self, sub_code: int) -> bytes | None:
        """EPInfo; ``None`` for a sub code that this device does not know."""
        from responder.wire.names import EndpointInfoSubCode  # noqa: PLC0415 - start-up time

        known = sub_code == EndpointInfoSubCode.DEVICE_CLASS_IDENTIFIER
        return device_class_identifiers(self._device_classes) if known else None

    def vendor_request(self, request: VendorRequest) -> bytes | None:
        """The answer to a VENDOR_DEFINED request; ``None`` if no rule fits it."""
        return vendor_response(self._vendor, request)

    def session_ended(self, session: SessionToken) -> None:
        """A session is over: nothing here belongs to one."""

    # What happens to it happens to all descriptions of the same device; see ``DeviceLine``.

    def change_measurement(self, index: int, value: bytes, *, here_only: bool = False) -> None:
        """A measurement changes, and events tell of it; a hash-extend measurement is extended.

        Args:
            index: which.
            value: what it is then, or is extended with.
            here_only: connections keep it as it is that have an earlier description.

        Raises:
            KeyError: there is no measurement of that index.
        """
        self.line.measured(index, value, adds=self._measurements[index].hash_extend)
        for one in [self] if here_only else list(self.line.members):
            one.measure(index, value)
        if not here_only:
            for watcher in self.watchers:
                watcher.measurement_changed(index)

    def announce_measurements(self, indices: Iterable[int]) -> None:
        """Events tell that measurements are about to change; nothing changes yet."""
        for one in list(self.line.members):
            one.events.measurements(EventType.MEASUREMENT_PRE_UPDATE, indices)

    def change_slot(
        self, slot_id: int, becomes: CertificateSlot, *, here_only: bool = False
    ) -> None:
        """A slot holds what another one holds, and events tell of it.

        ``here_only``: connections keep it as it is that have an earlier description.
        """
        self.line.moved[slot_id] = becomes
        for one in [self] if here_only else list(self.line.members):
            one.move(slot_id, becomes)
        if not here_only:
            for watcher in self.watchers:
                watcher.slot_changed(slot_id)

    def watch(self, watcher: "Watcher") -> None:
        """Tell ``watcher`` what happens to the device from now on, however it is described."""
        self.watchers.append(watcher)

    def unwatch(self, watcher: "Watcher") -> None:
        """Tell it no more, if it is told."""
        if watcher in self.watchers:
            self.watchers.remove(watcher)

    def succeed(self, older: "EmulatedDevice", same: "Same") -> None:
        """Go on where the device stands as it was described before, and stay in step with that.

        What has changed is carried over as far as it is still described in the same way.

        Raises:
            ValueError: what requesters have written has no place any more.
        """
        self.provisioning.succeed(older.provisioning)
        self.line = older.line
        self.line.members.add(self)
        self.line.latest = self
        self.watchers = older.watchers
        if same.changes:
            self.schedule = older.schedule
        else:
            self.schedule.begin_later()
        self.line.forget(same)
        for index, values in self.line.values.items():
            for value in values:
                self.measure(index, value)
        for slot_id, slot in self.line.moved.items():
            self.move(slot_id, slot)

    def measure_like(self, other: "EmulatedDevice", indices: Container[int]) -> None:
        """Let measurements change as those of another device have, which is described likewise."""
        for index, values in other.line.values.items():
            if index in indices:
                for value in values:
                    self.change_measurement(index, value, here_only=True)

    # What happens to this description alone.

    def measure(self, index: int, value: bytes) -> None:
        """As ``change_measurement``; a description without such a measurement stays as it is."""
        measured = self._measurements.get(index)
        if measured is None:
            return
        if isinstance(measured, Measurement):
            self._measurements[index] = measured.with_value(value)
        else:
            self._log.append(LogEntry(index, ValueType.INFORMATIONAL, value))
        self._revision += 1
        self.events.measurements(EventType.MEASUREMENT_CHANGED, [index])

    def move(self, slot_id: int, becomes: CertificateSlot) -> None:
        """As ``change_slot``; a description without such a slot stays as it is."""
        if slot_id in self._slots:
            self._slots[slot_id] = becomes.moved(slot_id)
            self.events.certificates(1 << slot_id)

    def _written(self, slot_mask: int) -> None:
        """A requester has written into these slots, and events tell of it."""
        self.events.certificates(slot_mask)
        if self.line.latest is self:
            for slot_id in self.line.moved:
                if slot_mask >> slot_id & 1:
                    self.line.moved[slot_id] = self._slots[slot_id]

    def application(self, data: bytes) -> bytes | None:
        """The answer to application data that is no SPDM message; ``None`` if no rule fits it."""
        return self._applications.get(data)

    def psk(self, hint: bytes) -> Psk | None:
        """The pre-shared key of a hint; ``None`` if there is none."""
        return self._psks.get(hint)
