"""What two runs of one seed may differ in, and how journals are compared all the same.

``cryptography`` takes no seed for the salt of RSAPSS, the hedging of ML-DSA and the
encapsulation of ML-KEM; everything else here is deterministic.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from responder.core.events import FaultFired, RequestReceived, ResponseSent
from responder.observe.entry import Entry, entry_as_dict
from responder.server.events import PeerArrived, PeerLeft
from responder.spec.algorithms import BASE_ASYM, PQC_ASYM
from responder.spec.codes import RequestCode, ResponseCode, name_of_code

SIGNED = (
    ResponseCode.CHALLENGE_AUTH,
    ResponseCode.MEASUREMENTS,
    ResponseCode.ENDPOINT_INFO,
)
"""Responses that end in a signature."""
_HEADER = 4
_COMPARED: Mapping[int, int] = MappingProxyType(
    {
        ResponseCode.KEY_EXCHANGE_RSP: 40,
        RequestCode.FINISH: _HEADER,
        ResponseCode.FINISH_RSP: _HEADER,
        ResponseCode.CHUNK_RESPONSE: 8,
    }
)
"""Messages in which a signature or an encapsulation is not at the end, or keys follow from it: how
many bytes at the beginning no randomness reaches."""
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
        "KEY_EXCHANGE_RSP from ExchangeData on, FINISH, FINISH_RSP",
        "RSAPSS, ML-DSA, ML-KEM",
        "the keys of the session follow from the signature and the encapsulation",
    ),
    Masked("chunks", "RSAPSS, ML-DSA, ML-KEM", "they are cut out of such messages"),
    Masked("time", "sockets", "a socket's time is real"),
    Masked("peer", "sockets", "ports are whatever is free"),
)


def signature_to_mask(algorithm: str) -> int:
    """Bytes of a signature that no seed determines; 0 where it is deterministic."""
    rows = (row for row in (*BASE_ASYM, *PQC_ASYM) if row.scheme in {"rsapss", "mldsa"})
    return next((row.size for row in rows if row.name == algorithm), 0)


def masked_message(message: bytes | None, size: int, *, random_keys: bool = False) -> bytes | None:
    """What is compared of a message.

    Args:
        message: the message, in a session its plaintext.
        size: bytes of a signature that no seed determines; 0 if there is none such.
        random_keys: keys of sessions are random for another reason: ML-KEM.
    """
    if message is None or len(message) < 2 or not (size or random_keys):
        return message
    if message[1] in SIGNED:
        return message[: max(_HEADER, len(message) - size)]
    return message[: _COMPARED.get(message[1], len(message))]


def masked_journal(
    journal: Iterable[Entry], *, algorithm: str = "", kem: bool = False, real_time: bool = False
) -> list[dict[str, Any]]:
    """The entries as plain values, without what is not compared.

    Args:
        journal: the entries.
        algorithm: the negotiated signature algorithm, by name.
        kem: sessions agree on their keys by ML-KEM.
        real_time: the run was on a socket.
    """
    randomness = _Randomness(signature_to_mask(algorithm), kem)
    return [_masked(entry, randomness, real_time=real_time) for entry in journal]


@dataclass(frozen=True, slots=True)
class _Randomness:
    """What is random: signatures of so many bytes, and keys of sessions."""

    size: int
    kem: bool


def _masked(entry: Entry, randomness: _Randomness, *, real_time: bool) -> dict[str, Any]:
    values = entry_as_dict(entry)
    if real_time:
        values["time"] = _MASKED
    for kind, mask in _MASKS:
        if isinstance(entry.event, kind):
            mask(values, entry.event, randomness)
    return values


def _message(values: dict[str, Any], event: Any, of: _Randomness) -> None:
    compared = masked_message(event.message, of.size, random_keys=of.kem)
    values["message"] = (compared or b"").hex()


def _evidence(values: dict[str, Any], event: Any, of: _Randomness) -> None:
    signed = of.size and event.message in {code.name for code in SIGNED}
    derived = (of.size or of.kem) and event.message in {name_of_code(code) for code in _COMPARED}
    if signed or derived:
        values |= {"before": len(event.before), "after": len(event.after)}


def _peer(values: dict[str, Any], event: Any, of: _Randomness) -> None:
    del event, of
    values["peer"] = values["listener"] = _MASKED


_MASKS: tuple[tuple[type[Any], Callable[[dict[str, Any], Any, _Randomness], None]], ...] = (
    (RequestReceived, _message),
    (ResponseSent, _message),
    (FaultFired, _evidence),
    (PeerArrived, _peer),
    (PeerLeft, _peer),
)
