"""Which version of DSP0277 a session has: the opaque data of KEY_EXCHANGE and PSK_EXCHANGE."""

from dataclasses import dataclass

from responder.requester.conversation import Conversation
from responder.requester.opaque import check_elements
from responder.requester.record import NO_LIMIT
from responder.spec.algorithms import OPAQUE_FORMAT_1
from responder.spec.registries import StandardId
from responder.spec.sessions import MAX_AEAD_EXPONENT, SECURED_V13, SM_DATA_VERSION, SmDataId
from responder.spec.versions import V12
from responder.wire.errors import WireError
from responder.wire.opaque import OpaqueData, OpaqueElement, build_opaque
from responder.wire.secured_opaque import AeadLimit, SupportedVersions

_VERSION_SIZE = 2
_MAJOR = 0xF000


@dataclass(frozen=True, slots=True)
class Secured:
    """What the two sides have agreed on for the records of a session.

    Attributes:
        version: of DSP0277, such as 0x1200; 0 where a responder that named none is let pass.
        limit: the exponent of the lesser AEAD limit.
    """

    version: int
    limit: int = NO_LIMIT


def own_versions(c: Conversation) -> bytes:
    """The opaque data that offers the requester's versions, and its AEAD limit from 1.3 on."""
    offer = c.options.offer
    versions = list(offer.secured_versions)
    elements = [OpaqueElement(data=SupportedVersions(versions=versions).build())]
    if max(versions) >= SECURED_V13:
        elements.append(OpaqueElement(data=AeadLimit(exponent=offer.aead_limit).build()))
    return build_opaque(elements, c.agreed.version)


def check_selection(c: Conversation, message: str, data: bytes) -> Secured:
    """Check the responder's opaque data, and read its choice; ``message`` begins the checks."""
    if c.agreed.version >= V12:
        format_1 = c.agreed.opaque_format == OPAQUE_FORMAT_1
        c.require(f"{message}.opaque-format", format_1, "sessions need OpaqueDataFmt1")
    check_elements(c, message, data)
    told: dict[int, list[bytes]] = {}
    for element in _elements(c, data):
        body = element.data
        if element.id == StandardId.DMTF and body[:1] == bytes((SM_DATA_VERSION,)) and body[1:2]:
            told.setdefault(body[1], []).append(body[2:])
    selections = told.get(SmDataId.VERSION_SELECTION, [])
    c.require(f"{message}.version-selected", selections, "no secured message version is selected")
    c.require(f"{message}.one-version", len(selections) <= 1, f"{len(selections)} are selected")
    if not selections:
        return Secured(0)
    version = int.from_bytes(selections[0][:_VERSION_SIZE], "little")
    majors = {offered & _MAJOR for offered in c.options.offer.secured_versions}
    fits = len(selections[0]) == _VERSION_SIZE and version & _MAJOR in majors
    c.require(f"{message}.version-offered", fits, f"selected 0x{selections[0].hex()}")
    return Secured(version, _limit(c, message, version, told.get(SmDataId.AEAD_LIMIT, [])))


def _elements(c: Conversation, data: bytes) -> list[OpaqueElement]:
    """The elements; none where a check of them is left out."""
    try:
        return OpaqueData.parse(data, c.agreed.wire()).parsed_elements() if data else []
    except WireError:
        return []


def _limit(c: Conversation, message: str, version: int, told: list[bytes]) -> int:
    """The lesser of the two AEAD limits, which there are from 1.3 on."""
    if version < SECURED_V13:
        return NO_LIMIT
    theirs = told[0][0] if told and told[0] else MAX_AEAD_EXPONENT
    c.require(f"{message}.aead-limit", theirs <= MAX_AEAD_EXPONENT, f"2^{theirs}")
    return min(c.options.offer.aead_limit, theirs, NO_LIMIT)
