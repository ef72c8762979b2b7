"""When each request is legal, as the fact sheets say: by version, phase, session and capability.

Written from the sheets (MSG: messages, EC: error codes, CO: corrections, CAP: capabilities), never
from the program's request table, which the tests compare with this one.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from core import raw_requests as raw
from core.chunks import chunk_get, chunk_send
from core.dialogue import STATES
from core.error_rows_information import get_endpoint_info, get_mel
from core.error_table import IR, UNEXPECTED, UNSUPPORTED, UR, VM_BEFORE, Refused, uns
from core.fakes import (
    CERT,
    CHAL,
    CHUNK,
    CONTEXT,
    ENCAP,
    ENCRYPT,
    EP_INFO_SIG,
    EVENT,
    GET_KEY_PAIR_INFO,
    HBEAT,
    KEY_EX,
    KEY_UPD,
    MAC,
    MEAS_SIG,
    MEL,
    MUT_AUTH,
    PSK,
    PSK_CONTEXT,
)
from core.session_dialogue import key_exchange, opaque, own_share

V10, V11, V12, V13, V14 = 0x10, 0x11, 0x12, 0x13, 0x14
OUTSIDE, BY_KEY, BY_PSK, ESTABLISHED = "outside", "handshake", "PSK handshake", "established"
PLACES = (OUTSIDE, BY_KEY, BY_PSK, ESTABLISHED)
AFTER_HANDSHAKE = (OUTSIDE, ESTABLISHED)

CSR, SET_CERT, SET_KEY_PAIR_INFO = 1 << 20, 1 << 19, 1 << 29
ENCAPSULATION = ENCAP | MUT_AUTH
"""CAP 1: in 1.2 either of them counts."""
RESPONDER = (
    CERT | CHAL | MEAS_SIG | ENCRYPT | MAC | MUT_AUTH | KEY_EX | PSK_CONTEXT | ENCAP | HBEAT
    | KEY_UPD | CHUNK | SET_CERT | CSR | EP_INFO_SIG | MEL | EVENT | GET_KEY_PAIR_INFO
    | SET_KEY_PAIR_INFO
)  # fmt: skip
REQUESTER = (
    CERT | CHAL | ENCRYPT | MAC | MUT_AUTH | KEY_EX | PSK | ENCAP | HBEAT | KEY_UPD | CHUNK
    | EP_INFO_SIG | EVENT
)  # fmt: skip

SESSION_REQUIRED, UNSPECIFIED, DECRYPT_ERROR, NO_PENDING = 0x0B, 0x05, 0x06, 0x45
HINT = b"who"


@dataclass(frozen=True)
class Fact:
    """One request.

    Attributes:
        code: its RequestResponseCode.
        source: where the sheets speak of it.
        since: the first version that defines it.
        request: a request of that version that is well formed.
        answer: what it gets where it is legal: the code of its response, an ERROR, or several of
            them where the sheets leave that open; perhaps depending on the version.
        places: outside of sessions, or in which.
        home: the state from which it is legal.
        only_home: it is legal in that state alone.
        own: capability bits of which the responder needs one.
        peer: capability bits of which the requester needs one as well.
        off: what a missing capability gets in the place of UnsupportedRequest.
        ext: it needs a flag of ExtFlags.
    """

    code: int
    source: str
    since: int
    request: Callable[[int], bytes]
    answer: object
    places: tuple = AFTER_HANDSHAKE
    home: str = "negotiated"
    only_home: bool = False
    own: int = 0
    peer: int = 0
    off: Refused | None = None
    ext: bool = False

    def expected(self, version, state, place, *, missing):
        """The codes and ERRORs that the sheets allow; the version's, whatever is asked.

        Several faults at once leave open which of them is told: handlers differ (EC 2).
        """
        agreed = STATES.index(state) >= STATES.index("capabilities")
        if not agreed and not self._legal_early(state):
            return [VM_BEFORE, *self._before_a_version()]
        if self.since > version:
            return [uns(self.code)]
        wrong = []
        if place not in self.places:
            wrong.append(session_required(version) if place == OUTSIDE else self._unexpected())
        if missing and agreed:
            wrong.append(self.off or uns(self.code))
        late = self.only_home and state != self.home
        if late or STATES.index(state) < STATES.index(self.home):
            wrong.append(UR)
        if wrong:
            return wrong
        answer = self.answer(version) if callable(self.answer) else self.answer
        return list(answer) if isinstance(answer, tuple) else [answer]

    def _before_a_version(self):
        """EC 1 and 2 have these as well as VersionMismatch."""
        if self.only_home:
            return [Refused(UNEXPECTED, version=V10), UR]
        unknown = self.since > V14
        return [Refused(UNSUPPORTED, data=self.code, version=V10)] if unknown else []

    def _legal_early(self, state):
        return self.home == "nothing" or (self.home == "version" and state == "version")

    def _unexpected(self):
        """EC 1: all that is wrong with GET_VERSION is told with version 1.0."""
        return Refused(UNEXPECTED, version=V10) if self.home == "nothing" else UR


def session_required(version):
    """EC 2 step 5."""
    return Refused(SESSION_REQUIRED if version >= V12 else UNSPECIFIED)


def psk_exchange(version):
    extra, mine = opaque(version), CONTEXT * 4
    sizes = struct.pack("<HHHH", 0x1111, len(HINT), len(mine), len(extra))
    return bytes([version, 0xE6, 0, 0]) + sizes + HINT + mine + extra


def finishing(code):
    """FINISH or PSK_FINISH with an HMAC that is wrong."""

    def request(version):
        return bytes([version, code, 0, 0]) + (bytes(2) if version >= V14 else b"") + bytes(48)

    return request


def bare(code, param1=0, *, rest=b""):
    return lambda version: bytes([version, code, param1, 0]) + rest


def _nothing_pending(version):
    return Refused(NO_PENDING) if version >= V13 else UR


def _csr(version):
    return bytes([version, 0xED, 0, 0]) + bytes(4)


def _set_certificate(version):
    chain = struct.pack("<I", 200) + bytes(196)
    return bytes([version, 0xEE, 0, 0]) + chain


def _set_key_pair(version):
    tail = b"\0" if version >= V14 else b""
    return bytes([version, 0xFD, 0, 0, 1]) + struct.pack("<BHIB", 0, 0, 0, 1) + tail


FACTS = (
    Fact(0x84, "EC 3", V10, lambda _: raw.get_version(), 0x04, (OUTSIDE,), "nothing"),
    Fact(0xE1, "EC 3", V10, lambda v: raw.get_capabilities(v, flags=REQUESTER), 0x61, (OUTSIDE,),
         "version", only_home=True),
    Fact(0xE3, "EC 3", V10, raw.negotiate, 0x63, (OUTSIDE,), "capabilities", only_home=True),
    Fact(0x81, "EC 3", V10, raw.get_digests, 0x01, own=CERT),
    Fact(0x82, "EC 3", V10, raw.get_certificate, 0x02, own=CERT),
    Fact(0x83, "EC 3: in a session, whatever its state", V10, raw.challenge, 0x03, (OUTSIDE,),
         own=CHAL),
    Fact(0xE0, "EC 3", V10, raw.get_measurements, 0x60, own=MEAS_SIG),
    Fact(0xFE, "CO A: legal while HANDSHAKING", V10, raw.vendor_defined, 0x7E, PLACES),
    Fact(0xFF, "EC 3: nothing deferred", V10, lambda v: raw.respond_if_ready(v, 0x83, 1), UR,
         PLACES),
    Fact(0xE4, "EC 3", V11, lambda v: key_exchange(v, share=own_share()[1]), 0x64, (OUTSIDE,),
         own=KEY_EX, peer=KEY_EX),
    Fact(0xE5, "EC 3: in the clear, wrong HMAC, made by PSK_EXCHANGE", V11, finishing(0xE5),
         Refused(DECRYPT_ERROR), (BY_KEY,), own=KEY_EX),
    Fact(0xE6, "EC 3", V11, psk_exchange, 0x66, (OUTSIDE,), own=PSK_CONTEXT, peer=PSK),
    Fact(0xE7, "EC 3", V11, finishing(0xE7), Refused(DECRYPT_ERROR), (BY_PSK,), own=PSK_CONTEXT),
    Fact(0xE8, "EC 3", V11, bare(0xE8), 0x68, (ESTABLISHED,), own=HBEAT, peer=HBEAT),
    Fact(0xE9, "EC 3: VerifyNewKey with nothing pending", V11, bare(0xE9, 3), IR, (ESTABLISHED,),
         own=KEY_UPD, peer=KEY_UPD),
    Fact(0xEC, "EC 3", V11, bare(0xEC), 0x6C, (ESTABLISHED,)),
    Fact(0xEA, "EC 3: nothing pending", V11, bare(0xEA), _nothing_pending, PLACES,
         own=ENCAPSULATION, peer=ENCAPSULATION),
    Fact(0xEB, "EC 3: no id can be right", V11, bare(0xEB, rest=bytes(4)), (UR, IR), PLACES,
         own=ENCAPSULATION, peer=ENCAPSULATION),
    Fact(0x85, "EC 3, MSG 15", V12, lambda v: chunk_send(v, 7, 0, bytes(26), whole=100), 0x05,
         PLACES, "capabilities", own=CHUNK, peer=CHUNK),
    Fact(0x86, "EC 3: nothing pending, and without CHUNK_CAP", V12, lambda v: chunk_get(v, 0, 0),
         UR, PLACES, "capabilities", own=CHUNK, peer=CHUNK, off=UR),
    Fact(0xED, "EC 3, CERT 6", V12, _csr, 0x6D, own=CSR),
    Fact(0xEE, "EC 3, CERT 6", V12, _set_certificate, 0x6E, own=SET_CERT),
    Fact(0x87, "EC 3, MSG 18", V13, get_endpoint_info, 0x07, own=EP_INFO_SIG),
    Fact(0xEF, "EC 3, MSG 20", V13, get_mel, 0x6F, own=MEL),
    Fact(0xE2, "EC 3, MSG 19", V13, bare(0xE2), 0x62, (ESTABLISHED,), own=EVENT),
    Fact(0xF0, "EC 3, MSG 19", V13, bare(0xF0), 0x70, (ESTABLISHED,), own=EVENT),
    Fact(0xF1, "EC 3: malformed, MSG 19", V13, bare(0xF1, rest=bytes(4)), IR, (ESTABLISHED,),
         peer=EVENT),
    Fact(0xFC, "EC 3, MSG 17", V13, bare(0xFC, rest=b"\1"), 0x7C, own=GET_KEY_PAIR_INFO),
    Fact(0xFD, "EC 3, MSG 17", V13, _set_key_pair, 0x7D, own=SET_KEY_PAIR_INFO),
    Fact(0x88, "slot-management.md 5", V14, bare(0x88, rest=bytes(4)), 0x08, ext=True),
)  # fmt: skip
"""Every request that there is."""

UNKNOWN = tuple(
    Fact(code, "EC 2 step 2", 0xFF, bare(code), None, PLACES)
    for code in (0x00, 0x01, 0x05, 0x7F, 0x80, 0x89, 0x8F, 0xDF, 0xF2, 0xFB)
)
"""Codes that no version defines, and codes of responses."""
