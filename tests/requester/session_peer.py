"""A conforming responder with sessions for the requester's tests, with places to tamper at.

It derives keys and seals records with the requester's own modules, which captures verify: what is
tested here is what the requester does about lies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requester.chains import OTHER_KEY, default_chain
from requester.peer import P256, SHA256, Peer, error

from responder.crypto.hashing import digest
from responder.crypto.hkdf import hmac
from responder.crypto.key_agreement import respond
from responder.crypto.random_tree import RandomTree
from responder.requester.key_schedule import Handshake, KeySchedule
from responder.requester.options import Offer, OwnIdentity, Psk
from responder.requester.plan import Plan, SessionPlan
from responder.requester.record import Direction
from responder.requester.session_transcript import FirstDigests, SessionTranscript
from responder.spec.algorithms import (
    AEADS,
    DHE_GROUPS,
    TABLE_AEAD,
    TABLE_DHE,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    by_name,
)
from responder.spec.codes import ErrorCode, RequestCode, ResponseCode
from responder.spec.flags import Cap
from responder.spec.sessions import KeyOperation, PayloadType
from responder.spec.versions import V12
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType
from responder.wire.chain import build_chain
from responder.wire.encapsulated import (
    DeliverEncapsulatedResponse,
    EncapsulatedRequest,
    EncapsulatedResponseAck,
)
from responder.wire.end_session import EndSessionAck
from responder.wire.events import EventAck
from responder.wire.finish import FinishRsp
from responder.wire.heartbeat import HeartbeatAck
from responder.wire.key_exchange import KeyExchange, KeyExchangeRsp
from responder.wire.key_update import KeyUpdate, KeyUpdateAck
from responder.wire.opaque import OpaqueElement, build_opaque
from responder.wire.psk_exchange import PskExchange, PskExchangeRsp
from responder.wire.psk_finish import PskFinishRsp
from responder.wire.secured_opaque import VersionSelection

SECP256R1 = by_name(DHE_GROUPS, "SECP256R1")
AES = by_name(AEADS, "AES-256-GCM")
RECORDS = records_of(TransportType.MCTP)
PSK = Psk(b"hint", b"a key that two know")
OWN_KEY = OTHER_KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

SESSION_FLAGS = (
    Cap.CERT | Cap.CHAL | Cap.MEAS_SIG | Cap.ENCRYPT | Cap.MAC | Cap.KEY_EX | Cap.PSK_WITH_CONTEXT
    | Cap.HBEAT | Cap.KEY_UPD | Cap.ENCAP | Cap.MUT_AUTH
)  # fmt: skip
OWN_FLAGS = SESSION_FLAGS & ~(Cap.MEAS_SIG | Cap.PSK_WITH_CONTEXT) | Cap.PSK
STRUCTURES = {
    TABLE_DHE: SECP256R1.bit,
    TABLE_AEAD: AES.bit,
    TABLE_REQ_BASE_ASYM: P256.bit,
    TABLE_KEY_SCHEDULE: 1,
}


def session_options(
    *steps: str, psk: bool = False, connection: tuple[str, ...] = ("authenticate",), **changes: Any
) -> dict[str, Any]:
    """Arguments of ``AttestOptions`` for one session with these steps."""
    offer = {"flags": OWN_FLAGS, "structures": STRUCTURES, **changes.pop("offer", {})}
    sessions = changes.pop("sessions", (SessionPlan(steps, psk=psk),))
    return {
        "offer": Offer(**offer),
        "records": RECORDS,
        "psk": PSK,
        "identity": OwnIdentity(OWN_KEY, default_chain()),
        "plan": Plan(connection, sessions),
        **changes,
    }


@dataclass
class PeerSession:
    """A session as the peer keeps it: ``request`` opens, ``response`` seals, ``m`` is its L1."""

    schedule: KeySchedule
    handshake: Handshake
    th: SessionTranscript
    request: Direction
    response: Direction
    before: Direction | None = None
    m: list[bytes] = field(default_factory=list)


@dataclass
class SessionPeer(Peer):
    """A ``Peer`` that opens sessions.

    Attributes:
        mutual: MutAuthRequested, with ``slot_id_param``.
        asks: the encapsulated requests of the next flow, in order; each a message, or a function
            of the peer that makes one.
        record: changes the record that carries the answer to a request.
        verify_data: changes verify data, by response code.
        seals: what seals the answer, by response code, as a function of the session; else the
            keys in use.
        reflects: ExchangeData is the requester's own.
        padding: random bytes in a record.
        application: the answer to application data.
    """

    flags: Cap = SESSION_FLAGS
    mutual: int = 0
    slot_id_param: int = 0
    heartbeat: int = 10
    asks: list[Any] = field(default_factory=list)
    record: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    verify_data: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    seals: dict[int, Callable[[PeerSession], Direction]] = field(default_factory=dict)
    own_chain: tuple[bytes, ...] = field(default_factory=default_chain)
    sessions: dict[int, PeerSession] = field(default_factory=dict)
    delivered: list[bytes] = field(default_factory=list)
    first_digests: FirstDigests = field(default_factory=FirstDigests)
    rsp_session_id: int = 0xFFFF
    after: Any = None
    request_id: int = 0
    latest: int = 0
    reflects: bool = False
    padding: int = 5
    application: bytes = b""

    def answer_secured(self, record: bytes) -> bytes:
        """The record that answers a record."""
        session_id = int.from_bytes(record[:4], "little")
        session = self.sessions[session_id]
        data = session.request.unseal(record)
        if RECORDS.foreign(data):
            return session.response.seal(session_id, self.application)
        request = RECORDS.disclose(data)
        outside, self.m = self.m, session.m
        response = self.answer(request)
        session.m, self.m = self.m, outside
        code = response[1]
        if code == ResponseCode.ERROR:
            code = request[1] & 0x7F
        direction = self.seals.get(code, lambda s: s.response)(session)
        sealed = direction.seal(session_id, RECORDS.enclose(response), bytes(self.padding))
        if self.after is not None:
            self.after()
            self.after = None
        return self.record.get(code, bytes)(sealed)

    def answer_honestly(self, request: bytes) -> bytes:
        handlers = {
            RequestCode.KEY_EXCHANGE: self.key_exchange,
            RequestCode.FINISH: self.finish,
            RequestCode.PSK_EXCHANGE: self.psk_exchange,
            RequestCode.PSK_FINISH: self.psk_finish,
            RequestCode.HEARTBEAT: self.simple(HeartbeatAck),
            RequestCode.KEY_UPDATE: self.key_update,
            RequestCode.END_SESSION: self.simple(EndSessionAck),
            RequestCode.SEND_EVENT: self.simple(EventAck),
            RequestCode.GET_ENCAPSULATED_REQUEST: self.get_encapsulated,
            RequestCode.DELIVER_ENCAPSULATED_RESPONSE: self.deliver,
        }
        handler = handlers.get(request[1])
        if handler is None:
            return super().answer_honestly(request)
        self.m = []
        return self.raw.get(request[1] & 0x7F, bytes)(handler(request))

    def algorithms(self, request: bytes) -> bytes:
        response = super().algorithms(request)
        clear = bool(self.flags & Cap.HANDSHAKE_IN_THE_CLEAR)
        self.context = self.context.replace(
            exchange_request_size=64,
            exchange_response_size=64,
            requester_signature_size=64,
            handshake_in_the_clear=clear,
        )
        return response

    def simple(self, kind: Any) -> Callable[[bytes], bytes]:
        return lambda request: self.build(kind(spdm_version=request[0]))

    @property
    def clear(self) -> bool:
        return self.context.handshake_in_the_clear

    def selection(self) -> bytes:
        element = OpaqueElement(data=VersionSelection(selected_version=0x1200).build())
        return build_opaque([element], self.context.version)

    def begin(
        self, asked: Any, secret: bytes, th: SessionTranscript, th1: bytes, psk: bool
    ) -> PeerSession:
        schedule = KeySchedule(self.context.version, SHA256, AES)
        handshake = schedule.handshake(schedule.salt_0(psk=psk), secret, th1)
        session = PeerSession(
            schedule,
            handshake,
            th,
            *(
                Direction(AES, keys, sequence_size=2)
                for keys in (handshake.request, handshake.response)
            ),
        )
        self.latest = asked.req_session_id | self.rsp_session_id << 16
        self.sessions[self.latest] = session
        self.rsp_session_id -= 1
        return session

    def proof(self, code: int, key: bytes, covered: bytes) -> bytes:
        return self.verify_data.get(code, bytes)(hmac(SHA256, key, covered))

    def key_exchange(self, request: bytes) -> bytes:
        asked = KeyExchange.parse(request, self.context)
        agreed = respond(SECP256R1, asked.exchange_data, RandomTree(b"peer"))
        code = ResponseCode.KEY_EXCHANGE_RSP
        unsigned = self.build(
            KeyExchangeRsp(
                spdm_version=request[0],
                heartbeat_period=self.heartbeat,
                rsp_session_id=self.rsp_session_id,
                mut_auth_requested=self.mutual,
                slot_id_param=self.slot_id_param,
                random_data=b"\x55" * 32,
                exchange_data=asked.exchange_data if self.reflects else agreed.exchange_data,
                measurement_summary_hash=self.summary_hash(asked.measurement_summary_hash_type),
                opaque_data=self.selection(),
                responder_verify_data=b"",
            )
        )
        identity = digest(SHA256, self.chain_of(asked.slot_id))
        th = SessionTranscript(SHA256, self.vca, identity=identity)
        signature = self.sign("responder-key_exchange_rsp signing", [*th.parts, request, unsigned])
        size = 0 if self.clear else 32
        exchanged = th.exchange(
            request, unsigned + signature + bytes(size), signature_size=64, verify_size=size
        )
        session = self.begin(asked, agreed.secret, th, exchanged.th1, False)
        if not size:
            return unsigned + signature
        proof = self.proof(code, session.handshake.response_finished, exchanged.th1)
        th.parts[-1] = proof
        return unsigned + signature + proof

    def finish(self, request: bytes) -> bytes:
        session = self.sessions[self.latest]
        size = 64 if self.mutual else 0
        head, signature = (
            request[: len(request) - 32 - size],
            request[len(request) - 32 - size : -32],
        )
        if self.mutual:
            chain = build_chain(digest(SHA256, self.own_chain[0]), list(self.own_chain))
            session.th.requester(digest(SHA256, chain))
        session.th.finish_head(head)
        wanted = hmac(
            SHA256, session.handshake.request_finished, session.th.finish_signature(signature)
        )
        assert request[-32:] == wanted, "RequesterVerifyData"
        session.th.finish_verify_data(wanted)
        response = self.build(FinishRsp(spdm_version=request[0], responder_verify_data=b""))
        if self.clear:
            covered, _ = session.th.finish_response(response + bytes(32), verify_size=32)
            proof = self.proof(
                ResponseCode.FINISH_RSP, session.handshake.response_finished, covered
            )
            session.th.parts[-1] = proof
            response += proof
        else:
            session.th.finish_response(response)
        self.establish_after(session, secured=not self.clear)
        return response

    def establish_after(self, session: PeerSession, *, secured: bool) -> None:
        """The application keys hold from the next message on."""

        def establish() -> None:
            keys = session.schedule.application(session.handshake.secret, session.th.digest())
            session.request = session.request.rekeyed(keys.request)
            session.response = session.response.rekeyed(keys.response)

        if secured:
            self.after = establish
        else:
            establish()

    def psk_exchange(self, request: bytes) -> bytes:
        asked = PskExchange.parse(request, self.context)
        with_context = bool(self.flags & Cap.PSK_WITH_CONTEXT)
        unproven = self.build(
            PskExchangeRsp(
                spdm_version=request[0],
                heartbeat_period=self.heartbeat,
                rsp_session_id=self.rsp_session_id,
                measurement_summary_hash=self.summary_hash(asked.measurement_summary_hash_type),
                responder_context=bytes(32) if with_context else b"",
                opaque_data=self.selection(),
                responder_verify_data=b"",
            )
        )
        th = SessionTranscript(SHA256, self.vca)
        exchanged = th.exchange(request, unproven + bytes(32), verify_size=32)
        session = self.begin(asked, PSK.key, th, exchanged.th1, True)
        proof = self.proof(
            ResponseCode.PSK_EXCHANGE_RSP, session.handshake.response_finished, exchanged.th1
        )
        th.parts[-1] = proof
        if not with_context:
            self.establish_after(session, secured=False)
        return unproven + proof

    def psk_finish(self, request: bytes) -> bytes:
        session = self.sessions[self.latest]
        session.th.finish_head(request[:-32])
        session.th.finish_signature(b"")
        session.th.finish_verify_data(request[-32:])
        response = self.build(PskFinishRsp(spdm_version=request[0]))
        session.th.finish_response(response)
        self.establish_after(session, secured=True)
        return response

    def key_update(self, request: bytes) -> bytes:
        asked = KeyUpdate.parse(request)
        session = self.sessions[self.latest]
        updated = session.schedule.updated
        if asked.key_operation != KeyOperation.VERIFY_NEW_KEY:
            session.request = session.request.rekeyed(updated(session.request.traffic))
        if asked.key_operation == KeyOperation.UPDATE_ALL_KEYS:
            session.before = session.response
            session.response = session.response.rekeyed(updated(session.response.traffic))
        answer = KeyUpdateAck(
            spdm_version=request[0], key_operation=asked.key_operation, tag=asked.tag
        )
        return self.build(answer)

    def next_ask(self) -> bytes:
        ask = self.asks.pop(0)
        return ask if isinstance(ask, bytes) else ask(self)

    def get_encapsulated(self, request: bytes) -> bytes:
        if not self.asks:
            return error(request[0], ErrorCode.UNEXPECTED_REQUEST)
        self.request_id = 1
        return self.build(
            EncapsulatedRequest(
                spdm_version=request[0], request_id=1, encapsulated_request=self.next_ask()
            )
        )

    def deliver(self, request: bytes) -> bytes:
        asked = DeliverEncapsulatedResponse.parse(request)
        self.delivered.append(asked.encapsulated_response)
        more = bool(self.asks)
        ack = EncapsulatedResponseAck(
            spdm_version=request[0],
            request_id=asked.request_id + 1 if more else 0,
            payload_type=PayloadType.ENCAPSULATED_REQUEST if more else PayloadType.ABSENT,
            ack_request_id=asked.request_id if request[0] >= V12 else None,
            reserved=bytes(3) if request[0] >= V12 else None,
            encapsulated_request=self.next_ask() if more else b"",
        )
        return self.build(ack)
