"""Whether the evidence of a fault is what really happened on the wire."""

from collections.abc import Iterator, Sequence

from responder.campaign.carried import carried
from responder.campaign.device_evidence import contradictions_of_devices
from responder.campaign.intent import unintended
from responder.campaign.mask import masked_message, signature_to_mask
from responder.campaign.register_evidence import contradictions_of_registers
from responder.campaign.rehearsal import Rehearsal
from responder.campaign.run import Exchanged, Run
from responder.campaign.session_evidence import contradictions_of_sessions
from responder.core.events import FaultFired
from responder.faults.edits import Edit
from responder.faults.rule import Rule
from responder.spec.algorithms import BASE_HASHES
from responder.spec.codes import ResponseCode
from responder.spec.limits import HEADER_SIZE

_MAX_PADDING = 3
_ABOUT_CHUNKS = frozenset({"CHUNK_SEND_ACK", "CHUNK_RESPONSE"})
_AFTER_KEM = frozenset({"KEY_EXCHANGE_RSP"})
"""Messages that hold what no seed determines where ML-KEM is used."""


def contradictions(rehearsal: Rehearsal) -> list[str]:
    """What is wrong with the evidence; nothing if it is whole and true.

    What came before the first strike must be what the healthy run has. The bytes that evidence
    says were changed must be those of the healthy run, and what they became must have been sent.
    """
    return [
        *_of_each(rehearsal),
        *_before_first(rehearsal),
        *_of_bytes(rehearsal),
        *contradictions_of_sessions(rehearsal),
        *contradictions_of_devices(rehearsal),
        *contradictions_of_registers(rehearsal.faulted),
    ]


def _of_each(rehearsal: Rehearsal) -> Iterator[str]:
    if not rehearsal.faulted.evidence:
        yield "there is no evidence"
    for event in rehearsal.faulted.evidence:
        if event.fault != rehearsal.fault.id:
            yield f"evidence of {event.fault}"
        rules = [rule for rule in rehearsal.fault.rules if rule.hook == event.hook]
        if not rules:
            yield f"no rule of the fault is at {event.hook}"
        if not event.detail:
            yield f"{event.hook}: it is not said what was done"
        if event.before == event.after and all(_only_edits(rule) for rule in rules):
            yield f"{event.hook}: {event.detail}: the bytes are not told"


def _only_edits(rule: Rule) -> bool:
    return rule.hook in _BYTES and all(isinstance(action, Edit) for action in rule.action)


_BYTES = frozenset({"request", "draft", "message", "post_sign", "frame", "register"})


def _before_first(rehearsal: Rehearsal) -> Iterator[str]:
    """Up to the first strike, its request included, nothing differs."""
    struck = rehearsal.faulted.struck()
    if not struck:
        return
    healthy, faulted = rehearsal.healthy.exchanges, rehearsal.faulted.exchanges
    difference = rehearsal.first_difference
    if difference is None or difference > struck[0]:
        return
    if difference < struck[0]:
        yield f"exchange {difference} differs, and the fault struck first at {struck[0]}"
    elif max(len(healthy), len(faulted)) > difference >= min(len(healthy), len(faulted)):
        return
    elif not _asked_alike(healthy[difference], faulted[difference]):
        yield f"the request of exchange {difference}, the first that was struck, differs"


def _asked_alike(healthy: Exchanged, faulted: Exchanged) -> bool:
    """Whether two requests are the same, as far as the responder could read them."""
    return faulted.unread or healthy.request == faulted.request


def _of_bytes(rehearsal: Rehearsal) -> Iterator[str]:
    """What the exchange that was struck first was at first, and what each became at last."""
    run = rehearsal.faulted
    struck = run.struck()
    if not struck or struck[0] >= min(len(rehearsal.healthy.exchanges), len(run.exchanges)):
        return
    events = [e for e, at in zip(run.evidence, struck, strict=True) if at == struck[0]]
    size = signature_to_mask(rehearsal.algorithm)
    first = events[0]
    healthy = _meant(first, rehearsal.healthy.exchanges, struck[0])
    random = rehearsal.kem and first.message in _AFTER_KEM
    if first.before != first.after and not random and not _was(first, healthy, rehearsal, size):
        yield f"{first.hook}: the bytes before are not those of the healthy run"
    if len(events) == 1 and first.before != first.after:
        rules = [rule for rule in rehearsal.fault.rules if rule.hook == first.hook]
        yield from unintended(first, rules, rehearsal.healthy.exchanges[: struck[0] + 1])
    yield from _came(run, struck)


def _came(run: Run, struck: Sequence[int]) -> Iterator[str]:
    """What the last strike of each exchange says that its bytes became has come."""
    last = {at: event for event, at in zip(run.evidence, struck, strict=True)}
    for at, event in last.items():
        if at >= len(run.exchanges) or event.before == event.after:
            continue
        faulted = _meant(event, run.exchanges, at)
        if faulted.response is not None and not _is(event, faulted):
            yield f"{event.hook}: the bytes after are not those that came in exchange {at}"


def _meant(event: FaultFired, exchanges: Sequence[Exchanged], number: int) -> Exchanged:
    """The exchange with the response that evidence speaks of."""
    exchange = exchanges[number]
    refusal = (exchange.response or b"")[1:2] == bytes([ResponseCode.ERROR])
    about = event.message in _ABOUT_CHUNKS or (event.message == "ERROR" and refusal)
    itself = about or exchange.response == event.after
    return exchange if itself else carried(exchanges, number)


def _was(event: FaultFired, healthy: Exchanged, rehearsal: Rehearsal, size: int) -> bool:
    """Whether a fault began with what the healthy run has."""
    response, was = healthy.response or b"", True
    match event.hook:
        case "request":
            was = event.before == healthy.request
        case "draft":
            was = response.startswith(event.before)
        case "pre_sign":
            was = _is_made_of(event.before, rehearsal.healthy.exchanges)
        case "post_sign":
            was = bool(size) or _signed_by(response, event.before)
        case "message":
            whole = _without_padding(response, event.before)
            was = masked_message(event.before, size) == masked_message(whole, size)
        case "frame" if event.message == "spdm":
            was = bool(size) or response in event.before
    return was


def _is(event: FaultFired, faulted: Exchanged) -> bool:
    """Whether what a fault made of it has come."""
    response = faulted.response or b""
    match event.hook:
        case "draft":
            return response.startswith(event.after)
        case "post_sign":
            return _signed_by(response, event.after)
        case "message":
            return not event.after or _without_padding(response, event.after) == event.after
    return True


def _signed_by(response: bytes, signature: bytes) -> bool:
    """Whether a response has this signature; in KEY_EXCHANGE_RSP an HMAC may follow it."""
    if response[1:2] == bytes([ResponseCode.KEY_EXCHANGE_RSP]):
        return signature in response
    return _ends(response, signature)


def _ends(response: bytes, end: bytes) -> bool:
    """Whether a response ends so, apart from a transport's padding."""
    return any(
        response[: len(response) - padding].endswith(end) for padding in range(_MAX_PADDING + 1)
    )


def _without_padding(response: bytes, like: bytes) -> bytes:
    """A response without padding, if it is as long as the message that it should be."""
    return response[: len(like)] if 0 <= len(response) - len(like) <= _MAX_PADDING else response


def _is_made_of(transcript: bytes, exchanges: Sequence[Exchanged]) -> bool:
    """Whether a transcript is a row of messages that crossed the wire, signatures apart.

    The hash of a chain, which that of a session has, is one that DIGESTS told.
    """
    messages = [part for e in exchanges for part in (e.request, e.response or b"") if part]
    messages += [digest for message in messages for digest in _digests(message)]
    place = 0
    while place < len(transcript):
        rest = transcript[place:]
        whole = [len(message) for message in messages if rest.startswith(message)]
        begun = [_shared(rest, message) for message in messages]
        size = max(whole or [size for size in begun if size == len(rest)] or [0])
        if not size:
            return False
        place += size
    return True


def _digests(message: bytes) -> Iterator[bytes]:
    if message[1:2] == bytes([ResponseCode.DIGESTS]):
        for size in {row.size for row in BASE_HASHES}:
            for start in range(HEADER_SIZE, len(message) - size + 1, size):
                yield message[start : start + size]


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two texts have in common at their beginning."""
    size = min(len(one), len(other))
    return next((at for at in range(size) if one[at] != other[at]), size)
