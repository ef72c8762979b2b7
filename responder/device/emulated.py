"""The emulated device below the SPDM endpoint."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

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


class EmulatedDevice:
    """Slots, measurements and vendor answers; implements ``core.interfaces.Device``.

    One device serves any number of connections; what changes it changes it for all of them.

    Attributes:
        events: what has happened to it.
        trust: whom it believes to be a requester.
        provisioning: the part that is written from outside.
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
        self._schedule = Schedule(changes)
        self._revision = 0
        self.events = EventLog(event_types)
        self.trust = trust or TrustedRequesters()
        self.provisioning = Provisioning(self._slots, key_pairs, rules, self.certificates_changed)

    def tick(self, now: float) -> None:
        """A request arrives: the changes that are due happen before it is answered."""
        for deed, time in self._schedule.due(now):
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

    def change_measurement(self, index: int, value: bytes) -> None:
        """A measurement changes, and events tell of it; a hash-extend measurement is extended.

        Raises:
            KeyError: there is no measurement of that index.
        """
        measured = self._measurements[index]
        if isinstance(measured, Measurement):
            self._measurements[index] = measured.with_value(value)
        else:
            self._log.append(LogEntry(index, ValueType.INFORMATIONAL, value))
        self._revision += 1
        self.events.measurements(EventType.MEASUREMENT_CHANGED, [index])

    def announce_measurements(self, indices: Iterable[int]) -> None:
        """Events tell that measurements are about to change; nothing changes yet."""
        self.events.measurements(EventType.MEASUREMENT_PRE_UPDATE, indices)

    def change_slot(self, slot_id: int, becomes: CertificateSlot) -> None:
        """A slot holds what another one holds, and events tell of it."""
        self._slots[slot_id] = becomes.moved(slot_id)
        self.certificates_changed(1 << slot_id)

    def certificates_changed(self, slot_mask: int) -> None:
        """Events tell that the chains of these slots are other ones."""
        self.events.certificates(slot_mask)

    def application(self, data: bytes) -> bytes | None:
        """The answer to application data that is no SPDM message; ``None`` if no rule fits it."""
        return self._applications.get(data)

    def psk(self, hint: bytes) -> Psk | None:
        """The pre-shared key of a hint; ``None`` if there is none."""
        return self._psks.get(hint)
