"""Ground truth: the keys of every captured session follow from its secret and transcript hashes."""

from captures.loader import recordings

from responder.requester.key_schedule import KeySchedule, Traffic, bin_concat
from responder.spec.algorithms import AEADS, BASE_HASHES, by_bit

SHA_384 = by_bit(BASE_HASHES, 2)
AES_256 = by_bit(AEADS, 2)


def events(name):
    for run in recordings():
        yield from (event for event in run.secrets["responder"] if event["event"] == name)


def value(event, name):
    return bytes.fromhex(event[name])


def schedule_of(event):
    return KeySchedule(
        event["spdm_version"] >> 8,
        by_bit(BASE_HASHES, event["base_hash_algo"]),
        by_bit(AEADS, event["aead_cipher_suite"]),
    )


def recorded(event, side, phase):
    secret = value(event, f"{side}_{phase}_secret")
    key = value(event, f"{side}_{phase}_encryption_key")
    return Traffic(secret, key, value(event, f"{side}_{phase}_salt"))


def test_keys_of_every_captured_handshake_with_certificates():
    checked = 0
    for event in events("handshake_key"):
        if event["use_psk"]:
            continue
        schedule = schedule_of(event)
        salt = schedule.salt_0(psk=False)
        keys = schedule.handshake(salt, value(event, "shared_secret"), value(event, "th1_hash"))
        assert keys.secret == value(event, "handshake_secret")
        assert keys.request == recorded(event, "request", "handshake")
        assert keys.response == recorded(event, "response", "handshake")
        assert keys.request_finished == value(event, "request_finished_key")
        assert keys.response_finished == value(event, "response_finished_key")
        checked += 1
    assert checked == 257


def test_the_salt_of_a_psk_changes_with_1_3():
    salts = {v: KeySchedule(v, SHA_384, AES_256).salt_0(psk=True) for v in (0x11, 0x12, 0x13, 0x14)}
    assert salts == {0x11: bytes(48), 0x12: bytes(48), 0x13: b"\xff" * 48, 0x14: b"\xff" * 48}
    assert KeySchedule(0x14, SHA_384, AES_256).salt_0(psk=False) == bytes(48)


def test_keys_of_a_captured_established_session_and_its_updates():
    run = next(run for run in recordings() if run.name == "v12-mctp-p384-dhe-nomut")
    log = run.secrets["responder"]
    handshake, data, request, response = (
        next(event for event in log if event["event"] == name)
        for name in ("handshake_key", "data_key", "key_update_request", "key_update_response")
    )
    schedule = schedule_of(handshake)
    keys = schedule.application(value(handshake, "handshake_secret"), value(data, "th2_hash"))
    assert keys.master_secret == value(data, "master_secret")
    assert keys.request == recorded(data, "request", "data")
    assert keys.response == recorded(data, "response", "data")
    assert keys.export_master == value(data, "export_master_secret")
    assert schedule.updated(keys.request) == recorded(request, "request", "data")
    assert schedule.updated(keys.response) == recorded(response, "response", "data")


def test_a_label_is_length_version_and_words():
    assert bin_concat(0x0130, 0x12, "key", b"\xaa") == b"\x30\x01spdm1.2 key\xaa"


def test_secrets_are_not_shown():
    assert "736563726574" not in repr(Traffic(b"secret", b"secret", b"secret"))
    assert "secret'" not in repr(Traffic(b"secret", b"secret", b"secret"))
