"""Rows of GET_MEASUREMENT_EXTENSION_LOG and GET_ENDPOINT_INFO."""

import struct

from core.error_table import IR, SINCE_13, UR, Answered, Row, uns
from core.fakes import ENDPOINT_INFO, MEL_OF_TWO, NONCE

LOG = "EC 3 GET_MEASUREMENT_EXTENSION_LOG; MSG 20"
INFO = "EC 3 GET_ENDPOINT_INFO; MSG 18"
MEL_SELECTED = {"mel": 1}


def get_mel(version, *, offset=0, length=0xFFFFFFFF):
    return bytes([version, 0xEF, 0, 0]) + struct.pack("<II", offset, length)


def get_endpoint_info(version, *, sub_code=1, slot=0, attributes=0, nonce=b""):
    return bytes([version, 0x87, sub_code, slot, attributes, 0, 0, 0]) + nonce


def _log_row(name, expect, *, row=None, **request):
    options = {"profile": "log", "algorithms": MEL_SELECTED, "versions": SINCE_13} | (row or {})
    return Row(
        f"GET_MEL: {name}", LOG, lambda version: get_mel(version, **request), expect, **options
    )


def _portion(offset, size):
    def check(dialogue, request, answer):
        del request
        rest = len(MEL_OF_TWO) - offset - size
        head = bytes([dialogue.version, 0x6F, 0, 0]) + struct.pack("<II", size, rest)
        assert answer == head + MEL_OF_TWO[offset : offset + size]

    return Answered(check)


_SIZE = len(MEL_OF_TWO)
READ = {"proof": "measurements"}
"""Reading the log takes certificates out of M1."""
MEL = (
    _log_row("the whole log", _portion(0, _SIZE), row=READ),
    _log_row("a portion from the middle", _portion(5, 7), row=READ, offset=5, length=7),
    _log_row("the last byte", _portion(_SIZE - 1, 1), row=READ, offset=_SIZE - 1),
    _log_row("a length of 0", _portion(3, 0), row=READ, offset=3, length=0),
    _log_row("offset at the end", IR, offset=_SIZE),
    _log_row("offset far beyond", IR, offset=0xFFFFFFFF),
    _log_row("no specification negotiated", UR, row={"algorithms": {}}),
    _log_row("the capability is missing", uns(0xEF), row={"profile": "default"}),
    Row("GET_MEL: one byte short", LOG, lambda version: get_mel(version)[:-1], IR,
        versions=SINCE_13, profile="log", algorithms=MEL_SELECTED),
)  # fmt: skip


def _info_row(name, expect, *, row=None, **request):
    options = {"profile": "endpoint info", "versions": SINCE_13} | (row or {})
    return Row(
        f"GET_ENDPOINT_INFO: {name}",
        INFO,
        lambda version: get_endpoint_info(version, **request),
        expect,
        **options,
    )


def _told(dialogue, request, answer):
    del request
    head = bytes([dialogue.version, 0x07, 0, 0]) + bytes(4)
    assert answer == head + struct.pack("<I", len(ENDPOINT_INFO)) + ENDPOINT_INFO


def _signed(slot):
    def check(dialogue, request, answer):
        dialogue.check_endpoint_info(request, answer)
        assert answer[2:8] == bytes([0, slot]) + bytes(4)
        assert answer[40 : 44 + len(ENDPOINT_INFO)].endswith(ENDPOINT_INFO)

    return Answered(check)


SIGNED = {"attributes": 1, "nonce": NONCE}
UNSIGNED_ONLY = {"profile": "endpoint info, unsigned"}
PUBLIC_KEY = {"profile": "endpoint info, public key", "state": "negotiated", "proof": ""}
MULTI = {"profile": "endpoint info, multi-key", "algorithms": {"other": 2 | 1 << 4}}
ONE_KEY = {"profile": "endpoint info, multi-key"}
ENDPOINT = (
    _info_row("device classes", Answered(_told)),
    _info_row("a slot without a signature means nothing", Answered(_told), slot=7),
    _info_row("signed", _signed(0), **SIGNED),
    _info_row("signed by another slot", _signed(2), slot=2, **SIGNED),
    _info_row("signed, reserved bits of Param2", _signed(2), slot=0xF2, **SIGNED),
    _info_row("signed by an empty slot", IR, slot=1, **SIGNED),
    _info_row("signed by slot 8", IR, slot=8, **SIGNED),
    _info_row("signed by the public key that is not there", IR, slot=0xF, **SIGNED),
    _info_row("signed by the public key", _signed(0xF), slot=0xF, row=PUBLIC_KEY, **SIGNED),
    _info_row("signed by a slot where there is a public key", IR, row=PUBLIC_KEY, **SIGNED),
    _info_row("device classes, unsigned only", Answered(_told), row=UNSIGNED_ONLY),
    _info_row("signed where only unsigned is offered", uns(0x87), row=UNSIGNED_ONLY, **SIGNED),
    _info_row("a key that is not for it, multi-key", IR, row=MULTI, slot=1, **SIGNED),
    _info_row("a key that is for it, multi-key", _signed(2), row=MULTI, slot=2, **SIGNED),
    _info_row(
        "a key that is not for it, one key for all", _signed(1), row=ONE_KEY, slot=1, **SIGNED
    ),
    _info_row("sub code 0", IR, sub_code=0),
    _info_row("sub code 2", IR, sub_code=2),
    _info_row("a signature without a nonce", IR, attributes=1),
    _info_row("a nonce without a signature", IR, nonce=NONCE),
    _info_row("a nonce that is one byte short", IR, attributes=1, nonce=NONCE[1:]),
    _info_row("the capability is missing", uns(0x87), row={"profile": "default"}),
)
ROWS = (*MEL, *ENDPOINT)
