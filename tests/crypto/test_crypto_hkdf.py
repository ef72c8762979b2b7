"""Ground truth: RFC 4231, RFC 5869, and key schedules of an independent implementation."""

import pytest

from responder.crypto.hkdf import expand, extract, hmac
from responder.spec.algorithms import BASE_HASHES, by_name

CAPTURED = {
    "v11-mctp-p256-dhe-nomut": {
        "base_hash": "SHA-256",
        "version": b"spdm1.1 ",
        "shared_secret": "7b73c119f08b24921823573cbfd6894faf9bcf1dc467196bb8b3c3a1795e770d",
        "th1_hash": "1105b3d04457e71466ca5ae989720b76a73242a0c16fa769398cd5373a8acb2e",
        "handshake_secret": "b085c74c6962f6fc7ed5080a574fc390472832415b646fc0d6463a95adebb68a",
        "request_secret": "de5cc878e5efd25c8cd5206a01d957a3ccb808a7e6d1b0edf51cb2eb241074ff",
        "key": "9ecfe3074054c6e7154d1881b9c034bc0e38044a3c45000717da6b656ca94fb6",
        "salt": "568a190ea2ac55c300deae12",
    },
    "v12-mctp-p384-sha3": {
        "base_hash": "SHA3-384",
        "version": b"spdm1.2 ",
        "shared_secret": "7a1c064bc5489faa5579beb66142e731239f0fa13357ee435d120f430b684c08"
        "04bd6e141a019a6dbeb9b4f87045dbf7",
        "th1_hash": "17f22af1b5584727b7ec28b558be3d24a5b41c95080fa2a173f8b83cca3e095e"
        "d2cdd9aa7ef9f1bbe4185daad962a2b8",
        "handshake_secret": "1cb12ed703f0d7601907cc7483de6beb842b37402a1ba1feae60fc2773a7bc2f"
        "1aba26eaee515be0d23113c81281eaa9",
        "request_secret": "4e507d01aa86f46dc9091dbe28bb79f1d50df11f61783ef11ee64a5570e4c2e3"
        "a7fc3065a1b84d8a59dfe444cdbd1988",
        "key": "78d4cb464421afa577c22bd7213bfe8fd907072ae32e1f7d16e5f18fbf9bac51",
        "salt": "4b1a47e54b37be985b267092",
    },
    "v14-mctp-p384-mlkem768": {
        "base_hash": "SHA-384",
        "version": b"spdm1.4 ",
        "shared_secret": "1b45621244dda7ff9c6389644c08555b901343f0f6b5b1ae18db07b144fd78b2",
        "th1_hash": "65ea9d1dce6dac3b319d4a96a86f1ef001712a27fd99db659fa10460651ee41f"
        "97d2035441b77ece1e3327024e5104a4",
        "handshake_secret": "38c517bb90856cc5f7e1e128b6903e895da2c9524c9efa101a7d4bf002d1c313"
        "720c68a3950efcfdddd2852813c8f1ca",
        "request_secret": "2d766825fd4b47a05acc625947d6da9b516b3057b07ce7506e894e99a46c9a1d"
        "679c959081813d6c41e55f1334a1d358",
        "key": "e94de63c6926ce41f09e8f8bea9d9c5285ff9de43d7a1b9d593787b65f03838b",
        "salt": "471ad94ed1f736db648c55c6",
    },
}


def info(size, version, label, context=b""):
    return size.to_bytes(2, "little") + version + label + context


@pytest.mark.parametrize("run", CAPTURED)
def test_captured_key_schedule(run):
    run = CAPTURED[run]
    base_hash, version = by_name(BASE_HASHES, run["base_hash"]), run["version"]
    size, th1 = base_hash.size, bytes.fromhex(run["th1_hash"])
    made = extract(base_hash, bytes(size), bytes.fromhex(run["shared_secret"]))
    assert made.hex() == run["handshake_secret"]
    made = expand(base_hash, made, info(size, version, b"req hs data", th1), size)
    assert made.hex() == run["request_secret"]
    assert expand(base_hash, made, info(32, version, b"key"), 32).hex() == run["key"]
    assert expand(base_hash, made, info(12, version, b"iv"), 12).hex() == run["salt"]


def test_hkdf_of_more_than_one_block_as_rfc_5869_a_1():
    sha_256 = by_name(BASE_HASHES, "SHA-256")
    secret = extract(sha_256, bytes(range(13)), b"\x0b" * 22)
    assert secret.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    assert expand(sha_256, secret, bytes(range(0xF0, 0xFA)), 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hmac_as_rfc_4231_4_3():
    sha_512 = by_name(BASE_HASHES, "SHA-512")
    assert hmac(sha_512, b"Jefe", b"what do ya want for nothing?").hex() == (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )


@pytest.mark.parametrize("base_hash", BASE_HASHES, ids=lambda row: row.name)
def test_every_hash_has_its_size_also_without_a_key(base_hash):
    assert len(hmac(base_hash, b"", b"")) == base_hash.size
    assert len(expand(base_hash, bytes(base_hash.size), b"", 100)) == 100
