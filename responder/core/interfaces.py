"""What the core asks of a device; ``responder.device`` implements it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from responder.spec.algorithms import Hash, Signature
from responder.spec.flags import Cap, ExtCap
from responder.spec.timing import RDTM
from responder.spec.versions import SpdmVersion

if TYPE_CHECKING:
    from responder.core.controls import Controls
    from responder.core.provisioning import Provisioning

NO_EXT_FLAGS = ExtCap(0)


class AlgorithmPolicy(msgspec.Struct, frozen=True):
    """The algorithms on offer, each list in order of preference, as masks of one bit each.

    An empty list offers nothing. Bits are those of ``responder.spec.algorithms``.

    Attributes:
        base_asym, pqc_asym, base_hash: the connection's algorithms.
        measurement_hash: MeasurementHashAlgo bits; only the first whose size or name fits counts.
        tables: AlgType to bits, for the algorithm structures of 1.1 and later.
        measurement_specification, mel_specification: bit masks.
        opaque_formats: OtherParamsSupport bits 1:0, in order of preference.
        multi_key: bit 4 of OtherParamsSelection when the choice is ours.
        pqc_first: which of classical and post-quantum wins when both are acceptable.
    """

    base_asym: Sequence[int] = ()
    pqc_asym: Sequence[int] = ()
    base_hash: Sequence[int] = ()
    measurement_hash: Sequence[int] = ()
    tables: Mapping[int, Sequence[int]] = msgspec.field(default_factory=dict)
    measurement_specification: int = 0
    mel_specification: int = 0
    opaque_formats: Sequence[int] = ()
    multi_key: bool = False
    pqc_first: bool = False


class SessionPolicy(msgspec.Struct, frozen=True):
    """How sessions and mutual authentication are handled; all of it is the profile's.

    Attributes:
        limit: sessions at once on one connection.
        heartbeat_period: HeartbeatPeriod, seconds; 0 for no heartbeats.
        secured_versions: secured message versions in order of preference, such as 0x1200.
        aead_limit: sequence numbers end before 2**aead_limit (DSP0277 1.3).
        max_padding: bytes of random data, at most, in a record of a transport that allows it.
        big_endian_sequence: XOR the sequence number big-endian into the end of the IV, which
            secured message versions before 1.2 leave open.
        drop_undecryptable: say nothing when a record cannot be opened, instead of DecryptError.
        keep_undecryptable: go on with the session after such a record, instead of ending it.
        mutual_auth: MutAuthRequested of KEY_EXCHANGE_RSP for requesters that are capable of it.
        mutual_auth_required: refuse sessions to requesters that are not.
        basic_mutual_auth: ask for it with CHALLENGE_AUTH.
        requester_slot: the slot of the requester that is asked for, 0 to 7.
        event_queue: events that a session keeps for a requester that does not fetch them.
        first_event_id: EventInstanceID of the first event of a session.
        wants_events: subscribe to what requesters have to tell.
        log_keys: emit the keys of sessions as events.
    """

    limit: int = 4
    heartbeat_period: int = 0
    secured_versions: Sequence[int] = (0x1300, 0x1200, 0x1100, 0x1000)
    aead_limit: int = 64
    max_padding: int = 0
    big_endian_sequence: bool = False
    drop_undecryptable: bool = False
    keep_undecryptable: bool = False
    mutual_auth: int = 0
    mutual_auth_required: bool = False
    basic_mutual_auth: bool = False
    requester_slot: int = 0
    event_queue: int = 16
    first_event_id: int = 0
    wants_events: bool = False
    log_keys: bool = False


NO_SESSION_POLICY = SessionPolicy()


class TimingPolicy(msgspec.Struct, frozen=True):
    """How long the device works; times in microseconds, by request code.

    Attributes:
        ready_after: work during which a request is put off with ResponseNotReady, always.
        takes: work that is waited for where a requester waits, and else put off too.
        busy: while a request is put off and at work, others are answered Busy.
        rdtm: RDTM of ResponseNotReady.
        forget_late: a request that was put off is forgotten RDT times RDTM after that was said.
    """

    ready_after: Mapping[int, int] = msgspec.field(default_factory=dict)
    takes: Mapping[int, int] = msgspec.field(default_factory=dict)
    busy: bool = False
    rdtm: int = RDTM
    forget_late: bool = False


NO_TIMING = TimingPolicy()


class Deviations(msgspec.Struct, frozen=True):
    """Where this responder does as another one does, against the specification or beside it.

    Only what no fault can do is here; ``responder.profiles.personas`` lists all.

    Attributes:
        ignores_trailing_bytes: what follows the end of a request does not matter.
        extends_in_every_version: hash-extended measurements exist before 1.3 too.
        cuts_to_own_size: portions are cut to DataTransferSize of the responder alone.
        hides_empty_slots: SlotSizeRequested of an empty slot is refused.
        asks_anyone: mutual authentication is asked for without MUT_AUTH_CAP of the requester.
        goes_on_when_cleared: END_SESSION that clears the negotiated state (CACHE_CAP) clears what
            is kept for a reset, and leaves the connection as it is.
    """

    ignores_trailing_bytes: bool = False
    extends_in_every_version: bool = False
    cuts_to_own_size: bool = False
    hides_empty_slots: bool = False
    asks_anyone: bool = False
    goes_on_when_cleared: bool = False


NO_DEVIATIONS = Deviations()


class ResponderPolicy(msgspec.Struct, frozen=True):
    """What the responder claims and chooses; all of it is the profile's.

    Attributes:
        versions: the versions in VERSION, in the order sent.
        flags: capability flags, cut to what each version defines.
        ext_flags: ExtFlags of 1.4.
        ct_exponent: CTExponent; cryptographic timeout is 2**ct_exponent microseconds.
        data_transfer_size: DataTransferSize, bytes, at least 42.
        max_spdm_msg_size: MaxSPDMmsgSize, bytes.
        algorithms: what is negotiated.
        transmit_size: bytes of the transmit buffer: what is longer goes out in chunks even if the
            requester could take it whole; 0 for any.
        timing: how long answers take.
        session: sessions and mutual authentication.
        deviations: where it does as another responder does.
    """

    versions: Sequence[SpdmVersion]
    flags: Cap
    algorithms: AlgorithmPolicy
    ext_flags: ExtCap = NO_EXT_FLAGS
    ct_exponent: int = 0
    data_transfer_size: int = 0x1200
    max_spdm_msg_size: int = 0x1200
    transmit_size: int = 0
    timing: TimingPolicy = NO_TIMING
    session: SessionPolicy = NO_SESSION_POLICY
    deviations: Deviations = NO_DEVIATIONS


class RecordFormat(Protocol):
    """What a transport puts into secured records (DSP0277; the bindings DSP0275, 0276, 0287).

    Attributes:
        sequence_size: bytes of the sequence number in the record's header.
        max_padding: bytes of random data that a record may carry.
    """

    @property
    def sequence_size(self) -> int:
        """0 or 2."""

    @property
    def max_padding(self) -> int:
        """0 where the transport forbids random data."""

    def enclose(self, message: bytes) -> bytes:
        """The application data that carries an SPDM message."""

    def disclose(self, application_data: bytes) -> bytes:
        """The SPDM message in application data; ValueError if there is none."""

    def foreign(self, application_data: bytes) -> bool:
        """Whether it is for something other than SPDM, such as PLDM over MCTP."""


class Psk(msgspec.Struct, frozen=True):
    """A pre-shared key.

    Attributes:
        hint: what the requester names it by; empty for one without a name.
        secret: the key.
    """

    hint: bytes
    secret: bytes


class SlotInfo(msgspec.Struct, frozen=True):
    """What a slot and its key are, as DIGESTS tells it in a multi-key connection.

    Attributes:
        model: ``CertificateModel`` of the chain; 0 if the slot has a key only.
        key_pair_id: 1 to the number of key pairs; 0 without key pairs.
        key_usage: ``KeyUsage`` bits that the key allows.
    """

    model: int = 0
    key_pair_id: int = 0
    key_usage: int = 0


class Slot(Protocol):
    """A certificate slot as one connection sees it.

    Attributes:
        size: bytes of the slot's storage, for SlotSizeRequested.
    """

    size: int

    def info(self, asym: Signature) -> SlotInfo:
        """Model, key pair and usage for that algorithm."""

    def chain(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The certificate chain structure; ``None`` if the slot holds none for that algorithm."""

    def digest(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The base hash of that structure."""

    def key(self, asym: Signature) -> "SigningKey | None":
        """The private key for that algorithm."""

    def identity(self, asym: Signature) -> "Identity | None":
        """What the chain for that algorithm is made of."""


class Identity(Protocol):
    """A private key (PEM) and its certificates (DER, root first)."""

    @property
    def key(self) -> bytes:
        """The private key, unencrypted PEM."""

    @property
    def chain(self) -> Sequence[bytes]:
        """DER certificates from the root to the leaf."""


class SigningKey(Protocol):
    """A private key; its methods are those of ``responder.crypto.signing``."""

    def sign(self, scheme: Signature, base_hash: Hash, message: bytes, context: str = "") -> bytes:
        """The SPDM-encoded signature of ``message``, hashed as the scheme asks.

        ``context`` is the signer context, which only ML-DSA signs beside the message.
        """

    def public_key_der(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""


class VerifyingKey(Protocol):
    """A requester's public key; its methods are those of ``responder.crypto.signing``."""

    def verify(
        self,
        scheme: Signature,
        base_hash: Hash,
        message: bytes,
        signature: bytes,
        context: str = "",
    ) -> None:
        """Check an SPDM-encoded signature; ``SignatureError`` if it does not verify."""

    def der(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""


class RequesterTrust(Protocol):
    """Whom the device believes to be a requester (mutual authentication)."""

    def verify(self, chain: bytes, asym: Signature, base_hash: Hash, version: int) -> VerifyingKey:
        """The leaf's key of a certificate chain structure, as the requester sent it.

        ``asym`` is the negotiated ReqBaseAsymAlg or ReqPqcAsymAlg, ``version`` the connection's.

        Raises:
            UntrustedError: the chain is not believed.
        """

    def chain(self, asym: Signature, base_hash: Hash) -> bytes | None:
        """The chain structure of a requester that was provisioned, so that it need not be asked."""

    def public_key(self, asym: Signature) -> VerifyingKey | None:
        """The requester's key that was provisioned for slot 0xFF (its PUB_KEY_ID)."""


class Occurrence(msgspec.Struct, frozen=True):
    """Something that happened to a device.

    Attributes:
        number: its place among all that happened, counted from 1.
        event_type: ``EventType``.
        detail: EventDetail as on the wire.
    """

    number: int
    event_type: int
    detail: bytes


class EventSource(Protocol):
    """What has happened to a device."""

    @property
    def types(self) -> frozenset[int]:
        """``EventType`` values that it can tell of."""

    @property
    def latest(self) -> int:
        """The number of the last occurrence, 0 before the first."""

    def since(self, number: int) -> Sequence[Occurrence]:
        """What happened after that occurrence; the oldest may have been forgotten."""


class Measured(Protocol):
    """The measurement of one index; ``block`` gives the bytes of its measurement block.

    Attributes:
        index: 1 to 0xFE.
        tcb: part of the TCB measurement summary.
        hash_extend: it exists only from 1.3 on, and where a measurement hash is negotiated.
    """

    index: int
    tcb: bool
    hash_extend: bool

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """The measurement block; ``measurement_hash`` is ``None`` when only raw is possible."""


class SessionToken(Protocol):
    """A session as a device may know it: compared by identity, so that no other can stand for it.

    Attributes:
        session_id: 32 bits.
        psk_hint: the hint of its pre-shared key; ``None`` without one.
    """

    session_id: int
    psk_hint: bytes | None

    @property
    def established(self) -> bool:
        """Whether its handshake is complete."""


class VendorRequest(msgspec.Struct, frozen=True):
    """What VENDOR_DEFINED_REQUEST asks of a device.

    Attributes:
        standard_id: StandardID.
        vendor_id: VendorID as on the wire.
        payload: VendorDefinedReqPayload.
        session: the session that it came in; ``None`` outside of all.
        now: virtual time in seconds.
    """

    standard_id: int
    vendor_id: bytes
    payload: bytes
    session: SessionToken | None = None
    now: float = 0.0


class Device(Protocol):
    """The emulated device below the SPDM endpoint."""

    @property
    def controls(self) -> "Controls | None":
        """What can be done to the PCI Express device that it is a side of; ``None`` without one."""

    @property
    def trust(self) -> RequesterTrust:
        """Whom it believes to be a requester."""

    @property
    def events(self) -> EventSource:
        """What has happened to it."""

    @property
    def provisioning(self) -> "Provisioning":
        """The part that is written from outside."""

    def slot(self, slot_id: int) -> Slot | None:
        """The slot; ``None`` if it does not exist or has neither a chain nor a key."""

    def supported_slot_mask(self) -> int:
        """The slots that exist (1.3), provisioned or not."""

    def slot_size(self, slot_id: int) -> int:
        """Bytes of storage of a supported slot, 0 if it does not exist."""

    def public_key(self, asym: Signature) -> SigningKey | None:
        """The key that was provisioned to requesters as a raw public key (PUB_KEY_ID)."""

    def measurements(self) -> Sequence[Measured]:
        """All measurements, ascending by index."""

    def content_changed(self) -> int:
        """``ContentChanged`` since the last signed measurements."""

    def measurement_revision(self) -> int:
        """A number that is another one after measurements have changed."""

    def measurement_extension_log(self, measurement_hash: Hash | None) -> bytes:
        """The whole log; ``measurement_hash`` is ``None`` when only raw is possible."""

    def endpoint_info(self, sub_code: int) -> bytes | None:
        """EPInfo of ENDPOINT_INFO; ``None`` for an unknown sub code."""

    def tick(self, now: float) -> None:
        """A request arrives at virtual time ``now``, seconds; changes that are due happen."""

    def vendor_request(self, request: VendorRequest) -> bytes | None:
        """The payload of the answer; ``None`` if nobody handles that id.

        Raises:
            ProtocolError: it is refused; IgnoredError: in silence; OutsideError: for want of a
                session.
        """

    def session_ended(self, session: SessionToken) -> None:
        """A session is over, whatever ended it."""

    def application(self, data: bytes) -> bytes | None:
        """The answer to application data of a session that is no SPDM message, if there is one.

        Both are whole, with what the transport puts before them (MCTP: the message type).
        """

    def psk(self, hint: bytes) -> Psk | None:
        """The pre-shared key of a hint; ``None`` if there is none."""
