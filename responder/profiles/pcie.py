"""From a profile to the PCI Express functions that it describes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from responder.crypto.random_tree import RandomTree
from responder.device.emulated import EmulatedDevice
from responder.device.pcie.controls import Controls
from responder.device.pcie.cxl_ide_km import CxlIdeKm
from responder.device.pcie.cxl_tsp import CxlTsp
from responder.device.pcie.device import PcieDevice, Side
from responder.device.pcie.endpoint import FunctionEndpoint, ProtocolKey, VendorProtocol
from responder.device.pcie.function import Function
from responder.device.pcie.ide_km import IdeKm
from responder.device.pcie.ide_port import IdePort
from responder.device.pcie.ide_registers import IdeLayout
from responder.device.pcie.layout import (
    DEFAULT_REGIONS,
    MANAGEMENT,
    FunctionLayout,
    Region,
    VirtualFunctions,
)
from responder.device.pcie.mailbox import Mailbox
from responder.device.pcie.mailbox_layout import MailboxLayout
from responder.device.pcie.policies import (
    CxlIdePolicy,
    CxlTspPolicy,
    IdeFeatures,
    IdePolicy,
    LockPolicy,
    MailboxPolicy,
    TdispPolicy,
)
from responder.device.pcie.status import StatusMeasurement
from responder.device.pcie.tdi import Tdi
from responder.device.pcie.tdisp import TdispHost
from responder.profiles.device import build_device
from responder.profiles.lookup import Lookup
from responder.profiles.policy import build_policy
from responder.profiles.schema import ProfileSpec, SlotSection
from responder.profiles.schema_pcie import FunctionSection, PcieSection
from responder.spec.cxl import CXL_VENDOR_ID, CxlProtocol
from responder.spec.flags import SESSION
from responder.spec.ide import PciProtocol
from responder.spec.registries import PCI_SIG_VENDOR_ID, DoeType, StandardId

if TYPE_CHECKING:
    from responder.device.pcie.interfaces import Outbox

_PCI_SIG = PCI_SIG_VENDOR_ID.to_bytes(2, "little")
_CXL = CXL_VENDOR_ID.to_bytes(2, "little")
_LAST_INDEX = 0xEF
"""Of measurements of functions; those above have other purposes."""


class FunctionPlan(msgspec.Struct, frozen=True):
    """The functions of a profile; ``build`` makes a device of it, as often as one is wanted.

    Attributes:
        section: what the profile says of all functions.
        layouts: of each function, by number.
        devices: what each one's SPDM speaks for, by number; with a shared one only the first.
        mailboxes: the DOE mailboxes of each function that has SPDM.
        ide: the features of the port; ``None`` without IDE.
        ide_policy, tdisp, cxl_ide_km, cxl_tsp: where there is a choice; ``None`` for a protocol
            that there is not.
    """

    section: PcieSection
    layouts: Sequence[FunctionLayout]
    devices: Sequence[EmulatedDevice]
    mailboxes: Sequence[MailboxLayout]
    ide: IdeLayout | None
    ide_policy: IdePolicy
    tdisp: TdispPolicy | None
    cxl_ide_km: CxlIdePolicy | None
    cxl_tsp: CxlTspPolicy | None

    def build(self, random: RandomTree) -> PcieDevice:
        """One more device; ``random`` is its branch of the tree."""
        parts = _Parts(self, random)
        endpoints = [parts.endpoint(one, self.devices[one[0]]) for one in self._sides()]
        sides = [Side(*one) for one in zip(endpoints, self._sides(), strict=True)]
        device = PcieDevice(
            parts.functions,
            sides,
            parts.outbox,
            parts.port,
            flr_ends_sessions=self.section.flr_ends_sessions,
            also_reset=parts.also_reset,
        )
        controls = parts.controls(device)
        for endpoint in endpoints:
            endpoint.controls = controls
        return device

    def function(self, number: int, port: IdePort | None) -> Function:
        """A function with its mailboxes and, if it is the first, the registers of the port."""
        section = self.section
        has_spdm = number == 0 or section.cma == "own"
        mailboxes = [Mailbox(n, one) for n, one in enumerate(self.mailboxes)] if has_spdm else []
        serial = section.serial_number
        return Function(
            number,
            self.layouts[number],
            [*mailboxes, *([port] if port is not None and number == 0 else [])],
            function_id=section.function_id + number & 0xFFFF,
            serial_number=None if serial is None else serial + number,
        )

    def _sides(self) -> list[tuple[int, ...]]:
        numbers = range(len(self.layouts))
        return [(n,) for n in numbers] if self.section.cma == "own" else [tuple(numbers)]


class _Parts:
    """The parts of one device."""

    def __init__(self, plan: FunctionPlan, random: RandomTree) -> None:
        self.outbox: Outbox = []
        self._plan = plan
        self.port = IdePort(plan.ide, plan.ide_policy) if plan.ide is not None else None
        self.functions = [plan.function(n, self.port) for n in range(len(plan.layouts))]
        self._interfaces: list[Tdi] = []
        if plan.tdisp is not None:
            for function in self.functions:
                tdi = Tdi(function, plan.tdisp, random.child("tdi", function.number))
                function.attach_interface(tdi)
                self._interfaces.append(tdi)
        self._ide_km = IdeKm(self.port, self._function_id, self.outbox) if self.port else None
        self._hosts: list[TdispHost] = []
        self.also_reset: list[Callable[[], None]] = []
        self._tsp: CxlTsp | None = None
        self._cxl: dict[ProtocolKey, VendorProtocol] = {}
        if plan.cxl_ide_km is not None:
            branch = random.child("cxl ide_km")
            ide_km = CxlIdeKm(plan.cxl_ide_km, self._function_id, branch, self.outbox)
            self._cxl[StandardId.PCI_SIG, _CXL, CxlProtocol.IDE_KM] = ide_km
            self.also_reset.append(ide_km.reset)
        if plan.cxl_tsp is not None:
            self._tsp = CxlTsp(plan.cxl_tsp, random.child("cxl tsp"), self.outbox)
            self._cxl[StandardId.PCI_SIG, _CXL, CxlProtocol.TSP] = self._tsp
            self.also_reset.append(self._tsp.reset)

    def _function_id(self) -> int:
        return self.functions[0].function_id

    def controls(self, device: PcieDevice) -> Controls:
        """What can be done to the device that these parts make up."""
        policies = self._plan.ide_policy, self._plan.tdisp
        return Controls(device, self._interfaces, self._ide_km, self._hosts, policies)

    def endpoint(self, numbers: tuple[int, ...], device: EmulatedDevice) -> FunctionEndpoint:
        """What the SPDM endpoint of these functions speaks for."""
        protocols = dict(self._cxl) if 0 in numbers else {}
        if self._ide_km is not None:
            protocols[StandardId.PCI_SIG, _PCI_SIG, PciProtocol.IDE_KM] = self._ide_km
        if self._plan.tdisp is not None:
            hosted = [self._interfaces[number] for number in numbers]
            host = TdispHost(hosted, self._plan.tdisp, self.port, self.outbox)
            self._hosts.append(host)
            protocols[StandardId.PCI_SIG, _PCI_SIG, PciProtocol.TDISP] = host
        first = self._plan.section.status_index
        statuses = [
            StatusMeasurement(first + number, self.functions[number])
            for number in numbers
            if first and first + number <= _LAST_INDEX
        ]
        psk = self._tsp.psk if self._tsp is not None and 0 in numbers else None
        return FunctionEndpoint(device, protocols, statuses, psk)


def plan_functions(
    spec: ProfileSpec, section: PcieSection, device: EmulatedDevice, lookup: Lookup
) -> FunctionPlan:
    """What a profile says of functions.

    Raises:
        ConfigError: a function does not exist or is there twice, or something does not fit.
    """
    count = 1 + section.virtual_functions
    own = _own(spec, count, lookup)
    updatable = spec.tdisp is not None and spec.tdisp.mmio_attributes
    layouts = _layouts(section, own, count, lookup, updatable=updatable)
    devices = [device] * count
    for number, (place, function) in own.items():
        if function.set is not None or function.identity is not None:
            if number and section.cma == "shared":
                reason = "a virtual function that shares SPDM has no certificates"
                raise lookup.source.error(("function", place), reason)
            devices[number] = _with_certificates(spec, function, lookup)
    return FunctionPlan(
        section,
        layouts,
        devices,
        _mailboxes(spec, section, lookup),
        _part(IdeLayout, IdeFeatures, spec.ide) if spec.ide is not None else None,
        _part(IdePolicy, IdePolicy, spec.ide_km),
        _part(TdispPolicy, TdispPolicy, spec.tdisp) if spec.tdisp is not None else None,
        spec.cxl_ide_km,
        spec.cxl_tsp,
    )


def _own(spec: ProfileSpec, count: int, lookup: Lookup) -> dict[int, tuple[int, FunctionSection]]:
    """The [[function]] tables by number, each with its place in the profile."""
    found: dict[int, tuple[int, FunctionSection]] = {}
    for place, function in enumerate(spec.function):
        path = ("function", place, "number")
        if function.number >= count:
            raise lookup.source.error(path, f"there are functions 0 to {count - 1} only")
        if function.number in found:
            raise lookup.source.error(path, f"function {function.number} is there twice")
        found[function.number] = place, function
    return found


def _layouts(
    section: PcieSection,
    own: dict[int, tuple[int, FunctionSection]],
    count: int,
    lookup: Lookup,
    *,
    updatable: bool,
) -> list[FunctionLayout]:
    """One layout for the physical function, and one that virtual ones share.

    The attribute of their memory can be set where SET_MMIO_ATTRIBUTE is supported.
    """
    regions = tuple(
        replace(one, updatable=one.kind == "memory" and updatable) for one in DEFAULT_REGIONS
    )
    try:
        physical = _layout(section, regions, virtual=False)
        virtual = _layout(section, regions, virtual=True)
    except ValueError as error:
        raise lookup.source.error(("pcie",), str(error)) from error
    layouts = [physical, *([virtual] * (count - 1))]
    for number, (_, function) in own.items():
        if function.configuration:
            layouts[number] = replace(layouts[number], configuration=function.configuration)
    return layouts


def _layout(section: PcieSection, regions: tuple[Region, ...], *, virtual: bool) -> FunctionLayout:
    names = section.capabilities
    has_sriov = "sr-iov" in names and section.virtual_functions and not virtual
    sriov = VirtualFunctions(section.virtual_functions, section.virtual_device_id)
    return FunctionLayout(
        vendor_id=section.vendor_id,
        device_id=section.virtual_device_id if virtual else section.device_id,
        subsystem_vendor_id=section.subsystem_vendor_id,
        subsystem_id=section.subsystem_id,
        class_code=section.class_code,
        revision=section.revision,
        regions=regions if virtual else (*regions, MANAGEMENT),
        vectors=section.vectors,
        virtual=virtual,
        vf_rules=virtual and section.vf_rules,
        virtual_functions=sriov if has_sriov else None,
        lock=_part(LockPolicy, LockPolicy, section),
        aer="aer" in names,
        ari="ari" in names,
        ats="ats" in names,
        page_request="page-request" in names,
        pasid="pasid" in names,
    )


def _mailboxes(spec: ProfileSpec, section: PcieSection, lookup: Lookup) -> list[MailboxLayout]:
    """They list secured SPDM if the device can have sessions."""
    sessions = build_policy(spec, lookup).flags & SESSION
    kinds = [DoeType.SPDM, *([DoeType.SECURED_SPDM] if sessions else [])]
    mailbox = spec.mailbox
    return [
        MailboxLayout(
            version=mailbox.version,
            objects=tuple((PCI_SIG_VENDOR_ID, kind) for kind in kinds),
            interrupt=n if mailbox.interrupts and n < section.vectors else None,
            max_object=mailbox.max_object,
            max_connection_id=mailbox.max_connection_id,
            async_messages=mailbox.async_messages,
            policy=_part(MailboxPolicy, MailboxPolicy, mailbox),
        )
        for n in range(section.mailboxes)
    ]


def _with_certificates(
    spec: ProfileSpec, function: FunctionSection, lookup: Lookup
) -> EmulatedDevice:
    """The device of the profile, with a function's own certificates in slot 0."""
    slot = SlotSection(
        id=0, set=function.set, set_slot=function.set_slot, identity=function.identity
    )
    others = [one for one in spec.slot if one.id]
    device, _ = build_device(replace(spec, slot=[slot, *others]), lookup)
    return device


def _part(make: type[Any], of: type[Any], section: msgspec.Struct) -> Any:
    """What of a section makes up another structure."""
    names = (field.name for field in msgspec.structs.fields(of))
    return make(**{name: getattr(section, name) for name in names})
