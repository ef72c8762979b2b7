"""Opaque data: elements of standards bodies (DSP0277 "Opaque data"; DSP0274 1.2 OpaqueDataFmt1).

Before SPDM 1.2 a header of 8 bytes leads the elements: SpecID, OpaqueVersion, TotalElements,
2 reserved bytes. From 1.2 on it is 4 bytes: TotalElements, 3 reserved bytes.
"""

from typing import Any, Self

from responder.spec.registries import StandardId
from responder.spec.versions import V12
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import (
    Blob,
    Int8ul,
    Int16ul,
    Int32ul,
    LengthOf,
    Rest,
    When,
    since,
    wire_of,
)
from responder.wire.message import Record, wire

DMTF_SPECIFICATION_ID = 0x444D5446
OPAQUE_VERSION = 1

_ALIGNMENT = 4
_ELEMENT_FIXED_SIZE = 4

_PLAIN = WireContext()


def _dmtf_header(context: Any) -> bool:
    return wire_of(context).version < V12


def _reserved_size(context: Any) -> int:
    return 3 if since(V12)(context) else 2


def _padding_size(context: Any) -> int:
    return -(_ELEMENT_FIXED_SIZE + len(context.vendor) + len(context.data)) % _ALIGNMENT


class OpaqueElement(Record):
    """One element: registry, vendor, data, zeros to a multiple of 4 bytes.

    ``data_length`` does not count the padding; ``padding`` is computed when it is ``None``.
    """

    id: int = wire(Int8ul, default=StandardId.DMTF, show=StandardId)
    vendor_length: int | None = wire(LengthOf("vendor", Int8ul), default=None)
    vendor: bytes = wire(Blob(lambda c: c.vendor_length), default=b"")
    data_length: int | None = wire(LengthOf("data", Int16ul), default=None)
    data: bytes = wire(Blob(lambda c: c.data_length), default=b"")
    padding: bytes | None = wire(Blob(_padding_size), default=None)


class OpaqueData(Record):
    """The whole opaque data of a message; it is read only if all of it makes sense."""

    specification_id: int | None = wire(When(_dmtf_header, Int32ul), default=None)
    opaque_version: int | None = wire(When(_dmtf_header, Int8ul), default=None)
    total_elements: int = wire(Int8ul)
    reserved: bytes | None = wire(Blob(_reserved_size), default=None)
    elements: bytes = wire(Rest(), default=b"", view=OpaqueElement)

    @classmethod
    def read(cls, data: bytes, context: WireContext = _PLAIN) -> tuple[Self, int]:
        """Parse opaque data, of which nothing may be left over.

        Raises:
            WireError: the header is another one, the elements are fewer or more than it says, one
                ends early, or padding is not zero.
        """
        opaque, used = super().read(data, context)
        if opaque.specification_id not in (None, DMTF_SPECIFICATION_ID):
            raise WireError(f"SpecID is 0x{opaque.specification_id:08x}", "specification_id")
        if len(opaque.parsed_elements()) != opaque.total_elements:
            raise WireError("TotalElements differs from what is there", "total_elements")
        return opaque, used

    def parsed_elements(self) -> list[OpaqueElement]:
        """The elements, in order.

        Raises:
            WireError: one ends early, or its padding is not zero.
        """
        found = OpaqueElement.parse_all(self.elements)
        for number, element in enumerate(found):
            if any(element.padding or b""):
                raise WireError("padding is not zero", f"elements[{number}].padding")
        return found


def build_opaque(elements: list[OpaqueElement], version: int) -> bytes:
    """The opaque data that holds ``elements``, in the form of an SPDM version."""
    general = version >= V12
    opaque = OpaqueData(
        specification_id=None if general else DMTF_SPECIFICATION_ID,
        opaque_version=None if general else OPAQUE_VERSION,
        total_elements=len(elements),
        reserved=None,
        elements=b"".join(element.build() for element in elements),
    )
    return opaque.build(WireContext(version=version))
