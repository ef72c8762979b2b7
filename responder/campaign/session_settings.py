"""The conversations with sessions that a single fault needs; data only."""

from collections.abc import Mapping
from dataclasses import replace

from responder.campaign.message_settings import (
    MUTUAL_FLAGS,
    PSK,
    SESSION,
    SESSION_FLAGS,
    device,
    in_session,
)
from responder.campaign.scripts import CLEARED
from responder.campaign.setting import SOCKET_TIMEOUT, Setting
from responder.requester.options import AttestOptions
from responder.requester.plan import Plan, SessionPlan
from responder.spec.algorithms import TABLE_AEAD, TABLE_DHE, TABLE_KEM
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_NONE
from responder.spec.sessions import EndSessionAttributes
from responder.spec.versions import V13

_ASKED, _ANSWERED = bytes.fromhex("7e1af40102"), bytes.fromhex("7e1af40304")
"""Application data of a vendor that PCI numbers (DSP0239), and the answer to it."""
_HEARTBEATS = {"heartbeat_period": 20}
_SHARED = [{"hint": PSK.hint.decode(), "secret": PSK.key.decode()}]
PSK_FLAGS = SESSION_FLAGS | Cap.PSK
UPKEEP = ("measurements", "vendor", "heartbeat", "update-key", "update-all-keys")
_TWO = Plan(
    ("authenticate",), (SessionPlan(("heartbeat",)), SessionPlan(("heartbeat",))), parallel=True
)
_UPDATES = SessionPlan(("update-responder",))
_TWO_UPDATED = Plan(("authenticate",), (_UPDATES, _UPDATES), parallel=True)
_CLEARING = SessionPlan(attributes=EndSessionAttributes.CLEAR_NEGOTIATED_STATE)
_NO_SUMMARY = SessionPlan(UPKEEP, summary=SUMMARY_NONE)


def _without(*names: str) -> list[str]:
    return [name for name in SESSION if name not in names]


def _offering(options: AttestOptions, structures: Mapping[int, int]) -> AttestOptions:
    """The options with other algorithms in some of the offer's structures."""
    offered = {**options.offer.structures, **structures}
    return replace(options, offer=replace(options.offer, structures=offered))


SESSION_SETTINGS = (
    Setting(
        name="session-clear",
        text="A session whose handshake is in the clear.",
        overrides=device(*SESSION, "HANDSHAKE_IN_THE_CLEAR", session=_HEARTBEATS),
        options=in_session(*UPKEEP, flags=SESSION_FLAGS | Cap.HANDSHAKE_IN_THE_CLEAR),
    ),
    Setting(
        name="session-no-heartbeat",
        text="A session without heartbeats.",
        overrides=device(*_without("HBEAT")),
        options=in_session("measurements", flags=SESSION_FLAGS & ~Cap.HBEAT),
    ),
    Setting(
        name="session-short-heartbeat",
        text="A session with a heartbeat every two seconds.",
        overrides=device(*SESSION, session={"heartbeat_period": 2}),
        options=in_session("heartbeat"),
    ),
    Setting(
        name="session-no-summary",
        text="A session in which nobody asks for a summary of the measurements.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=replace(in_session(), plan=Plan(("authenticate",), (_NO_SUMMARY,))),
    ),
    Setting(
        name="session-mctp",
        text="A session with records as on MCTP, with sequence numbers in them.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=in_session(*UPKEEP),
        records="mctp",
    ),
    Setting(
        name="session-application",
        text="A session with records as on MCTP, in which the requester sends a vendor's data.",
        overrides=device(
            *SESSION, application=[{"request": _ASKED.hex(), "response": _ANSWERED.hex()}]
        ),
        options=replace(in_session("application"), application=_ASKED),
        records="mctp",
    ),
    Setting(
        name="session-storage",
        text="A session with records as storage commands carry them, with descriptors in them.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=in_session(*UPKEEP),
        records="storage",
    ),
    Setting(
        name="socket-storage-session",
        text="A session on storage commands, with the discovery first.",
        overrides=device(*SESSION),
        options=in_session("measurements"),
        listen="spdm-emu+storage://127.0.0.1:0",
        discover=True,
        timeout=SOCKET_TIMEOUT,
        linger=0.0,
    ),
    Setting(
        name="socket-mctp-session",
        text="A session on a socket of spdm-emu's protocol, MCTP.",
        overrides=device(*SESSION),
        options=in_session("measurements"),
        listen="spdm-emu+mctp://127.0.0.1:0",
        timeout=SOCKET_TIMEOUT,
        linger=0.0,
    ),
    Setting(
        name="session-mac-only",
        text="A session whose records are authenticated and not encrypted.",
        overrides=device(*_without("ENCRYPT"), session=_HEARTBEATS),
        options=in_session(*UPKEEP, flags=SESSION_FLAGS & ~Cap.ENCRYPT),
    ),
    Setting(
        name="session-many-records",
        text="A session with a dozen records each way.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=in_session(*["heartbeat"] * 12),
    ),
    Setting(
        name="session-aes-256",
        text="A session with AES-256-GCM.",
        overrides=device(*SESSION, session=_HEARTBEATS, algorithms={"aead": ["AES-256-GCM"]}),
        options=_offering(in_session("heartbeat"), {TABLE_AEAD: 0x2}),
    ),
    Setting(
        name="session-sha-256",
        text="A session in which SHA-256 is the only hash.",
        overrides=device(
            *SESSION, algorithms={"base_hash": ["SHA-256"], "measurement_hash": ["SHA-256"]}
        ),
        options=in_session(),
    ),
    Setting(
        name="session-ffdhe",
        text="A session with a key exchange over a finite field.",
        overrides=device(*SESSION, algorithms={"dhe": ["FFDHE2048"]}),
        options=_offering(in_session(), {TABLE_DHE: 0x1}),
    ),
    Setting(
        name="session-kem",
        text="A session with ML-KEM-768.",
        overrides=device(*SESSION, algorithms={"dhe": [], "kem": ["ML-KEM-768"]}),
        options=_offering(in_session("measurements"), {TABLE_DHE: 0, TABLE_KEM: 0x2}),
    ),
    Setting(
        name="session-multi-key",
        text="A session of a multi-key connection with SPDM 1.3.",
        profile="eight-slots",
        overrides=device(*SESSION, "MULTI_KEY_ONLY", "GET_KEY_PAIR_INFO"),
        options=in_session(versions=(V13,)),
    ),
    Setting(
        name="two-sessions",
        text="Two sessions side by side.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=replace(in_session(), plan=_TWO),
    ),
    Setting(
        name="two-sessions-updated",
        text="Two sessions side by side, in each of which the device updates its keys.",
        overrides=device(*SESSION),
        options=replace(in_session(), plan=_TWO_UPDATED),
    ),
    Setting(
        name="session-two-connections",
        text="A session on each of two transport connections.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=in_session("heartbeat"),
        connections=2,
    ),
    Setting(
        name="session-ffdhe-two-connections",
        text="A session on each of two connections, with a key exchange over a finite field.",
        overrides=device(*SESSION, algorithms={"dhe": ["FFDHE2048"]}),
        options=_offering(in_session(), {TABLE_DHE: 0x1}),
        connections=2,
    ),
    Setting(
        name="session-four-connections",
        text="A session on each of four transport connections to one endpoint.",
        overrides=device(*SESSION, session=_HEARTBEATS),
        options=in_session("heartbeat"),
        connections=4,
        attach="shared",
    ),
    Setting(
        name="session-clearing",
        text="A session that ends with the negotiated state; the device has CACHE_CAP.",
        overrides=device(*SESSION, "CACHE"),
        options=replace(in_session(), plan=Plan(("authenticate",), (_CLEARING,))),
        parts=CLEARED,
    ),
    Setting(
        name="psk-two-connections",
        text="A session by a shared key on each of two transport connections.",
        overrides=device(*SESSION, "PSK_WITH_CONTEXT", psk=_SHARED),
        options=in_session(flags=PSK_FLAGS, psk=PSK),
        connections=2,
    ),
    Setting(
        name="psk-without-context",
        text="A session by a shared key, to which the device adds nothing.",
        overrides=device(*SESSION, "PSK", psk=_SHARED, session=_HEARTBEATS),
        options=in_session("heartbeat", flags=PSK_FLAGS, psk=PSK),
    ),
    Setting(
        name="psk-no-heartbeat",
        text="A session by a shared key without heartbeats.",
        overrides=device(*_without("HBEAT"), "PSK_WITH_CONTEXT", psk=_SHARED),
        options=in_session(flags=PSK_FLAGS & ~Cap.HBEAT, psk=PSK),
    ),
    Setting(
        name="psk-alone",
        text="A session by a shared key, and nothing that needs the device's certificates.",
        overrides=device(*SESSION, "PSK_WITH_CONTEXT", psk=_SHARED),
        options=replace(
            in_session(flags=PSK_FLAGS, psk=PSK),
            plan=Plan((), (SessionPlan(psk=True, summary=SUMMARY_NONE),)),
        ),
    ),
    Setting(
        name="psk-digests",
        text="A session by a shared key, before which digests are read and no certificate.",
        overrides=device(*SESSION, "PSK_WITH_CONTEXT", psk=_SHARED),
        options=replace(
            in_session(flags=PSK_FLAGS, psk=PSK),
            plan=Plan(("digests",), (SessionPlan(psk=True),)),
        ),
    ),
    Setting(
        name="psk-no-summary",
        text="A session by a shared key in which nobody asks for a summary of the measurements.",
        overrides=device(*SESSION, "PSK_WITH_CONTEXT", psk=_SHARED),
        options=replace(
            in_session(flags=PSK_FLAGS, psk=PSK),
            plan=Plan(("authenticate",), (SessionPlan(psk=True, summary=SUMMARY_NONE),)),
        ),
    ),
    Setting(
        name="mutual-possible",
        text="Both sides are capable of mutual authentication, and the device does not ask for it.",
        overrides=device(*SESSION, "MUT_AUTH"),
        options=in_session(flags=MUTUAL_FLAGS),
        identity=True,
    ),
    Setting(
        name="mutual-no-encapsulation",
        text="The same with a requester that has no encapsulated requests, which the device needs.",
        overrides=device(*SESSION, "MUT_AUTH", session={"mutual_auth": "with-encapsulation"}),
        options=in_session(flags=MUTUAL_FLAGS & ~Cap.ENCAP),
        identity=True,
    ),
    Setting(
        name="mutual-public-key",
        text="The same with a requester whose public key is provisioned.",
        overrides=device(*SESSION, "MUT_AUTH"),
        options=in_session(flags=MUTUAL_FLAGS & ~Cap.CERT | Cap.PUB_KEY_ID),
        identity=True,
    ),
    Setting(
        name="mutual-provisioned",
        text="The requester is authenticated by a certificate chain that the device has already.",
        overrides=device(
            *SESSION,
            "MUT_AUTH",
            session={"mutual_auth": "without-encapsulation"},
            trust={"requester_chains": ["shipped"]},
        ),
        options=in_session(flags=MUTUAL_FLAGS),
        identity=True,
    ),
    Setting(
        name="mutual-known-key",
        text="The requester is authenticated by a public key that the device has already.",
        overrides=device(
            *SESSION,
            "MUT_AUTH",
            session={"mutual_auth": "without-encapsulation"},
            trust={"requester_public_keys": ["shipped"]},
        ),
        options=in_session(flags=MUTUAL_FLAGS & ~Cap.CERT | Cap.PUB_KEY_ID),
        identity=True,
    ),
    Setting(
        name="mutual-demanded",
        text="The requester wants no session in which it is not asked who it is.",
        overrides=device(*SESSION, "MUT_AUTH", session={"mutual_auth": "with-encapsulation"}),
        options=replace(in_session(flags=MUTUAL_FLAGS), demand_mutual=True),
        identity=True,
    ),
)
