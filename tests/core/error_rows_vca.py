"""Rows of GET_VERSION and GET_CAPABILITIES."""

from core import raw_requests as raw
from core.error_table import (
    INVALID,
    IR,
    SINCE_11,
    SINCE_12,
    SINCE_13,
    UNEXPECTED,
    UR,
    V10,
    V11,
    V12,
    V13,
    V14,
    VERSION_MISMATCH,
    VM_BEFORE,
    Answered,
    Refused,
    Row,
)
from core.fakes import (
    CERT,
    CHAL,
    CHUNK,
    ENCAP,
    ENCRYPT,
    EP_INFO_NO_SIG,
    EP_INFO_SIG,
    EVENT,
    HANDSHAKE_IN_THE_CLEAR,
    HBEAT,
    KEY_EX,
    KEY_UPD,
    MAC,
    MULTI_KEY_NEG,
    MULTI_KEY_ONLY,
    MUT_AUTH,
    PSK,
    PSK_CONTEXT,
    PUB_KEY_ID,
)

IR_BEFORE = Refused(INVALID, version=0x10)
EVERY_STATE = ("nothing", "version", "capabilities", "negotiated", "certificate", "authenticated")


def _version_rows():
    for state in EVERY_STATE:
        for header in (0x00, 0x0F, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20):
            yield Row(
                f"GET_VERSION with header version {header:#04x}",
                "EC 1 row 1; EC 3 GET_VERSION; MSG 1",
                lambda _, header=header: raw.get_version(header),
                VM_BEFORE,
                state=state,
                versions=(V10, V14),
            )
        yield Row(
            "GET_VERSION with a byte too many",
            "EC 1 row 1; DESIGN: every byte accounted for",
            lambda _: raw.get_version() + b"\0",
            IR_BEFORE,
            state=state,
        )
        yield Row(
            "GET_VERSION with four bytes too many on a padding transport",
            "EC 1 row 1; MSG 0",
            lambda _: raw.get_version() + bytes(4),
            IR_BEFORE,
            state=state,
            padding=3,
        )
        yield Row(
            "GET_VERSION cut to three bytes",
            "EC 1 row 1; EC 3 GET_VERSION",
            lambda _: raw.get_version()[:3],
            IR_BEFORE,
            state=state,
        )


def _starts_anew(dialogue, request, answer):
    assert answer == bytes([0x10, 4, 0, 0, 0, 5]) + bytes([0, 0x10, 0, 0x11, 0, 0x12]) + bytes(
        [0, 0x13, 0, 0x14]
    )
    dialogue.took(request, answer, "version")


def _restart_rows():
    for state in EVERY_STATE:
        yield Row(
            "GET_VERSION at any time begins the connection anew",
            "MSG 0.3, 1; EC 3 GET_VERSION",
            lambda _: raw.get_version(),
            Answered(_starts_anew),
            state=state,
        )
    yield Row(
        "GET_VERSION with reserved Param1 and Param2",
        "MSG 1: reserved",
        lambda _: raw.get_version(param1=0xFF, param2=0xFF),
        Answered(_starts_anew),
    )
    yield Row(
        "GET_VERSION to a responder that is slow with the VCA requests: never ResponseNotReady",
        "EC 1 last line; CO A ResponseNotReady",
        lambda _: raw.get_version(),
        Answered(_starts_anew),
        profile="slow VCA",
        state="authenticated",
    )


def _capable(dialogue, request, answer):
    size = 12 if dialogue.version < V12 else 20
    assert len(answer) >= size
    assert answer[:3] == bytes([dialogue.version, 0x61, answer[2]])
    dialogue.took(request, answer, "capabilities")


def _plainly_capable(dialogue, request, answer):
    assert len(answer) == (12 if dialogue.version < V12 else 20)
    assert answer[2] == 0
    _capable(dialogue, request, answer)


OK = Answered(_plainly_capable)


def _flag_row(name, flags, expect, versions):
    return Row(
        f"GET_CAPABILITIES: {name}",
        "CAP 2; EC 3 GET_CAPABILITIES",
        lambda version: raw.get_capabilities(version, flags=flags),
        expect,
        versions=versions,
        state="version",
    )


FLAGS = (
    ("no flags at all", 0, OK, SINCE_11),
    ("PSK_CAP 3", PSK | PSK_CONTEXT | MAC | ENCRYPT, IR, SINCE_11),
    ("PSK_CAP 2", PSK_CONTEXT | MAC | ENCRYPT, IR, SINCE_11),
    ("PSK_CAP 1 with MAC and ENCRYPT", PSK | MAC | ENCRYPT, OK, SINCE_11),
    ("KEY_EX without ENCRYPT and MAC", CERT | KEY_EX, IR, SINCE_11),
    ("KEY_EX with MAC only", CERT | KEY_EX | MAC, OK, SINCE_11),
    ("PSK with ENCRYPT only: MAC is demanded later", PSK | ENCRYPT, OK, SINCE_11),
    ("PSK without ENCRYPT and MAC", PSK, IR, SINCE_11),
    ("ENCRYPT without KEY_EX or PSK", CERT | CHAL | ENCRYPT, IR, SINCE_11),
    ("MAC without KEY_EX or PSK", CERT | CHAL | MAC, IR, SINCE_11),
    ("HITC without KEY_EX or PSK", CERT | CHAL | HANDSHAKE_IN_THE_CLEAR, IR, SINCE_11),
    ("HBEAT without KEY_EX or PSK", CERT | CHAL | HBEAT, IR, SINCE_11),
    ("KEY_UPD without KEY_EX or PSK", CERT | CHAL | KEY_UPD, IR, SINCE_11),
    ("EVENT without KEY_EX or PSK", CERT | CHAL | EVENT, IR, SINCE_13),
    ("EVENT, reserved before 1.3", CERT | CHAL | EVENT, OK, (V11, V12)),
    ("HITC with PSK only", PSK | MAC | ENCRYPT | HANDSHAKE_IN_THE_CLEAR, IR, SINCE_11),
    ("HITC with KEY_EX", CERT | KEY_EX | MAC | HANDSHAKE_IN_THE_CLEAR, OK, SINCE_11),
    ("CERT and PUB_KEY_ID", CERT | PUB_KEY_ID | CHAL, IR, SINCE_11),
    ("CERT without CHAL or KEY_EX", CERT, IR, SINCE_11),
    ("PUB_KEY_ID without CHAL or KEY_EX", PUB_KEY_ID, IR, SINCE_11),
    ("CERT with signed endpoint info", CERT | EP_INFO_SIG, OK, SINCE_13),
    ("CERT alone, EP_INFO being reserved before 1.3", CERT | EP_INFO_SIG, IR, (V11, V12)),
    ("CERT with unsigned endpoint info only", CERT | EP_INFO_NO_SIG, IR, SINCE_13),
    ("CHAL without CERT or PUB_KEY_ID", CHAL, IR, SINCE_11),
    ("CHAL with PUB_KEY_ID", CHAL | PUB_KEY_ID, OK, SINCE_11),
    ("MUT_AUTH without key material", MUT_AUTH | ENCAP | KEY_EX | MAC, IR, SINCE_11),
    ("EP_INFO_SIG without key material", EP_INFO_SIG, IR, SINCE_13),
    ("EP_INFO_SIG, reserved before 1.3", EP_INFO_SIG, OK, (V11, V12)),
    ("MUT_AUTH without KEY_EX or CHAL", CERT | EP_INFO_SIG | MUT_AUTH | ENCAP, IR, SINCE_13),
    ("MUT_AUTH without ENCAP", CERT | CHAL | MUT_AUTH, IR, (V11,)),
    ("MUT_AUTH without ENCAP after 1.1", CERT | CHAL | MUT_AUTH, OK, SINCE_12),
    ("MUT_AUTH with ENCAP", CERT | CHAL | MUT_AUTH | ENCAP, OK, SINCE_11),
    ("EP_INFO_CAP 3", CERT | CHAL | EP_INFO_SIG | EP_INFO_NO_SIG, IR, SINCE_13),
    ("MULTI_KEY_CAP 3", CERT | CHAL | MULTI_KEY_ONLY | MULTI_KEY_NEG, IR, SINCE_13),
    ("MULTI_KEY ONLY without CERT", MULTI_KEY_ONLY, IR, SINCE_13),
    ("MULTI_KEY NEG without CERT", PUB_KEY_ID | CHAL | MULTI_KEY_NEG, IR, SINCE_13),
    ("MULTI_KEY NEG with CERT", CERT | CHAL | MULTI_KEY_NEG, OK, SINCE_13),
    ("MULTI_KEY_CAP 3, reserved before 1.3", CERT | CHAL | 3 << 26, OK, (V11, V12)),
    ("CHUNK, reserved in 1.1", CERT | CHAL | CHUNK, OK, (V11,)),
    ("bits that only responders have", CERT | CHAL | 0x1C0039, OK, SINCE_11),
)


def _size_row(name, expect, versions=SINCE_12, source="EC 3; MSG 2; CAP 2 last rule", **request):
    return Row(
        f"GET_CAPABILITIES: {name}",
        source,
        lambda version: raw.get_capabilities(version, **request),
        expect,
        versions=versions,
        state="version",
    )


CHUNKING = CERT | CHAL | CHUNK
SIZES = (
    _size_row("DataTransferSize 41", IR, transfer=41),
    _size_row("DataTransferSize 0", IR, transfer=0),
    _size_row("DataTransferSize 41 with CHUNK", IR, transfer=41, size=4096, flags=CHUNKING),
    _size_row("DataTransferSize over MaxSPDMmsgSize", IR, transfer=4096, size=4095),
    _size_row("the same with CHUNK", IR, transfer=4096, size=4095, flags=CHUNKING),
    _size_row("sizes differ without CHUNK", IR, transfer=4096, size=4097),
    _size_row("sizes differ with CHUNK", OK, transfer=4096, size=4097, flags=CHUNKING),
    _size_row("CTExponent 32", IR, SINCE_12, ct=32),
    _size_row("CTExponent 255", IR, SINCE_12, ct=255),
    _size_row("CTExponent 31", OK, SINCE_11, ct=31),
)
_CT_11 = Row(
    "GET_CAPABILITIES: CTExponent 32 in 1.1",
    "MSG 2 (without a version); CAP 2 (1.2+)",
    lambda version: raw.get_capabilities(version, ct=32),
    (IR, OK),
    versions=(V11,),
    state="version",
    note="MSG 2 limits CTExponent in every version that has it, CAP 2 from 1.2 on",
)


def _whole_request(dialogue, request, answer):
    """DataTransferSize 42 is legal; ALGORITHMS is larger, so the proof uses another offer."""
    _capable(dialogue, request, answer)
    small = dialogue.ask(raw.negotiate(dialogue.version, tables=[]), 0x63)
    assert len(small) == 36
    dialogue.took(raw.negotiate(dialogue.version, tables=[]), small, "negotiated")


SMALLEST = Row(
    "GET_CAPABILITIES: DataTransferSize 42 is the smallest",
    "MSG 22; CAP 2",
    lambda version: raw.get_capabilities(version, transfer=42),
    Answered(_whole_request),
    versions=SINCE_12,
    state="version",
    proof="",
    note="nothing signed fits into 42 bytes",
)


def _block(dialogue, request, answer):
    """CAPABILITIES 20 bytes, then the block: 30 bytes and 4 for each of four structures."""
    _capable(dialogue, request, answer)
    block = answer[20:]
    assert answer[2] & 1
    assert block[0] == 4
    assert int.from_bytes(block[2:4], "little") == len(block) == 30 + 4 * 4
    assert block[4] == 1
    assert int.from_bytes(block[6:10], "little") & 0x190 == 0x190  # P-256, P-384, P-521
    assert int.from_bytes(block[10:14], "little") == 0x3F
    assert block[14:18] == (b"\x07\0\0\0" if dialogue.version >= 0x14 else bytes(4))  # ML-DSA
    assert block[30:] == bytes.fromhex("02201000 03200200 04208000 05200100")


def _block_row(name, flags, profile, expect, versions=SINCE_13):
    return Row(
        f"GET_CAPABILITIES asks for the algorithms block: {name}",
        "EC 3; MSG 2",
        lambda version: raw.get_capabilities(version, flags=flags, param1=1),
        expect,
        versions=versions,
        state="version",
        profile=profile,
    )


def _block_of_everything(dialogue, request, answer):
    """AlgType 6 and 7, and post-quantum signatures, are 1.4's."""
    _capable(dialogue, request, answer)
    new = dialogue.version == V14
    types = answer[20 + 30 :: 4]
    assert (answer[20], list(types)) == (len(types), [2, 3, 4, 5, 6, 7] if new else [2, 3, 4, 5])
    assert any(answer[20 + 14 : 20 + 18]) == new


BLOCKS = (
    _block_row("post-quantum", CHUNKING, "CHUNK, post-quantum", Answered(_block_of_everything)),
    _block_row("no CHUNK on either side", CERT | CHAL, "default", IR),
    _block_row("CHUNK of the requester only", CHUNKING, "default", IR),
    _block_row("CHUNK of the responder only", CERT | CHAL, "CHUNK", IR),
    _block_row("CHUNK on both sides", CHUNKING, "CHUNK", Answered(_block)),
    _block_row("reserved before 1.3", CERT | CHAL, "default", OK, (V10, V11, V12)),
)


def _wrong_version_rows():
    for header in (0x00, 0x0F, 0x15, 0x20, 0x21):
        yield Row(
            f"GET_CAPABILITIES with version {header:#04x}: lowest-1, highest+1, another major",
            "EC 1; EC 3 GET_CAPABILITIES row 1",
            lambda version, header=header: bytes([header]) + raw.get_capabilities(version)[1:],
            VM_BEFORE,
            state="version",
        )
    for header in (0x10, 0x14):
        yield Row(
            f"GET_CAPABILITIES with version {header:#04x}, which this responder does not offer",
            "EC 1; EC 3 GET_CAPABILITIES row 1",
            lambda _, header=header: raw.get_capabilities(header),
            VM_BEFORE,
            state="version",
            versions=(V11, V13),
            profile="1.1 to 1.3",
        )


def _second_rows():
    copies = (
        ("identical", raw.get_capabilities),
        ("Param2 1", lambda version: _with_param2(raw.get_capabilities(version))),
        ("CTExponent + 1", lambda version: raw.get_capabilities(version, ct=21)),
        ("sizes + 1", lambda version: raw.get_capabilities(version, transfer=0x1201)),
    )
    for name, request in copies:
        yield Row(
            f"a second GET_CAPABILITIES, {name}",
            "EC 3 GET_CAPABILITIES last row; MSG 2",
            request,
            UR,
            state="capabilities",
            note="EC also tolerates silence",
        )


def _with_param2(request):
    return request[:3] + b"\1" + request[4:]


OTHER = (
    Row(
        "GET_CAPABILITIES before any GET_VERSION",
        "MSG 0.3 (exactly AFTER_VERSION, else UnexpectedRequest); EC 1 row 2 (VersionMismatch)",
        raw.get_capabilities,
        (
            Refused(UNEXPECTED),
            Refused(UNEXPECTED, version=0x10),
            Refused(VERSION_MISMATCH, version=0x10),
        ),
        state="nothing",
        note="two rules meet, and whether the request fixes the version is not said",
    ),
    Row(
        "GET_CAPABILITIES with a byte too many",
        "DESIGN: every byte accounted for; EC 1 (the version counts although it failed)",
        lambda version: raw.get_capabilities(version) + b"\0",
        IR,
        state="version",
    ),
    Row(
        "GET_CAPABILITIES of 1.0 in its 1.1 length",
        "MSG 2: 4 bytes in 1.0",
        lambda _: raw.get_capabilities(0x10) + bytes(8),
        IR,
        state="version",
        versions=(V10,),
    ),
    Row(
        "GET_CAPABILITIES of 1.2 and later in its 1.1 length",
        "MSG 2 (too short)",
        lambda version: raw.get_capabilities(version)[:12],
        IR,
        state="version",
        versions=SINCE_12,
    ),
    Row(
        "GET_CAPABILITIES with reserved bytes set",
        "MSG 2: reserved; ExtFlags reserved for requesters",
        lambda version: (
            raw.get_capabilities(version, ext=0xFFFF)[:4]
            + b"\xff"
            + raw.get_capabilities(version, ext=0xFFFF)[5:]
        ),
        OK,
        state="version",
        versions=SINCE_11,
    ),
    Row(
        "GET_CAPABILITIES to a responder that is slow with the VCA requests",
        "EC 1 last line; CO A ResponseNotReady",
        raw.get_capabilities,
        OK,
        state="version",
        profile="slow VCA",
    ),
)

ROWS = (
    *_version_rows(),
    *_restart_rows(),
    *(_flag_row(*row) for row in FLAGS),
    *SIZES,
    _CT_11,
    SMALLEST,
    *BLOCKS,
    *_wrong_version_rows(),
    *_second_rows(),
    *OTHER,
)

FAULTY_CAPABILITIES = tuple(
    row
    for row in ROWS
    if row.name.startswith("GET_CAPABILITIES")
    and row.state == "version"
    and row.profile == "default"
    and row.expect in (IR, VM_BEFORE)
)
"""Rows whose requests may follow one another in a single connection."""
