"""What a case of the check table is, and the changes that cases are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requester.peer import Peer, converse, default_options

from responder.requester.options import Offer, Patience

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """One lie, and the check that refuses it.

    Attributes:
        check: the id.
        peer: arguments of ``Peer``.
        options: arguments of ``AttestOptions``.
        step: where it has to be refused.
    """

    check: str
    step: str
    peer: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, *without: str) -> Any:
        peer = Peer(**{key: _fresh(value) for key, value in self.peer.items()})
        outcome = converse(peer, default_options(**self.options, without=frozenset(without)))
        return outcome, peer


def _fresh(value: Any) -> Any:
    """Lists of answers are used up, so every run needs its own."""
    if isinstance(value, dict):
        return {key: list(v) if isinstance(v, list) else v for key, v in value.items()}
    return value


def put(**fields: Any) -> Change:
    """Set fields of a message."""
    return lambda message: message.replace(**fields)


def draft(code: int, change: Change) -> dict[str, Any]:
    """Arguments of a peer that changes a response before it is signed."""
    return {"draft": {code: change}}


def raw(code: int, change: Change) -> dict[str, Any]:
    """Arguments of a peer that changes the bytes of a response."""
    return {"raw": {code: change}}


def offer(**changes: Any) -> dict[str, Any]:
    return {"offer": Offer(**changes)}


def patience(**changes: int) -> dict[str, Any]:
    return {"patience": Patience(**changes)}


def at(version: int, **arguments: Any) -> dict[str, Any]:
    return {"versions": (version,), **arguments}
