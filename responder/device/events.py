"""What has happened to a device, for the sessions that want to be told."""

from collections import deque
from collections.abc import Iterable, Sequence

from responder.core.interfaces import Occurrence
from responder.spec.events import MEASUREMENT_BITMAP_SIZE, EventType

CAPACITY = 256
"""How many occurrences are remembered; a session that asks too late has lost the older ones."""


class EventLog:
    """The latest occurrences, numbered from 1; implements ``core.interfaces.EventSource``.

    Attributes:
        types: the types that the device can tell of.
        latest: the number of the last occurrence, 0 before the first.
    """

    def __init__(self, types: Iterable[EventType] = EventType, *, capacity: int = CAPACITY) -> None:
        self.types = frozenset(types)
        self.latest = 0
        self._occurrences: deque[Occurrence] = deque(maxlen=capacity)

    def since(self, number: int) -> Sequence[Occurrence]:
        """What happened after the occurrence of that number and is still remembered."""
        return [one for one in self._occurrences if one.number > number]

    def measurements(self, event_type: EventType, indices: Iterable[int]) -> None:
        """Measurements have changed, or are about to."""
        from responder.wire.events import MeasurementEvent  # noqa: PLC0415 - start-up matters

        bits = sum(1 << index for index in set(indices))
        bitmap = bits.to_bytes(MEASUREMENT_BITMAP_SIZE, "little")
        self._record(event_type, MeasurementEvent(changed_measurements=bitmap).build())

    def certificates(self, slot_mask: int) -> None:
        """The certificate chains of some slots have changed."""
        from responder.wire.events import CertificateChanged  # noqa: PLC0415 - start-up matters

        detail = CertificateChanged(certificate_changed=slot_mask).build()
        self._record(EventType.CERTIFICATE_CHANGED, detail)

    def _record(self, event_type: EventType, detail: bytes) -> None:
        self.latest += 1
        self._occurrences.append(Occurrence(self.latest, event_type, detail))
