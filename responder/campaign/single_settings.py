"""The conversations without sessions that a single fault needs; data only."""

from dataclasses import replace

from responder.campaign.message_settings import (
    ATTESTATION,
    KEY_PAIRS,
    MUTUAL_FLAGS,
    PLAIN_FLAGS,
    PROVISIONING,
    SESSION,
    asks,
    device,
)
from responder.campaign.setting import OPTIONS, Setting
from responder.requester.options import VendorRequest
from responder.spec.flags import Cap
from responder.spec.limits import MIN_DATA_TRANSFER_SIZE
from responder.spec.registries import KeyUsage, StandardId

_CBOR_TAGS = ("c1", "d9d9f7", "dad9d9f7d9", "dbd9d9f7d9d9f7d9d9")
"""Vendors' ids of odd lengths: 1, 3, 5 and 9 bytes (RFC 8949 section 3.4)."""
_HUGE, _CHUNKS = 1 << 24, 66_000
"""Bytes of a message that takes more than 65,536 chunks, and exchanges for all of them."""
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
)
