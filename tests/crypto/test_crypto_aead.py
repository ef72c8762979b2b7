"""Ground truth: captured records of an independent implementation, and RFC 8998."""

import pytest

from responder.crypto.aead import AeadError, seal, unseal
from responder.spec.algorithms import AEADS, by_name

HEADER_SIZE = 8
RECORDS = [
    pytest.param(
        "AES-256-GCM",
        "e3fd993eb4495fd1942eef29eaa6f5c39c18e971a34b095a8b29df082322c365",
        "2494f3d01b6590c1b6f89a1a",
        "ffffffff00002f00da35f8eb50ee58d1d79bb6666bd321c5b9567403006952b0"
        "e4c3f025f8e783c574d27b24685855d1420e7c51fe9465",
        "01800002",
        id="v12-mctp-p384-app",
    ),
    pytest.param(
        "AES-128-GCM",
        "df08d2f216de06406e740bef7e3c77d4",
        "015b13775f6bb79d0ccfa200",
        "ffffffff0000230073b80a56b28ace89be14d91c967243d2c865a519dedfad7c15ae519cba92f9cb6f40ec",
        "0512e80000",
        id="v12-mctp-p384-aes128",
    ),
    pytest.param(
        "CHACHA20-POLY1305",
        "e7796a672c0bee9e4d4a7c2565a667143191227d7a45771f2e280c1279b1c725",
        "67143ca7afb994e00d592b83",
        "ffffffff00001e00d908f577c1f85d2a997ca7d2779aaf2cc748746cf6d7b91ba46480dc8b23",
        "0512e80000",
        id="v12-mctp-p384-chacha",
    ),
]
AUTHENTICATED_ONLY = (
    "cb7aa98316773769e8fe8927a756aae530bfb79ebbaac042ef65446f44c08025",
    "4e57aac3f9cecca501bb5bb2",
    "ffffffff000015000512e80000",
    "3622f774e303587606a6b13af564e7b7",
)
"""v12-mctp-p384-dhe-maconly: key, salt, header and message, tag."""


@pytest.mark.parametrize(("aead", "key", "salt", "record", "message"), RECORDS)
def test_captured_records_open_and_are_sealed_again(aead, key, salt, record, message):
    row, key, iv = by_name(AEADS, aead), bytes.fromhex(key), bytes.fromhex(salt)
    header, sealed = bytes.fromhex(record)[:HEADER_SIZE], bytes.fromhex(record)[HEADER_SIZE:]
    plaintext = unseal(row, key, iv, sealed, header)
    size = int.from_bytes(plaintext[:2], "little")
    assert plaintext[2 : 2 + size].hex() == message
    assert seal(row, key, iv, plaintext, header) == sealed


def test_a_captured_record_without_encryption():
    key, salt, associated, tag = (bytes.fromhex(part) for part in AUTHENTICATED_ONLY)
    aes_256 = by_name(AEADS, "AES-256-GCM")
    assert unseal(aes_256, key, salt, tag, associated) == b""
    assert seal(aes_256, key, salt, b"", associated) == tag


def test_sm4_gcm_as_rfc_8998_appendix_a_1():
    sm4 = by_name(AEADS, "SM4-GCM")
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    iv = bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plaintext = b"".join(bytes([0x11 * digit]) * 8 for digit in b"\x0a\x0b\x0c\x0d\x0e\x0f\x0e\x0a")
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert seal(sm4, key, iv, plaintext, associated) == sealed
    assert unseal(sm4, key, iv, sealed, associated) == plaintext


@pytest.mark.parametrize("aead", AEADS, ids=lambda row: row.name)
@pytest.mark.parametrize("spoilt", ["key", "iv", "ciphertext", "tag", "associated", "cut"])
def test_what_was_changed_does_not_open(aead, spoilt):
    key, iv, associated = bytes(aead.key_size), bytes(12), b"header"
    sealed = seal(aead, key, iv, b"message", associated)
    if spoilt == "key":
        key = b"\x01" + key[1:]
    elif spoilt == "iv":
        iv = iv[:-1] + b"\x01"
    elif spoilt == "ciphertext":
        sealed = bytes([sealed[0] ^ 1]) + sealed[1:]
    elif spoilt == "tag":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 0x80])
    elif spoilt == "associated":
        associated += b"\0"
    else:
        sealed = sealed[:15]
    with pytest.raises(AeadError):
        unseal(aead, key, iv, sealed, associated)


@pytest.mark.parametrize("aead", AEADS, ids=lambda row: row.name)
def test_a_key_of_another_size_is_no_key(aead):
    with pytest.raises(AeadError, match="a key of 24 bytes"):
        seal(aead, bytes(24), bytes(12), b"", b"")
    with pytest.raises(AeadError, match="a key of 24 bytes"):
        unseal(aead, bytes(24), bytes(12), bytes(16), b"")
