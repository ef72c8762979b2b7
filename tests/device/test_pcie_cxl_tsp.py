"""TSP: every request in every state by every kind of session, then each one's own rules."""

import struct

import pytest
from device.pcie_ide import Session

from responder.core.errors import OutsideError, ProtocolError
from responder.crypto.random_tree import RandomTree
from responder.device.pcie.cxl_tsp import CxlTsp
from responder.device.pcie.cxl_tsp_table import TSP_TABLE
from responder.device.pcie.policies import CxlTspPolicy

UNLOCKED, LOCKED, ERROR = range(3)
INVALID, BUSY, UNSUPPORTED, MISMATCH, NO_PRIVILEGE = 1, 2, 4, 5, 7
BAD_CKID, CONFIGURATION, STATE, ALREADY = 9, 0xA, 0xB, 0xD
HINT = b"SECONDARY_SESSION_0_PSK"
TVM, OS = 1, 2
KEY_POLICY = {"ckids": 4, "range_keys": 2}
RANGE = struct.pack("<QQ", 0x100000, 0x10000)


def short(opcode):
    return bytes([0x10, opcode, 0, 0])


def configuration(
    features=1,
    algorithm=2,
    te=0x16,
    *,
    oob=0,
    extra=0,
    base=0,
    ckids=0,
    lengths=(0,),
    psks=1,
    kind=TVM,
):
    """SET_TARGET_CONFIGURATION; by default as the reference requester sends it."""
    entries = [*lengths, *[0xFF] * (8 - len(lengths))]
    message = bytes([0x10, 0x83]) + struct.pack("<HII", features, algorithm, 0)
    message += struct.pack("<HHII", te, 0, oob, 0) + struct.pack("<HHII", extra, 0, base, ckids)
    message += bytes(12) + b"".join(struct.pack("<QB7x", 0, index) for index in entries)
    message += bytes(16) + struct.pack("<H14xB15x", psks, kind)
    return message + b"".join(bytes([0x50 + number]) * 32 for number in range(4))


def te_state(state=1, ranges=RANGE, count=None):
    count = len(ranges) // 16 if count is None else count
    return bytes([0x10, 0x8D, state, count]) + bytes(12) + ranges


def ckid_key(ckid=2, kind=TVM, validity=3, *, opcode=0x87):
    return short(opcode) + struct.pack("<IB6xB", ckid, kind, validity) + b"\x11" * 32 + b"\x22" * 32


def range_key(number=0, start=0, end=0xFFFF, validity=3, *, opcode=0x8A):
    head = short(opcode) + struct.pack("<IQQ7xB", number, start, end, validity)
    return head + b"\x33" * 64


def clear(opcode, number):
    return short(opcode) + number.to_bytes(4, "little")


BY_CKID = configuration(0xB, base=2, ckids=3)
BY_RANGE = configuration(0x5)
CHECK = short(0x8E)


class Bench:
    """A target, its primary session, a secondary one and one that is neither."""

    def __init__(self, **policy):
        self.outbox = []
        self.tsp = CxlTsp(CxlTspPolicy(**policy), RandomTree(b"seed"), self.outbox)
        self.primary, self.other = Session(), Session()
        self.secondary = Session(psk_hint=HINT)
        self.granted(short(0x81))

    def ask(self, message, session=None):
        return self.tsp.request(message, session or self.primary)

    def refused(self, message, session=None):
        answer = self.ask(message, session)
        assert answer[:4] == bytes([0x10, 0x7F, 0, 0]), answer.hex()
        return struct.unpack("<I", answer[4:8])[0]

    def granted(self, message, session=None):
        answer = self.ask(message, session)
        assert answer[:2] == bytes([0x10, message[1] & 0x7F]), answer.hex()
        return answer[2:]

    def reach(self, state, configured=None):
        self.granted(configured or configuration())
        if state == LOCKED:
            self.granted(short(0x86))
        if state == ERROR:
            self.tsp.fail("a test")
        return self

    @property
    def noticed(self):
        return [effect.what for _, effect in self.outbox]


REQUESTS = {
    0x81: short(0x81),
    0x82: short(0x82),
    0x83: configuration(0xB, base=2, ckids=3),
    0x84: short(0x84),
    0x85: short(0x85) + struct.pack("<HH", 0, 512),
    0x86: short(0x86),
    0x87: ckid_key(),
    0x88: ckid_key(validity=0, opcode=0x88),
    0x89: clear(0x89, 2),
    0x8A: range_key(),
    0x8B: range_key(validity=0, opcode=0x8B),
    0x8C: clear(0x8C, 0),
    0x8D: te_state(),
    0x8E: CHECK,
}
OK = 0
ANYWHERE, MANAGED = (OK, OK, OK), (OK, OK, STATE)
LOCKED_ONLY = (STATE, OK, STATE)
DENIED = (NO_PRIVILEGE,) * 3
EXPECTED = {
    #      the primary session     a secondary one  another
    0x81: (ANYWHERE,               ANYWHERE,        ANYWHERE),
    0x82: (ANYWHERE,               ANYWHERE,        ANYWHERE),
    0x83: ((OK, STATE, STATE),     DENIED,          DENIED),
    0x84: (MANAGED,                MANAGED,         DENIED),
    0x85: (MANAGED,                MANAGED,         DENIED),
    0x86: ((OK, ALREADY, STATE),   DENIED,          DENIED),
    0x87: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x88: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x89: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x8A: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x8B: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x8C: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
    0x8D: (LOCKED_ONLY,            LOCKED_ONLY,     DENIED),
}  # fmt: skip


@pytest.mark.parametrize("state", [UNLOCKED, LOCKED, ERROR], ids=["unlocked", "locked", "error"])
@pytest.mark.parametrize("who", ["primary", "secondary", "other"])
@pytest.mark.parametrize("opcode", EXPECTED, ids=hex)
def test_each_request_in_each_state_by_each_session(opcode, who, state):
    by_range = opcode in (0x8A, 0x8B, 0x8C)
    bench = Bench(**KEY_POLICY).reach(state, BY_RANGE if by_range else BY_CKID)
    expected = EXPECTED[opcode][("primary", "secondary", "other").index(who)][state]
    session = getattr(bench, who)
    if expected:
        assert bench.refused(REQUESTS[opcode], session) == expected
    else:
        bench.granted(REQUESTS[opcode], session)
    after = LOCKED if (opcode, expected) == (0x86, OK) else state
    assert bench.tsp.state == after


def test_the_table_is_complete():
    assert set(EXPECTED) | {0x8E} == {int(opcode) for opcode in TSP_TABLE}


@pytest.mark.parametrize("opcode", REQUESTS, ids=hex)
def test_requests_come_in_sessions_and_as_long_as_they_are(opcode):
    bench = Bench(**KEY_POLICY, delayed=1).reach(LOCKED)
    with pytest.raises(OutsideError):
        bench.tsp.request(REQUESTS[opcode], None)
    for wrong in (REQUESTS[opcode][:-1], REQUESTS[opcode] + b"\0"):
        assert bench.refused(wrong) == INVALID
    assert bench.refused(bytes([0x11]) + REQUESTS[opcode][1:]) == MISMATCH


def test_outside_of_sessions_there_is_no_privilege():
    tsp = CxlTsp(CxlTspPolicy(session_required=False), RandomTree(b"seed"), [])
    assert tsp.request(short(0x81), None)[1] == 0x01
    assert tsp.request(configuration(), None)[4] == NO_PRIVILEGE


@pytest.mark.parametrize("opcode", [0x00, 0x01, 0x7F, 0x80, 0x87, 0x8A, 0x8E, 0x8F, 0xFF], ids=hex)
def test_what_is_not_offered_is_unsupported(opcode):
    answer = Bench().ask(short(opcode))
    assert answer == bytes([0x10, 0x7F, 0, 0]) + struct.pack("<II", UNSUPPORTED, opcode)


@pytest.mark.parametrize("size", [0, 1])
def test_without_a_header_spdm_refuses(size):
    with pytest.raises(ProtocolError):
        Bench().ask(short(0x81)[:size])


def test_versions_and_capabilities_are_those_of_the_captures():
    bench = Bench()
    assert bench.granted(short(0x81)) == bytes([0, 0, 1, 0x10])
    expected = "0100 02000000 0000 0000 1600 0000 00000000 01000000 0300 0000 00000000 01"
    assert bench.granted(short(0x82)) == bytes.fromhex(expected) + bytes(19)


def test_capabilities_follow_the_policy():
    bench = Bench(
        ckids=4, range_keys=2, initiator_entropy=True, secondary_sessions=0, fw_update=False
    )
    body = bench.granted(short(0x82))
    assert struct.unpack_from("<HIH", body) == (0x1F, 2, 2)
    assert struct.unpack_from("<HHIB", body, 22) == (0, 0, 4, 0)
    assert struct.unpack_from("<H", Bench(algorithms=0).granted(short(0x82)))[0] == 0


@pytest.mark.parametrize("wrong", [{"ckids": 1}, {"secondary_sessions": 5}], ids=str)
def test_what_no_target_can_have(wrong):
    with pytest.raises(ValueError, match="ckids is 1, or secondary_sessions"):
        CxlTspPolicy(**wrong)


def test_the_configuration_comes_back_as_it_was_set_with_the_state():
    bench = Bench(**KEY_POLICY)
    bench.granted(configuration(0xB, base=2, ckids=3, extra=3, lengths=(0, 3)))
    body = bench.granted(short(0x84))
    assert body[:34] == configuration(0xB, base=2, ckids=3, extra=1)[2:36]
    assert body[34] == UNLOCKED
    assert body[46:174] == configuration(lengths=(0, 3))[48:176]
    bench.granted(short(0x86))
    assert bench.granted(short(0x84))[34] == LOCKED


WRONG_CONFIGURATIONS = {
    "an algorithm without encryption": configuration(0, 2),
    "CKIDs without encryption": configuration(0xA, 0),
    "two algorithms": configuration(1, 3),
    "an algorithm that is not there": configuration(1, 1),
    "no algorithm": configuration(1, 0),
    "CKIDs that are not required": configuration(0x3),
    "CKIDs that are required and not used": configuration(0x9),
    "CKIDs and ranges": configuration(0xF),
    "too many CKIDs": configuration(0xB, ckids=5),
    "CKIDs from 2000h on": configuration(0xB, base=0x2000, ckids=1),
    "CKIDs up to 2000h": configuration(0xB, base=0x1FFE, ckids=2),
    "TE features that are not there": configuration(te=0x36),
    "read access control alone": configuration(te=0x02),
    "a granularity without its changes": configuration(oob=1),
    "a length index of 8": configuration(lengths=(8,)),
    "a length index twice": configuration(lengths=(1, 1)),
    "a second secondary session": configuration(psks=3),
    "the second secondary session only": configuration(psks=2),
}


@pytest.mark.parametrize("name", WRONG_CONFIGURATIONS)
def test_what_cannot_be_configured(name):
    bench = Bench(**KEY_POLICY)
    assert bench.refused(WRONG_CONFIGURATIONS[name]) == INVALID
    assert bench.granted(short(0x84))[:2] == bytes(2), "nothing was set"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({}, configuration(0xB, ckids=1)),
        ({}, configuration(0x5)),
        ({"te_features": 0x1F, "oob_granularity": 2}, configuration(te=0x08, oob=1)),
        ({"te_features": 0x1F, "oob_granularity": 3}, configuration(te=0x08, oob=3)),
        ({"te_features": 0x3F}, configuration(te=0x20)),
        ({"te_features": 0x3F}, configuration(te=0x01)),
        ({"secondary_sessions": 0}, configuration(psks=1)),
    ],
    ids=str,
)
def test_what_the_target_lacks_cannot_be_configured(policy, message):
    assert Bench(**policy).refused(message) == INVALID


def test_what_the_target_has_can_be_configured():
    bench = Bench(te_features=0x3F, oob_granularity=3, secondary_sessions=4)
    bench.granted(configuration(te=0x29, oob=2, psks=0xF))
    bench.granted(configuration(0, 0, te=0, psks=0))


def test_the_report_says_that_it_holds_nothing():
    bench = Bench().reach(LOCKED)
    ask = short(0x85)
    assert bench.granted(ask + struct.pack("<HH", 0, 512)) == struct.pack("<HHH", 0, 4, 0) + bytes(
        4
    )
    assert bench.granted(ask + struct.pack("<HH", 1, 2)) == struct.pack("<HHH", 0, 2, 1) + bytes(2)
    for offset, length in ((0, 0), (4, 1), (0xFFFF, 0xFFFF)):
        assert bench.refused(ask + struct.pack("<HH", offset, length)) == INVALID


def test_pre_shared_keys_make_secondary_sessions():
    bench = Bench(secondary_sessions=2)
    assert bench.tsp.psk(HINT) is None
    assert bench.refused(short(0x84), bench.secondary) == NO_PRIVILEGE
    bench.granted(configuration(psks=3))
    assert bench.tsp.psk(HINT) == b"\x50" * 32
    assert bench.tsp.psk(b"SECONDARY_SESSION_1_PSK\0") == b"\x51" * 32
    for hint in (b"SECONDARY_SESSION_2_PSK", b"", b"\0", HINT + b"\0\0", HINT.lower()):
        assert bench.tsp.psk(hint) is None
    bench.granted(short(0x84), bench.secondary)
    assert bench.refused(short(0x84), Session(psk_hint=b"another")) == NO_PRIVILEGE
    bench.granted(configuration(psks=0))
    assert bench.tsp.psk(HINT) is None


def test_a_secondary_session_never_becomes_the_primary_one():
    bench = Bench().reach(UNLOCKED)
    bench.tsp.session_ended(bench.primary)
    bench.granted(short(0x81), bench.secondary)
    assert bench.refused(short(0x86), bench.secondary) == NO_PRIVILEGE
    bench.granted(short(0x81), bench.other)
    bench.granted(short(0x86), bench.other)


def test_whoever_asks_for_the_version_first_is_primary():
    bench = Bench()
    bench.granted(short(0x81), bench.other)
    assert bench.refused(configuration(), bench.other) == NO_PRIVILEGE
    assert bench.refused(configuration(), Session(bench.primary.session_id)) == NO_PRIVILEGE


@pytest.mark.parametrize(
    ("session_end", "state"), [("keep", LOCKED), ("unlock", UNLOCKED), ("error", ERROR)]
)
def test_what_the_end_of_the_primary_session_does(session_end, state):
    bench = Bench(session_end=session_end, **KEY_POLICY).reach(LOCKED, BY_CKID)
    bench.granted(ckid_key())
    bench.tsp.session_ended(bench.other)
    assert bench.tsp.state == LOCKED
    bench.tsp.session_ended(bench.primary)
    assert bench.tsp.state == state
    bench.granted(short(0x81), bench.other)
    if session_end == "unlock":
        assert (bench.tsp.keys.ckids, bench.tsp.psk(HINT)) == ({}, None)
        bench.granted(configuration(), bench.other)
    elif session_end == "keep":
        assert bench.refused(short(0x84), bench.other) == NO_PRIVILEGE, "until a reset"
        bench.granted(short(0x84), bench.secondary)
    bench.tsp.reset()
    bench.granted(short(0x81), bench.other)
    bench.granted(configuration(), bench.other)


def test_a_reset_forgets_everything():
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_CKID)
    bench.granted(ckid_key())
    bench.tsp.fail("a test")
    bench.tsp.reset()
    assert (bench.tsp.state, bench.tsp.keys.ckids, bench.tsp.psk(HINT)) == (UNLOCKED, {}, None)


@pytest.mark.parametrize(
    "message",
    [
        te_state(ranges=b""),
        te_state(ranges=RANGE * 33),
        te_state(count=2),
        te_state(state=2),
        te_state(ranges=struct.pack("<QQ", 0x1000, 0)),
        te_state(ranges=struct.pack("<QQ", 0xFFFF_FFFF_FFFF_F000, 0x1001)),
    ],
    ids=["none", "33", "one that is missing", "state 2", "empty", "past the end"],
)
def test_te_states_of_what_is_no_range(message):
    assert Bench().reach(LOCKED).refused(message) == INVALID


def test_te_states_are_set_where_that_is_enabled():
    bench = Bench().reach(LOCKED)
    bench.granted(te_state(ranges=RANGE * 32))
    assert bench.noticed[-1] == "tsp-te-state"
    assert Bench().reach(LOCKED, configuration(te=0)).refused(te_state()) == CONFIGURATION


def test_keys_by_ckid():
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_CKID)
    for ckid in (1, 5, 0xFFFFFFFF):
        assert bench.refused(ckid_key(ckid)) == BAD_CKID
        assert bench.refused(clear(0x89, ckid)) == BAD_CKID
    for wrong in (ckid_key(kind=0), ckid_key(kind=3), ckid_key(validity=2), ckid_key(validity=0)):
        assert bench.refused(wrong) == INVALID
    bench.granted(ckid_key(2))
    bench.granted(ckid_key(4, OS))
    bench.granted(ckid_key(3, 1, 0, opcode=0x88))
    held = bench.tsp.keys.ckids
    assert {ckid: int(key.kind) for ckid, key in held.items()} == {2: TVM, 4: OS, 3: TVM}
    assert held[2].fingerprint == held[4].fingerprint != held[3].fingerprint
    bench.granted(clear(0x89, 2))
    bench.granted(clear(0x89, 2))
    assert set(held) == {3, 4}


def test_keys_need_the_encryption_that_they_are_for():
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_RANGE)
    assert bench.refused(ckid_key()) == CONFIGURATION
    assert bench.refused(clear(0x89, 2)) == CONFIGURATION
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_CKID)
    assert bench.refused(range_key()) == CONFIGURATION
    assert bench.refused(clear(0x8C, 0)) == CONFIGURATION


def test_a_secondary_session_manages_ckids_of_its_type():
    configured = configuration(0xB, base=2, ckids=3, kind=OS)
    bench = Bench(**KEY_POLICY).reach(LOCKED, configured)
    assert bench.refused(ckid_key(2, TVM), bench.secondary) == NO_PRIVILEGE
    bench.granted(ckid_key(2, OS), bench.secondary)
    bench.granted(ckid_key(3, TVM))
    assert bench.refused(clear(0x89, 3), bench.secondary) == NO_PRIVILEGE
    bench.granted(clear(0x89, 2), bench.secondary)
    assert bench.refused(ckid_key(4, 1, 0, opcode=0x88), bench.secondary) == NO_PRIVILEGE
    bench.granted(ckid_key(4, 0, 0, opcode=0x88), bench.secondary)


def test_random_keys_differ_and_take_entropy_where_they_may():
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_CKID)
    assert bench.refused(ckid_key(2, 1, 1, opcode=0x88)) == INVALID
    bench.granted(ckid_key(2, 1, 0, opcode=0x88))
    bench.granted(ckid_key(3, 1, 0, opcode=0x88))
    held = bench.tsp.keys.ckids
    assert held[2].fingerprint != held[3].fingerprint
    bench = Bench(**KEY_POLICY, initiator_entropy=True).reach(LOCKED, BY_CKID)
    bench.granted(ckid_key(2, 1, 1, opcode=0x88))
    assert bench.tsp.keys.ckids[2].fingerprint != held[2].fingerprint


def test_keys_by_range():
    bench = Bench(**KEY_POLICY).reach(LOCKED, BY_RANGE)
    for wrong in (range_key(2), range_key(start=2, end=1), range_key(validity=2)):
        assert bench.refused(wrong) == INVALID
    bench.granted(range_key(0, 0, 0xFFFF))
    assert bench.refused(range_key(1, 0xFFFF, 0x1FFFF)) == INVALID, "it overlaps"
    bench.granted(range_key(1, 0x10000, 0x1FFFF, 0, opcode=0x8B))
    bench.granted(range_key(0, 0, 0x7FFF))
    assert {number: (key.start, key.end) for number, key in bench.tsp.keys.ranges.items()} == {
        0: (0, 0x7FFF), 1: (0x10000, 0x1FFFF)
    }  # fmt: skip
    bench.granted(clear(0x8C, 0))
    assert set(bench.tsp.keys.ranges) == {1}
    assert bench.refused(clear(0x8C, 2)) == INVALID


SLOW = {
    "TE state": (te_state(), BY_CKID),
    "a CKID's key": (ckid_key(), BY_CKID),
    "a range's key": (range_key(), BY_RANGE),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("delayed", [1, 3])
def test_slow_requests_are_done_when_they_are_asked_for_again(name, delayed):
    message, configured = SLOW[name]
    bench = Bench(**KEY_POLICY, delayed=delayed, delay_time=77).reach(LOCKED, configured)
    told = bytes([0x10, 0x7E, 0, 0]) + struct.pack("<I", 77)
    assert bench.ask(message) == told
    for _ in range(delayed - 1):
        assert bench.ask(CHECK) == told
    keys = bench.tsp.keys
    done = len(keys.ckids) + len(keys.ranges) + bench.noticed.count("tsp-te-state")
    assert done == 0
    assert bench.granted(CHECK) == bytes(2)
    assert len(keys.ckids) + len(keys.ranges) + bench.noticed.count("tsp-te-state") == 1
    assert bench.refused(CHECK) == INVALID


def test_while_something_is_not_done_the_target_is_busy():
    bench = Bench(delayed=1).reach(LOCKED)
    bench.ask(te_state())
    assert bench.refused(te_state()) == BUSY
    assert bench.refused(short(0x84), bench.secondary) == BUSY
    assert bench.refused(CHECK, bench.secondary) == INVALID, "it is another's"
    bench.granted(short(0x82))
    bench.granted(CHECK)
    bench.ask(te_state())


def test_what_is_wrong_is_told_at_once():
    bench = Bench(delayed=1).reach(LOCKED)
    assert bench.refused(te_state(state=2)) == INVALID
    assert bench.refused(CHECK) == INVALID


@pytest.mark.parametrize("ends", ["session", "error"])
def test_nobody_waits_after_an_end(ends):
    bench = Bench(delayed=1).reach(LOCKED)
    waits = bench.secondary if ends == "session" else bench.primary
    bench.ask(te_state(), waits)
    if ends == "session":
        bench.tsp.session_ended(waits)
    else:
        bench.tsp.fail("a test")
    assert bench.refused(CHECK, bench.primary) == INVALID
    assert "tsp-te-state" not in bench.noticed
