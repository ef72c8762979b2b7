"""SLOT_MANAGEMENT (DSP0274 1.4): which banks of slots there are, and what is in them.

``responder.spec.slot_management`` says what of this is assumed; nothing is refused for the value of
a bit or an operation that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from responder.crypto.hashing import digest
from responder.requester.conversation import Conversation, Flow
from responder.requester.report import BankReport, BankSlotReport
from responder.spec.algorithms import PQC_ASYM, names_in
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.key_pairs import KeyPairAlgorithm
from responder.spec.limits import SLOT_COUNT
from responder.spec.slot_management import (
    BANK_ELEMENT_SIZE,
    SLOT_ELEMENT_FIXED_SIZE,
    BankAttribute,
    SubCode,
)
from responder.wire.chain import LENGTH_SIZE
from responder.wire.message import Record
from responder.wire.slot_management import (
    MANAGEMENT_HEADER_SIZE,
    BankDetails,
    BankElement,
    BankInfo,
    ManagedChain,
    SlotAddress,
    SlotElement,
    SlotManagement,
    SlotManagementResp,
    SupportedSubCodes,
)

AnyStructure = TypeVar("AnyStructure", bound=Record)

_MANDATORY = (
    SubCode.SUPPORTED_SUB_CODES,
    SubCode.GET_BANK_INFO,
    SubCode.GET_BANK_DETAILS,
    SubCode.GET_CERTIFICATE_CHAIN,
)
_ALGORITHMS = sum(KeyPairAlgorithm)
_MAX_BANK_ID = 239


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank as GetBankInfo and GetBankDetails tell of it.

    Attributes:
        element: its masks.
        details: its algorithms.
        slots: its slots, in order.
    """

    element: BankElement
    details: BankDetails
    slots: list[SlotElement]

    @property
    def id(self) -> int:
        """BankID."""
        return self.element.bank_id

    @property
    def selected(self) -> bool:
        """Whether it says that it serves this connection."""
        return bool(self.details.bank_attributes & BankAttribute.SELECTED)

    @property
    def current(self) -> tuple[int, int]:
        """The algorithm: a classical bit, and a post-quantum one."""
        return self.details.current_asym_algo & _ALGORITHMS, _mask(self.details.current_pqc_asym)

    @property
    def available(self) -> tuple[int, int]:
        """The algorithms that it could be given, classical and post-quantum."""
        return self.details.available_asym_algo & _ALGORITHMS, _mask(
            self.details.available_pqc_asym
        )

    def slot(self, slot_id: int) -> SlotElement | None:
        """A slot by its number."""
        return next((slot for slot in self.slots if slot.slot_id == slot_id), None)


def manage_slots(c: Conversation) -> Flow[None]:
    """Ask for the sub-codes, all banks and their slots, and every chain; report the banks."""
    yield from get_sub_codes(c)
    banks = yield from get_banks(c)
    c.report.banks = [_report(bank) for bank in banks]
    _compare(c, banks)
    for bank in banks:
        for slot in bank.slots:
            if holds_chain(slot):
                yield from get_chain(c, bank.id, slot)


def transact(
    c: Conversation,
    sub_code: SubCode,
    structure: Record | None = None,
    *,
    answered: bool = True,
    after_reset: Callable[[bytes], None] | None = None,
) -> Flow[bytes | None]:
    """Exchange SLOT_MANAGEMENT and SLOT_MANAGEMENT_RESP; no transcript takes them.

    Args:
        c: the conversation.
        sub_code: what is asked for.
        structure: that of the request, if the sub-code has one.
        answered: the answer has a structure.
        after_reset: judges ResetRequired; without it that is refused.

    Returns:
        The structure of the answer with what the transport padded; ``None`` after ResetRequired.
    """
    request = SlotManagement(
        spdm_version=c.agreed.version,
        sub_code=sub_code,
        structure=structure.build(c.agreed.wire()) if structure else b"",
    ).build()
    bearable = (ErrorCode.RESET_REQUIRED,) if after_reset else ()
    raw = yield from c.exchange(request, may_refuse=bearable)
    if after_reset and raw[1] == ResponseCode.ERROR:
        after_reset(raw)
        return None
    message, response = c.read(SlotManagementResp, raw, c.agreed.wire())
    c.enter(request, response)
    told, offset = message.sub_code, message.mgmt_struct_offset or 0
    c.require("slm.sub-code", told == sub_code, f"sub-code {told}, asked for {sub_code}")
    right = offset >= MANAGEMENT_HEADER_SIZE if answered else not offset
    c.require("slm.offset", right, f"MgmtStructOffset {offset} for {sub_code.name}")
    if not answered:
        c.cut(message.structure, 0)
    return message.structure


def read_structure(
    c: Conversation, kind: type[AnyStructure], structure: bytes | None
) -> tuple[AnyStructure, int]:
    """The typed structure of an answer, and its size in bytes; it fills what came."""
    data = structure or b""
    record, used = c.read_front(kind, data, c.agreed.wire())
    c.cut(data.ljust(used, b"\0"), used)
    return record, used


def get_sub_codes(c: Conversation) -> Flow[frozenset[int]]:
    """SupportedSubCodes: what may be asked for."""
    structure = yield from transact(c, SubCode.SUPPORTED_SUB_CODES)
    listed, _ = read_structure(c, SupportedSubCodes, structure)
    mask = _mask(listed.bitmap)
    missing = [code.name for code in _MANDATORY if not mask >> code & 1]
    c.require("slm.mandatory", not missing, f"without {', '.join(missing)}")
    return frozenset(code for code in range(mask.bit_length()) if mask >> code & 1)


def get_banks(c: Conversation) -> Flow[list[Bank]]:
    """GetBankInfo, and GetBankDetails of each bank."""
    structure = yield from transact(c, SubCode.GET_BANK_INFO)
    info, _ = read_structure(c, BankInfo, structure)
    count, size = info.num_bank_elements or 0, len(info.elements)
    whole = count and size == count * BANK_ELEMENT_SIZE
    c.require("slm.bank-count", whole, f"NumBankElements {count}, {size} bytes of them")
    elements = [BankElement.parse(data) for data in BankElement.split(info.elements)]
    ids = [element.bank_id for element in elements]
    c.require(
        "slm.bank-ids", len(set(ids)) == len(ids) and max(ids, default=0) <= _MAX_BANK_ID, f"{ids}"
    )
    banks = []
    for element in elements:
        _check_length(c, element.element_length, BANK_ELEMENT_SIZE)
        outside = element.modifiable_slot_mask & ~element.slot_mask
        where = f"bank {element.bank_id}"
        c.require("slm.modifiable", not outside, f"{where}: slots 0x{outside:02x} do not exist")
        bank = yield from get_bank(c, element)
        banks.append(bank)
    return banks


def get_bank(c: Conversation, element: BankElement) -> Flow[Bank]:
    """GetBankDetails."""
    address = SlotAddress(bank_id=element.bank_id)
    structure = yield from transact(c, SubCode.GET_BANK_DETAILS, address)
    details, size = read_structure(c, BankDetails, structure)
    told = details.resp_length
    c.require("slm.length", told == size, f"RespLength {told}, BankDetails has {size}")
    same = details.bank_id == element.bank_id
    c.require("slm.bank", same, f"BankID {details.bank_id}, asked for {element.bank_id}")
    wire = c.agreed.wire()
    slots = [SlotElement.parse(data, wire) for data in SlotElement.split(details.elements, wire)]
    bank = Bank(element, details, slots)
    _check_bank(c, bank)
    return bank


def _check_bank(c: Conversation, bank: Bank) -> None:
    details, where = bank.details, f"bank {bank.id}"
    current = sum(bits.bit_count() for bits in bank.current)
    c.require("slm.one-algorithm", current <= 1, f"{where}: {current} algorithms are current")
    capable = details.asym_algo_capabilities, _mask(details.pqc_asym_capabilities)
    within = all(not bits & ~known for bits, known in zip(bank.available, capable, strict=True))
    c.require("slm.available", within, f"{where}: available {bank.available}, capable {capable}")
    mask = bank.element.slot_mask
    listed = [slot.slot_id for slot in bank.slots]
    holding = [slot.slot_id for slot in bank.slots if holds_chain(slot)]
    there = [slot for slot in range(SLOT_COUNT) if mask >> slot & 1]
    fits = set(holding) <= set(there) <= set(listed) and len(set(listed)) == len(listed)
    c.require("slm.slots", fits, f"{where}: slots {listed} of {there}, chains in {holding}")
    for slot in bank.slots:
        _check_length(c, slot.element_length, SLOT_ELEMENT_FIXED_SIZE + len(slot.digest))
        plain = not (slot.key_pair_id or slot.certificate_info)
        told = f"KeyPairID {slot.key_pair_id}, CertificateInfo {slot.certificate_info}"
        c.require("slm.multi-key", c.agreed.multi_key or plain, f"{where}: {told}")


def _check_length(c: Conversation, told: int | None, size: int) -> None:
    c.require("slm.element-length", told == size, f"ElementLength {told}, it has {size}")


def holds_chain(slot: SlotElement) -> bool:
    """Whether a slot holds a chain: its digest is not zero."""
    return any(slot.digest)


def get_chain(c: Conversation, bank_id: int, slot: SlotElement) -> Flow[bytes]:
    """GetCertificateChain: the chain structure of a slot, which has the digest that it told."""
    address = SlotAddress(bank_id=bank_id, slot=slot.slot_id)
    structure = yield from transact(c, SubCode.GET_CERTIFICATE_CHAIN, address)
    message, _ = read_structure(c, ManagedChain, structure)
    chain, where = message.cert_chain, f"bank {bank_id}, slot {slot.slot_id}"
    size, limit = len(chain), c.options.patience.chain
    c.require("cert.chain-limit", size <= limit, f"{size} bytes, limit {limit}")
    told = int.from_bytes(chain[:LENGTH_SIZE], "little")
    c.require("slm.chain-length", told == size, f"{where}: Length {told} of {size} bytes")
    c.require("slm.slot-size", size <= slot.slot_size, f"{where}: {size} of {slot.slot_size}")
    same = digest(c.agreed.base_hash, chain) == slot.digest
    c.require("slm.digest", same, f"{where}: another hash than its digest")
    return chain


def selected_bank(c: Conversation, banks: list[Bank]) -> Bank | None:
    """The bank that serves this connection, if exactly one says so; else the first is taken."""
    found = [bank for bank in banks if bank.selected]
    if len(found) != 1:
        c.report.observe("banks.selected", f"{[bank.id for bank in found]}")
    return next(iter([*found, *banks]), None)


def _compare(c: Conversation, banks: list[Bank]) -> None:
    """The slots of the selected bank are those that DIGESTS has told of."""
    bank = selected_bank(c, banks)
    told = {slot.slot: slot.digest for slot in c.report.slots}
    if bank is None or not told:
        return
    holding = {slot.slot_id: slot.digest.hex() for slot in bank.slots if holds_chain(slot)}
    known = {slot: value for slot, value in told.items() if value.strip("0")}
    if holding != known:
        c.report.observe("banks.other-digests", f"bank {bank.id}: slots {sorted(holding)}")


def _report(bank: Bank) -> BankReport:
    return BankReport(
        bank.id,
        bank.selected,
        ", ".join(_names(bank.current)),
        _names(bank.available),
        [slot for slot in range(SLOT_COUNT) if bank.element.modifiable_slot_mask >> slot & 1],
        [
            BankSlotReport(s.slot_id, s.digest.hex() if holds_chain(s) else "", s.slot_size)
            for s in bank.slots
        ],
    )


def _names(algorithms: tuple[int, int]) -> list[str]:
    """The names of classical and post-quantum algorithm bits."""
    asym, pqc = algorithms
    return [str(row.name) for row in KeyPairAlgorithm if row & asym] + names_in(PQC_ASYM, pqc)


def _mask(data: bytes) -> int:
    return int.from_bytes(data, "little")
