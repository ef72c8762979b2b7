"""What an attestation found, as plain data: ``asdict`` of it is the JSON document.

Bytes are lower-case hexadecimal, times ISO 8601, sizes bytes.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from responder.requester.report_cxl import CXL_OBSERVATIONS, CxlPortReport, TargetReport
from responder.requester.report_tdi import TDI_OBSERVATIONS, IdeReport, TdiReport

Verdict = Literal["", "attested", "refused", "failed"]

OBSERVATIONS = {
    "version.alpha": "The only common version is a pre-release.",
    "capabilities.unasked-algorithms": "CAPABILITIES carries algorithms nobody asked for.",
    "digests.no-slot0": "Slot 0 is not provisioned.",
    "digests.shared-key": "Two slots have the same KeyPairID.",
    "digests.changed": "The digests are others than were told before.",
    "slot.refused": "The chain of a slot is not valid; the next one was tried.",
    "chain.no-clock": "Nobody said what time it is: validity was not checked.",
    "chain.constraints-not-critical": "An issuer's basicConstraints are not critical.",
    "chain.self-signed-leaf": "The leaf is its own and only issuer.",
    "chain.nul-in-name": "A name contains NUL.",
    "chain.name-constraints": "An issuer's name constraints, not critical, were not looked at.",
    "chain.no-hardware-identity": "A device certificate lacks the hardware-identity OID.",
    "chain.no-key-usage": "A generic leaf has no keyUsage.",
    "restart.versions-changed": "After RequestResynch other versions are offered.",
    "restart.identity-changed": "After RequestResynch the device is another one.",
    "restart.measurements-changed": "After RequestResynch the measurements differ.",
    "measurements.changed": "Measurements are others than were read before.",
    "nonce.zero": "The responder's nonce is zero.",
    "nonce.repeated": "The responder's nonce came before.",
    "nonce.echo": "The responder's nonce is the requester's.",
    "exchange.repeated": "The responder's ExchangeData came before: its key is not ephemeral.",
    "challenge.unsupported": "There was no CHALLENGE; 1.0 and 1.1 sign nothing of the negotiation.",
    "challenge.summary-differs": "The summary hash is not that of the measurements read.",
    "measurements.unsupported": "The responder has no measurements.",
    "measurements.unsigned": "The measurements are not signed.",
    "measurements.incomplete": "Blocks differ in number from the total that was told.",
    "measurements.all-refused": "All at once was refused; they were read one by one.",
    "measurements.restarted": "An ERROR broke the series; it was read again.",
    "measurements.content-changed": "Measurements changed since the last signed ones.",
    "measurements.reserved-type": "A value type is reserved.",
    "measurements.raw": "A raw bit stream came where a digest was asked for.",
    "measurements.debug": "A debug mode is, or has been, active.",
    "measurements.not-normal": "The operational mode is not the normal one alone.",
    "measurements.odd-value": "A structured value does not have its structure.",
    "log.differs": "A hash-extend measurement is not what the log makes.",
    "key-pair.trailing-zeros": "Zeros follow KEY_PAIR_INFO, as from a known implementation.",
    "events.missing": "Events between two messages never came.",
    "events.odd-list": "The list of event groups does not hold what it tells.",
    "banks.selected": "Not exactly one bank says that it serves this connection.",
    "banks.other-digests": "The selected bank tells other digests than DIGESTS did.",
    "bank.not-configured": "A bank was given an algorithm, yet tells another.",
    "bank.not-erased": "A slot was erased, yet still holds a chain.",
    "reset.required": "What was changed takes effect after a reset.",
    "certificate.size-refused": "The size of an empty slot was refused.",
    "csr.other-subject": "The CSR has another subject than RequesterInfo asks for.",
    "certificate.not-stored": "SET_CERTIFICATE was answered, yet another chain is read back.",
    "encapsulated.declined": "The responder asked what it may not, and was answered ERROR.",
    "encapsulated.nothing": "The responder had nothing to ask.",
    "encapsulated.unverified": "The responder began to update its own keys and did not end it.",
    "mutual.chain-unread": "The responder asked who we are without reading our chain.",
    "heartbeat.none": "The session has no heartbeat period.",
    "state.forgotten": "The negotiated state that was kept was forgotten, and agreed anew.",
    "state.not-cleared": "The negotiated state still counts, though END_SESSION cleared it.",
    "step.unsupported": "A step was left out: the version or the capabilities lack it.",
    "vendor.refused": "The vendor-defined request is not supported.",
    **TDI_OBSERVATIONS,
    **CXL_OBSERVATIONS,
}
"""What is legal on the wire and for somebody to decide; a report lists what was seen."""


@dataclass(slots=True)
class Refusal:
    """Why there is no attestation: request, check, what was seen, and the check's source."""

    step: str
    check: str
    reason: str
    source: str = ""


@dataclass(slots=True)
class Observation:
    """Something legal that a verifier should know; ``id`` is one of ``OBSERVATIONS``."""

    id: str
    detail: str


@dataclass(slots=True)
class CapabilityReport:
    """CAPABILITIES as received, masked to the version; sizes are 0 before 1.2."""

    names: list[str] = field(default_factory=list)
    flags: int = 0
    ct_exponent: int = 0
    data_transfer_size: int = 0
    max_spdm_msg_size: int = 0


@dataclass(slots=True)
class SlotReport:
    """A provisioned slot; model, key pair and usage only in a multi-key connection."""

    slot: int
    digest: str
    certificate_model: str = ""
    key_pair_id: int = 0
    key_usage: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CertificateReport:
    """One certificate of the chain, root first."""

    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key: str
    signature_algorithm: str
    sha256: str


@dataclass(slots=True)
class OtherName:
    """An otherName of the leaf's subjectAltName."""

    oid: str
    name: str
    value: str


@dataclass(slots=True)
class Identity:
    """Who the device says it is: the leaf's names."""

    subject: str = ""
    serial: str = ""
    other_names: list[OtherName] = field(default_factory=list)
    hardware_identity: bool = False


@dataclass(slots=True)
class Measured:
    """One measurement.

    Attributes:
        index: of the block.
        type: DMTFSpecMeasurementValueType, bits 6:0.
        name: the type's name.
        raw: the value is a raw bit stream.
        value: the value.
        text: what the value means, where it has a structure; else empty.
        signed: a signature that verified covers it.
    """

    index: int
    type: int
    name: str
    raw: bool
    value: str
    text: str = ""
    signed: bool = False


@dataclass(slots=True)
class LogEntry:
    """One entry of the measurement extension log."""

    mel_index: int
    meas_index: int
    type: int
    value: str


@dataclass(slots=True)
class KeyPairReport:
    """One key pair: its algorithm, what it may sign, and the slots whose chains are its."""

    key_pair_id: int
    algorithm: str
    key_usage: list[str]
    slots: list[int]


@dataclass(slots=True)
class BankSlotReport:
    """A slot of a bank: the digest of its chain, empty without one, and how long one may be."""

    slot: int
    digest: str
    size: int


@dataclass(slots=True)
class BankReport:
    """A bank of slots (1.4).

    Attributes:
        bank: BankID.
        selected: it serves the algorithm of this connection.
        algorithm: the one that its slots share; empty without one.
        available: those that it could be given.
        modifiable: the slots that can be written and erased.
        slots: all slots.
    """

    bank: int
    selected: bool
    algorithm: str
    available: list[str]
    modifiable: list[int]
    slots: list[BankSlotReport] = field(default_factory=list)


@dataclass(slots=True)
class EventReport:
    """One event that the responder has sent."""

    session: str
    instance: int
    type: str
    detail: str


@dataclass(slots=True)
class SessionReport:
    """One session.

    Attributes:
        id: both halves, in hexadecimal.
        opened_by: ``KEY_EXCHANGE`` or ``PSK_EXCHANGE``.
        secured_version: of DSP0277; 0 where none was told.
        heartbeat_period: seconds.
        mutual: how the requester was authenticated; empty if it was not.
        steps: what was done in it.
        ended: it was ended by END_SESSION.
    """

    id: str
    opened_by: str
    secured_version: str
    heartbeat_period: int
    mutual: str = ""
    steps: list[str] = field(default_factory=list)
    ended: bool = False


@dataclass(slots=True)
class Nonces:
    """The nonces of a signed exchange."""

    message: str
    requester: str
    responder: str


@dataclass(slots=True)
class ExchangeReport:
    """One exchange; the driver fills in the time."""

    request: str
    response: str
    request_size: int
    response_size: int
    milliseconds: float = 0.0


@dataclass(slots=True)
class Passed:
    """A check that did not hold, though the attestation went on."""

    step: str
    check: str
    reason: str


@dataclass(slots=True)
class Report:
    """Everything an attestation found; ``verdict`` says what it came to.

    Attributes:
        verdict: ``attested``; ``refused``: a check refused, or the transport's rules were broken;
            ``failed``: no answer came, so that nothing is known of the device.
        refusal: set unless ``verdict`` is ``attested``. Where no response came, ``check`` is
            ``transport.framing``, ``transport.closed`` or ``transport.timeout``.
        target: where the responder is, as the driver was told.
        slot_sizes: bytes that each slot can hold, if that was asked for.
        slot: the slot that was authenticated; 255 for a provisioned public key.
        trust_anchor: subject of the trusted root.
        signed: the messages whose signature verified.
        ide: the port, if it was asked.
        tdi: the interface, if it was asked.
        cxl_port: the CXL port, if it was asked.
        tsp: the CXL memory target, if it was asked.
        negotiated_state: of a responder with CACHE_CAP the messages from GET_VERSION to ALGORITHMS;
            none if END_SESSION cleared it.
        declined: the checks for which a request of the responder was answered with ERROR, in order.
        passed_over: the checks that were left out and would have refused, in order.
    """

    verdict: Verdict = ""
    refusal: Refusal | None = None
    target: str = ""
    versions_offered: list[str] = field(default_factory=list)
    version: str = ""
    capabilities: CapabilityReport = field(default_factory=CapabilityReport)
    algorithms: dict[str, str] = field(default_factory=dict)
    slots: list[SlotReport] = field(default_factory=list)
    slot_sizes: dict[int, int] = field(default_factory=dict)
    slot: int | None = None
    identity: Identity = field(default_factory=Identity)
    chain: list[CertificateReport] = field(default_factory=list)
    trust_anchor: str = ""
    signed: list[str] = field(default_factory=list)
    nonces: list[Nonces] = field(default_factory=list)
    measurement_summary_hash: str = ""
    measurement_total: int | None = None
    measurements: list[Measured] = field(default_factory=list)
    extension_log: list[LogEntry] = field(default_factory=list)
    endpoint_info: str = ""
    key_pairs: list[KeyPairReport] = field(default_factory=list)
    banks: list[BankReport] = field(default_factory=list)
    csr: str = ""
    event_types: list[str] = field(default_factory=list)
    events: list[EventReport] = field(default_factory=list)
    sessions: list[SessionReport] = field(default_factory=list)
    ide: IdeReport | None = None
    tdi: TdiReport | None = None
    cxl_port: CxlPortReport | None = None
    tsp: TargetReport | None = None
    vendor_response: str = ""
    application_response: str = ""
    negotiated_state: list[str] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    declined: list[Passed] = field(default_factory=list)
    passed_over: list[Passed] = field(default_factory=list)
    exchanges: list[ExchangeReport] = field(default_factory=list)

    @property
    def attested(self) -> bool:
        """Whether the device was authenticated and nothing refused."""
        return self.verdict == "attested"

    def observe(self, observation: str, detail: str = "") -> None:
        """Note something legal, once; ``observation`` is a key of ``OBSERVATIONS``."""
        seen = Observation(observation, detail or OBSERVATIONS[observation])
        if seen not in self.observations:
            self.observations.append(seen)

    def document(self) -> dict[str, Any]:
        """The report as a JSON document."""
        return asdict(self)
