"""SLOT_MANAGEMENT (1.4): banks of slots, read and changed.

``responder.spec.slot_management`` says what of this is assumed.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TypeVar

from responder.core.context import Context, Later, Reply
from responder.core.errors import invalid, unsupported
from responder.core.handlers.csr import check_opaque, wanted_csr
from responder.core.handlers.set_certificate import check_length
from responder.core.provisioning import Bank, Change
from responder.core.terms import require_writable, required_model, terms
from responder.spec.algorithms import BASE_ASYM, PQC_ASYM, Signature
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap
from responder.spec.limits import SLOT_COUNT
from responder.spec.registries import CertificateModel
from responder.spec.slot_management import (
    PQC_SIZE,
    SLOT_ADDRESS_SIZE,
    BankAttribute,
    BankOperation,
    SlotAttribute,
    SlotOperation,
    SubCode,
)
from responder.wire.errors import WireError
from responder.wire.slot_management import (
    MANAGEMENT_HEADER_SIZE,
    BankDetails,
    BankElement,
    BankInfo,
    GetCsrStructure,
    ManageBank,
    ManagedChain,
    ManagedCsr,
    ManageSlot,
    SetCertificateStructure,
    SlotAddress,
    SlotElement,
    SlotManagement,
    SlotManagementResp,
    SupportedSubCodes,
)

Addressed = TypeVar("Addressed", bound=SlotAddress)

_WITHOUT_STRUCTURE = frozenset({SubCode.SUPPORTED_SUB_CODES, SubCode.GET_BANK_INFO})


def slot_management(request: SlotManagement, context: Context) -> Reply | Later:
    """Do what the sub-code asks for."""
    if request.sub_code not in SubCode.__members__.values():
        raise invalid(f"sub-code {request.sub_code:#x}")
    sub_code = SubCode(request.sub_code)
    if sub_code not in _offered(context):
        raise unsupported(RequestCode.SLOT_MANAGEMENT, f"{sub_code.name} is not offered")
    offset = request.mgmt_struct_offset or 0
    if sub_code in _WITHOUT_STRUCTURE:
        if offset:
            raise invalid(f"a structure at {offset} where there is none")
    elif offset < MANAGEMENT_HEADER_SIZE:
        raise invalid(f"a structure at {offset}")
    return _HANDLERS[sub_code](request, context)


def _offered(context: Context) -> list[SubCode]:
    """What is optional goes with the capability of the older request that does the same."""
    flags = context.connection.flags
    optional = {
        SubCode.GET_CSR: flags & Cap.CSR,
        SubCode.MANAGE_BANK: any(
            bank.asym_capabilities or bank.pqc_capabilities
            for bank in context.device.provisioning.banks()
        ),
        SubCode.MANAGE_SLOT: flags & Cap.SET_CERT,
        SubCode.SET_CERTIFICATE: flags & Cap.SET_CERT,
    }
    return [sub_code for sub_code in SubCode if optional.get(sub_code, True)]


def _supported_sub_codes(request: SlotManagement, context: Context) -> Reply:
    return _reply(request, SupportedSubCodes.of(_offered(context)).build())


def _bank_info(request: SlotManagement, context: Context) -> Reply:
    mask = context.device.supported_slot_mask()
    modifiable = mask if context.connection.flags & Cap.SET_CERT else 0
    elements = b"".join(
        BankElement(bank_id=number, slot_mask=mask, modifiable_slot_mask=modifiable).build()
        for number in range(len(context.device.provisioning.banks()))
    )
    return _reply(request, BankInfo(elements=elements).build())


def _bank_details(request: SlotManagement, context: Context) -> Reply:
    address = _structure(SlotAddress, request, context)
    bank = _bank(address, context)
    attributes = BankAttribute(0)
    if bank.kind == context.base_asym.key:
        attributes |= BankAttribute.SELECTED
    if bank.asym_capabilities or bank.pqc_capabilities:
        attributes |= BankAttribute.CONFIG_ALGO
    mask = context.device.supported_slot_mask()
    slots = [slot_id for slot_id in range(SLOT_COUNT) if mask >> slot_id & 1]
    details = BankDetails(
        resp_length=0,
        bank_id=address.bank_id,
        num_slot_elements=len(slots),
        bank_attributes=attributes,
        asym_algo_capabilities=bank.asym_capabilities,
        current_asym_algo=bank.asym,
        available_asym_algo=bank.available_asym,
        pqc_asym_capabilities=bank.pqc_capabilities.to_bytes(PQC_SIZE, "little"),
        current_pqc_asym=bank.pqc_asym.to_bytes(PQC_SIZE, "little"),
        available_pqc_asym=bank.available_pqc.to_bytes(PQC_SIZE, "little"),
        elements=b"".join(_slot_element(slot_id, bank, context) for slot_id in slots),
    )
    wire = context.connection.wire
    details.resp_length = len(details.build(wire))
    return _reply(request, details.build(wire))


def _slot_element(slot_id: int, bank: Bank, context: Context) -> bytes:
    device, asym, base_hash = context.device, _signature(bank), context.base_hash
    slot = device.slot(slot_id)
    digest = slot.digest(asym, base_hash) if slot and asym else None
    element = SlotElement(
        slot_id=slot_id,
        slot_attributes=SlotAttribute.PROVISIONED if digest else 0,
        slot_size=device.slot_size(slot_id),
        digest=digest or bytes(base_hash.size),
    )
    if context.connection.selected.multi_key_responder and slot and asym:
        info = slot.info(asym)
        element.key_pair_id = info.key_pair_id
        element.certificate_info = info.model
        element.key_usage = info.key_usage
    return element.build(context.connection.wire)


def _certificate_chain(request: SlotManagement, context: Context) -> Reply:
    address = _structure(SlotAddress, request, context)
    asym = _signature(_bank(address, context))
    slot = context.device.slot(address.slot_id)
    chain = slot.chain(asym, context.base_hash) if slot and asym else None
    if chain is None:
        raise invalid(f"slot {address.slot_id} of bank {address.bank_id} holds no chain")
    return _reply(request, ManagedChain(cert_chain=chain).build(context.connection.wire))


def _get_csr(request: SlotManagement, context: Context) -> Later:
    structure = _structure(GetCsrStructure, request, context)
    asym = _required_signature(structure, context)
    check_opaque(structure.opaque_data, context)
    wanted = wanted_csr(structure, context, asym)
    change = context.device.provisioning.csr(wanted)
    return _later(request, change, lambda csr: ManagedCsr(csr=csr).build())


def _manage_bank(request: SlotManagement, context: Context) -> Later:
    structure = _structure(ManageBank, request, context)
    bank = _bank(structure, context)
    if structure.operation != BankOperation.CONFIG_ALGO:
        raise invalid(f"operation {structure.operation}")
    if not (bank.asym_capabilities or bank.pqc_capabilities):
        raise invalid(f"bank {structure.bank_id} is not configurable")
    change = context.device.provisioning.configure_bank(
        structure.bank_id,
        structure.select_asym_algo,
        int.from_bytes(structure.select_pqc_asym, "little"),
        at_reset=_at_reset(context),
    )
    return _later(request, change)


def _manage_slot(request: SlotManagement, context: Context) -> Later:
    structure = _structure(ManageSlot, request, context)
    require_writable(context, structure.slot_id)
    asym = _required_signature(structure, context)
    slot = context.device.slot(structure.slot_id)
    if structure.operation != SlotOperation.ERASE:
        raise invalid(f"operation {structure.operation}")
    if slot is None or slot.chain(asym, context.base_hash) is None:
        raise invalid(f"slot {structure.slot_id} holds no chain")
    ours = terms(context, CertificateModel.NONE, at_reset=_at_reset(context), asym=asym)
    return _later(request, context.device.provisioning.erase(structure.slot_id, ours))


def _set_certificate(request: SlotManagement, context: Context) -> Later:
    structure = _structure(SetCertificateStructure, request, context)
    require_writable(context, structure.slot_id)
    asym = _required_signature(structure, context)
    chain = structure.cert_chain
    check_length(chain, context)
    if int.from_bytes(chain[:4], "little") != len(chain):
        raise invalid("CertLength is not the Length of the chain")
    model = required_model(context, structure.attributes & 0x7, structure.key_pair_id)
    ours = terms(context, model, structure.key_pair_id, at_reset=_at_reset(context), asym=asym)
    return _later(request, context.device.provisioning.write(structure.slot_id, chain, ours))


_HANDLERS: MappingProxyType[SubCode, Callable[[SlotManagement, Context], Reply | Later]] = (
    MappingProxyType(
        {
            SubCode.SUPPORTED_SUB_CODES: _supported_sub_codes,
            SubCode.GET_BANK_INFO: _bank_info,
            SubCode.GET_BANK_DETAILS: _bank_details,
            SubCode.GET_CERTIFICATE_CHAIN: _certificate_chain,
            SubCode.GET_CSR: _get_csr,
            SubCode.MANAGE_BANK: _manage_bank,
            SubCode.MANAGE_SLOT: _manage_slot,
            SubCode.SET_CERTIFICATE: _set_certificate,
        }
    )
)


def _structure(kind: type[Addressed], request: SlotManagement, context: Context) -> Addressed:
    """The structure of the request; what follows it is skipped.

    Raises:
        ProtocolError: InvalidRequest: it runs past the message, or has another length.
    """
    try:
        structure, _ = kind.read(request.structure, context.connection.wire)
    except WireError as error:
        raise invalid(str(error)) from None
    if structure.req_length != SLOT_ADDRESS_SIZE:
        raise invalid(f"ReqLength {structure.req_length}")
    return structure


def _bank(address: SlotAddress, context: Context) -> Bank:
    banks: Sequence[Bank] = context.device.provisioning.banks()
    if address.bank_id >= len(banks):
        raise invalid(f"bank {address.bank_id} does not exist")
    return banks[address.bank_id]


def _signature(bank: Bank) -> Signature | None:
    """A signature algorithm of a bank's kind of key; what slots hold depends on the kind alone."""
    return next((row for row in (*BASE_ASYM, *PQC_ASYM) if row.key == bank.kind), None)


def _required_signature(address: SlotAddress, context: Context) -> Signature:
    asym = _signature(_bank(address, context))
    if asym is None:
        raise invalid(f"bank {address.bank_id} has no algorithm")
    return asym


def _at_reset(context: Context) -> bool:
    return bool(context.connection.flags & Cap.CERT_INSTALL_RESET)


def _later(
    request: SlotManagement, change: Change, structure: Callable[[bytes], bytes] = lambda _: b""
) -> Later:
    return Later(change.work, lambda: _reply(request, structure(change.commit())), change.give_up)


def _reply(request: SlotManagement, structure: bytes) -> Reply:
    response = SlotManagementResp(
        spdm_version=request.spdm_version, sub_code=request.sub_code, structure=structure
    )
    return Reply(response)
