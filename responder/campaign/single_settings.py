"""The conversations without sessions that a single fault needs; data only."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from responder.campaign.message_settings import (
    ATTESTATION,
    CLASSES,
    KEY_PAIRS,
    LOG,
    MUTUAL_FLAGS,
    PLAIN_FLAGS,
    PROVISIONING,
    SESSION,
    SMALL,
    asks,
    device,
)
from responder.campaign.setting import OPTIONS, Setting
from responder.requester.options import AttestOptions, VendorRequest
from responder.requester.plan import Plan
from responder.spec.flags import Cap
from responder.spec.limits import MIN_DATA_TRANSFER_SIZE
from responder.spec.registries import KeyUsage, StandardId

_CBOR_TAGS = ("c1", "d9d9f7", "dad9d9f7d9", "dbd9d9f7d9d9f7d9d9")
"""Vendors' ids of odd lengths: 1, 3, 5 and 9 bytes (RFC 8949 section 3.4)."""
_HUGE, _CHUNKS = 1 << 24, 66_000
"""Bytes of a message that takes more than 65,536 chunks, and exchanges for all of them."""
_ECDSA_P256, _SHA_512, _ML_DSA_44 = 0x10, 0x4, 0x1
_ONE_HASH = MappingProxyType(
    {"algorithms": {"base_hash": ["SHA-256"], "measurement_hash": ["SHA-256"]}}
)
_LONG_ENTRY = {
    "measurement": 2,
    "type": "mutable-firmware",
    "fill": {"byte": 1, "size": 6_500},
}
_REQUESTER_INFO = bytes.fromhex(
    "302a0201003021311f301d06035504030c16617320746865207265717565737465722077616e74733000a000"
)
"""SEQUENCE { 0, commonName "as the requester wants", SEQUENCE { }, [0] { } } (RFC 2986)."""


def _vendor_id(tag: str) -> Setting:
    """An attestation whose vendor-defined request names the vendor by a CBOR tag."""
    vendor_id = bytes.fromhex(tag)
    answer = {"standard": "IANA-CBOR", "vendor_id": tag, "echo": True}
    request = VendorRequest(StandardId.IANA_CBOR, vendor_id, b"after an odd id")
    return Setting(
        name=f"vendor-id-{len(vendor_id)}",
        text=f"The vendor's id of the vendor-defined request has {len(vendor_id)} bytes.",
        overrides={"vendor": [answer]},
        options=replace(OPTIONS, vendor=request),
    )


def _offering(**changes: Any) -> AttestOptions:
    """The usual options with another offer."""
    return replace(OPTIONS, offer=replace(OPTIONS.offer, **changes))


SINGLE_SETTINGS = (
    *(_vendor_id(tag) for tag in _CBOR_TAGS),
    Setting(
        name="chunks-past-65536",
        text="Neither side takes more than 42 bytes at once, and both take messages of 16 MiB.",
        overrides=device(
            *ATTESTATION,
            "CHUNK",
            spdm={"data_transfer_size": MIN_DATA_TRANSFER_SIZE, "max_spdm_msg_size": _HUGE},
        ),
        options=replace(
            asks(
                Cap.CHUNK,
                "authenticate",
                "measurements",
                data_transfer_size=MIN_DATA_TRANSFER_SIZE,
                max_message_size=_HUGE,
            ),
            patience=replace(OPTIONS.patience, exchanges=_CHUNKS),
        ),
        limit=_CHUNKS,
    ),
    Setting(
        name="csr-subject",
        text="The requester says which subject the certificate signing request is to have.",
        overrides=device(*PROVISIONING, key_pair=KEY_PAIRS),
        options=replace(
            asks(PLAIN_FLAGS, "authenticate", "challenge", "csr"), csr_info=_REQUESTER_INFO
        ),
    ),
    Setting(
        name="csr-multi-key",
        text="A certificate signing request of a multi-key connection.",
        overrides=device(*PROVISIONING, "MULTI_KEY_ONLY", "GET_KEY_PAIR_INFO", key_pair=KEY_PAIRS),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "csr"),
    ),
    Setting(
        name="mutual-multi-key",
        text="Basic mutual authentication of a multi-key requester; only slot 0 may be challenged.",
        overrides=device(*SESSION, "MUT_AUTH", session={"basic_mutual_auth": True}),
        options=asks(MUTUAL_FLAGS | Cap.MULTI_KEY_ONLY),
        identity=True,
        limited_slots={1: KeyUsage.KEY_EX | KeyUsage.ENDPOINT_INFO},
    ),
    Setting(
        name="one-algorithm",
        text="The requester offers ECDSA-P256 and SHA-512 alone, and the device has all.",
        profile="default",
        options=_offering(base_asym=_ECDSA_P256, base_hash=_SHA_512),
    ),
    Setting(
        name="one-pqc-algorithm",
        text="The requester offers ML-DSA-44 alone, and the device has all kinds of ML-DSA.",
        profile="post-quantum",
        options=_offering(base_asym=0, pqc_asym=_ML_DSA_44),
    ),
    Setting(
        name="sha-256",
        text="The device has SHA-256 and no other hash.",
        overrides=_ONE_HASH,
    ),
    Setting(
        name="certificate-again",
        text="The chain is read once more before CHALLENGE.",
        options=asks(
            PLAIN_FLAGS, "authenticate", "certificate", "challenge", "measurements", "vendor"
        ),
    ),
    Setting(
        name="chunked-vendor-request",
        text="The device takes no more than 42 bytes at once, and the vendor's request has more.",
        overrides=device(*ATTESTATION, "CHUNK", spdm={**SMALL}),
        options=replace(
            asks(Cap.CHUNK),
            vendor=VendorRequest(StandardId.PCI_SIG, bytes.fromhex("8680"), bytes(range(64))),
        ),
    ),
    Setting(
        name="chunked-responses-1024",
        text="The requester takes no more than 200 bytes at once, and 1024 bytes in all.",
        overrides=device(*ATTESTATION, "CHUNK", spdm={"max_spdm_msg_size": 0x10000}),
        options=asks(Cap.CHUNK, data_transfer_size=200, max_message_size=1024),
    ),
    Setting(
        name="large-chain",
        text="The chain is read with 32-bit lengths.",
        overrides=device(*ATTESTATION, "LARGE_RESP"),
        options=asks(Cap.LARGE_RESP, "authenticate", "challenge"),
    ),
    Setting(
        name="extension-log-long",
        text="The measurement extension log has over 13,000 bytes.",
        overrides=device(
            *ATTESTATION,
            "MEL",
            algorithms={"mel_specification": ["DMTF"]},
            **{**LOG, "log": [_LONG_ENTRY, _LONG_ENTRY]},
        ),
        options=asks(
            PLAIN_FLAGS, "authenticate", "measurements", "extension-log", mel_specification=1
        ),
    ),
    Setting(
        name="endpoint-info-chunked",
        text="The device says what it is, in a message of as many bytes as it likes.",
        overrides=device(
            *ATTESTATION,
            "EP_INFO_SIG",
            "CHUNK",
            device_class=CLASSES,
            spdm={"max_spdm_msg_size": _HUGE},
        ),
        options=asks(Cap.CHUNK, "authenticate", "challenge", "endpoint-info"),
    ),
    Setting(
        name="brief",
        text="An attestation that ends within a thousand exchanges, whatever happens.",
        limit=1_000,
    ),
    Setting(
        name="patient",
        text="The requester waits for as long as it is told to.",
        options=replace(OPTIONS, patience=replace(OPTIONS.patience, wait=1 << 63)),
    ),
    Setting(
        name="multi-key-read-twice",
        text="A multi-key connection in which the chain is read twice.",
        profile="eight-slots",
        options=replace(
            OPTIONS, plan=Plan(("authenticate", "certificate", "challenge", "measurements"))
        ),
    ),
)
