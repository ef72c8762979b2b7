"""No binding: the SPDM message as it is, so that nothing else can be told from it."""

from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType


class NoneBinding:
    """Carries a bare SPDM message; see ``Binding``."""

    name = "none"
    transport = TransportType.NONE
    padding = 0

    def unwrap(self, payload: bytes) -> Carried:
        """The payload is the message."""
        return Carried(Kind.SPDM, payload)

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """The message is the payload; FramingError for anything but a plain SPDM message."""
        del header
        if kind is not Kind.SPDM:
            raise FramingError(f"transport NONE cannot mark a message as {kind.value}")
        return message
