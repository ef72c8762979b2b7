"""DMTF's elements in the opaque data of KEY_EXCHANGE and PSK_EXCHANGE (DSP0277 "Opaque data").

Each begins with SMDataVersion and SMDataID. The request lists the versions of DSP0277 that the
requester supports, the response the one that was selected; from 1.3 on both may limit how often a
key is used.
"""

from typing import Any, TypeVar

import msgspec
from construct import Array

from responder.spec.registries import StandardId
from responder.spec.sessions import SM_DATA_VERSION, SmDataId
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import Int8ul, Int16ul, LengthOf
from responder.wire.message import Record, wire
from responder.wire.names import version_entry
from responder.wire.opaque import OPAQUE_VERSION, OpaqueData, OpaqueElement, build_opaque

_HEAD_SIZE = 2


def _versions(context: Any) -> int:
    """As many as the count says when parsed, as many as given when built: the count may lie."""
    if context._building:  # noqa: SLF001 - construct's name for it
        return len(context.versions)
    return int(context.version_count)


class SupportedVersions(Record):
    """The versions of DSP0277 that the requester supports, 16 bits each; in requests."""

    sm_data_version: int = wire(Int8ul, default=SM_DATA_VERSION)
    sm_data_id: int = wire(Int8ul, default=int(SmDataId.SUPPORTED_VERSIONS), show=SmDataId)
    version_count: int | None = wire(LengthOf("versions", Int8ul), default=None)
    versions: list[int] = wire(Array(_versions, Int16ul), show=version_entry)


class VersionSelection(Record):
    """The version of DSP0277 that the responder selected; in responses."""

    sm_data_version: int = wire(Int8ul, default=SM_DATA_VERSION)
    sm_data_id: int = wire(Int8ul, default=int(SmDataId.VERSION_SELECTION), show=SmDataId)
    selected_version: int = wire(Int16ul, show=version_entry)


class AeadLimit(Record):
    """A key seals fewer than 2**exponent records (DSP0277 1.3); in both."""

    sm_data_version: int = wire(Int8ul, default=SM_DATA_VERSION)
    sm_data_id: int = wire(Int8ul, default=int(SmDataId.AEAD_LIMIT), show=SmDataId)
    exponent: int = wire(Int8ul)


SecuredElement = SupportedVersions | VersionSelection | AeadLimit
ELEMENTS: dict[int, type[SecuredElement]] = {
    SmDataId.VERSION_SELECTION: VersionSelection,
    SmDataId.SUPPORTED_VERSIONS: SupportedVersions,
    SmDataId.AEAD_LIMIT: AeadLimit,
}

AnyElement = TypeVar("AnyElement", bound=SecuredElement)


class SecuredOpaque(msgspec.Struct, frozen=True):
    """What DMTF's elements say; ``None`` where there is no such element.

    Attributes:
        supported: versions of DSP0277, as sent.
        selected: one of them.
        aead_exponent: of the AEAD limit.
    """

    supported: list[int] | None = None
    selected: int | None = None
    aead_exponent: int | None = None


def element_class(element_id: int, vendor: bytes, data: bytes) -> type[SecuredElement] | None:
    """What an element of opaque data is read as; ``None`` if it is not one of these."""
    if element_id != StandardId.DMTF or vendor or len(data) < _HEAD_SIZE:
        return None
    return ELEMENTS.get(data[1]) if data[0] == SM_DATA_VERSION else None


def parse_secured_opaque(data: bytes, context: WireContext) -> SecuredOpaque:
    """The elements of DSP0277 in opaque data; others are passed over, of several the first counts.

    Raises:
        WireError: the data is not well formed as a whole, or such an element is not.
    """
    opaque = OpaqueData.parse(data, context)
    if opaque.opaque_version not in (None, OPAQUE_VERSION):
        raise WireError(f"OpaqueVersion is {opaque.opaque_version}", "opaque_version")
    found: list[SecuredElement] = []
    for element in opaque.parsed_elements():
        kind = element_class(element.id, element.vendor, element.data)
        if kind is not None:
            found.append(kind.parse(element.data))
    supported = _first(SupportedVersions, found)
    selected = _first(VersionSelection, found)
    limit = _first(AeadLimit, found)
    return SecuredOpaque(
        supported=supported.versions if supported else None,
        selected=selected.selected_version if selected else None,
        aead_exponent=limit.exponent if limit else None,
    )


def _first(kind: type[AnyElement], elements: list[SecuredElement]) -> AnyElement | None:
    return next((element for element in elements if isinstance(element, kind)), None)


def build_secured_opaque(elements: list[SecuredElement], version: int) -> bytes:
    """The opaque data that holds ``elements``, in the form of an SPDM version."""
    return build_opaque([OpaqueElement(data=element.build()) for element in elements], version)
