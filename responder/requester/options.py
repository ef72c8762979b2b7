"""What an attestation is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from responder.crypto.lacking import every_lack
from responder.requester.cxl_options import TspOptions
from responder.requester.plan import Plan
from responder.requester.records import RecordFormat
from responder.requester.tdi_options import TdiOptions
from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEY_SCHEDULES,
    MEASUREMENT_SPECIFICATION_DMTF,
    OPAQUE_FORMAT_1,
    PQC_ASYM,
    TABLE_AEAD,
    TABLE_DHE,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    Algorithm,
)
from responder.spec.flags import Cap
from responder.spec.limits import SUMMARY_ALL
from responder.spec.sessions import MAX_AEAD_EXPONENT, SECURED_VERSIONS
from responder.spec.versions import ALL_VERSIONS, SpdmVersion

MeasurementMode = Literal["all", "each", "none"]

NO_CAPABILITIES = Cap(0)
QEMU_TRANSFER_SIZE = 4600
"""The largest SPDM message, in bytes, that QEMU's DOE mailbox takes from its socket."""

_UNUSABLE = frozenset({*every_lack(), "SM3-256"})
"""What cannot be computed, and SM3, which no certificate there is signed with."""


def _mask(table: tuple[Algorithm, ...]) -> int:
    return sum(row.bit for row in table if row.name not in _UNUSABLE)


VERIFIED_PQC_ASYM = _mask(PQC_ASYM)

_STRUCTURES: Mapping[int, int] = MappingProxyType(
    {
        TABLE_DHE: _mask(DHE_GROUPS),
        TABLE_AEAD: _mask(AEADS),
        TABLE_REQ_BASE_ASYM: _mask(BASE_ASYM),
        TABLE_KEY_SCHEDULE: _mask(KEY_SCHEDULES),
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What GET_CAPABILITIES and NEGOTIATE_ALGORITHMS announce, cut to what a version defines.

    Attributes:
        flags: the requester's capabilities. None by default: no session, no mutual
            authentication, no chunks.
        ct_exponent: CTExponent of the requester.
        data_transfer_size: bytes of the largest message it takes (1.2), also the limit that
            portions of certificates are asked by.
        max_message_size: bytes of the largest message that it puts together from chunks; counts
            only with CHUNK_CAP.
        ask_algorithms: ask for the supported algorithms in CAPABILITIES (1.3, CHUNK_CAP).
        base_asym, pqc_asym, base_hash: algorithm bits; ``VERIFIED_PQC_ASYM`` are the
            post-quantum ones that can be verified.
        measurement_specification, mel_specification, opaque_formats: bits.
        structures: AlgType to bits, sent from 1.1 on in ascending order.
        multi_key: ask for a multi-key connection (1.3) where the responder leaves the choice.
        secured_versions: versions of DSP0277 for sessions, such as 0x1200.
        aead_limit: the exponent of the AEAD limit, told with version 0x1300 or later.
    """

    flags: Cap = NO_CAPABILITIES
    ct_exponent: int = 20
    data_transfer_size: int = QEMU_TRANSFER_SIZE
    max_message_size: int = 1 << 20
    ask_algorithms: bool = False
    base_asym: int = _mask(BASE_ASYM)
    pqc_asym: int = 0
    base_hash: int = _mask(BASE_HASHES)
    measurement_specification: int = MEASUREMENT_SPECIFICATION_DMTF
    mel_specification: int = 0
    opaque_formats: int = OPAQUE_FORMAT_1
    structures: Mapping[int, int] = field(default_factory=lambda: _STRUCTURES)
    multi_key: bool = False
    secured_versions: tuple[int, ...] = SECURED_VERSIONS
    aead_limit: int = MAX_AEAD_EXPONENT


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """Who the requester is, for mutual authentication and signed endpoint information.

    Attributes:
        key: its private key, PEM or DER.
        chain: its certificates, DER, root first; none if the responder knows its public key.
        slots: the slots that hold this chain.
        usages: ``KeyUsage`` bits of a slot's key, by slot, as a multi-key connection tells them
            (1.3); all where nothing is given.
        ep_info: EPInfo of ENDPOINT_INFO.
    """

    key: bytes = field(repr=False)
    chain: tuple[bytes, ...] = ()
    slots: tuple[int, ...] = (0,)
    usages: Mapping[int, int] = field(default_factory=dict)
    ep_info: bytes = bytes(4)


@dataclass(frozen=True, slots=True)
class Psk:
    """A pre-shared key and the hint that names it."""

    hint: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewChain:
    """A certificate chain to write: its slot, and the certificates, DER, root first."""

    slot: int
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """The bounds of everything that a responder could otherwise prolong.

    Attributes:
        busy: how often one request is sent again after Busy.
        busy_wait: microseconds before it is.
        not_ready: how often RESPOND_IF_READY is sent for one request.
        wait: microseconds of one wait after ResponseNotReady.
        resynch: restarts at GET_VERSION after RequestResynch.
        encapsulated: requests of the responder in one flow.
        series: how often a series of measurements is begun anew after an ERROR.
        exchanges: exchanges of the whole attestation.
        chain: bytes of a certificate chain.
        log: bytes of a measurement extension log.
        endpoint_info: bytes of EPInfo.
        interface_report: bytes of an interface report, or of a target's.
        certificates: certificates in a chain.
    """

    busy: int = 4
    busy_wait: int = 20_000
    not_ready: int = 16
    wait: int = 10_000_000
    resynch: int = 1
    encapsulated: int = 4096
    series: int = 2
    exchanges: int = 80_000
    chain: int = 1 << 18
    log: int = 1 << 20
    endpoint_info: int = 1 << 16
    interface_report: int = 1 << 15
    certificates: int = 32


@dataclass(frozen=True, slots=True)
class VendorRequest:
    """A VENDOR_DEFINED_REQUEST to send at the end; its answer is reported."""

    standard_id: int
    vendor_id: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class AttestOptions:
    """One attestation.

    Attributes:
        versions: the versions that may be chosen; the highest common one is.
        roots: trusted root certificates, DER.
        public_key: the responder's provisioned public key (SubjectPublicKeyInfo, DER): no
            certificates are read, and slot 0xFF is challenged.
        time: now, with a time zone; without it no validity is checked.
        slot: the slot to authenticate; ``None`` tries the provisioned ones upwards until the
            chain of one is valid.
        offer: capabilities and algorithms announced.
        required: responder capabilities without which the attestation stops.
        summary: MeasurementSummaryHashType of CHALLENGE, sent if the responder has MEAS_CAP.
        measurements: all in one message, each in one, or none.
        raw: ask for raw bit streams.
        requester_context: 8 bytes sent from 1.3 on; random if empty.
        san: what the leaf's otherName 2.23.147 must be; unchecked if ``None``.
        vendor: a vendor-defined request.
        padding: bytes that the transport may have added to a message (``Channel.padding``).
        identity: who the requester is; it can prove nothing without.
        demand_mutual: refuse a session in which the responder does not ask who the requester is.
        records: how the transport carries the records of sessions (``Channel.records``).
        psk: the pre-shared key of sessions by PSK_EXCHANGE.
        application: what the step ``application`` sends.
        stay: microseconds that the step ``stay`` keeps a session open.
        new_chain: what the step ``set-certificate`` writes.
        csr_info: RequesterInfo of the step ``csr``: a CertificationRequestInfo in DER, or nothing.
        tdi: what is asked of the port and the interface.
        tsp: what is asked of a CXL memory target.
        plan: what is done.
        negotiated_state: the messages from GET_VERSION to ALGORITHMS of an earlier connection to
            a responder with CACHE_CAP; they are not sent again unless it has forgotten them.
        patience: bounds.
        without: ids of the checks that this requester has forgotten.
    """

    versions: tuple[SpdmVersion, ...] = ALL_VERSIONS
    roots: tuple[bytes, ...] = ()
    public_key: bytes | None = None
    time: datetime | None = None
    slot: int | None = 0
    offer: Offer = field(default_factory=Offer)
    required: Cap = NO_CAPABILITIES
    summary: int = SUMMARY_ALL
    measurements: MeasurementMode = "all"
    raw: bool = False
    requester_context: bytes = b""
    san: str | None = None
    vendor: VendorRequest | None = None
    padding: int = 0
    identity: OwnIdentity | None = None
    demand_mutual: bool = False
    records: RecordFormat | None = None
    psk: Psk | None = None
    application: bytes = b""
    stay: int = 0
    new_chain: NewChain | None = None
    csr_info: bytes = b""
    tdi: TdiOptions = field(default_factory=TdiOptions)
    tsp: TspOptions = field(default_factory=TspOptions)
    plan: Plan = field(default_factory=Plan)
    negotiated_state: tuple[bytes, ...] = ()
    patience: Patience = field(default_factory=Patience)
    without: frozenset[str] = frozenset()
