"""What a profile may say: one class per table, its keys documented under Attributes.

Keys, types and documentation of ``docs/profiles.md`` and ``docs/profile.schema.json`` come from
here.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from responder.profiles.schema_device import (
    ChangeSection,
    DeviceClassSection,
    EventsSection,
    LogSection,
    MeasurementSection,
)
from responder.profiles.schema_pcie import (
    CxlIdeKmSection,
    CxlTspSection,
    FunctionSection,
    IdeKmSection,
    IdeSection,
    MailboxSection,
    PcieSection,
    TdispSection,
)
from responder.profiles.schema_types import (
    Aead,
    BaseAsym,
    BaseHash,
    Byte,
    Capability,
    ContentChangedName,
    Deferrable,
    DeviationName,
    Dhe,
    ExtCapability,
    Hex,
    Kem,
    KeyKind,
    KeyPairCapability,
    KeySchedule,
    MeasurementHash,
    Microseconds,
    Model,
    MutualAuth,
    PersonaName,
    PqcAsym,
    ReqBaseAsym,
    ReqPqcAsym,
    Seconds,
    Section,
    SecuredVersion,
    Size,
    SlotId,
    Standard,
    Usage,
    Version,
    WorkedFor,
)
from responder.spec.timing import RDTM


class SpdmSection(Section):
    """Versions and capabilities.

    Attributes:
        versions: SPDM versions in the order in which VERSION lists them.
        capabilities: flags of CAPABILITIES, without the suffix `_CAP`; cut to what each version
            defines.
        ext_capabilities: ExtFlags of CAPABILITIES (1.4).
        ct_exponent: CTExponent: a cryptographic answer takes at most 2^n microseconds.
        data_transfer_size: DataTransferSize, bytes (1.2).
        max_spdm_msg_size: MaxSPDMmsgSize, bytes (1.2); the same as data_transfer_size without
            CHUNK, which is also its value when it is not given.
        transmit_size: bytes of the transmit buffer: longer responses go out in chunks even if the
            requester could take them whole; 0 for any (1.2).
        allow_inconsistent: accept capabilities, sizes, slots and algorithms that contradict
            each other.
    """

    versions: list[Version]
    capabilities: list[Capability]
    ext_capabilities: list[ExtCapability] = field(default_factory=list)
    ct_exponent: Byte = 0
    data_transfer_size: Size = 0x1200
    max_spdm_msg_size: Size | None = None
    transmit_size: Size = 0
    allow_inconsistent: bool = False


class AlgorithmsSection(Section):
    """Algorithms on offer, each list in order of preference.

    Attributes:
        base_asym: signature algorithms of the responder.
        pqc_asym: post-quantum signature algorithms of the responder (1.4).
        pqc_first: take the post-quantum algorithm where the requester accepts a classical one
            as well: signatures of both sides, key exchange.
        base_hash: hashes.
        measurement_hash: hashes of measurements; only the first that the version knows counts.
        measurement_specification: measurement specifications.
        opaque_formats: opaque data formats (1.2).
        dhe: key exchange groups.
        aead: AEAD cipher suites.
        req_base_asym: signature algorithms accepted from the requester.
        key_schedule: key schedules.
        req_pqc_asym: post-quantum signature algorithms accepted from the requester (1.4).
        kem: key encapsulation mechanisms (1.4).
        mel_specification: specifications of the measurement extension log (1.3).
        multi_key: ask for a multi-key connection when the requester leaves the choice (1.3).
    """

    base_asym: list[BaseAsym] = field(default_factory=list)
    pqc_asym: list[PqcAsym] = field(default_factory=list)
    pqc_first: bool = False
    base_hash: list[BaseHash] = field(default_factory=list)
    measurement_hash: list[MeasurementHash] = field(default_factory=list)
    measurement_specification: list[Literal["DMTF"]] = field(default_factory=lambda: ["DMTF"])
    opaque_formats: list[Literal[0, 1]] = field(default_factory=lambda: [1, 0])
    dhe: list[Dhe] = field(default_factory=list)
    aead: list[Aead] = field(default_factory=list)
    req_base_asym: list[ReqBaseAsym] = field(default_factory=list)
    key_schedule: list[KeySchedule] = field(default_factory=list)
    req_pqc_asym: list[ReqPqcAsym] = field(default_factory=list)
    kem: list[Kem] = field(default_factory=list)
    mel_specification: list[Literal["DMTF"]] = field(default_factory=list)
    multi_key: bool = False


class SlotSection(Section):
    """A certificate slot. Without `set` and `identity` it exists and is empty.

    Attributes:
        id: the slot.
        set: a certificate set: a name below `certs/`, or a folder. The file is
            `<set>/<kind of key>/slot<N>.pem` for each kind that base_asym needs.
        set_slot: N of that file, if it is not the slot's own number.
        identity: a PEM file: private key, then certificates from the leaf to the root.
        model: certificate model.
        key_pair_id: the slot's key pair (1.3, multi-key) where no key pairs are described, counted
            from 1 among those of one kind of key; 0 without key pairs.
        key_usage: what the key may sign (1.3, multi-key) where no key pairs are described.
        size: bytes of storage, told to a requester that asks for SlotSizeRequested.
    """

    id: SlotId
    set: str | None = None
    set_slot: SlotId | None = None
    identity: str | None = None
    model: Model = "device"
    key_pair_id: Byte = 0
    key_usage: list[Usage] = field(
        default_factory=lambda: ["key-ex", "challenge", "measurement", "endpoint-info"]
    )
    size: Size = 0xFFFF


class KeyPairSection(Section):
    """A key pair (1.3); its KeyPairID is its place among them, counted from 1.

    Its key is that of the certificates in its slots; where there are none it is made when it is
    needed for the first time.

    Attributes:
        algorithm: the kind of key, by the name of its folder in a certificate set; without it
            there is no key yet.
        slots: the slots that it is associated with.
        capabilities: what SET_KEY_PAIR_INFO may do with it; provisioning.key_pair_capabilities if
            not given.
        algorithms: the kinds of keys that may be chosen; the present one if not given.
        key_usage: what the key may sign.
        key_usage_capabilities: what may be chosen; key_usage if not given.
    """

    algorithm: KeyKind | None = None
    slots: list[SlotId] = field(default_factory=list)
    capabilities: list[KeyPairCapability] | None = None
    algorithms: list[KeyKind] = field(default_factory=list)
    key_usage: list[Usage] = field(
        default_factory=lambda: ["key-ex", "challenge", "measurement", "endpoint-info"]
    )
    key_usage_capabilities: list[Usage] | None = None


class BankSection(Section):
    """A bank of slots (1.4, SLOT_MANAGEMENT); its BankID is its place, counted from 0.

    Attributes:
        algorithm: the kind of key that its slots hold; without it the bank is unconfigured.
        configurable: the kinds that ManageBank may choose.
    """

    algorithm: KeyKind | None = None
    configurable: list[KeyKind] = field(default_factory=list)


class ProvisioningSection(Section):
    """What GET_CSR, SET_CERTIFICATE and SET_KEY_PAIR_INFO may do.

    With the capabilities CERT_INSTALL_RESET and SET_KEY_PAIR_RESET a requester is told that it
    takes a reset of the device; without them changes take effect at once.

    Attributes:
        delayed: certificates take effect at the next reset even if nobody is told so.
        key_pair_capabilities: what SET_KEY_PAIR_INFO may do with key pairs that say nothing else.
        trusted_environment: slots other than 0 may be written outside of sessions.
        bind_key_pairs: a certificate or CSR is for the key pair that the request names, and a key
            pair stays associated with a slot that holds a certificate for it. Otherwise any key
            of the device will do, as DMTF's sample device has it.
    """

    delayed: bool = False
    key_pair_capabilities: list[KeyPairCapability] = field(default_factory=list)
    trusted_environment: bool = False
    bind_key_pairs: bool = True


class PublicKeySection(Section):
    """The raw public key that requesters were given beforehand (PUB_KEY_ID).

    Attributes:
        set: as for a slot; the certificates do not matter.
        set_slot: as for a slot; 0 when it is not given.
        identity: as for a slot.
    """

    set: str | None = None
    set_slot: SlotId | None = None
    identity: str | None = None


class VendorSection(Section):
    """An answer to a VENDOR_DEFINED request; the first that fits is given.

    Attributes:
        standard: who assigned the vendor id, by name or number.
        vendor_id: VendorID as on the wire, hexadecimal.
        request: the payload that is answered, hexadecimal; any if not given.
        response: the payload of the answer, hexadecimal.
        echo: answer with the request's payload.
    """

    standard: Standard | Annotated[int, Meta(ge=0, le=0xFFFF)]
    vendor_id: Hex = ""
    request: Hex | None = None
    response: Hex | None = None
    echo: bool = False


class ApplicationSection(Section):
    """An answer to application data of a session that is no SPDM message, such as PLDM over MCTP.

    Attributes:
        request: the whole application data, hexadecimal; over MCTP it begins with the message type.
        response: the whole answer, hexadecimal.
    """

    request: Hex
    response: Hex


class DeviceSection(Section):
    """The device as a whole.

    Attributes:
        content_changed: what signed MEASUREMENTS say of a change since the first ones that the
            signature covers (1.2); `no-change` becomes `changed` when there is one.
    """

    content_changed: ContentChangedName = "no-change"


class TimingSection(Section):
    """How long answers take.

    Attributes:
        ready_after: for each request by name, microseconds of work; until they are over the
            answer is ResponseNotReady.
        takes: the same, but the requester is answered late if it has to wait that long: 100 ms, or
            2^ct_exponent microseconds where cryptography is needed. Longer work is put off.
        busy: while a request is put off and at work, answer others with Busy.
        rdtm: RDTM of ResponseNotReady.
        forget_late: a request that was put off is forgotten RDT times RDTM after that was said.
    """

    ready_after: dict[Deferrable, Microseconds] = field(default_factory=dict)
    takes: dict[WorkedFor, Microseconds] = field(default_factory=dict)
    busy: bool = False
    rdtm: Byte = RDTM
    forget_late: bool = False


class SessionSection(Section):
    """Sessions, and how requesters are authenticated.

    Attributes:
        limit: sessions at once on one connection.
        heartbeat_period: HeartbeatPeriod in seconds; 0 for no heartbeats.
        secured_versions: secured message versions (DSP0277) in order of preference.
        aead_limit: a key seals fewer than 2^n records (DSP0277 1.3).
        record_padding: random bytes, at most, that hide a record's length where the transport
            allows it.
        big_endian_sequence: XOR the sequence number in big-endian order into the end of the IV;
            for secured message versions before 1.2, which leave that open.
        undecryptable: what is said when a record cannot be opened.
        keep_undecryptable: go on with the session after such a record.
        mutual_auth: how the requester is authenticated in sessions, if it is capable of it.
        mutual_auth_required: refuse sessions to requesters that are not.
        basic_mutual_auth: authenticate the requester after CHALLENGE, if it is capable of it.
        requester_slot: the slot of the requester that is preferred.
    """

    limit: Annotated[int, Meta(ge=0, le=0xFFFF)] = 4
    heartbeat_period: Byte = 0
    secured_versions: list[SecuredVersion] = field(
        default_factory=lambda: ["1.3", "1.2", "1.1", "1.0"]
    )
    aead_limit: Annotated[int, Meta(ge=1, le=64)] = 64
    record_padding: Annotated[int, Meta(ge=0, le=32)] = 32
    big_endian_sequence: bool = False
    undecryptable: Literal["error", "silence"] = "error"
    keep_undecryptable: bool = False
    mutual_auth: MutualAuth = "none"
    mutual_auth_required: bool = False
    basic_mutual_auth: bool = False
    requester_slot: SlotId = 0


class PskSection(Section):
    """A pre-shared key; hint and secret as text or in hexadecimal.

    Attributes:
        hint: PSKHint as text, UTF-8; without any hint the key is for requesters that send none.
        hint_hex: PSKHint in hexadecimal.
        secret: the key as text, UTF-8.
        secret_hex: the key in hexadecimal.
    """

    hint: str | None = None
    hint_hex: Hex | None = None
    secret: str | None = None
    secret_hex: Hex | None = None


class TrustSection(Section):
    """Whom the device believes.

    Attributes:
        requester_roots: root certificates of requesters (mutual authentication): PEM or DER
            files, or `shipped` for the shipped test roots.
        requester_public_keys: public keys of requesters with PUB_KEY_ID: PEM or DER files, or
            `shipped` for those that the shipped requester has.
        requester_chains: chains of requesters that are not asked for theirs: PEM files, leaf first,
            DER files, root first, or `shipped` for those that the shipped requester has.
        time: what the device's calendar says, such as `2026-01-31T12:00:00Z`, at which
            certificates of requesters have to be valid; without it their dates do not count.
    """

    requester_roots: list[str] = field(default_factory=lambda: ["shipped"])
    requester_public_keys: list[str] = field(default_factory=list)
    requester_chains: list[str] = field(default_factory=list)
    time: datetime | None = None


class ServerSection(Section):
    """How the server treats its peers; what is not given is the server's own choice.

    Attributes:
        attach: which endpoint a connection finds: its own, the one that was left, or the only one.
        idle_timeout: seconds without a frame after which a connection is closed; 0 for never.
        frame_time: seconds that a frame may take from its first byte to its last; 0 for any.
        max_frame: bytes of the largest frame that is accepted.
        max_connections: connections at the same time.
        drain_time: seconds that a stop waits for answers under way.
    """

    attach: Literal["fresh", "sticky", "shared"] = "fresh"
    idle_timeout: Seconds | None = None
    frame_time: Seconds | None = None
    max_frame: Annotated[int, Meta(ge=1, le=0xFFFFFFFF)] | None = None
    max_connections: Annotated[int, Meta(ge=1)] | None = None
    drain_time: Seconds | None = None

    def limits(self) -> dict[str, Any]:
        """The limits that are given, by name."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name != "attach"}
        return {name: value for name, value in given.items() if value is not None}


class StorageSection(Section):
    """How storage commands (DSP0286) are treated, where that is open or not known.

    Attributes:
        descriptor: where the descriptor in a record is: 4 bytes after its count (`aligned`), 3 as
            libspdm has it (`packed`), or where that of the requester was (`asked`).
        new_request: whether a request replaces a response that was not fetched, or is refused.
        short_allocation: whether a Security Receive that is too small for the response is refused,
            and the response stays, or gets as much as it can hold, and the rest is lost.
        fetch: whether a Security Receive of either kind of message gets whatever response there
            is, or only one of its kind.
    """

    descriptor: Literal["aligned", "packed", "asked"] = "asked"
    new_request: Literal["replaces", "refused"] = "replaces"
    short_allocation: Literal["refused", "cut"] = "refused"
    fetch: Literal["any", "exact"] = "any"


class ProfileSpec(Section):
    """A device, and how it lies.

    Attributes:
        description: one line for lists of profiles.
        persona: another responder whose ways this one takes on, see personas.md.
        deviations: single ways of other responders, by name, see personas.md.
        extends: a profile, by name or path, that this one changes: tables are merged, all other
            values, lists among them, are replaced.
        spdm: versions and capabilities.
        algorithms: algorithms on offer.
        slot: certificate slots.
        key_pair: key pairs.
        bank: banks of slots; one for each kind of key if not given.
        provisioning: what may be written from outside.
        public_key: the key of PUB_KEY_ID.
        device: the device as a whole.
        measurement: measurements.
        log: the measurement extension log.
        device_class: what ENDPOINT_INFO tells.
        events: events.
        change: what happens to the device of its own accord.
        vendor: answers to VENDOR_DEFINED requests.
        application: answers to application data of sessions.
        timing: how long answers take.
        session: sessions, and how requesters are authenticated.
        psk: pre-shared keys.
        trust: whom the device believes.
        server: how the server treats its peers.
        storage: how storage commands are treated.
        pcie: PCI Express functions; without this table there are none.
        function: what single functions have.
        mailbox: the DOE mailboxes of functions.
        ide: IDE of the port of the functions; without this table there is none.
        ide_km: the keys of its streams.
        tdisp: TDISP of the functions; without this table there is none.
        cxl_ide_km: CXL_IDE_KM of function 0; without this table there is none.
        cxl_tsp: TSP of function 0; without this table there is none.
        faults: faults of the catalogue, by id.
        fault: faults of its own.
    """

    spdm: SpdmSection
    description: str = ""
    persona: PersonaName | None = None
    deviations: list[DeviationName] = field(default_factory=list)
    extends: str | None = None
    algorithms: AlgorithmsSection = field(default_factory=AlgorithmsSection)
    slot: list[SlotSection] = field(default_factory=list)
    key_pair: list[KeyPairSection] = field(default_factory=list)
    bank: list[BankSection] = field(default_factory=list)
    provisioning: ProvisioningSection = field(default_factory=ProvisioningSection)
    public_key: PublicKeySection | None = None
    device: DeviceSection = field(default_factory=DeviceSection)
    measurement: list[MeasurementSection] = field(default_factory=list)
    log: list[LogSection] = field(default_factory=list)
    device_class: list[DeviceClassSection] = field(default_factory=list)
    events: EventsSection = field(default_factory=EventsSection)
    change: list[ChangeSection] = field(default_factory=list)
    vendor: list[VendorSection] = field(default_factory=list)
    application: list[ApplicationSection] = field(default_factory=list)
    timing: TimingSection = field(default_factory=TimingSection)
    session: SessionSection = field(default_factory=SessionSection)
    psk: list[PskSection] = field(default_factory=list)
    trust: TrustSection = field(default_factory=TrustSection)
    server: ServerSection = field(default_factory=ServerSection)
    storage: StorageSection = field(default_factory=StorageSection)
    pcie: PcieSection | None = None
    function: list[FunctionSection] = field(default_factory=list)
    mailbox: MailboxSection = field(default_factory=MailboxSection)
    ide: IdeSection | None = None
    ide_km: IdeKmSection = field(default_factory=IdeKmSection)
    tdisp: TdispSection | None = None
    cxl_ide_km: CxlIdeKmSection | None = None
    cxl_tsp: CxlTspSection | None = None
    faults: list[str] = field(default_factory=list)
    fault: list[dict[str, Any]] = field(default_factory=list)
