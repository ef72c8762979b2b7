"""Rows of VENDOR_DEFINED, RESPOND_IF_READY, unknown codes and codes not offered yet."""

from core import raw_requests as raw
from core.error_table import (
    IR,
    SESSION_REQUIRED,
    SINCE_11,
    SINCE_12,
    SINCE_13,
    SINCE_14,
    UNSPECIFIED,
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
    uns,
)
from core.fakes import CERT, CHAL, LARGE_RESP, VERSIONS

LARGE_OFFER = {"flags": CERT | CHAL | LARGE_RESP}


def _vendor_row(name, expect, source="EC 3 VENDOR_DEFINED", *, row=None, **request):
    return Row(
        f"VENDOR_DEFINED: {name}",
        source,
        lambda version: raw.vendor_defined(version, **request),
        expect,
        **(row or {}),
    )


def _echoed(dialogue, request, answer):
    assert answer == bytes([dialogue.version, 0x7E, 0, 0]) + request[4:11] + request[11:][::-1]


def _echoed_large(dialogue, request, answer):
    assert answer == bytes([dialogue.version, 0x7E, 0x80, 0]) + request[4:15] + request[15:][::-1]


VENDOR = (
    _vendor_row("the vendor that is there", Answered(_echoed), "MSG 13"),
    _vendor_row("no payload", Answered(_echoed), "MSG 13", payload=b""),
    _vendor_row("another vendor", uns(0xFE), vendor=b"\x01\x00"),
    _vendor_row("another registry", uns(0xFE), standard=7),
    _vendor_row("DMTF, which has no VendorID", uns(0xFE), standard=0, vendor=b""),
    _vendor_row("a registry that does not exist", uns(0xFE), standard=0xFFFF),
    _vendor_row("payload beyond the message", IR, length=5),
    _vendor_row("payload length 0xFFFF", IR, length=0xFFFF),
    _vendor_row("payload beyond the message on a padding transport", IR, row={"padding": 3},
                length=8),
    _vendor_row("bytes after the payload", IR, "DESIGN: every byte accounted for", length=3),
    _vendor_row("bytes after the payload on a padding transport", Answered(
        lambda dialogue, request, answer: _echoed(dialogue, request[:-1], answer)
    ), "MSG 0", length=3, row={"padding": 3}),
    Row("VENDOR_DEFINED: VendorID beyond the message", "EC 3; MSG 13",
        lambda version: bytes([version, 0xFE, 0, 0, 3, 0, 0xFF, 1, 0, 0, 0]), IR),
    Row("VENDOR_DEFINED: header only", "MSG 0.1: 9 bytes and the VendorID",
        lambda version: bytes([version, 0xFE, 0, 0]), IR),
    _vendor_row("the large bit, no LARGE_RESP", IR, param1=0x80, row={"versions": SINCE_14}),
    _vendor_row("the large bit, LARGE_RESP of the requester only", IR, param1=0x80,
                row={"versions": SINCE_14, "offer": LARGE_OFFER}),
    _vendor_row("the large bit, LARGE_RESP of the responder only", IR, param1=0x80,
                row={"versions": SINCE_14, "profile": "LARGE_RESP"}),
    _vendor_row("the large bit, LARGE_RESP on both sides", Answered(_echoed_large), "MSG 13",
                param1=0x80,
                row={"versions": SINCE_14, "profile": "LARGE_RESP", "offer": LARGE_OFFER}),
    _vendor_row("a large payload beyond the message", IR, param1=0x80, length=0xFFFF_FFFF,
                row={"versions": SINCE_14, "profile": "LARGE_RESP", "offer": LARGE_OFFER}),
    _vendor_row("bit 7 of Param1, reserved before 1.4", Answered(_echoed), "MSG 13", param1=0x80,
                row={"versions": (V10, V11, V12, V13)}),
)  # fmt: skip

READY = "EC 3 RESPOND_IF_READY"
RESPOND = (
    *(
        Row(
            f"RESPOND_IF_READY for {code:#04x} with nothing deferred",
            READY,
            lambda version, code=code: raw.respond_if_ready(version, code, 1),
            UR,
            state=state,
        )
        for code in (0x83, 0x81, 0xFF, 0x00)
        for state in ("capabilities", "negotiated", "certificate", "authenticated")
    ),
    Row(
        "RESPOND_IF_READY with a byte too many and nothing deferred",
        "EC 3; DESIGN: every byte accounted for",
        lambda version: raw.respond_if_ready(version, 0x83, 1) + b"\0",
        (IR, UR),
        note="two things are wrong; EC 2 does not say which of size and deferral comes first",
    ),
)

UNKNOWN_CODES = (0x00, 0x04, 0x61, 0x7F, 0x80, 0x89, 0xDF, 0xF2, 0xFB)
BOTH = "two rules meet: the code is unknown, and no version is agreed yet"


def _unknown_rows():
    for code in UNKNOWN_CODES:
        for state in ("capabilities", "certificate", "authenticated"):
            yield Row(
                f"unknown code {code:#04x}",
                "EC 2 step 2; MSG 0.2",
                lambda version, code=code: bytes([version, code, 0, 0]),
                uns(code),
                state=state,
            )
        yield Row(
            f"unknown code {code:#04x} before a version is agreed",
            "EC 2 step 2 (UnsupportedRequest); EC 1 row 2 (VersionMismatch)",
            lambda version, code=code: bytes([version, code, 0, 0]),
            (Refused(0x07, data=code, version=0x10), VM_BEFORE),
            state="version",
            note=BOTH,
        )
    for change in (-1, 1):
        yield Row(
            f"unknown code 0x89 with version {change:+}",
            "EC 2: step 2 comes before step 3",
            lambda version, change=change: bytes([version + change, 0x89, 0, 0]),
            uns(0x89),
        )


NEEDS_NO_SESSION = {
    0x85: (SINCE_12, 12),
    0x87: (SINCE_13, 8),
    0x88: (SINCE_14, 8),
    0xE4: (SINCE_11, 42 + 64),
    0xE6: (SINCE_11, 12),
    0xEA: (SINCE_11, 4),
    0xEB: (SINCE_11, 4),
    0xED: (SINCE_12, 8),
    0xEE: (SINCE_12, 4),
    0xEF: (SINCE_13, 12),
    0xFC: (SINCE_13, 5),
    0xFD: (SINCE_13, 5),
}
"""Requests of capabilities that are not offered: since, and bytes of the shortest (MSG 0.1)."""
NEEDS_SESSION = {
    0xE2: (SINCE_13, 4),
    0xE5: (SINCE_11, 36),
    0xE7: (SINCE_11, 36),
    0xE8: (SINCE_11, 4),
    0xE9: (SINCE_11, 4),
    0xEC: (SINCE_11, 4),
    0xF0: (SINCE_13, 4),
    0xF1: (SINCE_13, 8),
}
"""The same of requests that only sessions carry."""
CHUNK_GET = 0x86


def _bare(code, size):
    return lambda version: bytes([version, code]) + bytes(size - 2)


def _no_session(code):
    """The capability is missing, and so is the session: which is said is open."""

    def expect(version):
        missing = Refused(SESSION_REQUIRED if version >= V12 else UNSPECIFIED)
        return (uns(code), missing)

    return expect


def _not_offered_rows():
    for code, (since, size) in NEEDS_NO_SESSION.items():
        yield Row(
            f"{code:#04x} is not offered", "EC 2 step 6; EC 3", _bare(code, size), uns(code),
            versions=since,
        )  # fmt: skip
        yield from _not_defined_rows(code, since, size)
    for code, (since, size) in NEEDS_SESSION.items():
        yield Row(
            f"{code:#04x} is not offered and needs a session",
            "EC 2 steps 5 and 6; EC 3",
            _bare(code, size),
            _no_session(code),
            versions=since,
            note="session presence (step 5) and capability (step 6) are both missing",
        )
        yield from _not_defined_rows(code, since, size)
    yield Row(
        "CHUNK_GET without CHUNK_CAP is UnexpectedRequest, unlike CHUNK_SEND",
        "EC 3 CHUNK_GET; CO A",
        lambda version: bytes([version, CHUNK_GET, 0, 0]) + bytes(4 if version >= V14 else 2),
        UR,
        versions=SINCE_12,
    )
    yield from _not_defined_rows(CHUNK_GET, SINCE_12, 6)


def _not_defined_rows(code, since, size):
    yield Row(
        f"{code:#04x} is not defined yet",
        "EC 2 step 2; MSG 0.1",
        _bare(code, size),
        uns(code),
        versions=tuple(version for version in VERSIONS if version not in since),
    )


ROWS = (*VENDOR, *RESPOND, *_unknown_rows(), *_not_offered_rows())
