"""Capability flags against the table of DSP0274: bit, requester since, responder since."""

import pytest

from responder.spec.flags import REQUESTER_FLAGS, RESPONDER_FLAGS, TWO_BIT_FIELDS, Cap, ExtCap

NEVER = 0xFF
TABLE = [
    (0, "CACHE", NEVER, 0x10),
    (1, "CERT", 0x11, 0x10),
    (2, "CHAL", 0x11, 0x10),
    (3, "MEAS_NO_SIG", NEVER, 0x10),
    (4, "MEAS_SIG", NEVER, 0x10),
    (5, "MEAS_FRESH", NEVER, 0x10),
    (6, "ENCRYPT", 0x11, 0x11),
    (7, "MAC", 0x11, 0x11),
    (8, "MUT_AUTH", 0x11, 0x11),
    (9, "KEY_EX", 0x11, 0x11),
    (10, "PSK", 0x11, 0x11),
    (11, "PSK_WITH_CONTEXT", 0x11, 0x11),
    (12, "ENCAP", 0x11, 0x11),
    (13, "HBEAT", 0x11, 0x11),
    (14, "KEY_UPD", 0x11, 0x11),
    (15, "HANDSHAKE_IN_THE_CLEAR", 0x11, 0x11),
    (16, "PUB_KEY_ID", 0x11, 0x11),
    (17, "CHUNK", 0x12, 0x12),
    (18, "ALIAS_CERT", NEVER, 0x12),
    (19, "SET_CERT", NEVER, 0x12),
    (20, "CSR", NEVER, 0x12),
    (21, "CERT_INSTALL_RESET", NEVER, 0x12),
    (22, "EP_INFO_NO_SIG", 0x13, 0x13),
    (23, "EP_INFO_SIG", 0x13, 0x13),
    (24, "MEL", NEVER, 0x13),
    (25, "EVENT", 0x13, 0x13),
    (26, "MULTI_KEY_ONLY", 0x13, 0x13),
    (27, "MULTI_KEY_NEG", 0x13, 0x13),
    (28, "GET_KEY_PAIR_INFO", NEVER, 0x13),
    (29, "SET_KEY_PAIR_INFO", NEVER, 0x13),
    (30, "SET_KEY_PAIR_RESET", NEVER, 0x14),
    (31, "LARGE_RESP", 0x14, 0x14),
]
VERSIONS = [0x10, 0x11, 0x12, 0x13, 0x14]


@pytest.mark.parametrize(("bit", "name", "requester", "responder"), TABLE, ids=str)
def test_a_flag_has_its_bit_and_appears_with_its_version(bit, name, requester, responder):
    flag = Cap[name]
    assert flag == 1 << bit
    for version in VERSIONS:
        assert bool(REQUESTER_FLAGS[version] & flag) is (version >= requester), hex(version)
        assert bool(RESPONDER_FLAGS[version] & flag) is (version >= responder), hex(version)


def test_the_table_is_complete():
    assert len(TABLE) == len(Cap) == 32
    assert list(REQUESTER_FLAGS) == list(RESPONDER_FLAGS) == VERSIONS


def test_the_two_bit_fields():
    assert {name: int(mask) for name, mask in TWO_BIT_FIELDS.items()} == {
        "MEAS": 0x18,
        "PSK": 0xC00,
        "EP_INFO": 0xC00000,
        "MULTI_KEY": 0xC000000,
    }


def test_ext_flags():
    assert [(flag.name, flag.value) for flag in ExtCap] == [("SLOT_MGMT", 1)]
