"""The configuration space of a function as the hook ``register`` shows it."""

from collections.abc import Callable, Iterator

from responder.core.events import Event
from responder.core.hooks import Access, Hooks
from responder.device.pcie.function import Function
from responder.device.pcie.interfaces import FunctionEffect
from responder.spec.pcie import MsixControl


class HookedRegisters:
    """Hands each access to a function's configuration space to the hook; for whoever has hooks.

    An access that touches several registers is one for each of them. Answers are never delayed.
    """

    def __init__(self, function: Function, hooks: Hooks, emit: Callable[[Event], None]) -> None:
        """``emit`` takes what faults say of what they did."""
        self._function = function
        self._hooks = hooks
        self._emit = emit
        self._vectors = {
            mailbox.name(0).partition(".")[0]: mailbox.vector for mailbox in function.mailboxes
        }

    def read(self, offset: int, size: int, now: float) -> tuple[bytes, list[FunctionEffect]]:
        """``size`` bytes of configuration space, and what follows from the hook."""
        data, effects = self._function.config_read(offset, size, now), []
        shown = bytearray()
        for name, start, end in self._registers(offset, size):
            value = int.from_bytes(data[start - offset : end - offset], "little")
            access = self._hooked(Access(name, start, False, value, end - start))
            shown += access.value.to_bytes(access.size, "little")
            effects += self._signalled(access)
        return bytes(shown), effects

    def write(self, offset: int, data: bytes, now: float) -> list[FunctionEffect]:
        """Write what the hook leaves of the bytes, and what follows from that."""
        effects: list[FunctionEffect] = []
        for name, start, end in self._registers(offset, len(data)):
            value = int.from_bytes(data[start - offset : end - offset], "little")
            access = self._hooked(Access(name, start, True, value, end - start))
            if not access.dropped:
                written = access.value.to_bytes(access.size, "little")
                effects += self._function.config_write(start, written, now)
            effects += self._signalled(access)
        return effects

    def _registers(self, offset: int, size: int) -> Iterator[tuple[str, int, int]]:
        """The registers that a range touches: name, begin and end of what it touches of each."""
        start = offset
        while start < offset + size:
            name, end = self._function.register_name(start), start + 1
            while end < offset + size and self._function.register_name(end) == name:
                end += 1
            yield name, start, end
            start = end

    def _hooked(self, access: Access) -> Access:
        vector = self._vectors.get(access.name.partition(".")[0])
        if self._function.config_value("msix.control") & MsixControl.ENABLE:
            access.vector = vector
        access = self._hooks.register(access)
        for event in access.evidence:
            self._emit(event)
        return access

    def _signalled(self, access: Access) -> list[FunctionEffect]:
        if access.vector is None or not access.interrupt:
            return []
        return self._function.signal(access.vector)
