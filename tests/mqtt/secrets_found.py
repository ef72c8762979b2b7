"""Secrets of a run, and the search for them in whatever form they might have got out."""

import base64
import json
import re

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from responder.errors import data_root

_KEY = re.compile(rb"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", re.DOTALL)
_LEAST = 8
"""Bytes: of what is shorter something else may look like it."""
_IDE_KM, _KEY_PROG = 0, 2
_IDE_KEY = slice(-40, -8)
"""Of a KEY_PROG message: the key is before the IFV (PCIe 6.30.3.3.3)."""


def forms(secret):
    """A secret as bytes, in hexadecimal, and in base64 wherever it may begin."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        inner = text[4 if shift else 0 : len(text) // 4 * 4 - 4]  # without what neighbours share
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def found(secrets, payloads):
    """Names of those secrets that are in a payload in any form."""
    everything = b"\0".join(payloads)
    assert all(len(secret) >= _LEAST for secret in secrets.values())
    return [
        name
        for name, secret in secrets.items()
        if any(form in everything for form in forms(secret))
    ]


def session_keys(key_log):
    """The keys and IVs of all sessions."""
    lines = [json.loads(line) for line in key_log.read_text().splitlines()]
    return {
        f"{name} {line['connection']} {line['direction']} {line['phase']}": bytes.fromhex(
            line[name]
        )
        for line in lines
        for name in ("key", "iv")
    }


def ide_keys(journal):
    """The keys of IDE streams that a requester programmed, as sent and in the order of AES."""
    found = {}
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        if entry.get("name") != "VENDOR_DEFINED_REQUEST":
            continue
        message = bytes.fromhex(entry["message"])
        if message[11:13] == bytes([_IDE_KM, _KEY_PROG]):
            key = message[_IDE_KEY]
            found[f"IDE key {len(found)} as sent"] = key
            words = [key[at : at + 4][::-1] for at in range(0, len(key), 4)]
            found[f"IDE key {len(found)} of AES"] = b"".join(words)
    return found


def private_keys():
    """What is private in all keys that are shipped."""
    found = {}
    for path in sorted(data_root("certs").rglob("*.pem")):
        for text in _KEY.findall(path.read_bytes()):
            key = load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)
            name = f"private key of {path}"
            if hasattr(key, "private_numbers"):
                numbers = key.private_numbers()
                value = numbers.d if hasattr(numbers, "d") else numbers.private_value
                found[name] = value.to_bytes((value.bit_length() + 7) // 8)
            else:
                found[name] = key.private_bytes_raw()
    return found
