"""Works out what keys, records and edits come to, without the responder's own code for them."""

from responder.core.hooks import Agreement, Derivation, Sealing
from responder.crypto.aead import AeadError, seal, unseal
from responder.crypto.hashing import digest
from responder.crypto.hkdf import expand, extract, hmac
from responder.crypto.key_agreement import Agreed, respond
from responder.crypto.random_tree import RandomTree
from responder.faults import edits
from responder.requester.key_schedule import bin_concat
from responder.spec.algorithms import AEADS, Aead, by_name
from responder.spec.limits import AEAD_IV_SIZE, AEAD_TAG_SIZE

_EXTRACTED = frozenset({"handshake secret", "master secret"})
_WORDS = {"zeros": b"\0", "ones": b"\xff"}


def agreed(agreement: Agreement, peer_data: bytes) -> Agreed:
    """Exchange data and secret of an ephemeral key, with the exchange data of the requester."""
    return respond(agreement.exchange, peer_data, RandomTree(agreement.seed))


def derived(derivation: Derivation) -> bytes:
    """What a derivation comes to (DSP0274 "Key schedule")."""
    if derivation.result is not None:
        return derivation.result
    base_hash, secret = derivation.base_hash, derivation.secret
    if derivation.purpose in _EXTRACTED:
        return extract(base_hash, derivation.salt, secret)
    parts = [data for _, data in derivation.parts]
    context = digest(base_hash, *parts) if parts else b""
    if derivation.purpose.endswith("verify data"):
        return hmac(base_hash, secret, context)
    info = bin_concat(derivation.size, derivation.version, derivation.label, context)
    return expand(base_hash, secret, info, derivation.size)


def sealed(sealing: Sealing) -> bytes:
    """The record that a sealing comes to (DSP0277).

    Raises:
        AeadError: the key is none of the AEAD's.
    """
    clear, secret = _clear_and_secret(sealing)
    header = _header(sealing, len(clear) + len(secret) + AEAD_TAG_SIZE)
    return (
        header + clear + seal(_aead(sealing), sealing.key, _nonce(sealing), secret, header + clear)
    )


def opens(record: bytes, sealing: Sealing) -> bool:
    """Whether a record opens with the cipher, key, IV and number of a sealing."""
    begin = 4 + len(sealing.header_sequence) + 2
    clear_size = 0 if sealing.encrypted else len(record) - begin - AEAD_TAG_SIZE
    clear = record[: begin + clear_size]
    try:
        unseal(_aead(sealing), sealing.key, _nonce(sealing), record[len(clear) :], clear)
    except AeadError:
        return False
    return True


def _aead(sealing: Sealing) -> Aead:
    found = by_name(AEADS, sealing.aead)
    if found is None:
        raise AeadError(f"there is no {sealing.aead}")
    return found


def _clear_and_secret(sealing: Sealing) -> tuple[bytes, bytes]:
    if sealing.encrypted:
        return b"", sealing.plaintext + sealing.padding
    return sealing.plaintext, b""


def _header(sealing: Sealing, size: int) -> bytes:
    session_id = sealing.session_id.to_bytes(4, "little")
    return session_id + sealing.header_sequence + size.to_bytes(2, "little")


def _nonce(sealing: Sealing) -> bytes:
    counter = sealing.sequence.to_bytes(AEAD_IV_SIZE, "big" if sealing.big_endian else "little")
    return bytes(a ^ b for a, b in zip(sealing.iv, counter, strict=True))


def edited(action: edits.Edit, data: bytes) -> bytes | None:
    """What an edit makes of bytes; ``None`` where that is random, or more than bytes tell."""
    match action:
        case edits.Set():
            return _set(action.value, len(data))
        case edits.Add():
            number = int.from_bytes(data, "little") + action.by
            return (number % (1 << 8 * len(data))).to_bytes(len(data), "little")
        case edits.Flip(bit=int() as bit):
            flipped = int.from_bytes(data, "little") ^ 1 << bit % (8 * len(data))
            return flipped.to_bytes(len(data), "little")
        case edits.Truncate(at=""):
            left = action.to if action.to is not None else len(data) - (action.by or 0)
            return data[:left]
        case edits.Extend(value="zeros", to=None):
            return data + bytes(action.by or 0)
    return None


def _set(value: edits.Value, size: int) -> bytes | None:
    if isinstance(value, int):
        return value.to_bytes(size, "little")
    if not isinstance(value, str) or value == "random":
        return None
    return _WORDS[value] * size if value in _WORDS else bytes.fromhex(value)
