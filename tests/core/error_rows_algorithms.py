"""Rows of NEGOTIATE_ALGORITHMS."""

from core import raw_requests as raw
from core.error_table import (
    IR,
    SESSIONS,
    SINCE_11,
    SINCE_13,
    UR,
    V10,
    V11,
    V12,
    V13,
    V14,
    VM_BEFORE,
    Answered,
    Refused,
    Row,
)
from core.fakes import CERT, CHAL, EP_INFO_SIG, MULTI_KEY_NEG, P256, SHA_256
from core.raw_requests import structure

UNEXPECTED_BEFORE = Refused(0x04, version=0x10)
FOUR = raw.TABLES
SM2_P256, SM3, MULTI = 1 << 9, 1 << 6, 1 << 4


def _negotiated(dialogue, request, answer):
    tables = 0 if dialogue.version == V10 else request[2]
    assert answer[:3] == bytes([dialogue.version, 0x63, tables])
    assert int.from_bytes(answer[4:6], "little") == len(answer) == 36 + 4 * tables
    assert int.from_bytes(answer[12:16], "little") == P256
    assert int.from_bytes(answer[16:20], "little") == SHA_256
    dialogue.took(request, answer, "negotiated")


OK = Answered(_negotiated)


def _row(name, expect, source, versions=SINCE_11, *, row=None, **request):
    return Row(
        f"NEGOTIATE_ALGORITHMS: {name}",
        source,
        lambda version: raw.negotiate(version, **request),
        expect,
        **{"versions": versions, "state": "capabilities"} | (row or {}),
    )


def _tables(*rows):
    return [structure(*row) if isinstance(row, tuple) else row for row in rows]


LENGTH = "EC 3 NEGOTIATE (C); MSG 3"
ALL = (V10, *SINCE_11)


def _length_rows():
    for padding in (0, 3):
        for name, change in (("- 1", -1), ("+ 1", 1), ("+ 4", 4), ("- 4", -4)):
            for tables in ([], _tables(*FOUR)):
                size = 32 + 4 * len(tables)
                yield _row(
                    f"Length {name}, {len(tables)} structures, padding {padding}",
                    IR,
                    LENGTH,
                    SINCE_11 if tables else ALL,
                    row={"padding": padding},
                    tables=tables,
                    length=size + change,
                )
    for length in (0, 31, 0x8000, 0xFFFF):
        yield _row(f"Length {length:#x}", IR, LENGTH, ALL, length=length)


COUNTS = (
    _row("ExtAsymCount 21, all there", IR, LENGTH, tables=[], ext_asym=21),
    _row("ExtHashCount 21, all there", IR, LENGTH, tables=[], ext_hash=21),
    _row("ExtAsymCount 21, none there", IR, LENGTH, ext_asym=21, bodies=0),
    _row("ExtHashCount 21, none there", IR, LENGTH, ext_hash=21, bodies=0),
    _row("ExtAsymCount 255", IR, LENGTH, ALL, ext_asym=255, bodies=0),
    _row("21 extended algorithms of both kinds", IR, LENGTH, tables=[], ext_asym=10, ext_hash=11),
    _row(
        "21 extended algorithms, some in a structure",
        IR,
        "MSG 3: total ext count > 20",
        ext_asym=10,
        tables=_tables(structure(2, 0x10, extended=11)),
    ),
    _row("20 extended algorithms", OK, "MSG 3", tables=[], ext_asym=10, ext_hash=10),
    _row(
        "20 extended algorithms, some in a structure",
        OK,
        "MSG 3",
        ext_asym=9,
        tables=_tables(structure(2, 0x10, extended=11)),
    ),
    _row("9 extended algorithms in 1.0", IR, "MSG 3", (V10,), ext_asym=4, ext_hash=5),
    _row("8 extended algorithms in 1.0", OK, "MSG 3", (V10,), ext_asym=4, ext_hash=4),
    _row("extended algorithms that are missing", IR, LENGTH, ALL, ext_asym=1, bodies=0),
    _row("Param1 says 3 of 4 structures", IR, "MSG 3: computed size", count=3),
    _row("Param1 says 5 of 4 structures", IR, "MSG 3: computed size", count=5),
    _row("Param1 says 255 structures", IR, "MSG 3: computed size", count=255),
    _row(
        "a structure in 1.0", IR, "MSG 3: Length != computed size", (V10,), tables=_tables((2, 1))
    ),
    _row(
        "Length over 0x80",
        IR,
        "MSG 3",
        (V14,),
        ext_asym=20,
        tables=_tables(*FOUR, (6, 1), (7, 2)),
    ),
)

STRUCTURES = "EC 3 NEGOTIATE; MSG 3 (AlgType out of range or not strictly increasing)"
TABLES = (
    _row("a fixed count of 1", IR, LENGTH, tables=_tables(structure(2, 0x10, fixed=1))),
    _row("a fixed count of 3", IR, LENGTH, tables=_tables(structure(2, 0x10, fixed=3))),
    _row("a fixed count of 0", IR, LENGTH, tables=_tables(structure(2, 0x10, fixed=0))),
    _row(
        "an extended count of 0xF, none there",
        IR,
        LENGTH,
        tables=_tables(structure(2, 0x10, extended=15, bodies=0), *FOUR[1:]),
    ),
    _row("AlgType 0", IR, STRUCTURES, tables=_tables((0, 1), *FOUR)),
    _row("AlgType 1", IR, STRUCTURES, tables=_tables((1, 1), *FOUR)),
    _row("AlgType 6 before 1.4", IR, STRUCTURES, (V11, V12, V13), tables=_tables(*FOUR, (6, 1))),
    _row("AlgType 7 before 1.4", IR, STRUCTURES, (V11, V12, V13), tables=_tables(*FOUR, (7, 1))),
    _row("AlgType 8", IR, STRUCTURES, tables=_tables(*FOUR, (8, 1))),
    _row("AlgType 0xFF", IR, STRUCTURES, tables=_tables(*FOUR, (0xFF, 1))),
    _row("types in descending order", IR, STRUCTURES, tables=_tables((3, 2), (2, 0x10))),
    _row("a type twice", IR, STRUCTURES, tables=_tables((2, 0x10), (2, 0x10))),
    _row("a structure that offers nothing", IR, "MSG 3", tables=_tables((2, 0), *FOUR[1:])),
    _row("types 6 and 7 in 1.4", OK, "MSG 3", (V14,), tables=_tables(*FOUR, (6, 1), (7, 2))),
    _row("no structures", OK, "CAP 9: nothing negotiated needs one", tables=[]),
)

NEEDED = "EC 3 NEGOTIATE (no common algorithm for a needed capability); CAP 9"
MANDATORY = (
    _row("no base hash at all", IR, NEEDED, ALL, hashes=0),
    _row("no base hash in common", IR, NEEDED, ALL, hashes=SM3),
    _row("no signature algorithm at all", IR, NEEDED, ALL, asym=0),
    _row("no signature algorithm in common", IR, NEEDED, ALL, asym=SM2_P256),
    _row("Ed25519 only, which 1.2 brought", IR, "CAP 3 since", (V10, V11), asym=1 << 10),
    _row("a measurement specification that is not DMTF's", IR, NEEDED, ALL, specification=2),
    _row(
        "a responder without measurement hash",
        IR,
        NEEDED,
        ALL,
        row={"profile": "no measurement hash", "proof": ""},
    ),
    _row("no measurement specification asked for", OK, NEEDED, ALL, specification=0),
)


def _session_rows():
    both = {"profile": "sessions", "offer": {"flags": CERT | CHAL | SESSIONS}}
    yield _row("all structures that sessions need", OK, NEEDED, row=both)
    for position, name in enumerate(("DHE", "AEAD", "requester signature", "key schedule")):
        rest = FOUR[:position] + FOUR[position + 1 :]
        yield _row(f"sessions without {name}", IR, NEEDED, row=both, tables=_tables(*rest))
        other = [(kind, 1 << 15 if kind == position + 2 else bits) for kind, bits in FOUR]
        yield _row(
            f"sessions without a common {name}", IR, NEEDED, row=both, tables=_tables(*other)
        )
    one_side = {"profile": "sessions", "offer": {"flags": CERT | CHAL}}
    yield _row("no structures: the requester has no sessions", OK, NEEDED, row=one_side, tables=[])
    yield _row(
        "signed endpoint info on both sides without requester signature",
        IR,
        NEEDED,
        SINCE_13,
        row={"profile": "endpoint info", "offer": {"flags": CERT | CHAL | EP_INFO_SIG}},
        tables=_tables(*FOUR[:2]),
    )


MULTI_KEY = "MSG 3; CAP 2 last paragraph, 9"
MULTI_KEY_ROWS = (
    _row("ResponderMultiKeyConn, no capability", IR, MULTI_KEY, SINCE_13, other=2 | MULTI),
    _row(
        "no ResponderMultiKeyConn, responder has nothing else",
        IR,
        MULTI_KEY,
        SINCE_13,
        row={"profile": "multi-key only", "algorithms": {"other": 2 | MULTI}},
    ),
    _row(
        "ResponderMultiKeyConn, responder has nothing else",
        OK,
        MULTI_KEY,
        SINCE_13,
        row={"profile": "multi-key only"},
        other=2 | MULTI,
    ),
    _row(
        "ResponderMultiKeyConn, responder leaves the choice",
        OK,
        MULTI_KEY,
        SINCE_13,
        row={"profile": "multi-key"},
        other=2 | MULTI,
    ),
    _row("bit 4, reserved in 1.2", OK, "MSG 3", (V12,), other=2 | MULTI),
)


def _requester_only(dialogue, request, answer):
    assert answer[7] & MULTI
    _negotiated(dialogue, request, answer)


REQUESTER_MULTI_KEY = _row(
    "RequesterMultiKeyConnSel for a requester that has nothing else",
    Answered(_requester_only),
    MULTI_KEY,
    SINCE_13,
    row={"offer": {"flags": CERT | CHAL | MULTI_KEY_NEG >> 1}},
)


def _misplaced_rows():
    yield Row(
        "NEGOTIATE_ALGORITHMS right after VERSION",
        "EC 1 row 2 (VersionMismatch); EC 3 NEGOTIATE (UnexpectedRequest before CAPABILITIES)",
        raw.negotiate,
        (VM_BEFORE, UNEXPECTED_BEFORE),
        state="version",
        note="the sheet has both; no version is agreed yet, so the header says 1.0",
    )
    copies = (
        ("identical", {}),
        ("MeasurementSpecification 3", {"specification": 3}),
        ("another hash", {"hashes": 2}),
    )
    for state in ("negotiated", "certificate", "authenticated"):
        for name, change in copies:
            yield Row(
                f"a second NEGOTIATE_ALGORITHMS, {name}",
                "EC 3 NEGOTIATE; MSG 3 last line",
                lambda version, change=change: raw.negotiate(version, **change),
                UR,
                state=state,
                note="EC also tolerates silence",
            )


OTHER = (
    _row("to a responder that is slow with VCA", OK, "EC 1", ALL, row={"profile": "slow VCA"}),
    Row(
        "NEGOTIATE_ALGORITHMS with a byte too many",
        "DESIGN: every byte accounted for",
        lambda version: raw.negotiate(version) + b"\0",
        IR,
        state="capabilities",
    ),
)

ROWS = (
    *_length_rows(),
    *COUNTS,
    *TABLES,
    *MANDATORY,
    *_session_rows(),
    *MULTI_KEY_ROWS,
    REQUESTER_MULTI_KEY,
    *_misplaced_rows(),
    *OTHER,
)
