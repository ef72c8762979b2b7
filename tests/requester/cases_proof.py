"""Lies in CHALLENGE_AUTH, MEASUREMENTS and VENDOR_DEFINED_RESPONSE, and what is no proof."""

from requester.cases import Case, Change, at, draft, patience, put, raw
from requester.peer import BLOCKS, block

from responder.requester.options import NO_CAPABILITIES, VendorRequest
from responder.spec.codes import ResponseCode
from responder.spec.versions import V11, V12, V13, V14

ALGORITHMS = ResponseCode.ALGORITHMS
CHALLENGE_AUTH = ResponseCode.CHALLENGE_AUTH
MEASUREMENTS = ResponseCode.MEASUREMENTS
VENDOR = ResponseCode.VENDOR_DEFINED_RESPONSE

NO_FORMAT = put(other_params_selection=0)
ELEMENT_PAST_END = bytes.fromhex("01000000 0000ff00")


def flip_last_bit(message: bytes) -> bytes:
    return message[:-1] + bytes((message[-1] ^ 1,))


def flip_if_blocks(message: bytes) -> bytes:
    return flip_last_bit(message) if message[4] else message


def challenge(check: str, change: Change, **peer: object) -> Case:
    return Case(check, "CHALLENGE", {**draft(CHALLENGE_AUTH, change), **peer})


def without_format(check: str, step: str, code: int) -> Case:
    changes = {ALGORITHMS: NO_FORMAT, code: put(opaque_data=bytes(4))}
    return Case(check, step, {"draft": changes})


CHALLENGE = [
    challenge("chal.slot", put(slot=1)),
    challenge("chal.slot-mask", put(slot_mask=2)),
    challenge("chal.basic-mutual-authentication", put(slot=0x80)),
    challenge("chal.chain-hash", put(cert_chain_hash=bytes(32))),
    challenge("chal.opaque-size", put(opaque_data=bytes(1025)), versions=(V11,)),
    without_format("chal.opaque-format", "CHALLENGE", CHALLENGE_AUTH),
    challenge("chal.opaque-elements", put(opaque_data=ELEMENT_PAST_END)),
    challenge("chal.context", put(requester_context=bytes(8)), versions=(V13,)),
    Case("chal.signature", "CHALLENGE", raw(CHALLENGE_AUTH, flip_last_bit)),
]


def counted(change: Change) -> Change:
    """Change the answer to the count only."""
    return lambda m: change(m) if m.total_number_of_measurements else m


def read(change: Change) -> Change:
    """Change answers with blocks only."""
    return lambda m: m if m.total_number_of_measurements else change(m)


def measurements(check: str, change: Change, options=None, **peer: object) -> Case:
    arguments = {**draft(MEASUREMENTS, change), **peer}
    return Case(check, "GET_MEASUREMENTS", arguments, options or {})


def blocks(check: str, *found: bytes) -> Case:
    change = read(put(number_of_blocks=len(found), measurement_record=b"".join(found)))
    return measurements(check, change)


EACH = {"measurements": "each"}
ONE, TWO = block(1), block(2)
TWO_CONTIGUOUS = {"blocks": {1: ONE, 2: TWO}}
LYING_SIZE = b"\x01\x40\0" + bytes(32)

MEASUREMENT = [
    measurements("meas.count-blocks", counted(put(number_of_blocks=1))),
    measurements("meas.count-total", counted(put(total_number_of_measurements=0xFF))),
    blocks("meas.none"),
    measurements(
        "meas.one-block",
        read(put(number_of_blocks=2, measurement_record=ONE + ONE)),
        EACH,
        **TWO_CONTIGUOUS,
    ),
    measurements(
        "meas.block-layout", read(lambda m: m.replace(measurement_record=m.measurement_record[:-1]))
    ),
    measurements("meas.block-count", read(put(number_of_blocks=9))),
    measurements("meas.index-asked", read(put(measurement_record=TWO)), EACH, **TWO_CONTIGUOUS),
    blocks("meas.index-range", block(0)),
    blocks("meas.index-duplicate", ONE, ONE),
    blocks("meas.specification", block(1, measurement_specification=2)),
    blocks("meas.value-size", block(1, measurement=LYING_SIZE)),
    blocks("meas.digest-size", block(1, value=bytes(31))),
    measurements("meas.content-changed-unsigned", counted(put(slot=0x10))),
    measurements("meas.content-changed-value", read(put(slot=0x30))),
    measurements("meas.slot", read(put(slot=1))),
    measurements("meas.opaque-size", read(put(opaque_data=bytes(1025))), versions=(V11,)),
    without_format("meas.opaque-format", "GET_MEASUREMENTS", MEASUREMENTS),
    measurements("meas.opaque-elements", read(put(opaque_data=ELEMENT_PAST_END))),
    measurements("meas.context", read(put(requester_context=bytes(8))), versions=(V13,)),
    Case("meas.signature", "GET_MEASUREMENTS", raw(MEASUREMENTS, flip_if_blocks)),
    Case("meas.covered", "GET_MEASUREMENTS", {"blocks": dict(BLOCKS)}, EACH | patience(series=0)),
]

ASK = {"vendor": VendorRequest(3, b"\x01\0", b"\x01\x02")}

REST = [
    Case("vdm.standard-id", "VENDOR_DEFINED_REQUEST", draft(VENDOR, put(standard_id=1)), ASK),
    Case("vdm.vendor-id", "VENDOR_DEFINED_REQUEST", draft(VENDOR, put(vendor_id=b"\x02\0")), ASK),
    Case(
        "vdm.large",
        "VENDOR_DEFINED_REQUEST",
        at(V14, **raw(VENDOR, lambda r: r[:2] + b"\x80" + r[3:])),
        ASK,
    ),
    Case("auth.proof", "POLICY", at(V12, flags=NO_CAPABILITIES)),
]
