"""What two runs of one seed may differ in, and how journals are compared all the same.

``cryptography`` takes no seed for the salt of RSAPSS, the hedging of ML-DSA and the
encapsulation of ML-KEM; everything else here is deterministic.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from responder.core.events import FaultFired, RequestReceived, ResponseSent
from responder.observe.entry import Entry, entry_as_dict
from responder.server.events import PeerArrived, PeerLeft
from responder.spec.algorithms import BASE_ASYM, PQC_ASYM
from responder.spec.codes import ResponseCode

SIGNED = (ResponseCode.CHALLENGE_AUTH, ResponseCode.MEASUREMENTS)
_HEADER = 4
_MASKED = "*"


@dataclass(frozen=True, slots=True)
class Masked:
    """A value that is not compared.

    Attributes:
        name: what it is.
        where: in which runs.
        reason: why it differs.
    """

    name: str
    where: str
    reason: str


MASK = (
    Masked("signature", "RSAPSS", "no seed can be given for the salt of RSAPSS"),
    Masked("signature", "ML-DSA", "no seed can be given for the hedging of ML-DSA"),
    Masked("evidence of signed messages", "RSAPSS, ML-DSA", "it holds the signature"),
    Masked(
        "ExchangeData, verify data and records",
        "ML-KEM",
        "no seed can be given for an encapsulation; all keys of the session follow from it",
    ),
    Masked("time", "sockets", "a socket's time is real"),
    Masked("peer", "sockets", "ports are whatever is free"),
)


def signature_to_mask(algorithm: str) -> int:
    """Bytes of a signature that no seed determines; 0 where it is deterministic."""
    rows = (row for row in (*BASE_ASYM, *PQC_ASYM) if row.scheme in {"rsapss", "mldsa"})
    return next((row.size for row in rows if row.name == algorithm), 0)


def masked_message(message: bytes | None, size: int) -> bytes | None:
    """A message without the ``size`` bytes of a signature at its end, if it may be signed."""
    if message is None or not size or len(message) < 2 or message[1] not in SIGNED:
        return message
    return message[: max(_HEADER, len(message) - size)]


def masked_journal(
    journal: Iterable[Entry], *, algorithm: str = "", real_time: bool = False
) -> list[dict[str, Any]]:
    """The entries as plain values, without what is not compared.

    Args:
        journal: the entries.
        algorithm: the negotiated signature algorithm, by name.
        real_time: the run was on a socket.
    """
    size = signature_to_mask(algorithm)
    return [_masked(entry, size, real_time=real_time) for entry in journal]


def _masked(entry: Entry, size: int, *, real_time: bool) -> dict[str, Any]:
    values = entry_as_dict(entry)
    if real_time:
        values["time"] = _MASKED
    for kind, mask in _MASKS:
        if isinstance(entry.event, kind):
            mask(values, entry.event, size)
    return values


def _message(values: dict[str, Any], event: Any, size: int) -> None:
    values["message"] = (masked_message(event.message, size) or b"").hex()


def _evidence(values: dict[str, Any], event: Any, size: int) -> None:
    if size and event.message in {code.name for code in SIGNED}:
        values |= {"before": len(event.before), "after": len(event.after)}


def _peer(values: dict[str, Any], event: Any, size: int) -> None:
    del event, size
    values["peer"] = values["listener"] = _MASKED


_MASKS: tuple[tuple[type[Any], Callable[[dict[str, Any], Any, int], None]], ...] = (
    (RequestReceived, _message),
    (ResponseSent, _message),
    (FaultFired, _evidence),
    (PeerArrived, _peer),
    (PeerLeft, _peer),
)
