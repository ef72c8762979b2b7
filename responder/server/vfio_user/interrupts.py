"""MSI-X vectors of a client: the eventfds that signal them, and which are masked."""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from responder.server.vfio_user.codec import IrqAction, IrqData, IrqSet, RequestError
from responder.server.vfio_user.descriptors import Descriptors, close_all

IRQ_TYPES = 5
"""Interrupt types of a PCI device: INTx, MSI, MSI-X, error and request; see ``linux/vfio.h``."""
MSIX = 2


class Interrupts:
    """The interrupts of one client's device: MSI-X only.

    What cannot be signalled yet, because the vector is masked or has no eventfd, is pending.
    """

    def __init__(self, vectors: int) -> None:
        self._vectors = vectors
        self._eventfds: dict[int, int] = {}
        self._masked: set[int] = set()
        self._pending: set[int] = set()

    def count(self, index: int) -> int:
        """How many there are of a type; RequestError if there is no such type."""
        if index >= IRQ_TYPES:
            raise RequestError(f"interrupt type {index} is not 0 to {IRQ_TYPES - 1}")
        return self._vectors if index == MSIX else 0

    def set(self, request: IrqSet, descriptors: Descriptors) -> None:
        """DEVICE_SET_IRQS.

        Raises:
            RequestError: there are no such interrupts, or the descriptors are not their eventfds.
        """
        count = self.count(request.index)
        if request.start + request.count > count:
            raise RequestError(
                f"interrupts {request.start} to {request.start + request.count - 1}"
                f" of type {request.index}, which has {count}"
            )
        with_events = request.data is IrqData.EVENTFD
        descriptors.check(request.count if with_events else 0)
        vectors = range(request.start, request.start + request.count)
        if with_events:
            self._set_eventfds(request.action, vectors, descriptors)
        elif not request.count:
            if request.index == MSIX:
                self.close()
        else:
            chosen = request.chosen or bytes([1]) * request.count
            self._act(
                request.action, [one for one, yes in zip(vectors, chosen, strict=True) if yes]
            )

    def signal(self, vector: int) -> None:
        """Signal a vector, now or when it can be."""
        eventfd = self._eventfds.get(vector)
        if eventfd is None or vector in self._masked:
            if vector < self._vectors:
                self._pending.add(vector)
            return
        self._pending.discard(vector)
        poll = select.poll()
        poll.register(eventfd, select.POLLOUT)
        # Not if the counter is full: it says that an interrupt waits, and a write would wait too.
        if poll.poll(0):
            with suppress(BlockingIOError):  # the client filled it just now
                os.eventfd_write(eventfd, 1)

    def forget_pending(self) -> None:
        """The device was reset."""
        self._pending.clear()

    def close(self) -> None:
        """No vector is set up any more."""
        close_all(self._eventfds.values())
        self._eventfds.clear()
        self._masked.clear()
        self._pending.clear()

    def _set_eventfds(self, action: IrqAction, vectors: range, descriptors: Descriptors) -> None:
        if action is not IrqAction.TRIGGER:
            raise RequestError(f"nothing is told of {action.name}: the device masks no vector")
        if len(descriptors) not in (0, len(vectors)):
            raise RequestError(f"{len(descriptors)} eventfds for {len(vectors)} interrupts")
        if not all(map(_is_eventfd, descriptors)):
            raise RequestError("a descriptor is no eventfd")
        close_all(self._eventfds.pop(one) for one in vectors if one in self._eventfds)
        self._eventfds.update(zip(vectors, descriptors.take(), strict=False))
        self._signal_pending(vectors)

    def _act(self, action: IrqAction, vectors: Iterable[int]) -> None:
        match action:
            case IrqAction.MASK:
                self._masked.update(vectors)
            case IrqAction.UNMASK:
                self._masked.difference_update(vectors)
                self._signal_pending(vectors)
            case IrqAction.TRIGGER:
                for vector in vectors:
                    self.signal(vector)

    def _signal_pending(self, vectors: Iterable[int]) -> None:
        for vector in self._pending.intersection(vectors):
            self.signal(vector)


def _is_eventfd(descriptor: int) -> bool:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink()) == "anon_inode:[eventfd]"
    except OSError as error:
        raise RequestError(f"a descriptor cannot be looked at: {error}") from error
