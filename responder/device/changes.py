"""What happens to a device of its own accord: at a time, or after some requests."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from responder.device.slots import CertificateSlot


class Changeable(Protocol):
    """What a deed can do to a device."""

    def change_measurement(self, index: int, value: bytes) -> None:
        """A measurement has another value."""

    def announce_measurements(self, indices: Sequence[int]) -> None:
        """Measurements are about to change."""

    def change_slot(self, slot_id: int, becomes: CertificateSlot) -> None:
        """A slot holds what another one holds."""


class ChangeMeasurement(msgspec.Struct, frozen=True):
    """A measurement gets a value; each time the next one, and after the last the first again."""

    index: int
    values: Sequence[bytes]

    def happen(self, device: Changeable, time: int) -> None:
        """Let it happen, for the ``time``-th time counted from 0."""
        device.change_measurement(self.index, self.values[time % len(self.values)])


class AnnounceMeasurement(msgspec.Struct, frozen=True):
    """It becomes known that a measurement is about to change."""

    index: int

    def happen(self, device: Changeable, time: int) -> None:
        """Let it happen."""
        del time
        device.announce_measurements([self.index])


class ChangeSlot(msgspec.Struct, frozen=True):
    """A slot gets the content of one of these; each time the next one."""

    slot_id: int
    becomes: Sequence[CertificateSlot]

    def happen(self, device: Changeable, time: int) -> None:
        """Let it happen, for the ``time``-th time counted from 0."""
        device.change_slot(self.slot_id, self.becomes[time % len(self.becomes)])


Deed = ChangeMeasurement | AnnounceMeasurement | ChangeSlot


class Change(msgspec.Struct, frozen=True):
    """A deed and when it is done.

    Attributes:
        deed: what happens.
        after_seconds: virtual time in seconds; 0 if requests count.
        after_requests: so many requests come first; 0 if the time counts.
        times: how often it happens, each time after as long again.
    """

    deed: Deed
    after_seconds: float = 0.0
    after_requests: int = 0
    times: int = 1


class Schedule:
    """Tells at each request which deeds are due."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = list(changes)
        self._done = [0] * len(changes)
        self._requests = 0
        self._begun: float | None = 0.0

    def begin_later(self) -> None:
        """Count the time from the next request on, not from zero."""
        self._begun = None

    def due(self, now: float) -> Iterator[tuple[Deed, int]]:
        """The deeds that are due at a request, each with how often it was done before."""
        if self._begun is None:
            self._begun = now
        for number, change in enumerate(self._changes):
            while self._done[number] < min(
                change.times, self._occasions(change, now - self._begun)
            ):
                yield change.deed, self._done[number]
                self._done[number] += 1
        self._requests += 1

    def _occasions(self, change: Change, seconds: float) -> int:
        if change.after_requests:
            return self._requests // change.after_requests
        return int(seconds / change.after_seconds)
