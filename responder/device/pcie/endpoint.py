"""The SPDM side of a function: its certificates and measurements, with IDE_KM, TDISP and CXL."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from responder.core.controls import Controls
from responder.core.interfaces import Measured, Psk, SessionToken, VendorRequest

if TYPE_CHECKING:
    from responder.device.emulated import EmulatedDevice


class VendorProtocol(Protocol):
    """A protocol that VENDOR_DEFINED carries, such as TDISP."""

    def request(self, message: bytes, session: SessionToken | None) -> bytes:
        """The answer to a message, both without the ProtocolID byte.

        Raises:
            ProtocolError: it is refused, or nothing is said to it.
        """

    def session_ended(self, session: SessionToken) -> None:
        """A session is over."""


ProtocolKey = tuple[int, bytes, int]
"""StandardID, VendorID as on the wire, and ProtocolID, which the payload begins with."""


class FunctionEndpoint:
    """The device that the SPDM endpoint of a function speaks for: a ``core.interfaces.Device``.

    What it does not say itself the emulated device below it does, which several may share.

    Attributes:
        controls: what can be done to the device that it is a side of; set when that is whole.
    """

    controls: Controls | None = None

    def __init__(
        self,
        device: "EmulatedDevice",
        protocols: Mapping[ProtocolKey, VendorProtocol],
        statuses: Sequence[Measured] = (),
        psk: Callable[[bytes], bytes | None] | None = None,
    ) -> None:
        """Put a function's protocols over a device.

        Args:
            device: slots, keys, measurements.
            protocols: what answers VENDOR_DEFINED requests.
            statuses: the measurements of the functions that it speaks for.
            psk: gives the pre-shared key of a hint that a protocol has provisioned.
        """
        self._device = device
        self._protocols = protocols
        self._statuses = tuple(statuses)
        self._psk = psk

    def vendor_request(self, request: VendorRequest) -> bytes | None:
        """The answer of a protocol, or of the rules of the emulated device."""
        protocol_id = request.payload[:1]
        key = (request.standard_id, request.vendor_id, protocol_id[0]) if protocol_id else None
        protocol = self._protocols.get(key) if key else None
        if protocol is None:
            return self._device.vendor_request(request)
        return protocol_id + protocol.request(request.payload[1:], request.session)

    def session_ended(self, session: SessionToken) -> None:
        """All protocols are told."""
        for protocol in self._protocols.values():
            protocol.session_ended(session)
        self._device.session_ended(session)

    def measurements(self) -> Sequence[Measured]:
        """Those of the device and how its functions stand, ascending by index."""
        measured = [*self._device.measurements(), *self._statuses]
        return sorted(measured, key=lambda one: one.index)

    def psk(self, hint: bytes) -> Psk | None:
        """The key that a protocol has provisioned for a hint, else the device's."""
        secret = self._psk(hint) if self._psk is not None else None
        return self._device.psk(hint) if secret is None else Psk(hint, secret)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)
