"""What the requester asks of a transport that carries the records of sessions."""

from typing import Protocol


class RecordFormat(Protocol):
    """How a transport puts messages into records."""

    @property
    def sequence_size(self) -> int:
        """Bytes of the sequence number in a record's header, 0 or 2."""

    @property
    def max_padding(self) -> int:
        """How many random bytes may follow the application data."""

    def enclose(self, message: bytes) -> bytes:
        """The application data that holds an SPDM message."""

    def disclose(self, application_data: bytes) -> bytes:
        """The SPDM message in application data; ``ValueError`` if there is none."""
