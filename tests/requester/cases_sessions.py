"""Lies in records, KEY_EXCHANGE_RSP, FINISH_RSP, PSK_EXCHANGE_RSP, KEY_UPDATE_ACK, and flows."""

from dataclasses import dataclass, field
from typing import Any

from requester.cases import Case, Change, draft, put
from requester.chains import default_chain
from requester.peer import converse, default_options
from requester.session_peer import (
    AES,
    OWN_FLAGS,
    OWN_KEY,
    SESSION_FLAGS,
    PeerSession,
    SessionPeer,
    session_options,
)

from responder.crypto.aead import seal
from responder.requester.options import OwnIdentity, Patience
from responder.requester.steps import OtherKind
from responder.spec.codes import ResponseCode
from responder.spec.flags import Cap
from responder.spec.registries import KeyUsage
from responder.spec.versions import V11, V12, V13, V14
from responder.wire.certificate import GetCertificate
from responder.wire.challenge import Challenge
from responder.wire.context import WireContext
from responder.wire.digests import GetDigests
from responder.wire.endpoint_info import GetEndpointInfo
from responder.wire.events import (
    Event,
    EventGroup,
    EventType,
    SendEvent,
    SubscribeEventTypes,
)
from responder.wire.key_update import KeyUpdate
from responder.wire.opaque import OpaqueElement, build_opaque
from responder.wire.secured_opaque import AeadLimit, VersionSelection

ALGORITHMS, HEARTBEAT_ACK = ResponseCode.ALGORITHMS, ResponseCode.HEARTBEAT_ACK
KEX, FINISH_RSP = ResponseCode.KEY_EXCHANGE_RSP, ResponseCode.FINISH_RSP
PSK_RSP, PSK_FINISH_RSP = ResponseCode.PSK_EXCHANGE_RSP, ResponseCode.PSK_FINISH_RSP
UPDATE_ACK, ACK = ResponseCode.KEY_UPDATE_ACK, ResponseCode.ENCAPSULATED_RESPONSE_ACK
ELEMENT_PAST_END = bytes.fromhex("01000000 0000ff00")
GET_DIGESTS = GetDigests(spdm_version=0x12).build()


@dataclass(frozen=True)
class SessionCase(Case):
    """A case against a ``SessionPeer``; ``plan`` holds arguments of ``session_options``."""

    steps: tuple[str, ...] = ()
    plan: dict[str, Any] = field(default_factory=dict)

    def run(self, *without: str) -> Any:
        peer = SessionPeer(**{k: list(v) if k == "asks" else v for k, v in self.peer.items()})
        options = session_options(*self.steps, **self.plan)
        return converse(peer, default_options(**options, without=frozenset(without))), peer


def case(
    check: str, step: str, *steps: str, plan: dict[str, Any] | None = None, **peer: Any
) -> SessionCase:
    return SessionCase(check, step, peer, {}, steps, plan or {})


class Odd:
    """A direction that seals what ``change`` makes of the application data."""

    def __init__(self, direction: Any, change: Change) -> None:
        self.direction = direction
        self.change = change

    def seal(self, session_id: int, data: bytes, padding: bytes) -> bytes:
        return self.direction.seal(session_id, self.change(data), padding)


class LongLength:
    """A direction whose ApplicationDataLength is past the end of the plaintext."""

    def __init__(self, session: PeerSession) -> None:
        self.traffic = session.response.traffic

    def seal(self, session_id: int, data: bytes, padding: bytes) -> bytes:
        plain = (len(data) + len(padding) + 9).to_bytes(2, "little") + data + padding
        header = (
            session_id.to_bytes(4, "little") + bytes(2) + (len(plain) + 16).to_bytes(2, "little")
        )
        return header + seal(AES, self.traffic.key, self.traffic.iv, plain, header)


def skipped(session: PeerSession) -> Any:
    session.response.sequence += 1
    return session.response


def record(check: str, change: Change) -> SessionCase:
    return case(check, "HEARTBEAT", "heartbeat", record={HEARTBEAT_ACK: change})


def sealed(check: str, direction: Any) -> SessionCase:
    return case(check, "HEARTBEAT", "heartbeat", seals={HEARTBEAT_ACK: direction})


def flip(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


RECORD = [
    record("rec.in-the-clear", lambda _: OtherKind(bytes.fromhex("12680000"))),
    case("rec.unasked", "KEY_EXCHANGE", raw={KEX: OtherKind}),
    record("rec.size", lambda r: r[:-1]),
    record("rec.session-id", lambda r: flip(r, 0)),
    sealed("rec.sequence", skipped),
    record("rec.tag", flip),
    sealed("rec.application-length", LongLength),
    sealed("rec.application-data", lambda s: Odd(s.response, lambda data: b"\x06" + data[1:])),
    case(
        "rec.application-type",
        "APPLICATION",
        "application",
        plan={"application": b"\x01\x80\0\x02"},
        application=b"\x05\0",
    ),
    case(
        "rec.limit",
        "HEARTBEAT",
        *["heartbeat"] * 8,
        plan={"offer": {"aead_limit": 2}},
        **draft(KEX, lambda m: m.replace(opaque_data=selecting(0x1300))),
    ),
]


def selecting(*versions: int, limit: int | None = None) -> bytes:
    """Opaque data that selects these versions of DSP0277, and tells a limit."""
    found = [VersionSelection(selected_version=version).build() for version in versions]
    found += [] if limit is None else [AeadLimit(exponent=limit).build()]
    return build_opaque([OpaqueElement(data=data) for data in found], 0x12)


def opening(message: str, step: str, code: int, *, psk: bool) -> list[SessionCase]:
    """What KEY_EXCHANGE_RSP and PSK_EXCHANGE_RSP have in common."""
    plan = {"psk": psk}

    def lie(check: str, change: Change, **peer: Any) -> SessionCase:
        return case(f"{message}.{check}", step, plan=plan, **draft(code, change), **peer)

    return [
        case(f"{message}.heartbeat", step, plan=plan, flags=SESSION_FLAGS & ~Cap.HBEAT),
        lie("opaque-size", put(opaque_data=bytes(1025)), versions=(V11,)),
        case(
            f"{message}.opaque-format",
            step,
            plan=plan,
            **draft(ALGORITHMS, put(other_params_selection=0)),
        ),
        lie("opaque-elements", put(opaque_data=ELEMENT_PAST_END)),
        lie("version-selected", put(opaque_data=selecting(limit=64))),
        lie("one-version", put(opaque_data=selecting(0x1100, 0x1200))),
        lie("version-offered", put(opaque_data=selecting(0x2000))),
        lie("aead-limit", put(opaque_data=selecting(0x1300, limit=65))),
        case(f"{message}.verify-data", step, plan=plan, verify_data={code: flip}),
    ]


def mutual(check: str, form: int, plan: dict[str, Any] | None = None, **peer: Any) -> SessionCase:
    return case(check, "KEY_EXCHANGE", plan=plan, mutual=form, **peer)


KEY_EXCHANGE = [
    *opening("kex", "KEY_EXCHANGE", KEX, psk=False),
    case("kex.signature", "KEY_EXCHANGE", raw={KEX: lambda r: flip(r, -33)}),
    case("kex.exchange-data", "KEY_EXCHANGE", **draft(KEX, put(exchange_data=bytes(64)))),
    case("kex.exchange-reflected", "KEY_EXCHANGE", reflects=True),
    case("kex.mutual-demanded", "KEY_EXCHANGE", plan={"demand_mutual": True}),
    mutual("kex.mutual-unasked", 1, flags=SESSION_FLAGS & ~Cap.MUT_AUTH),
    mutual("kex.mutual-form", 3),
    mutual(
        "kex.mutual-public-key",
        2,
        {"offer": {"flags": OWN_FLAGS & ~Cap.CERT | Cap.PUB_KEY_ID}},
    ),
    mutual("kex.mutual-encapsulated", 2, versions=(V13,), flags=SESSION_FLAGS & ~Cap.ENCAP),
    mutual("kex.mutual-slot", 1, slot_id_param=9),
]

CLEAR = {
    "flags": SESSION_FLAGS | Cap.HANDSHAKE_IN_THE_CLEAR,
    "plan": {"offer": {"flags": OWN_FLAGS | Cap.HANDSHAKE_IN_THE_CLEAR}},
}


def closing(message: str, step: str, code: int, *, psk: bool) -> list[SessionCase]:
    plan = {"psk": psk}
    return [
        case(
            f"{message}.opaque-{what}",
            step,
            plan=plan,
            versions=(V14,),
            **draft(code, put(opaque_data=data)),
        )
        for what, data in (("size", bytes(1025)), ("elements", ELEMENT_PAST_END))
    ]


SESSION = [
    *KEY_EXCHANGE,
    mutual("fin.slot", 1, slot_id_param=5),
    case("fin.verify-data", "FINISH", verify_data={FINISH_RSP: flip}, **CLEAR),
    *closing("fin", "FINISH", FINISH_RSP, psk=False),
    *opening("psk", "PSK_EXCHANGE", PSK_RSP, psk=True),
    case(
        "psk.context",
        "PSK_EXCHANGE",
        plan={"psk": True},
        **draft(PSK_RSP, put(responder_context=b"")),
    ),
    *closing("pskfin", "PSK_FINISH", PSK_FINISH_RSP, psk=True),
    case(
        "upd.ack-keys",
        "KEY_UPDATE",
        "update-all-keys",
        seals={UPDATE_ACK: lambda s: s.before or s.response},
    ),
    case("upd.operation", "KEY_UPDATE", "update-key", **draft(UPDATE_ACK, put(key_operation=2))),
    case("upd.tag", "KEY_UPDATE", "update-key", **draft(UPDATE_ACK, put(tag=0x77))),
]


def flow(check: str, step: str, *asks: bytes, plan: Any = None, **peer: Any) -> SessionCase:
    return case(check, step, mutual=2, asks=list(asks), plan=plan, **peer)


DELIVER = "DELIVER_ENCAPSULATED_RESPONSE"

ENCAPSULATED = [
    flow("enc.pending", "GET_ENCAPSULATED_REQUEST"),
    flow("enc.payload", "GET_ENCAPSULATED_REQUEST", b""),
    flow("enc.limit", DELIVER, *[GET_DIGESTS] * 3, plan={"patience": Patience(encapsulated=2)}),
    flow("enc.ack-request-id", DELIVER, GET_DIGESTS, **draft(ACK, put(ack_request_id=9))),
    flow("enc.ack-payload-type", DELIVER, GET_DIGESTS, **draft(ACK, put(payload_type=3))),
    flow("enc.ack-slot-missing", DELIVER, GET_DIGESTS, **draft(ACK, put(payload_type=2))),
    flow(
        "enc.ack-slot",
        DELIVER,
        GET_DIGESTS,
        **draft(ACK, put(payload_type=2, encapsulated_request=b"\x08")),
    ),
]


def declined(check: str, ask: bytes, **peer: Any) -> SessionCase:
    """A request in a session that is answered ERROR."""
    plan = {"offer": {"flags": OWN_FLAGS | Cap.EP_INFO_SIG | Cap.EVENT}}
    arguments = {"asks": [ask], "versions": (V13,), **peer}
    return SessionCase(check, "", arguments, {}, ("update-responder",), plan)


def event(*instances: int, **changes: Any) -> bytes:
    """SEND_EVENT with an event for each id: slot 0 has another certificate."""
    fields = {"event_type_id": 4, "event_detail": b"\x01", **changes}
    told = b"".join(Event(event_instance_id=number, **fields).build() for number in instances)
    return SendEvent(spdm_version=0x13, event_count=len(instances), events_list=told).build()


def subscription(*types: int, **changes: Any) -> bytes:
    """SUBSCRIBE_EVENT_TYPES for a group with these types."""
    listed = b"".join(EventType(event_type_id=kind).build() for kind in types)
    group = EventGroup(event_types=listed, **changes).build()
    return SubscribeEventTypes(
        spdm_version=0x13, subscribe_event_group_count=1, subscribe_list=group
    ).build()


ASKED = WireContext(version=V13)
CHALLENGE = Challenge(
    spdm_version=V13, slot_id=0, nonce=bytes(32), requester_context=bytes(8)
).build(ASKED)

DECLINED = [
    declined("enc.version", GET_DIGESTS),
    case(
        "enc.flow",
        "",
        "heartbeat",
        mutual=2,
        asks=[KeyUpdate(spdm_version=V12, key_operation=1).build(), GET_DIGESTS],
    ),
    declined("enc.size", GetDigests(spdm_version=V13).build() + b"\0"),
    declined("enc.certificate-slot", GetCertificate(spdm_version=V13, slot=5, length=9).build()),
    declined(
        "enc.certificate-offset",
        GetCertificate(spdm_version=V13, slot=0, offset=0xF000, length=9).build(),
    ),
    declined(
        "enc.challenge-slot",
        Challenge(spdm_version=V13, slot_id=3, nonce=bytes(32), requester_context=bytes(8)).build(
            ASKED
        ),
    ),
    SessionCase(
        "enc.challenge-usage",
        "",
        {
            "asks": [CHALLENGE],
            "versions": (V13,),
            **draft(ALGORITHMS, put(other_params_selection=0x12)),
        },
        {},
        ("update-responder",),
        {
            "offer": {"flags": OWN_FLAGS | Cap.MULTI_KEY_ONLY},
            "identity": OwnIdentity(OWN_KEY, default_chain(), usages={0: KeyUsage.KEY_EX}),
        },
    ),
    declined(
        "enc.challenge-summary",
        Challenge(
            spdm_version=V13,
            slot_id=0,
            measurement_summary_hash_type=1,
            nonce=bytes(32),
            requester_context=bytes(8),
        ).build(ASKED),
    ),
    declined("enc.key-operation", KeyUpdate(spdm_version=V13, key_operation=3).build()),
    case(
        "enc.new-keys",
        "",
        "update-responder",
        asks=[KeyUpdate(spdm_version=V12, key_operation=operation).build() for operation in (1, 3)],
    ),
    declined("enc.endpoint-sub-code", GetEndpointInfo(spdm_version=V13, sub_code=9).build()),
    declined(
        "enc.endpoint-slot",
        GetEndpointInfo(spdm_version=V13, slot=5, request_attributes=1, nonce=bytes(32)).build(
            ASKED
        ),
    ),
    declined("enc.events", event(0, 2)),
    declined("enc.subscription", subscription(2)),
]
"""Requests that are answered ERROR; without the check they are answered."""
