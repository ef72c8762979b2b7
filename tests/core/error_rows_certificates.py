"""Rows of GET_DIGESTS and GET_CERTIFICATE."""

from core import raw_requests as raw
from core.error_table import (
    DATA_TOO_LARGE,
    IR,
    SINCE_12,
    SINCE_13,
    UNSPECIFIED,
    V10,
    V11,
    V12,
    V13,
    V14,
    Answered,
    Refused,
    Row,
    uns,
)
from core.fakes import CERT, CHAL, LARGE_RESP, SHA_256, FakeSlot, chain_of, hashed

CHAIN = chain_of(FakeSlot(0).certificates, SHA_256)
CHAIN_2 = chain_of(FakeSlot(2).certificates, SHA_256)
LARGE_CHAIN = chain_of(bytes(70_000), SHA_256)
EMPTY_SLOTS = (1, 3, 4, 5, 6, 7)
NO_SLOTS = (8, 9, 10, 11, 12, 13, 14, 15)
MULTI = {"other": 2 | 1 << 4}
LARGE_OFFER = {"flags": CERT | CHAL | LARGE_RESP}


def _digests(dialogue, request, answer):
    supported = 0x0F if dialogue.version >= V13 else 0
    assert answer == bytes([dialogue.version, 1, supported, 0b101]) + hashed(
        SHA_256, CHAIN
    ) + hashed(SHA_256, CHAIN_2)
    dialogue.took(request, answer, "digests")


def _multi_key_digests(dialogue, request, answer):
    """Digests, then KeyPairID, CertificateInfo (model) and KeyUsageMask of each slot."""
    assert answer[:4] == bytes([dialogue.version, 1, 0x0F, 0b111])
    assert answer[4 : 4 + 32] == hashed(SHA_256, CHAIN)
    assert answer[4 + 96 :] == bytes([1, 2, 3]) + bytes([1, 2, 3]) + bytes.fromhex("0f0005000b00")
    dialogue.took(request, answer, "digests")


DIGESTS = (
    Row(
        "GET_DIGESTS: bit 0 set, as many digests as bits, ascending",
        "EC 3 GET_DIGESTS (positive); MSG 4",
        raw.get_digests,
        Answered(_digests),
        state="negotiated",
    ),
    Row(
        "GET_DIGESTS with reserved Param1 and Param2",
        "MSG 4: reserved",
        lambda version: raw.get_digests(version, param1=0xFF, param2=0xFF),
        Answered(_digests),
    ),
    Row(
        "GET_DIGESTS in a multi-key connection",
        "MSG 4",
        raw.get_digests,
        Answered(_multi_key_digests),
        versions=SINCE_13,
        profile="multi-key",
        algorithms=MULTI,
        state="negotiated",
    ),
    Row(
        "GET_DIGESTS without CERT_CAP",
        "EC 3 GET_DIGESTS",
        raw.get_digests,
        uns(0x81),
        profile="no CERT_CAP",
        state="negotiated",
        proof="count",
    ),
    Row(
        "GET_DIGESTS with nothing provisioned",
        "EC 3 GET_DIGESTS",
        raw.get_digests,
        Refused(UNSPECIFIED),
        profile="empty slots",
        state="negotiated",
        proof="count",
    ),
    Row(
        "GET_DIGESTS with a byte too many",
        "DESIGN: every byte accounted for",
        lambda version: raw.get_digests(version) + b"\0",
        IR,
    ),
)


def _portion(slot, chain, offset, size, *, head=b""):
    """A check: ``size`` bytes of the chain from ``offset``, and the right remainder."""

    def check(dialogue, request, answer):
        remainder = len(chain) - offset - size
        assert (
            answer
            == bytes([dialogue.version, 2, slot, 0])
            + size.to_bytes(2, "little")
            + remainder.to_bytes(2, "little")
            + head
            + chain[offset : offset + size]
        )
        dialogue.took(request, answer, "certificate")

    return Answered(check)


def _size_only(slot, size):
    """A check of SlotSizeRequested: no bytes, and the slot's size as the remainder."""

    def check(dialogue, request, answer):
        assert answer == bytes([dialogue.version, 2, slot, 0, 0, 0]) + size.to_bytes(2, "little")
        dialogue.took(request, answer)

    return Answered(check)


def _certificate_row(name, expect, source="EC 3 GET_CERTIFICATE", *, row=None, **request):
    return Row(
        f"GET_CERTIFICATE: {name}",
        source,
        lambda version: raw.get_certificate(version, **request),
        expect,
        **{"state": "digests"} | (row or {}),
    )


def _slot_rows():
    for slot in EMPTY_SLOTS:
        yield _certificate_row(f"slot {slot} is not provisioned", IR, slot=slot)
    for slot in NO_SLOTS:
        yield _certificate_row(f"slot {slot}", IR, slot=slot)
    yield _certificate_row("slot 2", _portion(2, CHAIN_2, 0, len(CHAIN_2)), slot=2)
    yield _certificate_row(
        "bit 7 of Param1 is reserved before 1.4",
        _portion(0, CHAIN, 0, len(CHAIN)),
        "MSG 5",
        row={"versions": (V10, V11, V12, V13)},
        slot=0x80,
    )
    for slot in (0, 1):
        bare = {"profile": "empty slots", "state": "negotiated", "proof": "count"}
        yield _certificate_row(f"slot {slot} of a device without any", IR, row=bare, slot=slot)


END = len(CHAIN)
OFFSETS = (
    _certificate_row("Offset 0xFFFF", IR, offset=0xFFFF),
    _certificate_row("Offset at the end of the chain", IR, offset=END),
    _certificate_row("Offset after the end, Length 0", IR, offset=END + 1, length=0),
    _certificate_row("the last byte", _portion(0, CHAIN, END - 1, 1), offset=END - 1),
    _certificate_row("the first byte", _portion(0, CHAIN, 0, 1), length=1),
    _certificate_row(
        "Length 0",
        (IR, _portion(0, CHAIN, 0, 0)),
        "MSG 5",
        row={"note": "MSG 5 says that a requester refuses an empty portion, not who avoids it"},
        length=0,
    ),
    _certificate_row(
        "a portion as large as DataTransferSize allows",
        _portion(0, CHAIN, 0, 142),
        "MSG 5",
        row={"versions": SINCE_12, "offer": {"transfer": 150}, "state": "digests"},
    ),
)

SLOT_SIZE = (
    _certificate_row(
        "SlotSizeRequested; Offset and Length are ignored",
        _size_only(0, 0x2000),
        "EC 3; CO A SlotSizeRequested",
        row={"versions": SINCE_13},
        attributes=1,
        offset=0xFFFF,
        length=0,
    ),
    _certificate_row(
        "SlotSizeRequested of an empty slot",
        _size_only(3, 0x2000),
        "EC 3; CO A SlotSizeRequested",
        row={"versions": SINCE_13},
        slot=3,
        attributes=1,
    ),
    _certificate_row(
        "SlotSizeRequested of slot 8",
        IR,
        "EC 3 GET_CERTIFICATE (slot 8-15)",
        row={"versions": SINCE_13},
        slot=8,
        attributes=1,
    ),
    _certificate_row(
        "SlotSizeRequested of a slot that does not exist",
        IR,
        "EC 3 (remainder = slot size > 0: there is none)",
        row={"versions": SINCE_13},
        slot=7,
        attributes=1,
    ),
    _certificate_row(
        "bit 0 of Param2 is reserved before 1.3",
        _portion(0, CHAIN, 0, len(CHAIN)),
        "MSG 5",
        row={"versions": (V10, V11, V12)},
        attributes=1,
    ),
)


def _large_portion(dialogue, request, answer):
    """Large form: the 16-bit lengths are 0, portion and remainder have 32 bits."""
    size = 4_000
    assert answer[:8] == bytes([0x14, 2, 0x81, 0, 0, 0, 0, 0])
    assert int.from_bytes(answer[8:12], "little") == size
    assert int.from_bytes(answer[12:16], "little") == len(LARGE_CHAIN) - 66_000 - size
    assert answer[16:] == LARGE_CHAIN[66_000 : 66_000 + size]
    dialogue.took(request, answer, "certificate")


def _large_row(name, expect, source, **rest):
    return Row(
        f"GET_CERTIFICATE: {name}",
        source,
        lambda version: raw.get_certificate(version, 0x81, length=0, large=(66_000, 4_000)),
        expect,
        **{"versions": (V14,), "state": "digests"} | rest,
    )


LARGE_BIT = "EC 3 GET_CERTIFICATE; CO A (wins over MSG 5, which has InvalidRequest)"
LARGE = (
    _large_row("the large bit, no LARGE_RESP", uns(0x82), LARGE_BIT, profile="large chain"),
    _large_row(
        "the large bit, LARGE_RESP of the requester only",
        uns(0x82),
        LARGE_BIT,
        profile="large chain",
        offer=LARGE_OFFER,
    ),
    _large_row(
        "the large bit, LARGE_RESP of the responder only",
        uns(0x82),
        LARGE_BIT,
        profile="large chain, LARGE_RESP",
    ),
    _large_row(
        "the large bit, LARGE_RESP on both sides",
        Answered(_large_portion),
        "MSG 5",
        profile="large chain, LARGE_RESP",
        offer=LARGE_OFFER,
    ),
    *(
        _certificate_row(
            f"a chain over 65535 in the small form ({profile})",
            Refused(DATA_TOO_LARGE, extended=len(LARGE_CHAIN).to_bytes(4, "little")),
            "EC 3; MSG 0.2, 5; CO A",
            row={"versions": (V14,), "profile": profile, "offer": LARGE_OFFER},
            slot=1,
        )
        for profile in ("large chain", "large chain, LARGE_RESP")
    ),
    _certificate_row(
        "the large bit with the small length",
        IR,
        "MSG 0.1: 16 bytes when large",
        row={"versions": (V14,), "profile": "LARGE_RESP", "offer": LARGE_OFFER},
        slot=0x80,
    ),
    Row(
        "GET_CERTIFICATE: LargeOffset beyond the chain",
        "EC 3 GET_CERTIFICATE",
        lambda version: raw.get_certificate(version, 0x81, length=0, large=(0xFFFF_FFFF, 1)),
        IR,
        versions=(V14,),
        profile="large chain, LARGE_RESP",
        offer=LARGE_OFFER,
        state="digests",
    ),
)


def _with_model(dialogue, request, answer):
    assert answer[:4] == bytes([dialogue.version, 2, 1, 2])
    dialogue.took(request, answer, "certificate")


OTHER = (
    Row(
        "GET_CERTIFICATE with a byte too many",
        "DESIGN: every byte accounted for",
        lambda version: raw.get_certificate(version) + b"\0",
        IR,
        state="digests",
    ),
    Row(
        "GET_CERTIFICATE without CERT_CAP",
        "EC 2 step 6: UnsupportedRequest",
        raw.get_certificate,
        uns(0x82),
        profile="no CERT_CAP",
        state="negotiated",
        proof="count",
    ),
    _certificate_row(
        "the model is named in a multi-key connection",
        Answered(_with_model),
        "MSG 5",
        row={"versions": SINCE_13, "profile": "multi-key", "algorithms": MULTI},
        slot=1,
    ),
)

ROWS = (*DIGESTS, *_slot_rows(), *OFFSETS, *SLOT_SIZE, *LARGE, *OTHER)
