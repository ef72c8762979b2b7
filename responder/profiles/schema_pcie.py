"""What a profile may say of PCI Express: functions, mailboxes, IDE, TDISP, CXL."""

from typing import Annotated, Literal

from msgspec import Meta, field

from responder.device.pcie.policies import (
    CxlIdePolicy,
    CxlTspPolicy,
    IdeFeatures,
    IdePolicy,
    LockPolicy,
    MailboxPolicy,
    TdispPolicy,
)
from responder.profiles.schema_types import Byte, PolicySection, Section, SlotId

Word16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
Word32 = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]


class PcieSection(LockPolicy, PolicySection, frozen=True, kw_only=True):
    """PCI Express functions: a physical one, number 0, and perhaps virtual ones.

    Attributes:
        vendor_id: of all functions.
        device_id: of the physical function.
        virtual_device_id: of virtual functions.
        subsystem_vendor_id: of all functions.
        subsystem_id: of all functions.
        revision: of all functions.
        class_code: base class, sub-class and programming interface in one number.
        serial_number: Device Serial Number of function 0; that of each other one is higher by its
            number. Without one there is no such capability.
        function_id: routing id of function 0 (bus in bits 15:8, device in 7:3, function in 2:0);
            that of each other one is higher by its number.
        virtual_functions: how many there are.
        vf_rules: virtual functions look as they do on a bus (ids read FFFFh, BARs read 0), not as
            software sees one that was assigned to it.
        cma: virtual functions have SPDM of their own, or share that of the physical function; then
            its endpoint speaks for their interfaces.
        mailboxes: DOE mailboxes of each function that has SPDM of its own.
        vectors: MSI-X vectors of each function; 0 for none.
        capabilities: optional capabilities of each function.
        flr_ends_sessions: a function level reset ends the SPDM connection of the function; that of
            a shared one with the physical function only.
        status_index: index of the measurement that says how function 0 stands (locked, changed,
            reset); that of each other one is higher by its number. 0 for none.
    """

    vendor_id: Word16 = 0x1B36
    device_id: Word16 = 0x5BD0
    virtual_device_id: Word16 = 0x5BD1
    subsystem_vendor_id: Word16 = 0x1AF4
    subsystem_id: Word16 = 0x1100
    revision: Byte = 1
    class_code: Annotated[int, Meta(ge=0, le=0xFFFFFF)] = 0x120000
    serial_number: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] | None = 0x5BD00000
    function_id: Word16 = 0x0100
    virtual_functions: Annotated[int, Meta(ge=0, le=4096)] = 0
    vf_rules: bool = False
    cma: Literal["own", "shared"] = "own"
    mailboxes: Annotated[int, Meta(ge=0, le=8)] = 1
    vectors: Annotated[int, Meta(ge=0, le=256)] = 8
    capabilities: list[Literal["aer", "ari", "ats", "page-request", "pasid", "sr-iov"]] = field(
        default_factory=lambda: ["aer"]
    )
    flr_ends_sessions: bool = True
    status_index: Annotated[int, Meta(ge=0, le=0xEF)] = 0x20


class FunctionSection(Section):
    """What one function has instead of what all have.

    Attributes:
        number: 0 for the physical one, virtual ones from 1 on.
        set: the certificate set of its slot 0, where it has SPDM of its own.
        set_slot: as for a slot.
        identity: as for a slot.
        configuration: the word, 32 bits, that the physical function would configure it with.
    """

    number: Annotated[int, Meta(ge=0, le=4096)]
    set: str | None = None
    set_slot: SlotId | None = None
    identity: str | None = None
    configuration: Word32 = 0


class MailboxSection(MailboxPolicy, PolicySection, frozen=True, kw_only=True):
    """The DOE mailboxes of functions.

    Attributes:
        version: of the capability.
        interrupts: mailbox n signals MSI-X vector n.
        max_object: the largest data object, in DW with its header.
        max_connection_id: the highest connection id of objects that have one.
        async_messages: it may tell of asynchronous messages (version 2).
    """

    version: Literal[1, 2] = 2
    interrupts: bool = True
    max_object: Annotated[int, Meta(ge=3, le=1 << 18)] = 1 << 18
    max_connection_id: Annotated[int, Meta(ge=0, le=4095)] = 0
    async_messages: bool = False


class IdeSection(IdeFeatures, PolicySection, frozen=True, kw_only=True):
    """IDE of the port: its extended capability, which is in function 0."""


class IdeKmSection(IdePolicy, PolicySection, frozen=True, kw_only=True):
    """The keys of IDE streams, and IDE_KM."""


class TdispSection(TdispPolicy, PolicySection, frozen=True, kw_only=True):
    """TDISP of all functions."""


class CxlIdeKmSection(CxlIdePolicy, PolicySection, frozen=True, kw_only=True):
    """CXL_IDE_KM of the device."""


class CxlTspSection(CxlTspPolicy, PolicySection, frozen=True, kw_only=True):
    """TSP of the device, as a target."""
