"""GET_KEY_PAIR_INFO and SET_KEY_PAIR_INFO (DSP0274 1.3, clauses of those names)."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.report import KeyPairReport
from responder.spec.codes import ErrorCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.key_pairs import KeyPairAlgorithm, KeyPairCap, KeyPairOperation
from responder.spec.registries import KeyUsage
from responder.spec.versions import V14
from responder.wire.key_pair_info import (
    GetKeyPairInfo,
    KeyPairInfo,
    SetKeyPairInfo,
    SetKeyPairInfoAck,
)

_FIRST = 1
_CAPABILITIES = sum(KeyPairCap)
_ALGORITHMS = sum(KeyPairAlgorithm)
_USAGES = sum(KeyUsage)
_REFERENCE_TAIL = 6
"""Zeros that the reference implementation of June 2026 appends in 1.4."""


def get_key_pairs(c: Conversation) -> Flow[None]:
    """Ask for every key pair, and report them."""
    pair, total = _FIRST, _FIRST
    found = []
    while pair <= total:
        request = GetKeyPairInfo(spdm_version=c.agreed.version, key_pair_id=pair).build()
        raw = yield from c.exchange(request)
        message = _read(c, request, raw)
        _check(c, message, pair)
        found.append(_report(message))
        total = message.total_key_pairs
        pair += 1
    c.report.key_pairs = found


def _read(c: Conversation, request: bytes, raw: bytes) -> KeyPairInfo:
    message, used = c.read_front(KeyPairInfo, raw, c.agreed.wire())
    tail = raw[used:]
    odd = 0 <= len(tail) - _REFERENCE_TAIL <= c.padding and not any(tail)
    if c.agreed.version >= V14 and odd:
        c.report.observe("key-pair.trailing-zeros")
        used += _REFERENCE_TAIL
    c.enter(request, c.cut(raw, used))
    return message


def _check(c: Conversation, m: KeyPairInfo, pair: int) -> None:
    """DSP0274 "KEY_PAIR_INFO response message"; the masks as far as they are defined."""
    where = f"key pair {pair}"
    same = m.key_pair_id == pair
    c.require("kpi.id", same, f"KeyPairID {m.key_pair_id}, asked for {pair}")
    total = m.total_key_pairs
    c.require("kpi.total", m.key_pair_id <= total, f"{where} of {total}")
    changeable = c.agreed.has(Cap.SET_KEY_PAIR_INFO)
    caps = m.capabilities & _CAPABILITIES
    c.require("kpi.capabilities", changeable or not caps, f"{where}: 0x{caps:04x}")
    associates = not caps & KeyPairCap.SHAREABLE or caps & KeyPairCap.CERT_ASSOC
    c.require("kpi.shareable", associates, f"{where}: shareable, yet without CertAssocCap")
    usage, usages = m.current_key_usage & _USAGES, m.key_usage_capabilities & _USAGES
    c.require("kpi.usage-capabilities", usages, f"{where}: KeyUsageCapabilities are 0")
    c.require("kpi.usage", not usage & ~usages, f"{where}: 0x{usage:04x} of 0x{usages:04x}")
    _check_algorithms(c, m, where)
    several = m.assoc_cert_slot_mask.bit_count() > 1
    shared = not changeable or caps & KeyPairCap.SHAREABLE
    mask = f"{where}: slots 0x{m.assoc_cert_slot_mask:02x}"
    c.require("kpi.slots", shared or not several, mask)


def _check_algorithms(c: Conversation, m: KeyPairInfo, where: str) -> None:
    known, current = m.asym_algo_capabilities & _ALGORITHMS, m.current_asym_algo & _ALGORITHMS
    pqc_known = int.from_bytes(m.pqc_asym_capabilities, "little")
    pqc_current = int.from_bytes(m.current_pqc_asym, "little")
    told = (
        f"{where}: 0x{current:x} of 0x{known:x}, post-quantum 0x{pqc_current:x} of 0x{pqc_known:x}"
    )
    c.require("kpi.algorithm-capabilities", known or pqc_known, told)
    one = current.bit_count() <= 1 and pqc_current.bit_count() <= 1
    c.require("kpi.one-algorithm", one, told)
    c.require("kpi.algorithm-exclusive", not (current and pqc_current), told)
    within = not current & ~known and not pqc_current & ~pqc_known
    c.require("kpi.algorithm", within, told)


def _report(m: KeyPairInfo) -> KeyPairReport:
    algorithms = [str(row.name) for row in KeyPairAlgorithm if row & m.current_asym_algo]
    if any(m.current_pqc_asym):
        algorithms.append(f"post-quantum 0x{int.from_bytes(m.current_pqc_asym, 'little'):x}")
    usages = [use.name.lower() for use in KeyUsage if use & m.current_key_usage]
    slots = [slot for slot in range(8) if m.assoc_cert_slot_mask >> slot & 1]
    return KeyPairReport(m.key_pair_id, ", ".join(algorithms), usages, slots)


def change_key_pair(c: Conversation) -> Flow[None]:
    """Take the first key pair out of all slots, and erase it: what the reference requester does."""
    for operation in (KeyPairOperation.CHANGE, KeyPairOperation.ERASE):
        request = SetKeyPairInfo(
            spdm_version=c.agreed.version, operation=operation, key_pair_id=_FIRST
        ).build(c.agreed.wire())
        raw = yield from c.exchange(request, may_refuse=(ErrorCode.RESET_REQUIRED,))
        if raw[1] == ResponseCode.ERROR:
            resets = c.agreed.has(Cap.SET_KEY_PAIR_RESET)
            c.require("skp.reset-required", resets, "ResetRequired without SET_KEY_PAIR_RESET_CAP")
            c.report.observe("reset.required", f"SET_KEY_PAIR_INFO, {operation.name.lower()}")
            continue
        _, response = c.read(SetKeyPairInfoAck, raw, c.agreed.wire())
        c.enter(request, response)
        c.agreed.key_stands = False
