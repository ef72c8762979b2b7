"""A responder with two banks of slots (1.4, SLOT_MANAGEMENT)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requester.device_peer import DEVICE_FLAGS, DevicePeer, certificate_request
from requester.peer import SHA256

from responder.crypto.hashing import digest
from responder.spec.codes import RequestCode
from responder.spec.flags import Cap, ExtCap
from responder.spec.slot_management import BankAttribute, SubCode
from responder.spec.versions import V14
from responder.wire.slot_management import (
    REQUEST_STRUCTURES,
    BankDetails,
    BankElement,
    BankInfo,
    ManagedChain,
    ManagedCsr,
    SlotElement,
    SlotManagement,
    SlotManagementResp,
    SupportedSubCodes,
)

P256_BIT, P384_BIT, P521_BIT = 0x08, 0x10, 0x20
ML_DSA_44_BIT = 1


@dataclass
class BankPeer(DevicePeer):
    """Bank 0 serves the connection and has two slots; bank 1 is empty and may be configured.

    Attributes:
        sub_codes: the supported ones.
        structures: changes of the structures that answer, by sub-code.
        held: what the slots of bank 0 hold, beside ``chains``; ``None`` for an erased slot.
        configured: the algorithm of bank 1, classical and post-quantum.
        available: those that it may be given.
        changes: the structures of the requests that change something.
        refuses: the ERROR that answers a sub-code.
        deaf: changes are acknowledged and not made.
    """

    versions: tuple[int, ...] = (V14,)
    flags: Cap = DEVICE_FLAGS
    sub_codes: list[SubCode] = field(default_factory=lambda: list(SubCode))
    structures: dict[int, Callable[[Any], Any]] = field(default_factory=dict)
    held: dict[int, bytes | None] = field(default_factory=dict)
    configured: tuple[int, int] = (0, 0)
    available: tuple[int, int] = (P384_BIT | P521_BIT, 0)
    changes: list[Any] = field(default_factory=list)
    refuses: dict[int, bytes] = field(default_factory=dict)
    deaf: bool = False

    def capabilities(self, request: bytes) -> bytes:
        draft = self.draft.get(0x61, lambda m: m)
        self.draft[0x61] = lambda m: draft(m.replace(ext_flags=ExtCap.SLOT_MGMT))
        try:
            return super().capabilities(request)
        finally:
            self.draft[0x61] = draft

    def answer_honestly(self, request: bytes) -> bytes:
        if request[1] != RequestCode.SLOT_MANAGEMENT:
            return super().answer_honestly(request)
        asked = SlotManagement.parse(request)
        if asked.sub_code in self.refuses:
            return self.refuses[asked.sub_code]
        made = self._structure(asked)
        if made is not None:
            made = self.structures.get(asked.sub_code, lambda s: s)(made)
        message = SlotManagementResp(
            spdm_version=request[0],
            sub_code=asked.sub_code,
            structure=made.build(self.context) if made is not None else b"",
        )
        return self.raw.get(0x08, bytes)(self.build(message))

    def _structure(self, asked: SlotManagement) -> Any:
        kind = REQUEST_STRUCTURES.get(asked.sub_code)
        told = kind.parse(asked.structure, self.context) if kind else None
        match asked.sub_code:
            case SubCode.SUPPORTED_SUB_CODES:
                return SupportedSubCodes.of(self.sub_codes)
            case SubCode.GET_BANK_INFO:
                first = BankElement(bank_id=0, slot_mask=3, modifiable_slot_mask=2)
                return BankInfo(
                    elements=first.build() + BankElement(bank_id=1, slot_mask=3).build()
                )
            case SubCode.GET_BANK_DETAILS:
                return self._details(told.bank_id)
            case SubCode.GET_CERTIFICATE_CHAIN:
                return ManagedChain(cert_chain=self._held(told.slot_id))
            case SubCode.GET_CSR:
                return ManagedCsr(csr=certificate_request())
        self.changes.append(told)
        if not self.deaf:
            self._change(asked.sub_code, told)
        return None

    def _change(self, sub_code: int, told: Any) -> None:
        if sub_code == SubCode.SET_CERTIFICATE:
            self.held[told.slot_id] = told.cert_chain
        elif sub_code == SubCode.MANAGE_SLOT:
            self.held[told.slot_id] = None
        else:
            pqc = int.from_bytes(told.select_pqc_asym, "little")
            self.configured = (told.select_asym_algo, pqc)

    def _held(self, slot: int) -> bytes | None:
        if slot in self.held:
            return self.held[slot]
        return self.chain_of(slot) if slot in self.chains else None

    def _details(self, bank: int) -> BankDetails:
        asym, pqc = self.configured if bank else (P256_BIT, 0)
        known = self.available if bank else (0, 0)
        details = BankDetails(
            resp_length=0,
            bank_id=bank,
            num_slot_elements=2,
            bank_attributes=BankAttribute.CONFIG_ALGO if bank else BankAttribute.SELECTED,
            asym_algo_capabilities=known[0],
            current_asym_algo=asym,
            available_asym_algo=known[0],
            pqc_asym_capabilities=known[1].to_bytes(4, "little"),
            current_pqc_asym=pqc.to_bytes(4, "little"),
            available_pqc_asym=known[1].to_bytes(4, "little"),
            elements=b"".join(self._element(bank, slot) for slot in (0, 1)),
        )
        return details.replace(resp_length=len(details.build(self.context)))

    def _element(self, bank: int, slot: int) -> bytes:
        chain = None if bank else self._held(slot)
        element = SlotElement(
            slot_id=slot,
            slot_size=0x1000,
            digest=digest(SHA256, chain) if chain else bytes(32),
        )
        return element.build(self.context)
