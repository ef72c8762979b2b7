"""What all hooks of the engine share: who strikes, what came of it, what is remembered."""

from collections.abc import Callable, Container, Sequence

from responder.core.events import FaultFired
from responder.core.hooks import Exchange
from responder.crypto.random_tree import RandomTree
from responder.faults import edits
from responder.faults.edits import Action
from responder.faults.match import Armed, Matcher, Occasion, arm
from responder.faults.memory import ConnectionMemory, FaultMemory, Near, Remembered
from responder.faults.place import NoSuchPlace
from responder.faults.rule import FaultSpec
from responder.faults.sources import ExchangeSources
from responder.faults.subject import Subject
from responder.wire.errors import WireError

CarryOut = Callable[[Action, Armed, RandomTree], str]
"""Carries one action of a rule out, with random values of its own; says what it did."""

_STRUCK = 1000
"""The rank of a rule that struck and changed nothing."""


class Striker:
    """The rules of one connection, and the memory that they share with those of others."""

    def __init__(
        self, faults: Sequence[FaultSpec], memory: FaultMemory, random: RandomTree
    ) -> None:
        self._memory = memory
        self._own = ConnectionMemory()
        self._random = random
        self._matcher = Matcher(memory, self._own, self._drawn)
        self._at: dict[str, list[Armed]] = {}
        for armed in arm(faults):
            self._at.setdefault(armed.rule.hook, []).append(armed)

    def add(self, faults: Sequence[FaultSpec]) -> None:
        """More faults from now on, in the place of those of the same ids; their counts are new."""
        self.remove([fault.id for fault in faults])
        for armed in arm(faults):
            self._at[armed.rule.hook] = [*self._at.get(armed.rule.hook, ()), armed]
        for fault in faults:
            self._own.forget(fault.id)

    def remove(self, ids: Container[str]) -> None:
        """Fewer faults from now on."""
        for hook, rules in list(self._at.items()):
            left = [armed for armed in rules if armed.fault.id not in ids]
            if left:
                self._at[hook] = left
            else:
                del self._at[hook]

    def _striking(self, hook: str, occasion: Occasion) -> list[Armed]:
        """The rules of a hook that strike, decided one after the other."""
        rules = self._at.get(hook)
        if not rules:
            return []
        return [armed for armed in rules if self._matcher.strikes(armed, occasion)]

    def _carry_out(self, armed: Armed, one: CarryOut, place: str) -> str:
        """All actions of a rule; what they did, empty if one of them could not."""
        draws = self._draws(armed)
        told = []
        for action in armed.rule.action:
            try:
                told.append(one(action, armed, draws))
            except (NoSuchPlace, WireError, ValueError, OverflowError, OSError) as miss:
                self._miss(armed, f"{place}: {miss}")
                return ""
        return "; ".join(told)

    def _event(
        self,
        armed: Armed,
        told: str,
        name: str,
        change: tuple[bytes, bytes],
        *,
        any_change: bool = False,
    ) -> FaultFired | None:
        """The evidence of a rule that did something; edits must have changed the bytes.

        Unless with ``any_change``: there is more than bytes, and the actions looked themselves.
        """
        before, after = change
        if not told:
            return None
        if before != after:
            return fired(armed, told, name, before, after)
        if not any_change and all(isinstance(one, edits.Edit) for one in armed.rule.action):
            self._miss(armed, f"{name}: {told}: the bytes stay as they are")
            return None
        return fired(armed, told, name)

    def _seen(
        self, exchange: Exchange, armed: Armed, text: str, before: bytes, after: bytes
    ) -> None:
        """Something of the changed device was looked at."""
        event = fired(armed, text, exchange.request.name, before, after)
        if event not in exchange.evidence:
            self._struck_once(armed, exchange, event)

    def _struck_once(self, armed: Armed, exchange: Exchange, event: FaultFired) -> None:
        exchange.evidence.append(event)
        self._struck(armed)

    def _struck(self, armed: Armed) -> None:
        self._memory.fired[armed.fault.id] += 1
        self._matcher.counts(armed.rule).strikes[armed.key] += 1
        self._happened(f"fired:{armed.fault.id}")
        self._happened(f"step:{armed.key}")

    def _happened(self, event: str) -> None:
        self._own.happened.add(event)
        self._own.in_session[self._own.session].happened.add(event)
        self._own.in_exchange[self._own.mailbox].happened.add(event)
        self._memory.happened.add(event)

    def _miss(self, armed: Armed, text: str) -> None:
        self._matcher.miss(armed, Near(_STRUCK, text))

    def _remember(self, name: str, data: bytes, exchange: Exchange) -> None:
        self._memory.remember(self._own, Remembered(name, data, exchange.wire, self._own.ordinal))

    def _sources(self, exchange: Exchange, subject: Subject | None, name: str) -> ExchangeSources:
        return ExchangeSources(exchange, subject, name, self._memory, self._own)

    def _draws(self, armed: Armed) -> RandomTree:
        """Random values of this very strike."""
        count = self._matcher.counts(armed.rule).matches[armed.key]
        return self._random.child(armed.key, self._own.ordinal, count)

    def _drawn(self, key: str, count: int) -> float:
        branch = self._random.child("probability", key, self._own.ordinal, count)
        return int.from_bytes(branch.bytes(8), "big") / (1 << 64)


def fired(
    armed: Armed, detail: str, message: str = "", before: bytes = b"", after: bytes = b""
) -> FaultFired:
    """The evidence of a strike."""
    return FaultFired(armed.fault.id, armed.rule.hook, detail, message, before, after)
