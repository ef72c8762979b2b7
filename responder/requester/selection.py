"""What ALGORITHMS selects, and the rules for it (DSP0274 "ALGORITHMS response message")."""

from dataclasses import dataclass

from responder.requester.conversation import Conversation
from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    MEASUREMENT_HASHES,
    MEASUREMENT_SPECIFICATION_DMTF,
    OPAQUE_FORMATS,
    PQC_ASYM,
    RAW_BIT_STREAM_ONLY,
    TABLE_AEAD,
    TABLE_ALGORITHMS,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Algorithm,
    AnyAlgorithm,
    names_in,
)
from responder.spec.flags import ANY_PSK, Cap
from responder.spec.versions import V11, V12, V13, V14
from responder.wire.algorithms import Algorithms

_SIGNS = Cap.CERT | Cap.CHAL | Cap.MEAS_SIG
_TABLE_NAMES = {
    TABLE_DHE: "dhe",
    TABLE_AEAD: "aead",
    TABLE_REQ_BASE_ASYM: "req_base_asym",
    TABLE_KEY_SCHEDULE: "key_schedule",
    TABLE_REQ_PQC_ASYM: "req_pqc_asym",
    TABLE_KEM: "kem",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected bits; fields that the version does not define are 0, whatever was received."""

    asym: int
    hash: int
    measurement_specification: int
    measurement_hash: int
    opaque_format: int
    pqc: int
    mel_specification: int

    @classmethod
    def of(cls, message: Algorithms, version: int) -> "Selection":
        """The selections of a message."""
        return cls(
            message.base_asym_sel,
            message.base_hash_sel,
            message.measurement_specification_sel,
            message.measurement_hash_algo,
            message.other_params_selection & OPAQUE_FORMATS if version >= V12 else 0,
            message.pqc_asym_sel if version >= V14 else 0,
            message.mel_specification_sel if version >= V13 else 0,
        )


def check_selections(c: Conversation, s: Selection) -> None:
    """Each field selects at most one bit, and one that was offered."""
    offer = c.options.offer
    rows = (
        ("measurement-specification", s.measurement_specification, offer.measurement_specification),
        ("opaque-format", s.opaque_format, offer.opaque_formats),
        ("measurement-hash", s.measurement_hash, None),
        ("asym", s.asym, offer.base_asym),
        ("hash", s.hash, offer.base_hash),
        ("pqc", s.pqc, offer.pqc_asym),
        ("mel-specification", s.mel_specification, offer.mel_specification),
    )
    for name, bits, offered in rows:
        c.require(f"alg.one-{name}", bits.bit_count() <= 1, f"0x{bits:x} has several bits")
        if offered is not None:
            c.require(
                f"alg.offered-{name}", not bits & ~offered, f"0x{bits:x}, offered 0x{offered:x}"
            )


def check_announced(c: Conversation, s: Selection, tables: dict[int, int]) -> None:
    """Nothing is selected that CAPABILITIES did not tell, where it told the algorithms (1.3)."""
    told = c.agreed.announced
    if told is None:
        return
    structures = {row.alg_type: row.alg_supported for row in told.structures()}
    rows = [
        ("BaseAsymSel", s.asym, told.base_asym_algo),
        ("BaseHashSel", s.hash, told.base_hash_algo),
        ("PqcAsymSel", s.pqc, told.pqc_asym_algo if c.agreed.version >= V14 else 0),
        ("MELspecificationSel", s.mel_specification, told.mel_specification),
    ]
    rows += [(f"AlgType {kind}", bits, structures.get(kind, 0)) for kind, bits in tables.items()]
    for name, bits, announced in rows:
        c.require(
            "alg.announced", not bits & ~announced, f"{name} 0x{bits:x}, told 0x{announced:x}"
        )


def check_needs(c: Conversation, s: Selection, tables: dict[int, int]) -> None:
    """What the capabilities of the responder, or of both sides, make necessary."""
    agreed, offer = c.agreed, c.options.offer
    both = agreed.flags & offer.flags
    signs = bool(agreed.has(_SIGNS) or both & Cap.KEY_EX)
    c.require("alg.asym-needed", not signs or s.asym or s.pqc, "no signature algorithm is selected")
    c.require("alg.asym-exclusive", not (s.asym and s.pqc), "BaseAsymSel and PqcAsymSel are set")
    c.require(
        "alg.hash-needed",
        not (signs or both & ANY_PSK) or s.hash,
        "no base hash is selected",
    )
    _check_measurement_needs(c, s)
    if agreed.version >= V13:
        has_mel = agreed.has(Cap.MEL)
        c.require(
            "alg.mel-needed",
            not (has_mel and offer.mel_specification) or s.mel_specification,
            "MELspecificationSel is 0 though MEL_CAP is set",
        )
        c.require(
            "alg.mel-unsupported",
            has_mel or not s.mel_specification,
            "MELspecificationSel is set without MEL_CAP",
        )
    _check_session_needs(c, both, tables)


def _check_measurement_needs(c: Conversation, s: Selection) -> None:
    if not c.agreed.measures:
        c.require(
            "alg.measurement-specification-unsupported",
            not s.measurement_specification,
            "MeasurementSpecificationSel is set without MEAS_CAP",
        )
        return
    if not c.options.offer.measurement_specification:
        return
    c.require(
        "alg.measurement-specification-needed",
        s.measurement_specification == MEASUREMENT_SPECIFICATION_DMTF,
        f"MeasurementSpecificationSel is 0x{s.measurement_specification:x}",
    )
    c.require("alg.measurement-hash-needed", s.measurement_hash, "MeasurementHashAlgo is 0")
    known = RAW_BIT_STREAM_ONLY | sum(row.bit for row in MEASUREMENT_HASHES)
    c.require(
        "alg.measurement-hash-known",
        not s.measurement_hash & ~known,
        f"MeasurementHashAlgo is 0x{s.measurement_hash:x}",
    )


def _check_session_needs(c: Conversation, both: Cap, tables: dict[int, int]) -> None:
    exchange, kem = tables.get(TABLE_DHE), tables.get(TABLE_KEM)
    own, own_pqc = tables.get(TABLE_REQ_BASE_ASYM), tables.get(TABLE_REQ_PQC_ASYM)
    rows = (
        ("alg.exchange-needed", both & Cap.KEY_EX, exchange or kem, "neither DHE nor KEM"),
        ("alg.aead-needed", both & (Cap.ENCRYPT | Cap.MAC), tables.get(TABLE_AEAD), "no AEAD"),
        (
            "alg.key-schedule-needed",
            both & (Cap.KEY_EX | ANY_PSK),
            tables.get(TABLE_KEY_SCHEDULE),
            "no key schedule",
        ),
        (
            "alg.requester-asym-needed",
            both & Cap.MUT_AUTH or c.options.offer.flags & Cap.EP_INFO_SIG,
            own or own_pqc,
            "no algorithm for the requester",
        ),
    )
    if c.agreed.version >= V11:
        for check, needed, selected, detail in rows:
            c.require(check, not needed or selected, detail)
        c.require("alg.exchange-exclusive", not (exchange and kem), "DHE and KEM are selected")
        c.require(
            "alg.requester-asym-exclusive",
            not (own and own_pqc),
            "ReqBaseAsymAlg and ReqPqcAsymAlg are selected",
        )


def adopt(c: Conversation, s: Selection, tables: dict[int, int]) -> None:
    """Record the selections for the rest of the conversation and for the report."""
    agreed = c.agreed
    agreed.base_hash = _lowest(BASE_HASHES, s.hash) or BASE_HASHES[0]
    agreed.signature = _lowest(BASE_ASYM, s.asym) or _lowest(PQC_ASYM, s.pqc)
    agreed.measurement_hash = _lowest(MEASUREMENT_HASHES, s.measurement_hash)
    agreed.raw_only = s.measurement_hash == RAW_BIT_STREAM_ONLY
    agreed.measurement_specification = s.measurement_specification
    agreed.opaque_format = s.opaque_format
    agreed.mel_specification = s.mel_specification
    exchange, kem = tables.get(TABLE_DHE, 0), tables.get(TABLE_KEM, 0)
    agreed.exchange = _lowest(DHE_GROUPS, exchange) or _lowest(KEMS, kem)
    agreed.aead = _lowest(AEADS, tables.get(TABLE_AEAD, 0))
    agreed.key_schedule = tables.get(TABLE_KEY_SCHEDULE, 0)
    own, own_pqc = tables.get(TABLE_REQ_BASE_ASYM, 0), tables.get(TABLE_REQ_PQC_ASYM, 0)
    agreed.own_signature = _lowest(BASE_ASYM, own) or _lowest(PQC_ASYM, own_pqc)
    measurement_hash = "raw bit stream" if agreed.raw_only else ""
    names = {
        "base_asym": _names(BASE_ASYM, s.asym),
        "pqc_asym": _names(PQC_ASYM, s.pqc),
        "base_hash": _names(BASE_HASHES, s.hash),
        "measurement_hash": measurement_hash or _names(MEASUREMENT_HASHES, s.measurement_hash),
        "measurement_specification": "DMTF" if s.measurement_specification else "",
        "opaque_format": {1: "OpaqueDataFmt0", 2: "OpaqueDataFmt1"}.get(s.opaque_format, ""),
        "mel_specification": "DMTF" if s.mel_specification else "",
        **{
            _TABLE_NAMES.get(kind, f"type {kind}"): _names(TABLE_ALGORITHMS.get(kind, ()), bits)
            for kind, bits in tables.items()
        },
    }
    c.report.algorithms = {key: name for key, name in names.items() if name}


def _lowest(table: tuple[AnyAlgorithm, ...], bits: int) -> AnyAlgorithm | None:
    """The selected row; the lowest where a check against several is left out."""
    return next((row for row in table if row.bit & bits), None)


def _names(table: tuple[Algorithm, ...], bits: int) -> str:
    return ", ".join(names_in(table, bits)) if bits else ""
