"""Secured records of a session: opened as they come in, sealed as they go out (DSP0277)."""

from collections.abc import Callable

from responder.core.hooks import Sealing
from responder.core.interfaces import RecordFormat
from responder.core.key_schedule import TrafficKeys
from responder.core.session import SecuredSuite, Session
from responder.crypto.aead import AeadError, seal, unseal
from responder.spec.algorithms import AEADS, by_name
from responder.spec.limits import AEAD_IV_SIZE, AEAD_TAG_SIZE
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.secured import SecuredRecord

_SESSION_ID_SIZE = 4
_COUNTER_SIZE = 8
_LENGTH_SIZE = 2


class RecordError(Exception):
    """A record that cannot be opened: it is not whole, not in order, or not authentic."""


def session_id_of(record: bytes) -> int:
    """The session that a record says it belongs to.

    Raises:
        RecordError: it has no header.
    """
    if len(record) < _SESSION_ID_SIZE:
        raise RecordError(f"{len(record)} bytes are no record")
    return int.from_bytes(record[:_SESSION_ID_SIZE], "little")


def open_record(session: Session, data: bytes, form: RecordFormat) -> bytes:
    """The application data in a record; bytes after the record are the transport's padding.

    A requester that has not seen the acknowledgement of its KEY_UPDATE still uses the key before:
    the update is then taken back.

    Raises:
        RecordError: it does not open.
    """
    try:
        opened = _open(session.suite, session.request, data, form)
    except RecordError:
        backup = session.request_backup
        if backup is None:
            raise
        opened = _open(session.suite, backup, data, form)
        session.roll_back()
    session.request.sequence += 1
    return opened


def _open(suite: SecuredSuite, keys: TrafficKeys, data: bytes, form: RecordFormat) -> bytes:
    if keys.sequence >= suite.limit:
        raise RecordError(f"sequence number {keys.sequence} is at the limit")
    try:
        record, _ = SecuredRecord.read(data, WireContext(sequence_number_size=form.sequence_size))
    except WireError as error:
        raise RecordError(str(error)) from None
    expected = keys.sequence.to_bytes(_COUNTER_SIZE, "little")[: form.sequence_size]
    if record.sequence_number != expected:
        raise RecordError(f"sequence number {record.sequence_number.hex()}, not {expected.hex()}")
    return _authentic(suite, keys, record)


def _authentic(suite: SecuredSuite, keys: TrafficKeys, record: SecuredRecord) -> bytes:
    """The application data of a record whose tag is right."""
    iv = nonce(keys.iv, keys.sequence, big_endian=suite.big_endian)
    header, payload = record.header, record.payload
    try:
        if suite.encrypted:
            plain = unseal(suite.aead, keys.key, iv, payload, header)
            return _without_padding(plain)
        clear, tag = payload[:-AEAD_TAG_SIZE], payload[-AEAD_TAG_SIZE:]
        unseal(suite.aead, keys.key, iv, tag, header + clear)
    except AeadError as error:
        raise RecordError(str(error)) from None
    return clear


def _without_padding(plain: bytes) -> bytes:
    """ApplicationDataLength says how much of the plaintext counts; random data follows."""
    size = int.from_bytes(plain[:_LENGTH_SIZE], "little")
    if len(plain) < _LENGTH_SIZE + size:
        raise RecordError(f"ApplicationDataLength {size} of {len(plain) - _LENGTH_SIZE} bytes")
    return plain[_LENGTH_SIZE : _LENGTH_SIZE + size]


def nonce(iv: bytes, sequence: int, *, big_endian: bool) -> bytes:
    """The 12 bytes of nonce: the static IV, XORed with the sequence number."""
    counter = sequence.to_bytes(AEAD_IV_SIZE, "big" if big_endian else "little")
    return bytes(a ^ b for a, b in zip(iv, counter, strict=True))


def seal_record(
    session: Session,
    application_data: bytes,
    sequence_size: int,
    padding: bytes,
    hook: Callable[[Sealing], Sealing],
) -> bytes:
    """The record that carries application data, under the response keys as they are now.

    Args:
        session: whose keys and counter are used.
        application_data: the SPDM message in what the transport puts around it.
        sequence_size: bytes of the sequence number in the header.
        padding: random data that hides the length.
        hook: sees everything that is about to be sealed.

    Raises:
        RecordError: the sequence number has reached its limit, or the record is too long.
    """
    suite, keys = session.suite, session.response
    if keys.sequence >= suite.limit:
        raise RecordError(f"sequence number {keys.sequence} is at the limit")
    if suite.encrypted:
        size = len(application_data).to_bytes(_LENGTH_SIZE, "little")
        application_data = size + application_data
    else:
        padding = b""
    sealing = hook(
        Sealing(
            session_id=session.session_id,
            sequence=keys.sequence,
            header_sequence=keys.sequence.to_bytes(_COUNTER_SIZE, "little")[:sequence_size],
            key=keys.key,
            iv=keys.iv,
            aead=suite.aead.name,
            plaintext=application_data,
            padding=padding,
            encrypted=suite.encrypted,
            big_endian=suite.big_endian,
        )
    )
    keys.sequence += 1
    return _sealed(sealing, suite)


def _sealed(sealing: Sealing, suite: SecuredSuite) -> bytes:
    aead = by_name(AEADS, sealing.aead) or suite.aead
    iv = nonce(sealing.iv, sealing.sequence, big_endian=sealing.big_endian)
    clear = b"" if sealing.encrypted else sealing.plaintext
    secret = sealing.plaintext + sealing.padding if sealing.encrypted else b""
    record = SecuredRecord(
        session_id=sealing.session_id,
        sequence_number=sealing.header_sequence,
        length=len(clear) + len(secret) + AEAD_TAG_SIZE,
        payload=b"",
    )
    try:
        header = record.header
        sealed = seal(aead, sealing.key, iv, secret, header + clear)
    except (WireError, AeadError) as error:
        raise RecordError(str(error)) from None
    return header + clear + sealed
