"""Secured records by the requester's own account (DSP0277).

A record is SessionID (4 bytes), the low bytes of the sequence number (2 over MCTP and storage, else
none), Length (2), and as many bytes as that says, the last 16 of which are the tag. Encrypted
records hold ApplicationDataLength (2 bytes), the application data and random bytes;
records of sessions that only authenticate hold the application data in the clear.
"""

from typing import Literal

from responder.crypto.aead import AeadError, seal, unseal
from responder.requester.key_schedule import IV_SIZE, Traffic
from responder.spec.algorithms import Aead

SESSION_ID_SIZE = 4
TAG_SIZE = 16
NO_LIMIT = 64
"""The AEAD limit's exponent where none is agreed on."""

_LENGTH_SIZE = 2
_MAX_LENGTH = 0xFFFF
MAX_APPLICATION_DATA = _MAX_LENGTH - _LENGTH_SIZE - TAG_SIZE
"""Bytes of application data and random bytes that a record holds, encrypted or not."""


class RecordError(Exception):
    """A record that cannot be opened, or must not be made any more.

    Attributes:
        check: what was wrong: ``rec.size``, ``rec.sequence``, ``rec.limit``, ``rec.tag`` or
            ``rec.application-length``.
        sequence: the number that the record shows in the place of the one that is due; ``None``
            if that is not what was wrong.
        data: what whoever does not look takes for the application data; empty if nothing can be
            read.
    """

    def __init__(
        self, check: str, reason: str, sequence: int | None = None, data: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.check = check
        self.sequence = sequence
        self.data = data


class Direction:
    """Seals or opens the records of one direction of a session, one after the other.

    Attributes:
        sequence: the number of the next record.
    """

    def __init__(
        self,
        aead: Aead,
        traffic: Traffic,
        *,
        encrypted: bool = True,
        sequence_size: int = 0,
        limit: int = NO_LIMIT,
        big_endian: bool = False,
    ) -> None:
        """Begin with record number 0.

        Args:
            aead: the negotiated cipher.
            traffic: key and IV.
            encrypted: ENCRYPT and MAC are negotiated, not MAC alone.
            sequence_size: how many bytes of the sequence number the transport shows.
            limit: the lesser AEAD limit of the two sides, an exponent of 2 (DSP0277 1.3).
            big_endian: the sequence number ends the IV in big-endian order, which versions
                1.0 and 1.1 left open.
        """
        self.traffic = traffic
        self.sequence = 0
        self._aead = aead
        self._encrypted = encrypted
        self._sequence_size = sequence_size
        self._limit = limit
        self._order: Literal["big", "little"] = "big" if big_endian else "little"

    def rekeyed(self, traffic: Traffic) -> "Direction":
        """The same direction with other keys, from record number 0 on."""
        return Direction(
            self._aead,
            traffic,
            encrypted=self._encrypted,
            sequence_size=self._sequence_size,
            limit=self._limit,
            big_endian=self._order == "big",
        )

    def seal(self, session_id: int, data: bytes, padding: bytes = b"") -> bytes:
        """The record of application data.

        Args:
            session_id: the session's, 32 bits.
            data: application data, such as MCTP's type byte and an SPDM message.
            padding: the random bytes; none are written when nothing is encrypted.

        Raises:
            RecordError: the sequence numbers are used up, or the record is over 65535 bytes.
        """
        extra = _LENGTH_SIZE + len(padding) if self._encrypted else 0
        size = len(data) + extra + TAG_SIZE
        if size > _MAX_LENGTH:
            raise RecordError("rec.size", f"{size} bytes do not fit a record")
        clear, hidden = data, b""
        if self._encrypted:
            clear, hidden = b"", len(data).to_bytes(_LENGTH_SIZE, "little") + data + padding
        header = (
            session_id.to_bytes(SESSION_ID_SIZE, "little")
            + self._shown_sequence()
            + size.to_bytes(_LENGTH_SIZE, "little")
        )
        sealed = seal(self._aead, self.traffic.key, self._iv(), hidden, header + clear)
        self.sequence += 1
        return header + clear + sealed

    def unseal(self, record: bytes, *, padding: int = 0) -> bytes:
        """The application data of a record.

        Args:
            record: the record as its transport delivered it.
            padding: how many bytes the transport may have added.

        Raises:
            RecordError: the record is cut or too long, its sequence number is not the next one, its
                tag is wrong, or it says to hold more than it does.
        """
        start = SESSION_ID_SIZE + self._sequence_size + _LENGTH_SIZE
        header, body = record[:start], record[start:]
        size = int.from_bytes(header[-_LENGTH_SIZE:], "little")
        if len(header) < start or not TAG_SIZE <= size <= len(body) <= size + padding:
            raise RecordError("rec.size", f"{len(body)} bytes follow a header that says {size}")
        shown = header[SESSION_ID_SIZE:-_LENGTH_SIZE]
        if shown != self._shown_sequence():
            number = int.from_bytes(shown, "little")
            reason = f"sequence number {number}, {self.sequence} is due"
            raise RecordError("rec.sequence", reason, number)
        data = self._opened(header, body[:size])
        self.sequence += 1
        return data

    def _opened(self, header: bytes, body: bytes) -> bytes:
        clear, sealed = b"", body
        if not self._encrypted:
            clear, sealed = body[:-TAG_SIZE], body[-TAG_SIZE:]
        try:
            plain = unseal(self._aead, self.traffic.key, self._iv(), sealed, header + clear)
        except AeadError as error:
            reason = f"record {self.sequence}: {error}"
            raise RecordError("rec.tag", reason, data=clear) from None
        if not self._encrypted:
            return clear
        size = int.from_bytes(plain[:_LENGTH_SIZE], "little")
        data = plain[_LENGTH_SIZE : _LENGTH_SIZE + size]
        if len(plain) < _LENGTH_SIZE or len(data) != size:
            reason = f"ApplicationDataLength {size} in {len(plain)} bytes"
            raise RecordError("rec.application-length", reason, data=data)
        return data

    def _shown_sequence(self) -> bytes:
        return self.sequence.to_bytes(IV_SIZE, "little")[: self._sequence_size]

    def _iv(self) -> bytes:
        """The IV of this record: the sequence number, as 64 bits, XORed into the static one.

        Raises:
            RecordError: the sequence number is all ones within the AEAD limit, or beyond.
        """
        if self.sequence >= (1 << self._limit) - 1:
            reason = f"sequence number {self.sequence} reaches the limit of the AEAD"
            raise RecordError("rec.limit", reason)
        number = int.from_bytes(self.traffic.iv, self._order) ^ self.sequence
        return number.to_bytes(IV_SIZE, self._order)


def session_id_of(record: bytes) -> int:
    """The session that a record belongs to.

    Raises:
        RecordError: it is too short to say.
    """
    if len(record) < SESSION_ID_SIZE:
        raise RecordError("rec.size", f"{len(record)} bytes are no record")
    return int.from_bytes(record[:SESSION_ID_SIZE], "little")
