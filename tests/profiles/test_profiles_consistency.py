"""Capability rules as the specification has them for responders, and what else must agree.

The rows of RULES are the list of what a requester checks in CAPABILITIES, not the code's table.
"""

import pytest

from responder.core.interfaces import AlgorithmPolicy, ResponderPolicy
from responder.errors import ConfigError
from responder.profiles.consistency import contradictions
from responder.profiles.load import list_profiles, load_profile
from responder.spec.flags import Cap
from responder.spec.versions import V10, V11, V12, V13, V14

ALGORITHMS = AlgorithmPolicy(base_asym=(1 << 7,), base_hash=(1 << 1,), measurement_hash=(1 << 2,))
KEY_PAIRS = "CERT CHAL GET_KEY_PAIR_INFO"

RULES = [
    # flags, versions in which they are refused, versions in which they are not
    ("PSK PSK_WITH_CONTEXT MAC ENCRYPT", [V11, V12, V13, V14], [V10]),
    ("CERT CHAL MEAS_NO_SIG MEAS_SIG", [V10, V11, V12, V13, V14], []),
    ("CERT CHAL EP_INFO_NO_SIG EP_INFO_SIG", [V13, V14], [V10, V11, V12]),
    (f"{KEY_PAIRS} MULTI_KEY_ONLY MULTI_KEY_NEG", [V13, V14], [V10, V11, V12]),
    ("CERT CHAL MEAS_FRESH", [V10, V11, V12, V13, V14], []),
    ("CERT CHAL MEAS_NO_SIG MEAS_FRESH", [], [V10, V11, V12, V13, V14]),
    ("CERT", [V10, V11, V12, V13, V14], []),
    ("CERT MEAS_NO_SIG", [V10, V11, V12, V13, V14], []),
    ("CHAL", [V10, V11, V12, V13, V14], []),
    ("CERT MEAS_SIG", [], [V10, V11, V12, V13, V14]),
    ("MEAS_SIG", [V10, V11, V12, V13, V14], []),
    ("MEAS_NO_SIG", [], [V10, V11, V12, V13, V14]),
    ("CERT KEY_EX", [V10, V11, V12, V13, V14], []),
    ("CERT CHAL KEY_EX MAC", [], [V10, V11, V12, V13, V14]),
    ("CERT CHAL KEY_EX ENCRYPT", [], [V10, V11, V12, V13, V14]),
    ("PSK", [V11, V12, V13, V14], [V10]),
    ("PSK_WITH_CONTEXT ENCRYPT MAC", [], [V10, V11, V12, V13, V14]),
    ("CERT CHAL MAC", [V11, V12, V13, V14], [V10]),
    ("CERT CHAL HBEAT", [V11, V12, V13, V14], [V10]),
    ("CERT CHAL EVENT", [V13, V14], [V10, V11, V12]),
    ("PSK MAC HANDSHAKE_IN_THE_CLEAR", [V11, V12, V13, V14], [V10]),
    ("PSK MAC CERT CHAL KEY_EX HANDSHAKE_IN_THE_CLEAR", [], [V10, V11, V12, V13, V14]),
    ("CERT CHAL PUB_KEY_ID", [V11, V12, V13, V14], [V10]),
    ("PUB_KEY_ID", [V11, V12, V13, V14], [V10]),
    ("PUB_KEY_ID CHAL", [V10], [V11, V12, V13, V14]),
    ("CERT EP_INFO_SIG", [V10, V11, V12], [V13, V14]),
    ("EP_INFO_SIG", [V13, V14], [V10, V11, V12]),
    ("CERT CHAL MUT_AUTH", [V11], [V10, V12, V13, V14]),
    ("CERT CHAL MUT_AUTH ENCAP", [], [V10, V11, V12, V13, V14]),
    ("CERT MEAS_SIG MUT_AUTH ENCAP", [V11, V12, V13, V14], [V10]),
    ("CERT CHAL MULTI_KEY_NEG", [V13, V14], [V10, V11, V12]),
    (f"{KEY_PAIRS} MULTI_KEY_NEG", [], [V10, V11, V12, V13, V14]),
    ("PUB_KEY_ID CHAL GET_KEY_PAIR_INFO", [V10, V13, V14], [V11, V12]),
    ("ALIAS_CERT", [V12, V13, V14], [V10, V11]),
    ("SET_CERT", [V12, V13, V14], [V10, V11]),
    ("CERT CHAL CSR", [V12, V13, V14], [V10, V11]),
    ("CERT CHAL SET_CERT CSR CERT_INSTALL_RESET", [], [V10, V11, V12, V13, V14]),
    ("CERT CHAL CERT_INSTALL_RESET", [V12, V13, V14], [V10, V11]),
    ("CERT CHAL SET_KEY_PAIR_RESET", [V14], [V10, V11, V12, V13]),
    ("CERT CHAL SET_KEY_PAIR_INFO SET_KEY_PAIR_RESET", [], [V10, V11, V12, V13, V14]),
]


def policy(flags, versions, **changes):
    value = Cap(0)
    for name in flags.split():
        value |= Cap[name]
    return ResponderPolicy(versions=versions, flags=value, algorithms=ALGORITHMS, **changes)


def reasons(policy):
    """What is wrong apart from slots and keys."""
    found = contradictions(policy, (), public_key=True)
    return [reason for path, reason in found if path[0] == "spdm"]


@pytest.mark.parametrize(("flags", "refused", "accepted"), RULES, ids=[row[0] for row in RULES])
def test_flags_that_a_requester_refuses(flags, refused, accepted):
    assert [version for version in refused if not reasons(policy(flags, [version]))] == []
    assert [version for version in accepted if reasons(policy(flags, [version]))] == []


def test_one_bad_version_is_enough_and_is_named():
    (reason,) = reasons(policy("CERT CHAL EVENT", [V10, V13]))
    assert "SPDM 1.3" in reason


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"data_transfer_size": 41, "max_spdm_msg_size": 41}, "data_transfer_size"),
        ({"data_transfer_size": 100, "max_spdm_msg_size": 99}, "max_spdm_msg_size"),
        ({"data_transfer_size": 100, "max_spdm_msg_size": 101}, "max_spdm_msg_size"),
        ({"transmit_size": 42}, "transmit_size"),
        ({"ct_exponent": 32}, "ct_exponent"),
    ],
)
def test_sizes_that_a_requester_refuses(changes, key):
    found = contradictions(policy("", [V12], **changes), (), public_key=False)
    assert [path for path, _ in found] == [("spdm", key)]


@pytest.mark.parametrize(
    ("flags", "versions", "changes"),
    [
        ("", [V12], {"data_transfer_size": 42, "max_spdm_msg_size": 42, "ct_exponent": 31}),
        ("CHUNK", [V12], {"data_transfer_size": 100, "max_spdm_msg_size": 101}),
        ("CHUNK", [V12], {"transmit_size": 42}),
        ("", [V11], {"data_transfer_size": 1, "max_spdm_msg_size": 2}),
    ],
)
def test_sizes_at_the_limits(flags, versions, changes):
    assert reasons(policy(flags, versions, **changes)) == []


def test_a_transmit_buffer_holds_the_smallest_message():
    (reason,) = reasons(policy("CHUNK", [V12], transmit_size=41))
    assert "at least 42" in reason


CONTRADICTIONS = [
    # what to write instead of what, at which line, why
    ('base_asym = ["ECDSA-P384"]', "base_asym = []", 6, "a signature algorithm is needed"),
    ('base_hash = ["SHA-384"]', "base_hash = []", 7, "a hash is needed"),
    ('"CHAL"', '"CHAL", "MEAS_SIG"', 5, "a measurement hash is needed"),
    ("id = 0", "id = 1", 9, "CERT needs a certificate chain in slot 0"),
    ('set = "device"', "", 9, "CERT needs a certificate chain in slot 0"),
    ('set = "device"', 'set = "generic"\nmodel = "generic"', 12, "slot 0 holds no generic"),
    ('"CERT", "CHAL"', '"PUB_KEY_ID", "CHAL"', 3, "PUB_KEY_ID needs a [public_key]"),
    ('versions = ["1.2"]', 'versions = ["1.1"]\nmax_spdm_msg_size = 1', 0, ""),
    ("id = 0", "id = 0\nmodel = 'alias'", 11, "no ALIAS_CERT and no MULTI_KEY make every"),
    ('"CHAL"', '"CHAL", "ALIAS_CERT"', 9, "every slot's model 'alias'"),
    (
        'versions = ["1.2"]\ncapabilities = ["CERT"',
        'versions = ["1.3"]\ncapabilities = ["MULTI_KEY_ONLY", "GET_KEY_PAIR_INFO", "CERT"',
        9,
        "with MULTI_KEY a slot has a key_pair_id",
    ),
    ('versions = ["1.2"]', 'versions = ["1.2"]\nmax_spdm_msg_size = 1', 3, "is not less"),
]


@pytest.mark.parametrize(("old", "new", "line", "reason"), CONTRADICTIONS)
def test_contradictions_are_refused_unless_the_profile_means_them(
    write, head, old, new, line, reason
):
    text = head.replace(old, new)
    assert text != head
    if reason:
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load_profile(path)
        assert caught.value.where == f"{path}:{line}"
        assert reason in caught.value.reason
        assert "allow_inconsistent" in caught.value.reason
    load_profile(write(text.replace("[spdm]", "[spdm]\nallow_inconsistent = true")))


def test_algorithm_unknown_to_a_version_does_not_serve_it(write, head):
    text = head.replace("ECDSA-P384", "Ed25519").replace('"1.2"', '"1.1", "1.2"')
    with pytest.raises(ConfigError, match=r"a signature algorithm is needed \(SPDM 1\.1"):
        load_profile(write(text))


def test_algorithm_without_a_key_is_found(write, head, tmp_path):
    from responder.pki.sets import identity_path

    identity = identity_path("device", "ecp384", 0)
    text = head.replace('set = "device"', f'identity = "{identity}"')
    assert load_profile(write(text)).device.slot(0).credentials[0].kind == "ecp384"
    path = write(text.replace('["ECDSA-P384"]', '[\n"ECDSA-P384",\n"RSAPSS-2048"]'))
    with pytest.raises(ConfigError, match="RSAPSS-2048 is offered, and no slot") as caught:
        load_profile(path)
    assert caught.value.where == f"{path}:8"


@pytest.mark.parametrize("name", list_profiles())
def test_no_shipped_profile_contradicts_itself(name):
    profile = load_profile(name)
    slots = [slot for slot in map(profile.device.slot, range(8)) if slot]
    public_key = profile.spec.public_key is not None
    assert list(contradictions(profile.policy, slots, public_key=public_key)) == []
