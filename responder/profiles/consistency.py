"""What a responder must not claim together (DSP0274 "CAPABILITIES response message").

A requester that keeps the specification refuses such a device at once, so a profile has to say
that it means it.
"""

from collections.abc import Iterator, Sequence

from responder.core.capability_rules import BOTH_SIDES, Rule
from responder.core.interfaces import ResponderPolicy
from responder.device.slots import CertificateSlot
from responder.profiles.source import KeyPath
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, Algorithm, by_bit
from responder.spec.flags import (
    MEAS,
    MULTI_KEY,
    RESPONDER_FLAGS,
    SESSION,
    TWO_BIT_FIELDS,
    Cap,
)
from responder.spec.limits import MAX_CT_EXPONENT, MIN_DATA_TRANSFER_SIZE
from responder.spec.registries import CertificateModel
from responder.spec.versions import V10, V12, V13, V14, SpdmVersion

_CAPABILITIES: KeyPath = ("spdm", "capabilities")
_TRANSFER_SIZE: KeyPath = ("spdm", "data_transfer_size")
_MESSAGE_SIZE: KeyPath = ("spdm", "max_spdm_msg_size")
_TRANSMIT_SIZE: KeyPath = ("spdm", "transmit_size")

_KEY_MATERIAL = Cap.CERT | Cap.PUB_KEY_ID
_SIGNING = Cap.CHAL | Cap.KEY_EX | Cap.MEAS_SIG
_KEY_PAIR_INFO = Cap.GET_KEY_PAIR_INFO | Cap.SET_KEY_PAIR_INFO

RULES = (
    *BOTH_SIDES,
    Rule("MEAS_FRESH needs MEAS", given=Cap.MEAS_FRESH, any_of=MEAS, since=V10),
    Rule(
        "CERT without CHAL needs MEAS_SIG",
        given=Cap.CERT,
        unless=Cap.MEAS_SIG,
        any_of=Cap.CHAL,
        since=V10,
        until=V10,
    ),
    Rule(
        "CHAL and MEAS_SIG need CERT",
        Cap.CHAL | Cap.MEAS_SIG,
        any_of=Cap.CERT,
        since=V10,
        until=V10,
    ),
    Rule(
        "CERT and PUB_KEY_ID need CHAL, KEY_EX or MEAS_SIG",
        given=_KEY_MATERIAL,
        any_of=_SIGNING,
        until=V12,
    ),
    Rule(
        "CERT and PUB_KEY_ID need CHAL, KEY_EX, MEAS_SIG or EP_INFO_SIG",
        given=_KEY_MATERIAL,
        any_of=_SIGNING | Cap.EP_INFO_SIG,
        since=V13,
    ),
    Rule(
        "CHAL, MEAS_SIG, KEY_EX and MUT_AUTH need CERT or PUB_KEY_ID",
        given=_SIGNING | Cap.MUT_AUTH,
        any_of=_KEY_MATERIAL,
    ),
    Rule("EP_INFO_SIG needs CERT or PUB_KEY_ID", Cap.EP_INFO_SIG, any_of=_KEY_MATERIAL, since=V13),
    Rule("ALIAS_CERT and SET_CERT need CERT", Cap.ALIAS_CERT | Cap.SET_CERT, any_of=Cap.CERT),
    Rule("CSR needs SET_CERT", given=Cap.CSR, any_of=Cap.SET_CERT, since=V12),
    Rule(
        "CERT_INSTALL_RESET needs CSR or SET_CERT",
        given=Cap.CERT_INSTALL_RESET,
        any_of=Cap.CSR | Cap.SET_CERT,
        since=V12,
    ),
    Rule("MULTI_KEY needs GET_KEY_PAIR_INFO", MULTI_KEY, any_of=Cap.GET_KEY_PAIR_INFO, since=V13),
    Rule(
        "PUB_KEY_ID excludes MULTI_KEY and key pair information",
        given=Cap.PUB_KEY_ID,
        none_of=MULTI_KEY | _KEY_PAIR_INFO,
        since=V13,
    ),
    Rule(
        "SET_KEY_PAIR_RESET needs SET_KEY_PAIR_INFO",
        given=Cap.SET_KEY_PAIR_RESET,
        any_of=Cap.SET_KEY_PAIR_INFO,
        since=V14,
    ),
)
"""Checked with the flags that each version defines."""


def contradictions(
    policy: ResponderPolicy, slots: Sequence[CertificateSlot], *, public_key: bool
) -> Iterator[tuple[KeyPath, str]]:
    """What contradicts what, each with the key to change."""
    yield from _flags(policy)
    yield from _sizes(policy)
    yield from _algorithms(policy)
    yield from _slots(policy, slots)
    if policy.flags & Cap.PUB_KEY_ID and not public_key:
        yield _CAPABILITIES, "PUB_KEY_ID needs a [public_key]"


def _flags(policy: ResponderPolicy) -> Iterator[tuple[KeyPath, str]]:
    for version in policy.versions:
        sent = policy.flags & RESPONDER_FLAGS[version]
        for pair in TWO_BIT_FIELDS.values():
            if sent & pair == pair:
                both = " and ".join(flag.name or "" for flag in pair)
                yield _CAPABILITIES, f"{both} exclude each other"
        for rule in RULES:
            if rule.broken_by(sent, version):
                yield _CAPABILITIES, f"{rule.text} (SPDM {version.label})"


def _sizes(policy: ResponderPolicy) -> Iterator[tuple[KeyPath, str]]:
    if policy.ct_exponent > MAX_CT_EXPONENT:
        yield ("spdm", "ct_exponent"), f"ct_exponent is at most {MAX_CT_EXPONENT}"
    if max(policy.versions) < V12:
        return
    transfer, largest = policy.data_transfer_size, policy.max_spdm_msg_size
    if transfer < MIN_DATA_TRANSFER_SIZE:
        yield _TRANSFER_SIZE, f"data_transfer_size is at least {MIN_DATA_TRANSFER_SIZE}"
    if 0 < policy.transmit_size < MIN_DATA_TRANSFER_SIZE:
        yield _TRANSMIT_SIZE, f"transmit_size is at least {MIN_DATA_TRANSFER_SIZE}"
    if policy.transmit_size and not policy.flags & Cap.CHUNK:
        yield _TRANSMIT_SIZE, "without CHUNK, there is no transmit_size"
    if largest < transfer:
        yield _MESSAGE_SIZE, "max_spdm_msg_size is not less than data_transfer_size"
    if largest > transfer and not policy.flags & Cap.CHUNK:
        yield _MESSAGE_SIZE, "without CHUNK, max_spdm_msg_size equals data_transfer_size"


def _algorithms(policy: ResponderPolicy) -> Iterator[tuple[KeyPath, str]]:
    offered = policy.algorithms
    for version in policy.versions:
        flags = policy.flags & RESPONDER_FLAGS[version]
        signatures = _known(BASE_ASYM, offered.base_asym, version) or _known(
            PQC_ASYM, offered.pqc_asym, version
        )
        needs = f"(SPDM {version.label}, with these capabilities)"
        if flags & (_SIGNING | Cap.CERT) and not signatures:
            yield ("algorithms", "base_asym"), f"a signature algorithm is needed {needs}"
        hashes = _known(BASE_HASHES, offered.base_hash, version)
        if flags & (_SIGNING | SESSION | Cap.CERT) and not hashes:
            yield ("algorithms", "base_hash"), f"a hash is needed {needs}"
        if flags & MEAS and not offered.measurement_hash:
            yield ("algorithms", "measurement_hash"), f"a measurement hash is needed {needs}"
        if flags & Cap.MEL and not offered.mel_specification:
            yield (
                ("algorithms", "mel_specification"),
                f"a specification of the log is needed {needs}",
            )


def _known(table: Sequence[Algorithm], preference: Sequence[int], version: SpdmVersion) -> bool:
    return any(row.bit in preference and row.since <= version for row in table)


def _slots(
    policy: ResponderPolicy, slots: Sequence[CertificateSlot]
) -> Iterator[tuple[KeyPath, str]]:
    first = next((slot for slot in slots if slot.slot_id == 0), None)
    if policy.flags & Cap.CERT and not (first and first.credentials):
        yield ("slot",), "CERT needs a certificate chain in slot 0"
    kinds = {credential.kind for slot in slots for credential in slot.credentials}
    for key, table in (("base_asym", BASE_ASYM), ("pqc_asym", PQC_ASYM)):
        for position, bit in enumerate(getattr(policy.algorithms, key)):
            row = by_bit(table, bit)
            if policy.flags & Cap.CERT and row and row.key not in kinds:
                reason = f"{row.name} is offered, and no slot has an {row.key} key"
                yield ("algorithms", key, position), reason
    for position, slot in enumerate(slots):
        if slot.credentials:
            yield from _slot(("slot", position), slot, policy.flags)


def _slot(path: KeyPath, slot: CertificateSlot, flags: Cap) -> Iterator[tuple[KeyPath, str]]:
    if slot.slot_id == 0 and slot.model == CertificateModel.GENERIC:
        yield (*path, "model"), "slot 0 holds no generic certificate"
    if flags & MULTI_KEY:
        if not (slot.key_pair_id or slot.infos):
            reason = "with MULTI_KEY a slot has a key_pair_id from 1 on, or a [[key_pair]]"
            yield (*path, "key_pair_id"), reason
        return
    model = CertificateModel.ALIAS if flags & Cap.ALIAS_CERT else CertificateModel.DEVICE
    if slot.model != model:
        claim = "ALIAS_CERT" if flags & Cap.ALIAS_CERT else "no ALIAS_CERT"
        name = model.name.lower()
        yield (*path, "model"), f"{claim} and no MULTI_KEY make every slot's model {name!r}"
