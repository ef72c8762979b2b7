"""The conversations that faults are tried in, by name; data only."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from responder.campaign import scripts
from responder.campaign.cxl_settings import CXL_SETTINGS
from responder.campaign.mailbox_settings import MAILBOX_SETTINGS
from responder.campaign.message_settings import MESSAGE_SETTINGS
from responder.campaign.pcie_settings import PCIE_SETTINGS
from responder.campaign.session_settings import SESSION_SETTINGS
from responder.campaign.setting import OPTIONS, SOCKET_TIMEOUT, Setting
from responder.campaign.single_settings import SINGLE_SETTINGS
from responder.requester.options import VERIFIED_PQC_ASYM, AttestOptions
from responder.requester.plan import Plan
from responder.spec.algorithms import (
    TABLE_AEAD,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
)
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_NONE
from responder.spec.versions import V10, V11, V12, V13, V14

_CAPABILITIES = ("CERT", "CHAL", "MEAS_SIG", "MEAS_FRESH")
_QEMU_NAME = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"
_SESSIONS = {
    "spdm": {
        "capabilities": [*_CAPABILITIES, "KEY_EX", "ENCRYPT", "MAC"],
        "allow_inconsistent": True,
    }
}
_SLOW = {
    "timing": {
        "ready_after": {
            "GET_DIGESTS": 30_000,
            "GET_CERTIFICATE": 30_000,
            "CHALLENGE": 30_000,
            "GET_MEASUREMENTS": 30_000,
        }
    }
}
_PUBLIC_KEY = {
    "spdm": {
        "versions": ["1.2", "1.3", "1.4"],
        "capabilities": ["PUB_KEY_ID", "CHAL", "MEAS_SIG", "MEAS_FRESH"],
    },
    "slot": [],
    "public_key": {"set": "device"},
}
_SOCKET: Mapping[str, Any] = MappingProxyType({"timeout": SOCKET_TIMEOUT, "linger": 0.0})
_DOE = "spdm-emu+doe://127.0.0.1:0"
_MCTP = "spdm-emu+mctp://127.0.0.1:0"
_TCP = "dsp0287://127.0.0.1:0"
_STORAGE = "spdm-emu+storage://127.0.0.1:0"


def _offering(**changes: Any) -> AttestOptions:
    """The usual options with another offer."""
    return replace(OPTIONS, offer=replace(OPTIONS.offer, **changes))


_ALONE = (
    Setting(name="attestation", text="An attestation of SPDM 1.4."),
    Setting(
        name="attestation-1.3",
        text="The same with SPDM 1.3.",
        options=replace(OPTIONS, versions=(V13,)),
    ),
    Setting(
        name="attestation-1.2",
        text="The same with SPDM 1.2.",
        options=replace(OPTIONS, versions=(V12,)),
    ),
    Setting(
        name="attestation-1.1",
        text="The same with SPDM 1.1.",
        options=replace(OPTIONS, versions=(V11,)),
    ),
    Setting(
        name="attestation-1.0",
        text="The same with SPDM 1.0.",
        options=replace(OPTIONS, versions=(V10,)),
    ),
    Setting(
        name="one-by-one",
        text="Measurements are read one by one.",
        options=replace(OPTIONS, measurements="each"),
    ),
    Setting(
        name="multi-key",
        text="A multi-key connection to a device with eight slots.",
        profile="eight-slots",
    ),
    Setting(
        name="multi-key-1.3",
        text="A multi-key connection with SPDM 1.3.",
        profile="eight-slots",
        options=replace(OPTIONS, versions=(V13,)),
    ),
    Setting(
        name="retry",
        text="The device answers ResponseNotReady first, and RESPOND_IF_READY later.",
        overrides=_SLOW,
    ),
    Setting(
        name="two-connections",
        text="Two attestations, each on a transport connection of its own.",
        connections=2,
    ),
    Setting(
        name="two-runs",
        text="Two attestations on one transport connection.",
        runs=2,
    ),
    Setting(name="rsapss", text="The device signs with RSAPSS-2048.", profile="rsapss-2048"),
    Setting(name="rsassa", text="The device signs with RSASSA-2048.", profile="rsassa-2048"),
    Setting(name="ed25519", text="The device signs with Ed25519.", profile="ed25519"),
    Setting(name="ecdsa-p384", text="The device signs with ECDSA-P384.", profile="ecdsa-p384"),
    Setting(name="padded", text="Messages are padded as on DOE.", padding=3),
)
"""Settings that are tried in this order for a fault that names none."""

_ON_SOCKETS = (
    Setting(
        name="socket", text="On a socket of spdm-emu's protocol, MCTP.", listen=_MCTP, **_SOCKET
    ),
    Setting(
        name="socket-doe",
        text="The same on DOE, with the discovery first.",
        listen=_DOE,
        discover=True,
        **_SOCKET,
    ),
    Setting(name="socket-tcp", text="On a TCP connection of DSP0287.", listen=_TCP, **_SOCKET),
    Setting(
        name="socket-hello",
        text="On a socket of spdm-emu's protocol, with its hello first.",
        listen=_MCTP,
        hello=True,
        **_SOCKET,
    ),
    Setting(
        name="two-sockets",
        text="Two connections one after the other on a socket of spdm-emu's protocol.",
        listen=_MCTP,
        connections=2,
        **_SOCKET,
    ),
)
"""The same for faults of frames and connections."""

_BY_NAME = (
    Setting(
        name="session-offer",
        text="Both sides say that they can have sessions and mutual authentication.",
        overrides={
            "spdm": {
                "capabilities": [*_CAPABILITIES, "KEY_EX", "MAC", "ENCRYPT", "MUT_AUTH", "ENCAP"]
            },
            "algorithms": {
                "dhe": ["SECP384R1", "FFDHE2048"],
                "aead": ["AES-256-GCM", "AES-128-GCM"],
                "req_base_asym": ["ECDSA-P384"],
                "key_schedule": ["SPDM"],
            },
        },
        options=_offering(
            flags=Cap.CERT | Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT | Cap.MUT_AUTH | Cap.ENCAP
        ),
    ),
    Setting(
        name="endpoint-info-offer",
        text="The requester says that it signs information about itself.",
        overrides={"algorithms": {"req_base_asym": ["ECDSA-P384"]}},
        options=_offering(flags=Cap.CERT | Cap.EP_INFO_SIG),
    ),
    Setting(
        name="pqc-offer",
        text="The requester offers post-quantum algorithms too.",
        options=_offering(
            pqc_asym=0x3,
            structures={**OPTIONS.offer.structures, TABLE_REQ_PQC_ASYM: 0x3, TABLE_KEM: 0x6},
        ),
    ),
    Setting(
        name="ml-dsa",
        text="The device signs with ML-DSA-44.",
        profile="ml-dsa-44",
        options=_offering(pqc_asym=VERIFIED_PQC_ASYM),
    ),
    Setting(
        name="narrow-offer",
        text="The requester offers one algorithm of each kind; the device can have sessions.",
        overrides={
            "spdm": {"capabilities": [*_CAPABILITIES, "KEY_EX", "MAC", "ENCRYPT"]},
            "algorithms": {
                "dhe": ["SECP384R1"],
                "aead": ["AES-256-GCM"],
                "req_base_asym": ["ECDSA-P384"],
                "key_schedule": ["SPDM"],
            },
        },
        options=_offering(
            base_asym=0x10,
            base_hash=0x4,
            structures={
                TABLE_DHE: 0x10,
                TABLE_AEAD: 0x2,
                TABLE_REQ_BASE_ASYM: 0x80,
                TABLE_KEY_SCHEDULE: 0x1,
            },
        ),
    ),
    Setting(
        name="mel-offer",
        text="The requester offers the specification of a measurement extension log.",
        options=_offering(mel_specification=1),
    ),
    Setting(
        name="no-measurement-specification",
        text="The requester offers no measurement specification, and reads no measurements.",
        options=replace(
            _offering(measurement_specification=0), summary=SUMMARY_NONE, measurements="none"
        ),
    ),
    Setting(
        name="multi-key-only-requester",
        text="The requester wants a multi-key connection.",
        profile="eight-slots",
        options=_offering(flags=Cap.CERT | Cap.CHAL | Cap.MULTI_KEY_ONLY),
    ),
    Setting(
        name="both-opaque-formats",
        text="The requester knows both formats of opaque data.",
        options=_offering(opaque_formats=0x3),
    ),
    Setting(
        name="sm-offer",
        text="The requester offers SM2 and SM3, which it cannot compute.",
        options=_offering(
            base_asym=OPTIONS.offer.base_asym | 0x200, base_hash=OPTIONS.offer.base_hash | 0x40
        ),
    ),
    Setting(
        name="mutual-authentication-required",
        text="The requester wants a device that can authenticate it.",
        overrides={
            "spdm": {
                "capabilities": [*_CAPABILITIES, "MUT_AUTH", "ENCAP"],
                "allow_inconsistent": True,
            }
        },
        options=replace(OPTIONS, required=Cap.MUT_AUTH),
    ),
    Setting(
        name="small-requests",
        text="SPDM 1.2, with a requester none of whose requests has more than 42 bytes.",
        options=replace(_offering(structures={}), versions=(V12,), vendor=None),
    ),
    Setting(
        name="two-connections-1.2",
        text="Two attestations with SPDM 1.2, each on a transport connection of its own.",
        options=replace(OPTIONS, versions=(V12,)),
        connections=2,
    ),
    Setting(
        name="socket-doe-sessions",
        text="On DOE, with a device that says that it can have sessions.",
        overrides=_SESSIONS,
        listen=_DOE,
        discover=True,
        **_SOCKET,
    ),
    Setting(
        name="socket-storage",
        text="On storage commands, with the discovery first.",
        listen=_STORAGE,
        discover=True,
        **_SOCKET,
    ),
    Setting(
        name="resumed",
        text="The device is reset, and a second attestation begins with the state of the first.",
        overrides={"spdm": {"capabilities": [*_CAPABILITIES, "CACHE"]}},
        connections=2,
        attach="sticky",
        resumed=True,
    ),
    Setting(
        name="four-connections",
        text="Four attestations, each on a transport connection of its own.",
        connections=4,
    ),
    Setting(
        name="portions",
        text="The device takes 512 bytes at most, and so its chain is read in portions of 504.",
        overrides={"spdm": {"data_transfer_size": 512}},
    ),
    Setting(
        name="slot-5",
        text="Slot 5 of eight is authenticated.",
        profile="eight-slots",
        options=replace(OPTIONS, slot=5),
    ),
    Setting(
        name="any-slot",
        text="Of eight slots the first one with a valid chain is authenticated.",
        profile="eight-slots",
        options=replace(OPTIONS, slot=None),
    ),
    Setting(
        name="alias",
        text="A device with an alias certificate.",
        profile="ecdsa-p384",
        overrides={
            "spdm": {"capabilities": [*_CAPABILITIES, "ALIAS_CERT"]},
            "slot": [{"id": 0, "set": "alias", "set_slot": 0, "model": "alias"}],
        },
    ),
    Setting(
        name="public-key",
        text="The requester knows the device's public key, and reads no certificates.",
        overrides=_PUBLIC_KEY,
        public_key=True,
    ),
    Setting(
        name="no-summary",
        text="CHALLENGE asks for no summary of the measurements.",
        options=replace(OPTIONS, summary=SUMMARY_NONE),
    ),
    Setting(
        name="resign-twice",
        text="CHALLENGE comes twice on one connection, and so do signed measurements.",
        parts=scripts.SIGNED_TWICE,
    ),
    Setting(
        name="digests-twice",
        text="Digests and certificates are read twice before CHALLENGE.",
        parts=scripts.DIGESTS_TWICE,
    ),
    Setting(
        name="counted-first",
        text="Measurements are counted before CHALLENGE.",
        parts=scripts.COUNTED_FIRST,
    ),
    Setting(
        name="counted-between",
        text="Measurements are counted, then digests and certificates are read once more.",
        parts=scripts.COUNTED_BETWEEN,
    ),
    Setting(
        name="rsassa-1.1",
        text="SPDM 1.1, signed with RSASSA-2048.",
        profile="rsassa-2048",
        options=replace(OPTIONS, versions=(V11,)),
    ),
    Setting(
        name="unsigned-two-connections",
        text="Two connections with SPDM 1.2; measurements are not signed.",
        overrides={"spdm": {"capabilities": ["CERT", "CHAL", "MEAS_NO_SIG", "MEAS_FRESH"]}},
        options=replace(OPTIONS, versions=(V12,)),
        connections=2,
    ),
    Setting(
        name="slot-size",
        text="GET_CERTIFICATE asks for the size of the slots, one of which is empty.",
        overrides={"slot": [{"id": 0, "set": "device"}, {"id": 1}]},
        options=replace(
            OPTIONS, plan=Plan(("authenticate", "slot-sizes", "challenge", "measurements"))
        ),
    ),
    Setting(
        name="large-certificates",
        text="The chain is read with 32-bit lengths too.",
        overrides={"spdm": {"capabilities": [*_CAPABILITIES, "LARGE_RESP"]}},
        options=replace(_offering(flags=Cap.LARGE_RESP), versions=(V14,)),
        parts=scripts.LARGE_CERTIFICATES,
    ),
    Setting(
        name="expected-identity",
        text="The requester expects the name of QEMU's NVMe controller in slot 0.",
        profile="qemu-nvme",
        overrides={
            "algorithms": {"base_asym": ["ECDSA-P256"]},
            "slot": [{"id": 0, "set": "qemu-nvme"}, {"id": 1, "set": "device"}],
        },
        options=replace(OPTIONS, san=_QEMU_NAME),
    ),
)
"""Settings that only those faults get that name them."""

SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        s.name: s
        for s in (
            *_ALONE,
            *_ON_SOCKETS,
            *_BY_NAME,
            *SINGLE_SETTINGS,
            *MESSAGE_SETTINGS,
            *SESSION_SETTINGS,
            *MAILBOX_SETTINGS,
            *PCIE_SETTINGS,
            *CXL_SETTINGS,
        )
    }
)
DEFAULT_ORDER: tuple[str, ...] = tuple(setting.name for setting in _ALONE)
MAILBOX_ORDER: tuple[str, ...] = tuple(setting.name for setting in MAILBOX_SETTINGS)
SOCKET_ORDER: tuple[str, ...] = tuple(setting.name for setting in _ON_SOCKETS)
