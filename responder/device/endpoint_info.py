"""What ENDPOINT_INFO says of the device (DSP0274 1.3 "Device class identifier")."""

from collections.abc import Sequence

import msgspec

MAX_CLASS_SIZE = 0xFF
"""What the length byte of a class can tell."""


class DeviceClass(msgspec.Struct, frozen=True):
    """A device class as one standards body names it.

    Attributes:
        standard_id: the registry that the vendor id is from.
        vendor_id: the vendor as on the wire, empty where the registry has none.
        identifiers: the parts of the class, at most 255 bytes together with their lengths.
    """

    standard_id: int
    vendor_id: bytes = b""
    identifiers: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        """Bytes of the element without its length byte: at most 255."""
        parts = sum(1 + len(part) for part in self.identifiers)
        return 3 + len(self.vendor_id) + parts

    def build(self) -> bytes:
        """The element without its length byte."""
        from responder.wire import endpoint_info as wire  # noqa: PLC0415 - start-up time matters

        parts = (wire.SubIdentifier(identifier=part).build() for part in self.identifiers)
        return wire.DeviceClass(
            id=self.standard_id,
            vendor=self.vendor_id,
            number_of_sub_identifiers=len(self.identifiers),
            sub_identifiers=b"".join(parts),
        ).build()


def device_class_identifiers(classes: Sequence[DeviceClass]) -> bytes:
    """EPInfo of the sub code for device class identifiers.

    Raises:
        WireError: a class is too long for its length byte.
    """
    from responder.wire import endpoint_info as wire  # noqa: PLC0415 - start-up time matters

    elements = (wire.DeviceClassIdentifier(device_class=one.build()).build() for one in classes)
    return wire.DeviceClassIdentifiers(
        number_of_identifiers=len(classes), identifiers=b"".join(elements)
    ).build()
