"""What the bindings put into the records of sessions (DSP0275, 0276, 0286, 0287; PCIe 6.x CMA)."""

from typing import TYPE_CHECKING

import msgspec

from responder.spec.registries import MctpType
from responder.transport.binding import binding_of
from responder.transport.carried import Binding, Kind
from responder.transport.errors import FramingError
from responder.transport.socket_frame import TransportType

if TYPE_CHECKING:
    from responder.transport.storage import StorageRecords

_MCTP_MAX_PADDING = 32
_MCTP_SEQUENCE_SIZE = 2
_SPDM_TYPE = bytes([MctpType.SPDM])


class BindingRecords(msgspec.Struct, frozen=True):
    """The application data of a binding's records: the message behind the binding's own header.

    Attributes:
        sequence_size: bytes of the sequence number in a record's header, 0 or 2.
        max_padding: how many random bytes may follow the application data.
        binding: whose header leads it; ``None`` if none does.
    """

    sequence_size: int = 0
    max_padding: int = 0
    binding: Binding | None = None

    def enclose(self, message: bytes) -> bytes:
        """The application data that holds an SPDM message."""
        return message if self.binding is None else self.binding.wrap(message)

    def foreign(self, application_data: bytes) -> bool:
        """Whether it is for something other than SPDM: another MCTP message type."""
        mctp = self.binding is not None and self.binding.transport == TransportType.MCTP
        return mctp and application_data[:1] not in (_SPDM_TYPE, b"")

    def disclose(self, application_data: bytes) -> bytes:
        """The SPDM message in application data; FramingError, a ValueError, if there is none."""
        if self.binding is None:
            return application_data
        carried = self.binding.unwrap(application_data)
        if carried.kind is not Kind.SPDM:
            raise FramingError(f"the application data is {carried.kind.value}, not an SPDM message")
        return carried.message


def records_of(transport: TransportType) -> "BindingRecords | StorageRecords":
    """The format of a binding's records; those of NONE are as on DOE, where nothing is added."""
    if transport == TransportType.MCTP:
        return BindingRecords(_MCTP_SEQUENCE_SIZE, _MCTP_MAX_PADDING, binding_of(transport))
    if transport == TransportType.TCP:
        return BindingRecords(binding=binding_of(transport))
    if transport == TransportType.STORAGE:
        from responder.transport.storage import StorageRecords  # noqa: PLC0415 - as binding_of

        return StorageRecords()
    return BindingRecords()
