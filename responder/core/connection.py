"""The state of one SPDM connection; everything that changes it is here."""

from collections import Counter
from enum import IntEnum

import msgspec

from responder.core.errors import ProtocolError
from responder.core.hooks import Hooks
from responder.core.ownership import CLEARS, Level, Reset
from responder.core.transcript import Transcript
from responder.crypto.random_tree import RandomTree
from responder.spec.algorithms import Hash, Signature
from responder.spec.codes import ErrorCode
from responder.spec.flags import Cap
from responder.spec.timing import RDT_EXPONENT, RDTM, exponent_for
from responder.spec.versions import V10, SpdmVersion
from responder.wire.context import WireContext
from responder.wire.error import ResponseNotReadyData
from responder.wire.message import Message


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


class Deferred(msgspec.Struct, frozen=True):
    """A request that was answered ResponseNotReady.

    Attributes:
        request: the parsed request.
        raw: its bytes, without transport padding.
        ready_at: virtual time, in seconds, from which RESPOND_IF_READY is answered.
        token: the token of the latest ResponseNotReady.
    """

    request: Message
    raw: bytes
    ready_at: float
    token: int


class Connection:
    """One SPDM connection: phase, agreed version, negotiated values, transcripts, deferral."""

    def __init__(self, random: RandomTree, hooks: Hooks) -> None:
        self.random = random
        self.hooks = hooks
        self.phase = Phase.NOT_STARTED
        self.transcript = Transcript()
        self.phase_changes: list[tuple[Phase, Phase]] = []
        self._tokens = 0
        self._counts: Counter[str] = Counter()
        self._forget()

    def _forget(self) -> None:
        self.version: SpdmVersion | None = None
        self.flags = Cap(0)
        self.peer = Peer()
        self.selected = Selected()
        self.wire = WireContext()
        self.deferred: Deferred | None = None
        self.transcript.clear()

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
        return bool(self.flags & self.peer.flags & flag)

    def restart(self) -> None:
        """GET_VERSION: forget all that was agreed."""
        self._forget()
        self._move(Phase.AFTER_VERSION)

    def reset(self, reset: Reset) -> None:
        """Begin from nothing if a reset clears the endpoint; elsewhere stay as it is."""
        if Level.ENDPOINT in CLEARS[reset]:
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
        )

    def advance(self, phase: Phase | None) -> None:
        """Come at least as far as ``phase``; success never takes a connection back."""
        if phase is not None and phase > self.phase:
            self._move(phase)

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
    ) -> ProtocolError:
        """Keep a request for RESPOND_IF_READY; return the ResponseNotReady that says so.

        RDT is the time until ``ready_at``; each ResponseNotReady has a token of its own.
        """
        self._tokens = (self._tokens + 1) & 0xFF
        token = self._tokens if token is None else token
        self.deferred = Deferred(request, raw, ready_at, token)
        remaining = max(0, round((ready_at - now) * 1_000_000))
        if rdt_exponent is None:
            rdt_exponent = max(RDT_EXPONENT, exponent_for(remaining))
        data = ResponseNotReadyData(
            rdt_exponent=rdt_exponent,
            request_code=request.code,
            token=token,
            rdtm=RDTM if rdtm is None else rdtm,
        )
        return ProtocolError(
            ErrorCode.RESPONSE_NOT_READY,
            f"ready in {remaining} us",
            extended=data.build(),
        )

    def resume(self) -> None:
        """The deferred request is being answered."""
        self.deferred = None
