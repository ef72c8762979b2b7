"""What SLOT_MANAGEMENT (DSP0274 1.4) changes: CSRs, chains, slots and the algorithms of banks.

What the responder does not list among its sub-codes is left out.
"""

from functools import partial

from responder.requester.conversation import Conversation, Flow
from responder.requester.provisioning import (
    chain_to_write,
    check_csr,
    csr_after_reset,
    model_to_name,
    reset_required,
)
from responder.requester.slot_management import (
    Bank,
    get_bank,
    get_banks,
    get_chain,
    get_sub_codes,
    holds_chain,
    read_structure,
    selected_bank,
    transact,
)
from responder.spec.slot_management import PQC_SIZE, SubCode
from responder.wire.message import Record
from responder.wire.slot_management import (
    GetCsrStructure,
    ManageBank,
    ManagedCsr,
    ManageSlot,
    SetCertificateStructure,
)

_FIRST_PAIR = 1


def request_csr(c: Conversation) -> Flow[None]:
    """GetCSR for the key of slot 0 of the selected bank."""
    bank = yield from _bank(c, SubCode.GET_CSR)
    if bank is None:
        return
    model, slot = model_to_name(c), bank.slot(0)
    pair = (slot.key_pair_id if slot else 0) or _FIRST_PAIR
    structure = yield from transact(
        c,
        SubCode.GET_CSR,
        GetCsrStructure(bank_id=bank.id, key_pair_id=pair if model else 0, attributes=model),
        after_reset=lambda raw: csr_after_reset(c, raw, SubCode.GET_CSR.name),
    )
    if structure is not None:
        message, _ = read_structure(c, ManagedCsr, structure)
        check_csr(c, message.csr, pair)


def write_chain(c: Conversation) -> Flow[None]:
    """SetCertificate of the options' chain in the selected bank, and read it back."""
    wanted, chain = chain_to_write(c)
    bank = yield from _bank(c, SubCode.SET_CERTIFICATE)
    if bank is None:
        return
    model = model_to_name(c)
    request = SetCertificateStructure(
        bank_id=bank.id,
        slot=wanted.slot,
        attributes=model,
        key_pair_id=_FIRST_PAIR if model else 0,
        cert_chain=chain,
    )
    bank = yield from _change(c, bank, SubCode.SET_CERTIFICATE, request)
    if bank is not None:
        slot = bank.slot(wanted.slot)
        stored = b""
        if slot is not None and holds_chain(slot):
            stored = yield from get_chain(c, bank.id, slot)
        if stored != chain:
            c.report.observe("certificate.not-stored", f"bank {bank.id}, slot {wanted.slot}")


def erase_slot(c: Conversation) -> Flow[None]:
    """ManageSlot: erase the slot that the options' chain is for."""
    wanted, _ = chain_to_write(c)
    bank = yield from _bank(c, SubCode.MANAGE_SLOT)
    if bank is None:
        return
    request = ManageSlot(bank_id=bank.id, slot=wanted.slot)
    bank = yield from _change(c, bank, SubCode.MANAGE_SLOT, request)
    slot = bank.slot(wanted.slot) if bank else None
    if slot is not None and holds_chain(slot):
        c.report.observe("bank.not-erased", f"slot {wanted.slot}")


def configure_bank(c: Conversation) -> Flow[None]:
    """ManageBank: give the first bank without chains another algorithm, if there is such a bank."""
    known = yield from _banks(c, SubCode.MANAGE_BANK)
    for bank in known:
        choice = _other_algorithm(bank)
        if any(choice) and not any(map(holds_chain, bank.slots)):
            asym, pqc = choice
            request = ManageBank(
                bank_id=bank.id,
                select_asym_algo=asym,
                select_pqc_asym=pqc.to_bytes(PQC_SIZE, "little"),
            )
            now = yield from _change(c, bank, SubCode.MANAGE_BANK, request)
            if now is not None and now.current != choice:
                c.report.observe("bank.not-configured", f"bank {bank.id}: {now.current}")
            return
    if known:
        c.report.observe("step.unsupported", "no empty bank with another algorithm")


def _other_algorithm(bank: Bank) -> tuple[int, int]:
    """One bit that is available and not current, as classical and post-quantum; zeros if none."""
    asym, pqc = (bits & ~used for bits, used in zip(bank.available, bank.current, strict=True))
    return (asym & -asym, 0) if asym else (0, pqc & -pqc)


def _banks(c: Conversation, sub_code: SubCode) -> Flow[list[Bank]]:
    """All banks of a responder that lists the sub-code; else none, which is told."""
    listed = yield from get_sub_codes(c)
    if sub_code not in listed:
        c.report.observe("step.unsupported", f"SLOT_MANAGEMENT {sub_code.name}")
        return []
    return (yield from get_banks(c))


def _bank(c: Conversation, sub_code: SubCode) -> Flow[Bank | None]:
    """The selected bank of a responder that lists the sub-code."""
    banks = yield from _banks(c, sub_code)
    return selected_bank(c, banks) if banks else None


def _change(c: Conversation, bank: Bank, sub_code: SubCode, request: Record) -> Flow[Bank | None]:
    """Make a change; the bank after it, ``None`` if it waits for a reset."""
    reset = partial(reset_required, c, "slm", sub_code.name)
    done = yield from transact(c, sub_code, request, answered=False, after_reset=lambda _: reset())
    if done is None:
        return None
    c.agreed.key_stands = False
    return (yield from get_bank(c, bank.element))
