"""What a transport carries, and what every binding can do."""

from enum import Enum
from typing import Protocol

import msgspec

from responder.transport.socket_frame import TransportType


class Kind(Enum):
    """What the transport header says of the bytes behind it."""

    SPDM = "spdm"
    SECURED = "secured"
    OTHER = "other"
    """Neither: a DOE discovery or foreign data object, a DSP0287 role inquiry or error."""


class Carried(msgspec.Struct, frozen=True):
    """The contents of one transport payload.

    Attributes:
        kind: SPDM message, secured record, or something of the transport's own.
        message: the bytes behind the transport header, padding included.
        header: of ``Kind.OTHER`` the transport header, which says what it is; else empty.
    """

    kind: Kind
    message: bytes
    header: bytes = b""


class Binding(Protocol):
    """One way to carry SPDM messages, as a stateless pair of functions."""

    @property
    def name(self) -> str:
        """The binding in URIs: ``none``, ``mctp``, ``doe``, ``tcp`` or ``storage``."""

    @property
    def transport(self) -> TransportType:
        """The binding in a socket frame."""

    @property
    def padding(self) -> int:
        """How many bytes this transport may have added behind a message."""

    def unwrap(self, payload: bytes) -> Carried:
        """What ``payload`` carries.

        Raises:
            FramingError: the transport header is wrong.
        """

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """The payload that carries ``message``.

        Args:
            message: the bytes without transport header and padding.
            kind: what they are.
            header: for ``Kind.OTHER`` the header of the ``Carried`` that is answered.

        Raises:
            FramingError: this transport cannot carry such a message.
        """
