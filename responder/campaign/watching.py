"""Sees keys and records of sessions go by, before faults have changed them and afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from msgspec.structs import replace

from responder.core.hooks import Access, Agreement, Derivation, Exchange, Hooks, Sealing

Watched = TypeVar("Watched")


@dataclass(frozen=True, slots=True)
class Seen(Generic[Watched]):
    """What passed a hook.

    Attributes:
        hook: ``agree``, ``derive``, ``seal``, ``record``, or ``register`` where it was changed.
        exchange: the number of the exchange, counted from 0.
        before: what the core gave.
        after: what it got back.
    """

    hook: str
    exchange: int
    before: Watched
    after: Watched


AnySeen = Seen[Any]


class Watch:
    """The hooks of one connection, and what passes those of keys and records."""

    def __init__(self, hooks: Hooks, keep: Callable[[str, Any, Any], None]) -> None:
        """``keep`` takes a hook's name, and what passed it before and afterwards."""
        self._hooks = hooks
        self._keep = keep

    def agree(self, exchange: Exchange, agreement: Agreement) -> Agreement:
        """What an ephemeral key is drawn from."""
        before = replace(agreement)
        after = self._hooks.agree(exchange, agreement)
        self._keep("agree", before, after)
        return after

    def derive(self, exchange: Exchange, derivation: Derivation) -> Derivation:
        """A derivation."""
        before = replace(derivation, parts=[*derivation.parts])
        after = self._hooks.derive(exchange, derivation)
        self._keep("derive", before, after)
        return after

    def seal(self, exchange: Exchange, sealing: Sealing) -> Sealing:
        """A record about to be sealed."""
        before = replace(sealing)
        after = self._hooks.seal(exchange, sealing)
        self._keep("seal", before, after)
        return after

    def record(self, exchange: Exchange, record: bytes) -> list[bytes]:
        """A sealed record."""
        after = self._hooks.record(exchange, record)
        self._keep("record", [record], after)
        return after

    def register(self, access: Access) -> Access:
        """An access to a register; kept only if it did not stay as it was."""
        before = replace(access)
        after = self._hooks.register(access)
        if after != before:
            self._keep("register", before, after)
        return after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)


def watch(hooks: Hooks, keep: Callable[[str, Any, Any], None]) -> Hooks:
    """Hooks that do what these do, and are watched."""
    return cast("Hooks", Watch(hooks, keep))
