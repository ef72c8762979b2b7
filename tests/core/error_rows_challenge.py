"""Rows of CHALLENGE and GET_MEASUREMENTS."""

from core import raw_requests as raw
from core.dialogue import cut_challenge_auth, cut_measurements
from core.error_table import (
    IR,
    RESPONSE_TOO_LARGE,
    SINCE_11,
    SINCE_12,
    SINCE_13,
    UR,
    V10,
    V11,
    V12,
    V13,
    Answered,
    Refused,
    Row,
    uns,
)
from core.fakes import (
    MEASUREMENTS,
    SHA_256,
    FakeSlot,
    block_of,
    chain_of,
    hashed,
    signing_key,
)

EMPTY_SLOTS = (1, 3, 4, 5, 6, 7)
NO_SLOTS = (8, 9, 10, 11, 12, 13, 14, 15)
BLOCKS = [block_of(measurement, SHA_256) for measurement in MEASUREMENTS]
MULTI = {"profile": "multi-key", "algorithms": {"other": 2 | 1 << 4}, "versions": SINCE_13}
WITH_PUBLIC_KEY = {"profile": "public key", "state": "negotiated", "proof": "measurements"}
NONE_NEGOTIATED = {"algorithms": {"specification": 0}}


def _challenge_row(name, expect, source="EC 3 CHALLENGE", *, row=None, **request):
    return Row(
        f"CHALLENGE: {name}",
        source,
        lambda version: raw.challenge(version, **request),
        expect,
        **(row or {}),
    )


def _authenticated(slot, mask, identity, summary=b""):
    """A check of all that a CHALLENGE_AUTH says, and of its signature."""

    def check(dialogue, request, answer):
        auth = cut_challenge_auth(dialogue, answer, summary=bool(summary))
        assert answer[:2] == bytes([dialogue.version, 3])
        assert (auth.slot, auth.mask) == (slot, mask)
        assert auth.chain_hash == identity
        assert auth.summary == summary
        assert not auth.opaque
        dialogue.check_challenge(request, answer)
        dialogue.b, dialogue.state = b"", "authenticated"

    return Answered(check)


def _digest_of(slot):
    return hashed(SHA_256, chain_of(FakeSlot(slot).certificates, SHA_256))


TCB = hashed(SHA_256, *BLOCKS[:2])
WHOLE = hashed(SHA_256, *BLOCKS)
PUBLIC_KEY = hashed(SHA_256, signing_key("ecp256").public_key_der())


def _challenge_rows():
    for slot in EMPTY_SLOTS:
        yield _challenge_row(f"slot {slot} is not provisioned", IR, slot=slot)
    for slot in NO_SLOTS:
        yield _challenge_row(f"slot {slot}", IR, slot=slot)
        yield _challenge_row(
            f"slot {slot} of a device with a public key", IR, slot=slot, row=WITH_PUBLIC_KEY
            | {"versions": SINCE_11},
        )  # fmt: skip
    for slot in (0x10, 0x7F, 0x80, 0xF0, 0xFE):
        yield _challenge_row(f"slot {slot:#x}", IR, "MSG 6: 0-7 or 0xFF", slot=slot)
    for summary in (2, 3, 0x7F, 0x80, 0xFE):
        yield _challenge_row(f"summary type {summary:#x}", IR, summary=summary)
    for summary in (1, 0xFF):
        yield _challenge_row(
            f"summary type {summary:#x} without MEAS_CAP",
            IR,
            summary=summary,
            row={"profile": "no MEAS_CAP"},
        )
    for versions, cut in ((SINCE_13, 8), (SINCE_13, 4), ((V10, V11, V12), 1)):
        yield Row(
            f"CHALLENGE {cut} bytes short",
            "EC 3 CHALLENGE (44 B); MSG 0.1",
            lambda version, cut=cut: raw.challenge(version)[:-cut],
            IR,
            versions=versions,
        )
    yield Row(
        "CHALLENGE with the requester context that 1.3 brought",
        "MSG 6; DESIGN: every byte accounted for",
        lambda version: raw.challenge(version) + b"context!",
        IR,
        versions=(V10, V11, V12),
    )


CHALLENGES = (
    *_challenge_rows(),
    _challenge_row("the public key of a device without one", IR, "MSG 6", slot=0xFF),
    _challenge_row(
        "a public key that is there without PUB_KEY_ID_CAP",
        IR,
        "MSG 6 (must match PUB_KEY_ID_CAP)",
        slot=0xFF,
        row={"profile": "unclaimed public key"},
    ),
    _challenge_row(
        "slot 0 of a device with a public key and no certificates",
        IR,
        "MSG 6 (must match PUB_KEY_ID_CAP)",
        row=WITH_PUBLIC_KEY | {"versions": SINCE_11},
    ),
    _challenge_row(
        "slot 0 of a device with a public key and certificates that it does not claim",
        IR,
        "MSG 6 (must match PUB_KEY_ID_CAP)",
        row=WITH_PUBLIC_KEY | {"profile": "public key, filled slots", "versions": SINCE_11},
    ),
    _challenge_row(
        "the public key",
        _authenticated(0x0F, 0, PUBLIC_KEY),
        "MSG 6",
        slot=0xFF,
        row=WITH_PUBLIC_KEY | {"versions": SINCE_11},
    ),
    _challenge_row(
        "a key that is not for challenges, in a multi-key connection",
        IR,
        slot=1,
        row=MULTI,
    ),
    _challenge_row(
        "another key that is, in a multi-key connection",
        _authenticated(2, 0b111, _digest_of(2)),
        slot=2,
        row=MULTI,
    ),
    _challenge_row(
        "key usage means nothing without a multi-key connection",
        _authenticated(1, 0b111, _digest_of(1)),
        "CAP 2 last paragraph (effects of a multi-key connection)",
        slot=1,
        row=MULTI | {"algorithms": {}},
    ),
    _challenge_row("without CHAL_CAP", uns(0x83), row={
        "profile": "no CHAL_CAP", "proof": "measurements"
    }),
    _challenge_row("slot 0", _authenticated(0, 0b101, _digest_of(0))),
    _challenge_row("slot 2", _authenticated(2, 0b101, _digest_of(2)), slot=2),
    _challenge_row("summary TCB", _authenticated(0, 5, _digest_of(0), TCB), summary=1),
    _challenge_row("summary all", _authenticated(0, 5, _digest_of(0), WHOLE), summary=0xFF),
)  # fmt: skip


def _too_large(size, larger):
    """ResponseTooLarge names the size; ``larger`` is what 1.3 adds."""
    return lambda version: Refused(
        RESPONSE_TOO_LARGE,
        extended=(size + (larger if version >= V13 else 0)).to_bytes(4, "little"),
    )


SMALL = {"offer": {"transfer": 150}, "versions": SINCE_12}
TOO_LARGE = "EC 3 last row; MSG 0.2"
SIZES = (
    _challenge_row(
        "CHALLENGE_AUTH over MaxSPDMmsgSize",
        _too_large(4 + 32 + 32 + 32 + 2 + 64, 8),
        TOO_LARGE,
        summary=1,
        row=SMALL,
    ),
    Row(
        "GET_MEASUREMENTS: MEASUREMENTS over MaxSPDMmsgSize",
        TOO_LARGE,
        raw.get_measurements,
        _too_large(4 + 4 + sum(map(len, BLOCKS)) + 32 + 2, 8),
        **SMALL,
    ),
    Row(
        "GET_MEASUREMENTS: signed MEASUREMENTS over MaxSPDMmsgSize",
        TOO_LARGE,
        lambda version: raw.get_measurements(version, 1, attributes=1),
        _too_large(4 + 4 + len(BLOCKS[0]) + 32 + 2 + 64, 8),
        **SMALL | {"offer": {"transfer": 142}},
    ),
    Row(
        "VENDOR_DEFINED: a response over MaxSPDMmsgSize",
        TOO_LARGE,
        lambda version: raw.vendor_defined(version, bytes(140)),
        _too_large(11 + 140, 0),
        **SMALL,
    ),
)


def _measure_row(name, expect, source="EC 3 GET_MEASUREMENTS", *, row=None, **request):
    return Row(
        f"GET_MEASUREMENTS: {name}",
        source,
        lambda version: raw.get_measurements(version, **request),
        expect,
        **(row or {}),
    )


def _measured(count, record, *, total=0, param2=0, signed=False):
    """A check of all that MEASUREMENTS says, and of its signature."""

    def check(dialogue, request, answer):
        measured = cut_measurements(dialogue, answer, signed=signed)
        changed = 0x20 if signed and dialogue.version >= V12 else 0
        assert answer[:2] == bytes([dialogue.version, 0x60])
        assert (measured.param1, measured.param2) == (total, param2 | changed)
        assert (measured.count, measured.record) == (count, record)
        assert any(measured.nonce)
        assert not measured.opaque
        if signed:
            dialogue.check_measurements([(request, answer)])
        dialogue.took(request, answer)

    return Answered(check)


def _measurement_slot_rows():
    for slot in EMPTY_SLOTS:
        yield _measure_row(
            f"signed, slot {slot} is not provisioned",
            IR,
            attributes=1,
            slot=slot,
            row={"versions": SINCE_11},
        )
    for slot in NO_SLOTS:
        yield _measure_row(
            f"signed, slot {slot}", IR, attributes=1, slot=slot, row={"versions": SINCE_11}
        )
    for slot in (0, *NO_SLOTS[:-1]):
        yield _measure_row(
            f"signed, slot {slot} of a device with a public key only",
            IR,
            attributes=1,
            slot=slot,
            row=WITH_PUBLIC_KEY | {"versions": SINCE_11},
        )


RAW_BLOCKS = [block_of(measurement, SHA_256, raw=True) for measurement in MEASUREMENTS]
MEASURES = (
    *_measurement_slot_rows(),
    *(_measure_row(f"index {index:#x} is not there", IR, operation=index)
      for index in (3, 0x0F, 0x11, 0xFC, 0xFE)),
    *(_measure_row(f"signed, index {index:#x} is not there", IR, operation=index, attributes=1)
      for index in (3, 0xFE)),
    _measure_row("a signature where MEAS_CAP is without", IR, attributes=1,
                 row={"profile": "unsigned"}),
    _measure_row("without MEAS_CAP", uns(0xE0), row={"profile": "no MEAS_CAP"}),
    _measure_row("signed, without MEAS_CAP", uns(0xE0), attributes=1,
                 row={"profile": "no MEAS_CAP"}),
    *(_measure_row(f"no measurement specification negotiated, operation {operation:#x}", UR,
                   operation=operation, row=NONE_NEGOTIATED)
      for operation in (0, 1, 0xFF)),
    _measure_row("signed, no measurement specification negotiated", UR, attributes=1,
                 row=NONE_NEGOTIATED),
    _measure_row("signed, a public key that is there without PUB_KEY_ID_CAP", IR,
                 "MSG 6, KEY_EXCHANGE: only legal with PUB_KEY_ID", attributes=1, slot=0xF,
                 row={"profile": "unclaimed public key", "versions": SINCE_11}),
    _measure_row("signed, slot 0 of a device with certificates that it does not claim", IR,
                 "MSG 6 (must match PUB_KEY_ID_CAP)", attributes=1,
                 row=WITH_PUBLIC_KEY
                 | {"profile": "public key, filled slots", "versions": SINCE_11}),
    _measure_row("a key that is not for measurements, in a multi-key connection", IR,
                 "measurements sheet 2", attributes=1, slot=2, row=MULTI),
    _measure_row("the count", _measured(0, b"", total=4), "measurements sheet 2", operation=0),
    _measure_row("one", _measured(1, BLOCKS[2]), "measurements sheet 2", operation=0x10),
    _measure_row("all", _measured(4, b"".join(BLOCKS)), "measurements sheet 2"),
    _measure_row("raw", _measured(4, b"".join(RAW_BLOCKS)), "measurements sheet 2", attributes=2,
                 row={"versions": SINCE_12}),
    _measure_row("fresh ones", _measured(1, BLOCKS[0]), "measurements sheet 2", attributes=4,
                 operation=1, row={"versions": SINCE_13}),
    _measure_row("signed", _measured(4, b"".join(BLOCKS), signed=True), "measurements sheet 2",
                 attributes=1),
    _measure_row("signed by slot 2", _measured(1, BLOCKS[0], signed=True, param2=2), "MSG 7",
                 operation=1, attributes=1, slot=2, row={"versions": SINCE_11}),
    _measure_row("a signed count", _measured(0, b"", signed=True, total=4), "MSG 7",
                 operation=0, attributes=1),
    _measure_row("signed by the public key", _measured(4, b"".join(BLOCKS), signed=True,
                 param2=0xF), "measurements sheet 2", attributes=1, slot=0xF,
                 row=WITH_PUBLIC_KEY | {"versions": SINCE_11}),
    Row("GET_MEASUREMENTS without the requester context", "MSG 7: also without signature",
        lambda version: raw.get_measurements(version)[:4], IR, versions=SINCE_13),
    Row("GET_MEASUREMENTS signed, without SlotIDParam", "MSG 7: 37 bytes",
        lambda version: raw.get_measurements(version, attributes=1)[:36], IR,
        versions=(V11, V12)),
    Row("GET_MEASUREMENTS signed, with the SlotIDParam that 1.1 brought", "MSG 7: 36 bytes",
        lambda version: raw.get_measurements(version, attributes=1) + b"\0", IR,
        versions=(V10,)),
    Row("GET_MEASUREMENTS unsigned, with a nonce", "MSG 7: 4 bytes",
        lambda version: raw.get_measurements(version) + bytes(32), IR),
)  # fmt: skip

ROWS = (*CHALLENGES, *SIZES, *MEASURES)
