"""The state of one SPDM connection; everything that changes it is here."""

from collections import Counter
from collections.abc import Callable
from enum import IntEnum

import msgspec

from responder.core.chunking import Chunking
from responder.core.encapsulation import Encapsulation
from responder.core.errors import ProtocolError
from responder.core.events import Event, SessionEnded, SessionEstablished, SessionStarted
from responder.core.hooks import Hooks
from responder.core.interfaces import RecordFormat, VerifyingKey
from responder.core.ownership import CLEARS, KEEPS_NEGOTIATED, Level, Reset
from responder.core.session import Session
from responder.core.transcript import Buffer, Transcript
from responder.crypto.random_tree import RandomTree
from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    DHE_GROUPS,
    KEMS,
    PQC_ASYM,
    TABLE_AEAD,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Aead,
    Exchange,
    Hash,
    Signature,
    by_bit,
)
from responder.spec.codes import ErrorCode, RequestCode
from responder.spec.flags import Cap
from responder.spec.timing import RDT_EXPONENT, RDTM, exponent_for
from responder.spec.versions import V10, SpdmVersion
from responder.wire.context import WireContext
from responder.wire.error import ResponseNotReadyData
from responder.wire.message import Message

STATE_CHANGES = ("negotiated state kept", "negotiated state cleared")
"""What the hook ``transition`` sees become of the negotiated state of a CACHE_CAP responder."""
_BEFORE_DIGESTS = frozenset({RequestCode.NEGOTIATE_ALGORITHMS, RequestCode.GET_DIGESTS})


class Phase(IntEnum):
    """How far the connection has come; requests say in the table from where they are allowed."""

    NOT_STARTED = 0
    AFTER_VERSION = 1
    AFTER_CAPABILITIES = 2
    NEGOTIATED = 3
    AFTER_DIGESTS = 4
    AFTER_CERTIFICATE = 5
    AUTHENTICATED = 6


class Peer(msgspec.Struct, frozen=True):
    """What the requester said of itself; sizes in bytes, 0 where its version says nothing."""

    flags: Cap = msgspec.field(default_factory=lambda: Cap(0))
    ct_exponent: int = 0
    data_transfer_size: int = 0
    max_spdm_msg_size: int = 0


class Selected(msgspec.Struct, frozen=True):
    """The negotiated algorithms; ``None`` or 0 where nothing was selected.

    ``base_asym`` is a row of ``BASE_ASYM`` or, post-quantum, of ``PQC_ASYM``.
    """

    base_asym: Signature | None = None
    base_hash: Hash | None = None
    measurement_hash: Hash | None = None
    measurement_hash_bits: int = 0
    measurement_specification: int = 0
    mel_specification: int = 0
    opaque_format: int = 0
    multi_key_responder: bool = False
    multi_key_requester: bool = False
    tables: dict[int, int] = msgspec.field(default_factory=dict)

    @property
    def exchange(self) -> Exchange | None:
        """The key exchange: a group, or a key encapsulation mechanism."""
        return by_bit(DHE_GROUPS, self.tables.get(TABLE_DHE, 0)) or by_bit(
            KEMS, self.tables.get(TABLE_KEM, 0)
        )

    @property
    def aead(self) -> Aead | None:
        """The AEAD of sessions."""
        return by_bit(AEADS, self.tables.get(TABLE_AEAD, 0))

    @property
    def requester_asym(self) -> Signature | None:
        """What the requester signs with."""
        return by_bit(BASE_ASYM, self.tables.get(TABLE_REQ_BASE_ASYM, 0)) or by_bit(
            PQC_ASYM, self.tables.get(TABLE_REQ_PQC_ASYM, 0)
        )


class Deferred(msgspec.Struct, frozen=True):
    """A request that was answered ResponseNotReady.

    Attributes:
        request: the parsed request.
        raw: its bytes, without transport padding.
        ready_at: virtual time, in seconds, from which RESPOND_IF_READY is answered.
        token: the token of the latest ResponseNotReady.
        session_id: the session that it came in; ``None`` outside of all.
        expires_at: virtual time, in seconds, at which the requester may give up: RDT times RDTM
            after the latest ResponseNotReady.
    """

    request: Message
    raw: bytes
    ready_at: float
    token: int
    session_id: int | None = None
    expires_at: float = 0.0


class ProvenRequester(msgspec.Struct, frozen=True):
    """A requester whose chain was verified on this connection: its slot and its public key."""

    slot_id: int
    key: VerifyingKey


class Connection:
    """One SPDM connection: phase, agreed version, negotiated values, transcripts, deferral.

    ``record_form`` is what the transport puts into records, as of the latest one. ``kept`` is what
    outlasts a reset: the six messages of the VCA; empty without CACHE_CAP, or when there are none.
    ``ended`` are the sessions of which the device has not been told yet that they are over.
    """

    def __init__(self, random: RandomTree, hooks: Hooks) -> None:
        self.random = random
        self.hooks = hooks
        self.phase = Phase.NOT_STARTED
        self.transcript = Transcript()
        self.phase_changes: list[tuple[Phase, Phase]] = []
        self.notes: list[Event] = []
        self.ended: list[Session] = []
        self._tokens = 0
        self._counts: Counter[str] = Counter()
        self.record_form: RecordFormat | None = None
        self._forget()

    def _forget(self) -> None:
        self.version: SpdmVersion | None = None
        self.flags = Cap(0)
        self.peer = Peer()
        self.selected = Selected()
        self.wire = WireContext()
        self.deferred: Deferred | None = None
        self.transcript.clear()
        self.sessions: dict[int, Session] = {}
        self.encapsulation = Encapsulation()
        self.chunking = Chunking()
        self.requester: ProvenRequester | None = None
        self.digests = b""
        self._digests_may_count = False
        self.kept: tuple[bytes, ...] = ()

    def count(self, purpose: str) -> int:
        """How often this has been asked for ``purpose``, from 0; GET_VERSION does not reset it."""
        self._counts[purpose] += 1
        return self._counts[purpose] - 1

    @property
    def header_version(self) -> int:
        """The SPDMVersion of an ERROR sent now: the agreed one, 0x10 before there is one."""
        return V10 if self.version is None else self.version

    @property
    def may_agree_version(self) -> bool:
        """Whether GET_CAPABILITIES chooses the version now; refused ones may be repeated."""
        return self.phase <= Phase.AFTER_VERSION

    @property
    def capabilities_known(self) -> bool:
        """Whether CAPABILITIES has told the requester what is offered."""
        return self.phase >= Phase.AFTER_CAPABILITIES

    @property
    def authenticated(self) -> bool:
        """Whether CHALLENGE has succeeded."""
        return self.phase >= Phase.AUTHENTICATED

    def common(self, flag: Cap) -> bool:
        """Whether both sides have claimed any of these capabilities."""
        return bool(int(self.flags) & int(self.peer.flags) & int(flag))

    def restart(self) -> None:
        """GET_VERSION: forget all that was agreed; no session survives it, but for a hook."""
        self._end_all("GET_VERSION")
        kept = self.sessions
        self._forget()
        self.sessions = kept
        self._move(Phase.AFTER_VERSION)

    def reset(self, reset: Reset) -> None:
        """Begin anew if a reset clears the endpoint; elsewhere stay as it is.

        What is kept (CACHE_CAP) leaves the connection as it was after ALGORITHMS, else nothing is
        left of it.
        """
        if Level.ENDPOINT not in CLEARS[reset]:
            return
        self._end_all(reset.value)
        keeps = reset in KEEPS_NEGOTIATED and self.kept
        if keeps and self.hooks.transition(self, self.phase.name, "negotiated state kept"):
            self._forget_all_but_negotiated()
            self._move(Phase.NEGOTIATED)
        else:
            self._forget()
            self._move(Phase.NOT_STARTED)

    def _forget_all_but_negotiated(self) -> None:
        version, flags, peer, selected = self.version, self.flags, self.peer, self.selected
        vca, kept = self.transcript.vca, self.kept
        self._forget()
        self.version = version
        self.agree_capabilities(flags, peer)
        self.agree_algorithms(selected)
        for name, message in vca:
            self.transcript.append(Buffer.A, name, message)
        self.kept = kept

    def clear_negotiated(self, *, goes_on: bool) -> None:
        """END_SESSION asked for it; without CACHE_CAP nothing is kept, and nothing cleared.

        Args:
            goes_on: the connection stays as it is, and only a reset will find nothing.
        """
        if not self.flags & Cap.CACHE:
            return
        if not self.hooks.transition(self, self.phase.name, "negotiated state cleared"):
            return
        self.kept = ()
        if not goes_on:
            self._end_all("the negotiated state was cleared")
            self._forget()
            self._move(Phase.NOT_STARTED)

    def agree_version(self, version: SpdmVersion) -> None:
        """The first request after VERSION that names an offered version fixes it."""
        self.version = version
        self.wire = WireContext(version=version)

    def agree_capabilities(self, own: Cap, peer: Peer) -> None:
        """Keep both sides' capabilities."""
        self.flags = own
        self.peer = peer

    def agree_algorithms(self, selected: Selected) -> None:
        """Keep what was selected, and the sizes that follow from it."""
        self.selected = selected
        measurement_hash = selected.measurement_hash
        self.wire = WireContext(
            version=self.header_version,
            hash_size=selected.base_hash.size if selected.base_hash else 0,
            measurement_hash_size=measurement_hash.size if measurement_hash else 0,
            signature_size=selected.base_asym.size if selected.base_asym else 0,
            multi_key=selected.multi_key_responder,
            exchange_request_size=selected.exchange.request_size if selected.exchange else 0,
            exchange_response_size=selected.exchange.response_size if selected.exchange else 0,
            requester_signature_size=(
                selected.requester_asym.size if selected.requester_asym else 0
            ),
            handshake_in_the_clear=self.common(Cap.HANDSHAKE_IN_THE_CLEAR),
            multi_key_requester=selected.multi_key_requester,
        )
        self._digests_may_count = selected.multi_key_responder

    def begin(self, request_code: int, *, outside: bool) -> None:
        """Apply the resets of transcripts that an accepted request causes.

        Args:
            request_code: its code.
            outside: it came outside of all sessions.
        """
        authenticated = self.authenticated
        self.transcript.begin_m1(request_code, authenticated=authenticated, outside=outside)
        if outside:
            self.transcript.begin(request_code)
        if request_code not in _BEFORE_DIGESTS:
            self._digests_may_count = False

    def keep_digests(self, message: bytes) -> None:
        """A DIGESTS response went out; sessions take the first that follows ALGORITHMS.

        Only in a multi-key connection (DSP0274 1.4 "Transcript hash calculation rules").
        """
        if self._digests_may_count:
            self.digests = message
            self._digests_may_count = False

    def new_session_id(self, req_session_id: int) -> int:
        """A session id that is not in use: the requester's half, and ours from the random tree."""
        draws = self.random.child("session id", self.count("session id"))
        while True:
            rsp_session_id = int.from_bytes(draws.bytes(2), "little")
            session_id = rsp_session_id << 16 | req_session_id
            if rsp_session_id and session_id not in self.sessions:
                return session_id

    def open_session(self, session: Session) -> None:
        """A handshake has begun."""
        self.sessions[session.session_id] = session
        self.notes.append(SessionStarted(session.session_id, "PSK" if session.psk else "KEY"))

    def established(self, session: Session, establish: Callable[[], None]) -> None:
        """A handshake is complete: its keys of application data are put to use."""
        if self.hooks.transition(self, "session handshaking", "session established"):
            establish()
            self.notes.append(SessionEstablished(session.session_id))

    def may_change_keys(self, session: Session, side: str) -> bool:
        """Whether KEY_UPDATE changes the keys of requests or of responses."""
        epoch = getattr(session, side).epoch
        return self.hooks.transition(self, f"{side} keys {epoch}", f"{side} keys updated")

    def end_session(self, session: Session, reason: str) -> None:
        """A session is gone, with its keys and what it was about to do."""
        if not self.hooks.transition(self, f"session {session.phase.value}", "session ended"):
            return
        if self.sessions.pop(session.session_id, None) is not None:
            self.notes.append(SessionEnded(session.session_id, reason))
            self.ended.append(session)
            self.encapsulation.forget(session.session_id)
            self.chunking.end(session.session_id)
            if self.deferred and self.deferred.session_id == session.session_id:
                self.deferred = None

    def _end_all(self, reason: str) -> None:
        for session in list(self.sessions.values()):
            self.end_session(session, reason)

    def record_padding(self, most: int) -> bytes:
        """Random data for a record: 1 to ``most`` bytes."""
        draws = self.random.child("record padding", self.count("record padding"))
        return draws.bytes(1 + draws.bytes(1)[0] % most)

    def advance(self, phase: Phase | None) -> None:
        """Come at least as far as ``phase``; success never takes a connection back."""
        if phase is not None and phase > self.phase:
            self._move(phase)
            if self.phase == Phase.NEGOTIATED and self.flags & Cap.CACHE:
                self.kept = tuple(message for _, message in self.transcript.vca)

    def _move(self, phase: Phase) -> None:
        before = self.phase
        if before != phase and self.hooks.transition(self, before.name, phase.name):
            self.phase = phase
            self.phase_changes.append((before, phase))

    def defer(  # noqa: PLR0913 - the three hints are a fault's to choose
        self,
        request: Message,
        raw: bytes,
        ready_at: float,
        now: float,
        *,
        rdt_exponent: int | None = None,
        token: int | None = None,
        rdtm: int | None = None,
        session_id: int | None = None,
    ) -> ProtocolError:
        """Keep a request for RESPOND_IF_READY; return the ResponseNotReady that says so.

        RDT is the time until ``ready_at``; each ResponseNotReady has a token of its own.
        """
        self._tokens = (self._tokens + 1) & 0xFF
        token = self._tokens if token is None else token
        remaining = max(0, round((ready_at - now) * 1_000_000))
        if rdt_exponent is None:
            rdt_exponent = max(RDT_EXPONENT, exponent_for(remaining))
        rdtm = RDTM if rdtm is None else rdtm
        expires_at = now + rdtm * 2.0**rdt_exponent / 1_000_000
        self.deferred = Deferred(request, raw, ready_at, token, session_id, expires_at)
        data = ResponseNotReadyData(
            rdt_exponent=rdt_exponent,
            request_code=request.code,
            token=token,
            rdtm=rdtm,
        )
        return ProtocolError(
            ErrorCode.RESPONSE_NOT_READY,
            f"ready in {remaining} us",
            extended=data.build(),
        )

    def resume(self) -> None:
        """The deferred request is being answered."""
        self.deferred = None
