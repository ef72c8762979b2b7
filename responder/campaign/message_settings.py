"""The conversations in which the messages of later versions occur; data only.

A fault of such a message is tried in the setting that ``BY_MESSAGE`` names.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from responder.campaign.setting import OPTIONS, Setting
from responder.requester.options import AttestOptions, Psk
from responder.requester.plan import CONNECTION_STEPS, Plan, SessionPlan
from responder.spec.algorithms import TABLE_DHE
from responder.spec.codes import RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.limits import MIN_DATA_TRANSFER_SIZE
from responder.spec.versions import V12

ATTESTATION = ("CERT", "CHAL", "MEAS_SIG", "MEAS_FRESH")
SESSION = (*ATTESTATION, "KEY_EX", "MAC", "ENCRYPT", "HBEAT", "KEY_UPD", "ENCAP")
PLAIN_FLAGS = Cap(0)
SESSION_FLAGS = Cap.CERT | Cap.KEY_EX | Cap.MAC | Cap.ENCRYPT | Cap.HBEAT | Cap.KEY_UPD | Cap.ENCAP
MUTUAL_FLAGS = SESSION_FLAGS | Cap.CHAL | Cap.MUT_AUTH
PSK = Psk(b"rehearsal", b"shared before")
_SECP256R1 = 0x8
_ALGORITHMS = {
    "dhe": ["SECP256R1"],
    "aead": ["AES-128-GCM"],
    "req_base_asym": ["ECDSA-P256"],
    "key_schedule": ["SPDM"],
}
_PATIENCE = replace(OPTIONS.patience, encapsulated=64)
"""More requests of the device than any flow has."""
_OFFER = replace(OPTIONS.offer, structures={**OPTIONS.offer.structures, TABLE_DHE: _SECP256R1})
LOG = {
    "measurement": [
        {"index": 1, "type": "immutable-rom", "text": "rom"},
        {"index": 2, "type": "hash-extend"},
    ],
    "log": [
        {"measurement": 2, "type": "mutable-firmware", "fill": {"byte": 1, "size": 40}},
        {"measurement": 2, "type": "mutable-firmware", "fill": {"byte": 2, "size": 40}},
    ],
}
CLASSES = [{"standard": "PCI-SIG", "vendor_id": "8680", "identifiers": ["0102", "03"]}]
PROVISIONING = (*ATTESTATION, "SET_CERT", "CSR")
KEY_PAIRS = [
    {
        "algorithm": "ecp256",
        "slots": [0],
        "capabilities": ["gen-key", "erasable", "cert-assoc", "key-usage", "asym-algo"],
    },
    {"algorithm": "ecp256", "slots": [1]},
]
_BANKS = {"ext_capabilities": ["SLOT_MGMT"]}
_TWO_BANKS = [{"algorithm": "ecp256"}, {"configurable": ["ecp384", "ecp521"]}]
SMALL = {"data_transfer_size": MIN_DATA_TRANSFER_SIZE, "max_spdm_msg_size": 0x10000}


def asks(
    flags: Cap, *steps: str, sessions: tuple[SessionPlan, ...] = (), **offer: Any
) -> AttestOptions:
    """The usual options with these capabilities, steps and sessions."""
    return replace(
        OPTIONS,
        offer=replace(_OFFER, flags=flags, **offer),
        plan=Plan(steps or CONNECTION_STEPS, sessions),
        patience=_PATIENCE,
    )


def device(*capabilities: str, **tables: Any) -> Mapping[str, Any]:
    """A device with these capabilities and the algorithms of sessions."""
    session = tables.pop("session", {})
    spdm = {"capabilities": [*capabilities], **tables.pop("spdm", {})}
    algorithms = {**_ALGORITHMS, **tables.pop("algorithms", {})}
    return MappingProxyType({"spdm": spdm, "algorithms": algorithms, "session": session, **tables})


def in_session(*steps: str, flags: Cap = SESSION_FLAGS, **changes: Any) -> AttestOptions:
    """One session with these steps, and nothing but the chain before it."""
    plan = SessionPlan(steps, psk="psk" in changes)
    return replace(asks(flags, "authenticate", sessions=(plan,)), **changes)


MESSAGE_SETTINGS = (
    Setting(
        name="extension-log",
        text="The measurement extension log is read.",
        overrides=device(*ATTESTATION, "MEL", algorithms={"mel_specification": ["DMTF"]}, **LOG),
        options=asks(
            PLAIN_FLAGS, "authenticate", "measurements", "extension-log", mel_specification=1
        ),
    ),
    Setting(
        name="extension-log-portions",
        text="The measurement extension log is read in portions.",
        overrides=device(
            *ATTESTATION,
            "MEL",
            algorithms={"mel_specification": ["DMTF"]},
            spdm={"data_transfer_size": 64},
            **LOG,
        ),
        options=asks(
            PLAIN_FLAGS, "authenticate", "measurements", "extension-log", mel_specification=1
        ),
    ),
    Setting(
        name="endpoint-info",
        text="The device says what it is, and signs it.",
        overrides=device(*ATTESTATION, "EP_INFO_SIG", device_class=CLASSES),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "endpoint-info"),
    ),
    Setting(
        name="endpoint-info-unsigned",
        text="The device says what it is, and signs nothing of that.",
        overrides=device(*ATTESTATION, "EP_INFO_NO_SIG", device_class=CLASSES),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "endpoint-info"),
    ),
    Setting(
        name="session",
        text="A session with measurements, a heartbeat and updates of its keys.",
        overrides=device(*SESSION, session={"heartbeat_period": 20}),
        options=in_session("measurements", "vendor", "heartbeat", "update-key", "update-all-keys"),
    ),
    Setting(
        name="session-again",
        text="A whole attestation, and digests and measurements once more in a session.",
        overrides=device(*SESSION),
        options=asks(
            SESSION_FLAGS,
            "authenticate",
            "challenge",
            "measurements",
            sessions=(SessionPlan(("digests", "measurements")),),
        ),
    ),
    Setting(
        name="sessions-in-turn",
        text="Two sessions, one after the other.",
        overrides=device(*SESSION),
        options=asks(
            SESSION_FLAGS, "authenticate", sessions=(SessionPlan(), SessionPlan(("vendor",)))
        ),
    ),
    Setting(
        name="psk-session",
        text="A session by a key that was shared before.",
        overrides=device(
            *SESSION,
            "PSK_WITH_CONTEXT",
            psk=[{"hint": PSK.hint.decode(), "secret": PSK.key.decode()}],
        ),
        options=in_session("measurements", flags=SESSION_FLAGS | Cap.PSK, psk=PSK),
    ),
    Setting(
        name="events",
        text="The requester subscribes to events in a session, and takes those that wait.",
        overrides=device(
            *SESSION,
            "EVENT",
            change=[{"after_requests": 11, "measurement": 1, "values": ["00"]}],
        ),
        options=in_session("subscribe", "vendor", "events", flags=SESSION_FLAGS | Cap.EVENT),
    ),
    Setting(
        name="send-event",
        text="The device subscribes to the requester's events in a session, and is told one.",
        overrides=device(*SESSION, "EVENT", events={"subscribe": True}),
        options=in_session("give-events", "vendor", flags=SESSION_FLAGS | Cap.EVENT),
    ),
    Setting(
        name="slot-management",
        text="The requester reads all banks of slots, and their chains.",
        overrides=device(*ATTESTATION, spdm=_BANKS, bank=_TWO_BANKS),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "slot-management"),
    ),
    Setting(
        name="slot-management-writes",
        text="SLOT_MANAGEMENT makes a CSR, configures a bank, and writes and erases slot 0.",
        overrides=device(
            *PROVISIONING,
            spdm=_BANKS,
            bank=_TWO_BANKS,
            provisioning={"bind_key_pairs": False},
        ),
        options=asks(
            PLAIN_FLAGS,
            "authenticate",
            "challenge",
            "bank-csr",
            "bank-algorithm",
            "bank-certificate",
            "bank-erase",
        ),
        new_chain=True,
    ),
    Setting(
        name="mutual-session",
        text="In a session's handshake the device asks who the requester is.",
        overrides=device(*SESSION, "MUT_AUTH", session={"mutual_auth": "with-encapsulation"}),
        options=in_session("measurements", flags=MUTUAL_FLAGS),
        identity=True,
    ),
    Setting(
        name="mutual-basic",
        text="After CHALLENGE the device asks who the requester is, and challenges it.",
        overrides=device(*SESSION, "MUT_AUTH", session={"basic_mutual_auth": True}),
        options=asks(MUTUAL_FLAGS),
        identity=True,
    ),
    Setting(
        name="mutual-no-key-update",
        text="Mutual authentication of a requester that cannot update keys.",
        overrides=device(*SESSION, "MUT_AUTH", session={"mutual_auth": "with-encapsulation"}),
        options=in_session("measurements", flags=MUTUAL_FLAGS & ~Cap.KEY_UPD),
        identity=True,
    ),
    Setting(
        name="ask-key-update-1.2",
        text="The device updates its keys in a session of SPDM 1.2.",
        overrides=device(*SESSION, "MUT_AUTH"),
        options=in_session("update-responder", "vendor", flags=MUTUAL_FLAGS, versions=(V12,)),
        identity=True,
    ),
    Setting(
        name="ask-key-update",
        text="The device updates its keys in a session.",
        overrides=device(*SESSION),
        options=in_session("update-responder", "vendor"),
    ),
    Setting(
        name="ask-endpoint-info",
        text="The device asks what the requester is, outside of any session.",
        overrides=device(*SESSION, "EP_INFO_SIG"),
        options=asks(
            SESSION_FLAGS | Cap.EP_INFO_SIG, "authenticate", "challenge", "give-endpoint-info"
        ),
        identity=True,
    ),
    Setting(
        name="csr",
        text="The device makes a certificate signing request.",
        overrides=device(*PROVISIONING, key_pair=KEY_PAIRS),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "csr"),
    ),
    Setting(
        name="csr-reset",
        text="The device makes a certificate signing request, and says that it takes a reset.",
        overrides=device(*PROVISIONING, "CERT_INSTALL_RESET", key_pair=KEY_PAIRS),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "csr"),
    ),
    Setting(
        name="set-certificate-reset",
        text="The requester writes a certificate chain, and the device says that it takes a reset.",
        overrides=device(
            *PROVISIONING, "CERT_INSTALL_RESET", provisioning={"bind_key_pairs": False}
        ),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "set-certificate"),
        new_chain=True,
    ),
    Setting(
        name="set-certificate",
        text="The requester writes a certificate chain into slot 0, and reads it back.",
        overrides=device(*PROVISIONING, provisioning={"bind_key_pairs": False}),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "set-certificate"),
        new_chain=True,
    ),
    Setting(
        name="key-pairs",
        text="The requester asks for all key pairs, and takes the first one out of its slots.",
        overrides=device(
            *ATTESTATION,
            "GET_KEY_PAIR_INFO",
            "SET_KEY_PAIR_INFO",
            key_pair=KEY_PAIRS,
            provisioning={"bind_key_pairs": False},
        ),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "key-pairs", "change-key-pair"),
    ),
    Setting(
        name="key-pairs-fixed",
        text="The requester asks for all key pairs of a device in which none can be changed.",
        overrides=device(
            *ATTESTATION, "GET_KEY_PAIR_INFO", key_pair=[{"algorithm": "ecp256", "slots": [0]}]
        ),
        options=asks(PLAIN_FLAGS, "authenticate", "challenge", "key-pairs"),
    ),
    Setting(
        name="ask-algorithms",
        text="The requester asks for all algorithms that the device supports.",
        overrides=device(*ATTESTATION, "CHUNK"),
        options=asks(Cap.CHUNK, ask_algorithms=True),
    ),
    Setting(
        name="chunks",
        text="Neither side takes more than 42 bytes at once.",
        overrides=device(*ATTESTATION, "CHUNK", spdm=SMALL),
        options=asks(Cap.CHUNK, data_transfer_size=MIN_DATA_TRANSFER_SIZE),
    ),
    Setting(
        name="chunks-1.2",
        text="Neither side takes more than 42 bytes at once, with SPDM 1.2.",
        overrides=device(*ATTESTATION, "CHUNK", spdm=SMALL),
        options=replace(
            asks(Cap.CHUNK, data_transfer_size=MIN_DATA_TRANSFER_SIZE), versions=(V12,)
        ),
    ),
    Setting(
        name="chunks-1.2-huge",
        text="The same, with a requester that takes messages of 16 MiB.",
        overrides=device(*ATTESTATION, "CHUNK", spdm=SMALL),
        options=replace(
            asks(Cap.CHUNK, data_transfer_size=MIN_DATA_TRANSFER_SIZE, max_message_size=1 << 24),
            versions=(V12,),
        ),
    ),
    Setting(
        name="chunked-requests",
        text="The device takes no more than 42 bytes at once.",
        overrides=device(*ATTESTATION, "CHUNK", spdm=SMALL),
        options=asks(Cap.CHUNK),
    ),
    Setting(
        name="chunked-responses",
        text="The requester takes no more than 200 bytes at once.",
        overrides=device(*ATTESTATION, "CHUNK", spdm={"max_spdm_msg_size": 0x10000}),
        options=asks(Cap.CHUNK, data_transfer_size=200),
    ),
    Setting(
        name="chunked-responses-in-session",
        text="The requester takes no more than 200 bytes at once, in a session too.",
        overrides=device(*SESSION, "CHUNK", spdm={"max_spdm_msg_size": 0x10000}),
        options=in_session(
            "measurements",
            "vendor",
            flags=SESSION_FLAGS | Cap.CHUNK,
            offer=replace(_OFFER, flags=SESSION_FLAGS | Cap.CHUNK, data_transfer_size=200),
        ),
    ),
    Setting(
        name="chunks-in-session",
        text="Neither side takes more than 42 bytes at once, in a session either.",
        overrides=device(*SESSION, "CHUNK", spdm=SMALL),
        options=in_session(
            "measurements",
            offer=replace(
                _OFFER,
                flags=SESSION_FLAGS | Cap.CHUNK,
                data_transfer_size=MIN_DATA_TRANSFER_SIZE,
            ),
        ),
    ),
)

_WHERE = {
    "chunks": ("CHUNK_SEND_ACK", "CHUNK_RESPONSE"),
    "endpoint-info": ("ENDPOINT_INFO",),
    "extension-log": ("MEASUREMENT_EXTENSION_LOG",),
    "events": ("SUPPORTED_EVENT_TYPES", "SUBSCRIBE_EVENT_TYPES_ACK"),
    "session": (
        "KEY_EXCHANGE_RSP",
        "FINISH_RSP",
        "HEARTBEAT_ACK",
        "KEY_UPDATE_ACK",
        "END_SESSION_ACK",
    ),
    "csr": ("CSR",),
    "set-certificate": ("SET_CERTIFICATE_RSP",),
    "key-pairs": ("KEY_PAIR_INFO", "SET_KEY_PAIR_INFO_ACK"),
    "send-event": ("EVENT_ACK",),
    "slot-management": ("SLOT_MANAGEMENT_RESP",),
    "psk-session": ("PSK_EXCHANGE_RSP", "PSK_FINISH_RSP"),
    "mutual-session": ("ENCAPSULATED_REQUEST", "ENCAPSULATED_RESPONSE_ACK"),
}
BY_MESSAGE: Mapping[str, str] = MappingProxyType(
    {
        name: setting
        for setting, messages in _WHERE.items()
        for message in messages
        for name in (message, RequestCode(ResponseCode[message] | 0x80).name)
    }
)
"""Each message of a later version, response or request, to the setting in which it occurs."""
