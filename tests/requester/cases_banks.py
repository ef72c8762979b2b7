"""Lies about banks of slots."""

from dataclasses import dataclass
from typing import Any

from requester.bank_peer import BankPeer
from requester.cases import Case, Change, put
from requester.cases_device import device_options
from requester.peer import converse, default_options, error

from responder.spec.codes import ErrorCode
from responder.spec.slot_management import SubCode
from responder.spec.versions import V14
from responder.wire.context import WireContext
from responder.wire.message import Record
from responder.wire.slot_management import BankElement, SlotElement

CONTEXT = WireContext(hash_size=32)
INFO, DETAILS, CHAIN = (
    SubCode.GET_BANK_INFO,
    SubCode.GET_BANK_DETAILS,
    SubCode.GET_CERTIFICATE_CHAIN,
)


@dataclass(frozen=True)
class BankCase(Case):
    """A case against a ``BankPeer``."""

    connection: tuple[str, ...] = ("slot-management",)

    def run(self, *without: str) -> Any:
        first = {code: list(found) for code, found in self.peer.get("first", {}).items()}
        peer = BankPeer(**{**self.peer, "first": first})
        options = device_options(*self.connection, **self.options)
        return converse(peer, default_options(**options, without=frozenset(without))), peer


def lie(check: str, sub_code: int, change: Change) -> BankCase:
    """A structure that is another than it should be."""
    return BankCase(check, "SLOT_MANAGEMENT", {"structures": {sub_code: change}})


def header(check: str, change: Change) -> BankCase:
    """A header that is another than it should be."""
    return BankCase(check, "SLOT_MANAGEMENT", {"draft": {0x08: change}})


def element(kind: type[Record], size: int, number: int, **fields: Any) -> Change:
    """Set fields of an element of ``size`` bytes; the test's own arithmetic finds it."""

    def change(structure: Any) -> Any:
        data = structure.elements
        first = number * size
        changed = kind.parse(data[first : first + size], CONTEXT).replace(**fields)
        elements = data[:first] + changed.build(CONTEXT) + data[first + size :]
        return structure.replace(elements=elements)

    return change


def bank(number: int, **fields: Any) -> Change:
    return element(BankElement, 4, number, **fields)


def slot(number: int, **fields: Any) -> Change:
    return element(SlotElement, 16 + 32, number, **fields)


def shorter(structure: Any) -> Any:
    return structure.replace(cert_chain=structure.cert_chain[:-1])


BANKS = [
    header("slm.sub-code", put(sub_code=SubCode.GET_BANK_INFO)),
    header("slm.offset", put(mgmt_struct_offset=4)),
    lie("slm.mandatory", SubCode.SUPPORTED_SUB_CODES, put(bitmap=b"\x0d" + bytes(31))),
    lie("slm.bank-count", INFO, put(num_bank_elements=3)),
    lie("slm.bank-ids", INFO, bank(1, bank_id=0)),
    lie("slm.modifiable", INFO, bank(0, modifiable_slot_mask=4)),
    lie("slm.element-length", INFO, bank(0, element_length=5)),
    lie("slm.length", DETAILS, put(resp_length=9)),
    lie("slm.bank", DETAILS, put(bank_id=7)),
    lie("slm.one-algorithm", DETAILS, put(current_asym_algo=0x18)),
    lie("slm.available", DETAILS, put(available_asym_algo=0x100)),
    lie("slm.slots", DETAILS, slot(1, slot_id=0)),
    lie("slm.multi-key", DETAILS, slot(0, key_pair_id=1)),
    lie("slm.chain-length", CHAIN, shorter),
    lie("slm.slot-size", DETAILS, slot(0, slot_size=9)),
    lie("slm.digest", DETAILS, slot(0, digest=b"\x11" * 32)),
    BankCase(
        "slm.reset-required",
        "SLOT_MANAGEMENT",
        {"refuses": {SubCode.MANAGE_SLOT: error(V14, ErrorCode.RESET_REQUIRED)}},
        connection=("bank-erase",),
    ),
]
