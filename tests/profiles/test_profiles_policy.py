"""Bits of DSP0274's tables, written as numbers here."""

import pytest

from responder.profiles.load import load_profile
from responder.spec.flags import Cap, ExtCap

DELAY = "[timing.ready_after]\n"


def test_default_profile_offers_everything_in_the_order_of_preference():
    policy = load_profile("default").policy
    assert list(policy.versions) == [0x10, 0x11, 0x12, 0x13, 0x14]
    assert policy.flags == Cap.CERT | Cap.CHAL | Cap.MEAS_SIG | Cap.MEAS_FRESH
    assert (policy.data_transfer_size, policy.max_spdm_msg_size) == (0x1200, 0x1200)
    offered = policy.algorithms
    assert [bit.bit_length() - 1 for bit in offered.base_asym] == [8, 7, 4, 6, 3, 1, 5, 2, 0, 10]
    assert [bit.bit_length() - 1 for bit in offered.base_hash] == [2, 1, 0, 5, 4, 3]
    assert [bit.bit_length() - 1 for bit in offered.measurement_hash] == [3, 2, 1, 6, 5, 4]
    assert list(offered.opaque_formats) == [2, 1]
    assert offered.measurement_specification == 1
    assert offered.tables == {}


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("rsassa-2048", 0),
        ("rsapss-2048", 1),
        ("rsassa-3072", 2),
        ("rsapss-3072", 3),
        ("ecdsa-p256", 4),
        ("rsassa-4096", 5),
        ("rsapss-4096", 6),
        ("ecdsa-p384", 7),
        ("ecdsa-p521", 8),
        ("ed25519", 10),
    ],
)
def test_profile_of_an_algorithm_offers_it_alone(name, bit):
    assert list(load_profile(name).policy.algorithms.base_asym) == [1 << bit]


def test_qemu_profile_fits_qemu_and_linux():
    profile = load_profile("qemu-nvme")
    linux_asks = 0x1B5
    largest_object, doe_header = 4608, 8
    assert list(profile.policy.versions) == [0x10, 0x11, 0x12, 0x13]
    assert profile.policy.data_transfer_size <= largest_object - doe_header
    assert profile.policy.max_spdm_msg_size == profile.policy.data_transfer_size
    assert sum(profile.policy.algorithms.base_asym) & linux_asks
    assert profile.device.supported_slot_mask() == 1
    subject = b"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
    for credential in profile.device.slot(0).credentials:
        assert subject in credential.identity.chain[-1]


def test_minimal_profile_is_minimal():
    profile = load_profile("minimal-1.0")
    assert list(profile.policy.versions) == [0x10]
    assert profile.policy.flags == Cap.CERT | Cap.CHAL | Cap.MEAS_NO_SIG
    assert list(profile.policy.algorithms.base_asym) == [1 << 4]


def test_every_table_goes_under_its_algtype(write, head):
    tables = """
dhe = ["SECP384R1", "FFDHE2048"]
aead = ["AES-256-GCM"]
req_base_asym = ["RSAPSS-3072"]
key_schedule = ["SPDM"]
req_pqc_asym = ["ML-DSA-65"]
kem = ["ML-KEM-768"]
mel_specification = ["DMTF"]
measurement_specification = []
measurement_hash = ["RAW-BIT-STREAM", "SHA-384"]
opaque_formats = [0]
multi_key = true
"""
    policy = load_profile(write(head.replace("[[slot]]", f"{tables}\n[[slot]]"))).policy.algorithms
    assert policy.tables == {2: (16, 1), 3: (2,), 4: (8,), 5: (1,), 6: (2,), 7: (2,)}
    assert (policy.mel_specification, policy.measurement_specification) == (1, 0)
    assert (list(policy.measurement_hash), list(policy.opaque_formats)) == ([1, 4], [1])
    assert policy.multi_key is True


def test_extflags_and_delays(write, head):
    text = head.replace("[algorithms]", 'ext_capabilities = ["SLOT_MGMT"]\n[algorithms]')
    text += "[timing.ready_after]\nCHALLENGE = 5\nget_measurements = 7\n"
    policy = load_profile(write(text)).policy
    assert policy.ext_flags == ExtCap.SLOT_MGMT
    assert policy.timing.ready_after == {0x83: 5, 0xE0: 7}
    assert (policy.timing.busy, policy.timing.rdtm) == (False, 2)


def test_how_long_requests_take(write, head):
    text = head + "[timing]\nbusy = true\nrdtm = 9\nforget_late = true\ntakes = { CHALLENGE = 5 }\n"
    timing = load_profile(write(text)).policy.timing
    assert (timing.takes, timing.ready_after) == ({0x83: 5}, {})
    assert (timing.busy, timing.rdtm, timing.forget_late) == (True, 9, True)


def test_a_request_is_put_off_always_or_only_if_it_takes_too_long(refused, head):
    text = head + "[timing]\ntakes = { CHALLENGE = 5 }\nready_after = { CHALLENGE = 5 }\n"
    line, reason, _ = refused(text)
    assert line == head.count("\n") + 2
    assert "always put off" in reason


@pytest.mark.parametrize(
    ("change", "line", "reason", "suggestion"),
    [
        (('"1.2"', ""), 2, "at least one SPDM version", ""),
        (('"1.2"', '"1.2.0"'), 2, "unknown SPDM version '1.2.0'", "1.2"),
        (('"CHAL"', '"CHALL"'), 3, "unknown capability 'CHALL'", "CHAL"),
        (('"CHAL"', '"CHAL", "CERT"'), 3, "'CERT' is there twice", ""),
        (("ECDSA-P384", "ECDSA_P384"), 6, "unknown signature algorithm", "ECDSA-P384"),
        (("ECDSA-P384", "SM2-P256"), 6, "SM2-P256 is not offered: cryptography has no SM2", ""),
        (("ECDSA-P384", "ed448"), 6, "ed448 is not offered: cryptography signs", ""),
        (("[[slot]]", 'dhe = ["SM2-P256"]\n[[slot]]'), 9, "cryptography has no SM2", ""),
        (("[[slot]]", 'kem = ["ML-KEM-512"]\n[[slot]]'), 9, "cryptography has no ML-KEM-512", ""),
        (("[[slot]]", 'pqc_asym = ["SLH-DSA-SHA2-128s"]\n[[slot]]'), 9, "no SLH-DSA", ""),
        (("[[slot]]", 'req_pqc_asym = ["SLH-DSA-SHAKE-256f"]\n[[slot]]'), 9, "no SLH-DSA", ""),
        (("[[slot]]", 'req_base_asym = ["SM2-P256"]\n[[slot]]'), 9, "cryptography has no SM2", ""),
        (("[[slot]]", 'pqc_asym = ["ML-DSA65"]\n[[slot]]'), 9, "unknown post-q", "ML-DSA-65"),
        (("SHA-384", "SHA348"), 7, "unknown hash", "SHA-384"),
        (("[[slot]]", 'dhe = ["SECP384"]\n[[slot]]'), 9, "unknown dhe algorithm", "SECP384R1"),
        (("[[slot]]", f"{DELAY}CHALENGE=1\n[[slot]]"), 10, "unknown request", "CHALLENGE"),
        (("[[slot]]", f"{DELAY}GET_VERSION=1\n[[slot]]"), 10, "never answered", ""),
        (("[[slot]]", f"{DELAY}CHUNK_GET=1\n[[slot]]"), 10, "never answered", ""),
        (("[[slot]]", "[timing.takes]\nGET_VERSION=1\n[[slot]]"), 10, "never answered", ""),
    ],
)
def test_words_that_are_wrong(refused, head, change, line, reason, suggestion):
    where, why, hint = refused(head.replace(*change))
    assert (where, hint) == (line, suggestion)
    assert reason in why
