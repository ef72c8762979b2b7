"""SLOT_MANAGEMENT and SLOT_MANAGEMENT_RESP (DSP0274 1.4), and the structures inside.

``responder.spec.slot_management`` says what of this is assumed. A structure begins where
MgmtStructOffset says; readers skip what lies before it, and what follows it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.key_pairs import KeyPairAlgorithm
from responder.spec.limits import SLOT_MASK
from responder.spec.slot_management import (
    BANK_ELEMENT_SIZE,
    SLOT_ADDRESS_SIZE,
    SLOT_ELEMENT_FIXED_SIZE,
    SUB_CODE_BITMAP_SIZE,
    BankAttribute,
    BankOperation,
    SlotAttribute,
    SlotOperation,
    SubCode,
)
from responder.wire.certificate_chain import CertificateChain
from responder.wire.csr import CsrAttributes
from responder.wire.fields import (
    Blob,
    Int8ul,
    Int16ul,
    Int32ul,
    LengthOf,
    Rest,
    negotiated,
    wire_of,
)
from responder.wire.message import Message, Record, wire
from responder.wire.names import certificate_model, csr_attributes, key_usage
from responder.wire.names import slot_mask as slots_of

MANAGEMENT_HEADER_SIZE = 8


class _Offset(LengthOf):
    """MgmtStructOffset: computed as where the structure begins; 0 if there is none."""

    def computed(self, context: Any) -> int:
        return MANAGEMENT_HEADER_SIZE + len(context.gap) if context[self.target] else 0


def _gap(context: Any) -> int:
    return max(0, int(context.mgmt_struct_offset) - MANAGEMENT_HEADER_SIZE)


class _Management(Message):
    """Header of 8 bytes, bytes to be skipped, and the structure of the sub-code."""

    sub_code: int = wire(Int8ul, show=SubCode)
    param2: int = wire(Int8ul, default=0)
    mgmt_struct_offset: int | None = wire(_Offset("structure", Int16ul), default=None)
    reserved: int = wire(Int16ul, default=0)
    gap: bytes = wire(Blob(_gap), default=b"")
    structure: bytes = wire(Rest(), default=b"")


class SlotManagement(_Management, code=RequestCode.SLOT_MANAGEMENT):
    """Reads or changes banks and slots; 8 bytes and the structure of the sub-code."""


class SlotManagementResp(_Management, code=ResponseCode.SLOT_MANAGEMENT_RESP):
    """The answer; 8 bytes and the structure of the sub-code."""


class SlotAddress(Record):
    """Bank and slot; 8 bytes. It begins every structure of a request."""

    req_length: int = wire(Int16ul, default=SLOT_ADDRESS_SIZE)
    bank_id: int = wire(Int8ul, default=0)
    slot: int = wire(Int8ul, default=0)
    reserved: bytes = wire(Blob(4), default=None)

    @property
    def slot_id(self) -> int:
        """Bits 3:0 of SlotID."""
        return self.slot & SLOT_MASK


class GetCsrStructure(CsrAttributes, SlotAddress):
    """GetCSR: key pair, attributes as in GET_CSR, RequesterInfo and opaque data."""

    key_pair_id: int = wire(Int8ul, default=0)
    attributes: int = wire(Int8ul, default=0, show=csr_attributes)
    requester_info_length: int | None = wire(LengthOf("requester_info", Int16ul), default=None)
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    reserved_2: int = wire(Int16ul, default=0)
    requester_info: bytes = wire(Blob(lambda c: c.requester_info_length), default=b"")
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"")


class ManageBank(SlotAddress):
    """ManageBank: what to do with a bank, and the algorithm that it is to serve."""

    operation: int = wire(Int8ul, default=BankOperation.CONFIG_ALGO, show=BankOperation)
    reserved_2: bytes = wire(Blob(3), default=None)
    select_asym_algo: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    select_pqc_asym_length: int | None = wire(LengthOf("select_pqc_asym", Int8ul), default=None)
    select_pqc_asym: bytes = wire(Blob(lambda c: c.select_pqc_asym_length), default=b"")


class ManageSlot(SlotAddress):
    """ManageSlot: what to do with a slot."""

    operation: int = wire(Int8ul, default=SlotOperation.ERASE, show=SlotOperation)


class SetCertificateStructure(SlotAddress):
    """SetCertificate: model, key pair (1.4.1), and the chain structure of ``cert_length`` bytes."""

    cert_length: int | None = wire(LengthOf("cert_chain", Int32ul), default=None)
    attributes: int = wire(Int8ul, default=0, show=certificate_model)
    key_pair_id: int = wire(Int8ul, default=0)
    reserved_2: int = wire(Int16ul, default=0)
    cert_chain: bytes = wire(Blob(lambda c: c.cert_length), default=b"", view=CertificateChain)


class SupportedSubCodes(Record):
    """A bit for each sub-code; 4 bytes and the bitmap."""

    resp_length: int | None = wire(LengthOf("bitmap", Int16ul, extra=4), default=None)
    reserved: int = wire(Int16ul, default=0)
    bitmap: bytes = wire(Blob(lambda c: max(0, c.resp_length - 4)))

    @classmethod
    def of(cls, sub_codes: list[SubCode]) -> "SupportedSubCodes":
        """The bitmap of some sub-codes."""
        mask = sum(1 << sub_code for sub_code in sub_codes)
        return cls(bitmap=mask.to_bytes(SUB_CODE_BITMAP_SIZE, "little"))


class BankElement(Record):
    """A bank: the slots that exist, and those that can be written and erased; 4 bytes."""

    element_length: int = wire(Int8ul, default=BANK_ELEMENT_SIZE)
    bank_id: int = wire(Int8ul)
    slot_mask: int = wire(Int8ul, show=slots_of)
    modifiable_slot_mask: int = wire(Int8ul, default=0, show=slots_of)


class BankInfo(Record):
    """All banks; 4 bytes and 4 for each."""

    resp_length: int | None = wire(LengthOf("elements", Int16ul, extra=4), default=None)
    reserved: int = wire(Int8ul, default=0)
    num_bank_elements: int | None = wire(
        LengthOf("elements", Int8ul, unit=BANK_ELEMENT_SIZE), default=None
    )
    elements: bytes = wire(Blob(lambda c: max(0, c.resp_length - 4)), view=BankElement)


class SlotElement(Record):
    """A slot of a bank; 16 bytes and the digest of its chain, zeros where there is none."""

    element_length: int | None = wire(
        LengthOf("digest", Int16ul, extra=SLOT_ELEMENT_FIXED_SIZE), default=None
    )
    slot_id: int = wire(Int8ul)
    slot_attributes: int = wire(Int8ul, default=0, show=SlotAttribute)
    key_pair_id: int = wire(Int8ul, default=0)
    certificate_info: int = wire(Int8ul, default=0, show=certificate_model)
    key_usage: int = wire(Int16ul, default=0, show=key_usage)
    slot_size: int = wire(Int32ul, default=0)
    reserved: int = wire(Int32ul, default=0)
    digest: bytes = wire(Blob(negotiated("hash_size")))


def _slot_elements(context: Any) -> int:
    size = SLOT_ELEMENT_FIXED_SIZE + wire_of(context).hash_size
    return int(context.num_slot_elements * size)


class BankDetails(Record):
    """One bank: its algorithms, and what is in its slots."""

    resp_length: int = wire(Int16ul)
    bank_id: int = wire(Int8ul)
    reserved: int = wire(Int8ul, default=0)
    num_slot_elements: int = wire(Int16ul)
    bank_attributes: int = wire(Int8ul, default=0, show=BankAttribute)
    reserved_2: int = wire(Int8ul, default=0)
    asym_algo_capabilities: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    current_asym_algo: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    available_asym_algo: int = wire(Int32ul, default=0, show=KeyPairAlgorithm)
    pqc_asym_capabilities_length: int | None = wire(
        LengthOf("pqc_asym_capabilities", Int8ul), default=None
    )
    pqc_asym_capabilities: bytes = wire(Blob(lambda c: c.pqc_asym_capabilities_length), default=b"")
    current_pqc_asym_length: int | None = wire(LengthOf("current_pqc_asym", Int8ul), default=None)
    current_pqc_asym: bytes = wire(Blob(lambda c: c.current_pqc_asym_length), default=b"")
    available_pqc_asym_length: int | None = wire(
        LengthOf("available_pqc_asym", Int8ul), default=None
    )
    available_pqc_asym: bytes = wire(Blob(lambda c: c.available_pqc_asym_length), default=b"")
    reserved_3: int = wire(Int32ul, default=0)
    elements: bytes = wire(Blob(_slot_elements), view=SlotElement)


class ManagedChain(Record):
    """GetCertificateChain's answer: 8 bytes and the chain structure, never a portion of it."""

    chain_length: int | None = wire(LengthOf("cert_chain", Int32ul), default=None)
    reserved: int = wire(Int32ul, default=0)
    cert_chain: bytes = wire(Blob(lambda c: c.chain_length), view=CertificateChain)


class ManagedCsr(Record):
    """GetCSR's answer: 8 bytes and the certificate signing request in DER."""

    csr_length: int | None = wire(LengthOf("csr", Int32ul), default=None)
    reserved: int = wire(Int32ul, default=0)
    csr: bytes = wire(Blob(lambda c: c.csr_length))


REQUEST_STRUCTURES: Mapping[int, type[Record]] = MappingProxyType(
    {
        SubCode.GET_BANK_DETAILS: SlotAddress,
        SubCode.GET_CERTIFICATE_CHAIN: SlotAddress,
        SubCode.GET_CSR: GetCsrStructure,
        SubCode.MANAGE_BANK: ManageBank,
        SubCode.MANAGE_SLOT: ManageSlot,
        SubCode.SET_CERTIFICATE: SetCertificateStructure,
    }
)
RESPONSE_STRUCTURES: Mapping[int, type[Record]] = MappingProxyType(
    {
        SubCode.SUPPORTED_SUB_CODES: SupportedSubCodes,
        SubCode.GET_BANK_INFO: BankInfo,
        SubCode.GET_BANK_DETAILS: BankDetails,
        SubCode.GET_CERTIFICATE_CHAIN: ManagedChain,
        SubCode.GET_CSR: ManagedCsr,
    }
)
"""The structure of each sub-code that has one."""
