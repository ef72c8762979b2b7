"""The secured record (DSP0277 "Secured Message format") and what it seals.

``SessionID`` 4 bytes | ``SequenceNumber`` 0 or 2 bytes, as the binding says | ``Length`` 2 bytes |
ciphertext, or the application data in the clear if the session only authenticates | MAC 16 bytes.
"""

from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int16ul, Int32ul, LengthOf, Rest, negotiated
from responder.wire.message import Record, wire

_SESSION_ID_SIZE = 4
_LENGTH_SIZE = 2


class SecuredRecord(Record):
    """A record; ``length`` counts ``payload``, which ends with the MAC."""

    session_id: int = wire(Int32ul)
    sequence_number: bytes = wire(Blob(negotiated("sequence_number_size")), default=b"")
    length: int | None = wire(LengthOf("payload", Int16ul), default=None)
    payload: bytes = wire(Blob(lambda c: c.length), default=b"")

    @property
    def header(self) -> bytes:
        """The bytes before the payload, which the MAC covers as associated data.

        Raises:
            WireError: a value does not fit its field.
        """
        length = len(self.payload) if self.length is None else self.length
        try:
            session_id = self.session_id.to_bytes(_SESSION_ID_SIZE, "little")
            return session_id + self.sequence_number + length.to_bytes(_LENGTH_SIZE, "little")
        except OverflowError as error:
            raise WireError(str(error)) from None


class Plaintext(Record):
    """What is encrypted: the application data, its length, and random bytes to hide it."""

    application_data_length: int | None = wire(LengthOf("application_data", Int16ul), default=None)
    application_data: bytes = wire(Blob(lambda c: c.application_data_length), default=b"")
    random_data: bytes = wire(Rest(), default=b"")
