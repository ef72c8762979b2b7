"""Rows of GET_CSR, SET_CERTIFICATE, GET_KEY_PAIR_INFO and SET_KEY_PAIR_INFO."""

from functools import partial

from core import raw_requests as raw
from core.error_table import (
    BUSY,
    IR,
    RESET_REQUIRED,
    SINCE_12,
    SINCE_13,
    SINCE_14,
    UR,
    V11,
    V12,
    V14,
    Answered,
    Refused,
    Row,
    uns,
)

CSR, CERT, EC = "CERT 6 GET_CSR", "CERT 6 SET_CERTIFICATE", "EC 3 SET_CERTIFICATE"
PAIRS, SET_PAIR = "MSG 17", "MSG 17 SET_KEY_PAIR_INFO"
MULTI = {"profile": "provisioning, multi-key", "algorithms": {"other": 2 | 1 << 4}}
WAITS = Refused(RESET_REQUIRED)
BUSY_NOW = Refused(BUSY)


def _row(name, source, request, expect, versions=SINCE_13, **row):
    return Row(name, source, request, expect, versions, **{"profile": "provisioning"} | row)


def _csr(name, expect, versions=SINCE_13, row=None, **request):
    make = partial(raw.get_csr, **request)
    return _row(f"GET_CSR: {name}", CSR, make, expect, versions, **row or {})


def _made(dialogue, request, answer):
    """CSRLength, 2 reserved bytes, and what the device made."""
    assert answer == bytes([dialogue.version, 0x6D, 0, 0, 7, 0, 0, 0]) + b"the CSR"


MADE = Answered(_made)
ELEMENT = bytes.fromhex("01000000") + bytes.fromhex("0000 0200 aabb 0000")
"""OpaqueDataFmt1 with one element of 2 bytes, padded to 4."""

CSRS = (
    _csr("nothing asked for", MADE, SINCE_12),
    _csr("RequesterInfo and opaque data", MADE, SINCE_12, info=b"\x30\x00", opaque=ELEMENT),
    _csr("before 1.2", uns(0xED), (V11,)),
    _csr("no CSR_CAP", uns(0xED), SINCE_12, {"profile": "default"}),
    _csr("before ALGORITHMS", UR, SINCE_12, {"state": "capabilities"}),
    _csr("opaque data of 1025 bytes", IR, SINCE_12, opaque=bytes(1025)),
    _csr("opaque data that is not made of elements", IR, SINCE_12, opaque=bytes(3)),
    _csr("opaque data without a format", IR, SINCE_12, {"algorithms": {"other": 0}},
         opaque=ELEMENT),
    _csr("RequesterInfo beyond the message", IR, SINCE_12, sizes=(1, 0)),
    _csr("opaque data beyond the message", IR, SINCE_12, sizes=(0, 1)),
    _csr("attributes before 1.3 are reserved", MADE, (V12,), key_pair=5, attributes=0xFF),
    _csr("a tag where no reset is needed", IR, attributes=1 << 3),
    _csr("a tag with Overwrite", IR, row={"profile": "provisioning at reset"},
         attributes=0x80 | 1 << 3),
    _csr("a tag where a reset is needed", MADE, row={"profile": "provisioning at reset"},
         attributes=1 << 3),
    _csr("Overwrite", MADE, attributes=0x80),
    _csr("a key pair outside a multi-key connection", IR, key_pair=1),
    _csr("a model outside a multi-key connection", IR, attributes=1),
    _csr("key pair and model in a multi-key connection", MADE, row=MULTI, key_pair=1,
         attributes=1),
    _csr("no key pair in a multi-key connection", IR, row=MULTI, attributes=1),
    _csr("no model in a multi-key connection", IR, row=MULTI, key_pair=1),
    _csr("model 4 in a multi-key connection", IR, row=MULTI, key_pair=1, attributes=4),
    _csr("another change is under way", BUSY_NOW, SINCE_12,
         {"profile": "a change is under way"}),
)  # fmt: skip


def _set(name, expect, versions=SINCE_12, row=None, source=CERT, **request):
    make = partial(raw.set_certificate, **request)
    return _row(f"SET_CERTIFICATE: {name}", source, make, expect, versions, **row or {})


def _written(slot):
    def check(dialogue, request, answer):
        assert answer == bytes([dialogue.version, 0x6E, slot, 0])

    return Answered(check)


TRUSTED = {"profile": "provisioning, trusted"}

CERTIFICATES = (
    _set("slot 0", _written(0)),
    _set("before 1.2", uns(0xEE), (V11,)),
    _set("no SET_CERT_CAP", uns(0xEE), row={"profile": "default"}),
    _set("before ALGORITHMS", UR, row={"state": "capabilities"}),
    _set("slot 8", IR, slot=8),
    _set("a slot that does not exist", IR, slot=7),
    _set("slot 1 outside of sessions", UR, slot=1, source=EC),
    _set("slot 1 in a trusted environment", _written(1), row=TRUSTED, slot=1),
    _set("no chain", IR, certificates=b""),
    _set("Length beyond the message", IR, certificates=raw.chain(100, length=101)),
    _set("Length before the end of the message", IR, certificates=raw.chain(100, length=99)),
    _set("a chain without room for RootHash", IR, certificates=raw.chain(35)),
    _set("a chain of 65536 bytes", IR, certificates=raw.chain(0x10000)),
    _set("erase", _written(0), SINCE_13, erase=True),
    _set("erase with a chain", IR, SINCE_13, erase=True, certificates=raw.chain()),
    _set("erase with a model", IR, SINCE_13, erase=True, model=1),
    _set("erase with a key pair outside a multi-key connection", IR, SINCE_13, erase=True,
         key_pair=1),
    _set("erase without a key pair in a multi-key connection", IR, SINCE_13, MULTI, erase=True),
    _set("erase with a key pair in a multi-key connection", _written(0), SINCE_13, MULTI,
         erase=True, key_pair=1),
    _set("erase before 1.3 erases nothing", IR, (V12,), erase=True),
    _set("a key pair outside a multi-key connection", IR, SINCE_13, key_pair=1),
    _set("a model outside a multi-key connection", IR, SINCE_13, model=1),
    _set("model and key pair before 1.3 are reserved", _written(0), (V12,), model=1, key_pair=1),
    _set("key pair and model in a multi-key connection", _written(0), SINCE_13, MULTI, model=1,
         key_pair=1),
    _set("no key pair in a multi-key connection", IR, SINCE_13, MULTI, model=1),
    _set("no model in a multi-key connection", IR, SINCE_13, MULTI, key_pair=1),
    _set("model 4 in a multi-key connection", IR, SINCE_13, MULTI, key_pair=1, model=4),
    _set("a generic certificate in slot 0", IR, SINCE_13, MULTI, key_pair=1, model=3),
    _set("another change is under way", BUSY_NOW, row={"profile": "a change is under way"}),
)  # fmt: skip


def _info(dialogue, request, answer):
    head = bytes([dialogue.version, 0x7C, 0, 0, 2, 1])
    masks = bytes.fromhex("3f00 0f00 0300 18000000 08000000 1500 01")
    tail = bytes.fromhex("04 00000000 04 00000000") if dialogue.version >= V14 else b""
    identifier = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    assert answer == head + masks + identifier + tail


def _info_of_two(dialogue, request, answer):
    assert answer[4:8] == bytes([2, 2, 0, 0])


def _get(name, expect, versions=SINCE_13, row=None, **request):
    make = partial(raw.get_key_pair_info, **request)
    return _row(f"GET_KEY_PAIR_INFO: {name}", PAIRS, make, expect, versions, **row or {})


def _change(name, expect, versions=SINCE_13, row=None, source=SET_PAIR, **request):
    make = partial(raw.set_key_pair_info, **request)
    return _row(f"SET_KEY_PAIR_INFO: {name}", source, make, expect, versions, **row or {})


def _acknowledged(dialogue, request, answer):
    assert answer == bytes([dialogue.version, 0x7D, 0, 0])


DONE = Answered(_acknowledged)

KEY_PAIRS = (
    _get("key pair 1", Answered(_info)),
    _get("a key pair that cannot be changed", Answered(_info_of_two), key_pair=2),
    _get("key pair 0", IR, key_pair=0),
    _get("key pair 3 of 2", IR, key_pair=3),
    _get("before 1.3", uns(0xFC), (V12,)),
    _get("no GET_KEY_PAIR_INFO_CAP", uns(0xFC), row={"profile": "default"}),
    _get("before ALGORITHMS", UR, row={"state": "capabilities"}),
    _change("nothing", DONE),
    _change("usage and algorithm", DONE, usage=0x0F, asym=0x10),
    _change("erase", DONE, operation=1),
    _change("generate", DONE, operation=2),
    _change("before 1.3", uns(0xFD), (V12,)),
    _change("no SET_KEY_PAIR_INFO_CAP", uns(0xFD), row={"profile": "multi-key"},
            source="EC 2.6"),
    _change("key pair 0", IR, key_pair=0),
    _change("key pair 3 of 2", IR, key_pair=3),
    _change("operation 3", IR, operation=3),
    _change("without the tail of 1.4", IR, SINCE_14, tail=False),
    _change("usage beyond its capabilities", IR, usage=0x4000),
    _change("two algorithms", IR, asym=0x18),
    _change("an algorithm beyond its capabilities", IR, asym=0x01),
    _change("a post-quantum algorithm beyond its capabilities", IR, SINCE_14, pqc=b"\x02\0\0\0"),
    _change("a classical and a post-quantum algorithm", IR, SINCE_14, asym=0x10,
            pqc=b"\x01\0\0\0"),
    _change("a post-quantum mask of zeros", DONE, SINCE_14, pqc=bytes(8)),
    _change("a slot that does not exist", IR, slots=0x40),
    _change("another slot without CertAssoc", IR, key_pair=2, slots=1),
    _change("the same slots without CertAssoc", DONE, key_pair=2, slots=4),
    _change("no slot without CertAssoc means the same", DONE, key_pair=2, slots=0),
    _change("usage without KeyUsage", IR, key_pair=2, slots=4, usage=1),
    _change("an algorithm without AsymAlgo", IR, key_pair=2, slots=4, asym=0x08),
    _change("erase without Erasable", IR, key_pair=2, operation=1),
    _change("generate without GenKey", IR, key_pair=2, operation=2, slots=4),
    _change("another change is under way", BUSY_NOW, row={"profile": "a change is under way"}),
)  # fmt: skip


def _waiting(name, request, expect, versions=SINCE_12):
    row = {"profile": "a slot waits for a reset", "state": "negotiated"}
    return _row(f"{name} while slot 2 waits for a reset", "MSG 0.3", request, expect, versions,
                **row)  # fmt: skip


def _usual(code):
    def check(dialogue, request, answer):
        assert answer[1] == code
        dialogue.took(request, answer)

    return Answered(check)


WAITING = (
    _waiting("GET_DIGESTS", raw.get_digests, WAITS),
    _waiting("GET_CERTIFICATE of it", partial(raw.get_certificate, slot=2), WAITS),
    _waiting("GET_CERTIFICATE of another", raw.get_certificate, _usual(2)),
    _waiting("CHALLENGE of it", partial(raw.challenge, slot=2), WAITS),
)

ROWS = (*CSRS, *CERTIFICATES, *KEY_PAIRS, *WAITING)
