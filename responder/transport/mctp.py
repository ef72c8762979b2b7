"""SPDM over MCTP: one byte of message type, then the message (DSP0236, DSP0275, DSP0276).

Packets, endpoint ids and the message integrity check of a real bus do not exist on a socket.
"""

from responder.spec.registries import MctpType
from responder.transport.carried import Carried, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

INTEGRITY_CHECK = 0x80
"""IC, bit 7 of the first byte: an integrity check follows the message (DSP0236)."""

_KINDS = {MctpType.SPDM: Kind.SPDM, MctpType.SECURED: Kind.SECURED}
_TYPES = {kind: message_type for message_type, kind in _KINDS.items()}


class MctpBinding:
    """Carries SPDM as MCTP type 05 and secured records as 06; see ``Binding``."""

    name = "mctp"
    transport = TransportType.MCTP
    padding = 0

    def unwrap(self, payload: bytes) -> Carried:
        """The message behind the type byte.

        Raises:
            FramingError: there is no type byte, it is neither 05 nor 06, or its IC bit is set,
                which DSP0275 and DSP0276 forbid.
        """
        if not payload:
            raise FramingError("an empty payload has no MCTP message type")
        first = payload[0]
        if first & INTEGRITY_CHECK:
            raise FramingError(f"MCTP message type 0x{first:02x} has the integrity check bit set")
        if first not in _KINDS:
            raise FramingError(f"MCTP message type 0x{first:02x} is not SPDM")
        return Carried(_KINDS[MctpType(first)], payload[1:])

    def wrap(self, message: bytes, kind: Kind = Kind.SPDM, header: bytes = b"") -> bytes:
        """The type byte and the message; FramingError for ``Kind.OTHER``."""
        del header
        if kind not in _TYPES:
            raise FramingError("MCTP carries nothing but SPDM here")
        return bytes((_TYPES[kind],)) + message
