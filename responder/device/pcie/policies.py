"""What a device does where the specifications leave it open, or nobody has confirmed it.

Profiles are read into these; nothing heavy is imported here, because start-up time matters.
"""

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from responder.device.pcie.mailbox_table import Misuse


class LockPolicy(msgspec.Struct, frozen=True):
    """What a function allows while its interface is locked, and asks for before.

    Attributes:
        configure: what happens when the physical function writes the configuration word of a
            function that is not CONFIG_UNLOCKED: ``refuse`` ignores it, counts and notices it;
            ``show`` lets it take effect, and the interface goes to ERROR; ``hide`` lets it take
            effect, and nothing but the word itself tells of it.
        lock_needs_bus_master: a function whose Bus Master Enable is clear must not be locked.
        lock_needs_memory: nor one whose Memory Space Enable is.
    """

    configure: Literal["refuse", "show", "hide"] = "refuse"
    lock_needs_bus_master: bool = False
    lock_needs_memory: bool = False


class MailboxPolicy(msgspec.Struct, frozen=True):
    """What a mailbox does where the specification was not at hand or leaves it open.

    Attributes:
        underflow: a read of, or a write to, the read mailbox while Data Object Ready is clear.
        overflow: a DW more than the largest object has; ``drop`` drops the object at GO.
        write_when_busy: a DW into the write mailbox, or GO, while an object is being answered.
        unread_answer: GO with a new object before the answer to the last one is read whole.
        unknown_object: an object of a type that discovery does not list, or for a connection id
            above the highest.
        reserved_bits: bits beside the length of an object, and bytes of a discovery request, that
            ought to be 0: ``drop`` drops the object, ``ignore`` clears them.
        discovery_dw: append the DW of version 2 to the answer to a discovery request of version 2.
        repeat_interrupt: signal an interrupt while the status of the one before is still set.
        discovery_delay: microseconds until a discovery request is answered.
        abort_delay: microseconds that an abort takes, at most 1,000,000.
    """

    underflow: Literal["ignore", "error"] = "ignore"
    overflow: Literal["drop", "error"] = "drop"
    write_when_busy: Literal["ignore", "error"] = "ignore"
    unread_answer: Literal["error", "replace"] = "error"
    unknown_object: Literal["drop", "error"] = "drop"
    reserved_bits: Literal["drop", "ignore"] = "drop"
    discovery_dw: bool = True
    repeat_interrupt: bool = False
    discovery_delay: int = 0
    abort_delay: int = 0

    def fails(self, misuse: "Misuse") -> bool:
        """Whether such an access sets DOE Error."""
        return str(getattr(self, misuse.value)) == "error"


class IdePolicy(msgspec.Struct, frozen=True):
    """What a device does where the facts leave it open, or where devices differ.

    Attributes:
        enable_order: what makes a stream secure: its keys and Enable in any order, keys before
            Enable only (a stream that is enabled without keys stays insecure until it is enabled
            once more), or Enable before the keys only (KEY_PROG is refused before).
        wipe_on_session_end: keys go with the session that programmed them.
        session_required: IDE_KM works in sessions only.
        exclusive_session: one session owns IDE_KM while it lasts; from others nothing is heard.
        max_port_index: MaxPortIndex; every port up to it is the one port that there is.
        check_fields: KEY_PROG is refused for a stream, a sub-stream or an invocation field that
            cannot be right.
        ifv: how the invocation field says 1: its high DW first, its low DW first, or either.
        any_stream: streams may be keyed that no control register names.
        reprogram_active: KEY_PROG may replace a key that is in use, which ends its use.
        go_without_key: K_SET_GO for a key that was never programmed is acknowledged.
        status_for_all: a mistake in KEY_PROG is told in KP_ACK; else wrong lengths and ports are
            refused like mistakes in other messages.
        refuse_in_silence: what an IDE_KM message cannot tell is not told at all; else it is
            InvalidRequest of SPDM.
        refuse_reuse: KEY_PROG is refused for a key that was programmed before.
        takes_keys: a key that KP_ACK says was taken is there; else it is forgotten at once.
        obeys_go: which K_SET_GO has an effect: all; those of receivers only; or only the first of
            each place, so that a key that is in use stays in use.
        obeys_stop: K_SET_STOP has an effect.
    """

    enable_order: Literal["any", "keys-first", "enable-first"] = "any"
    wipe_on_session_end: bool = True
    session_required: bool = True
    exclusive_session: bool = True
    max_port_index: int = 1
    check_fields: bool = True
    ifv: Literal["high-first", "low-first", "either"] = "high-first"
    any_stream: bool = False
    reprogram_active: bool = False
    go_without_key: bool = False
    status_for_all: bool = True
    refuse_in_silence: bool = False
    refuse_reuse: bool = False
    takes_keys: bool = True
    obeys_go: Literal["all", "receivers", "first"] = "all"
    obeys_stop: bool = True


Refusable = Literal[
    "",
    "GET_TDISP_VERSION",
    "GET_TDISP_CAPABILITIES",
    "LOCK_INTERFACE_REQUEST",
    "GET_DEVICE_INTERFACE_REPORT",
    "GET_DEVICE_INTERFACE_STATE",
    "START_INTERFACE_REQUEST",
    "STOP_INTERFACE_REQUEST",
    "BIND_P2P_STREAM_REQUEST",
    "UNBIND_P2P_STREAM_REQUEST",
    "SET_MMIO_ATTRIBUTE_REQUEST",
    "VDM_REQUEST",
    "SET_TDISP_CONFIG_REQUEST",
]


class TdispPolicy(msgspec.Struct, frozen=True):
    """What a device does where the facts leave it open, or where devices differ.

    Attributes:
        lock: what LOCK_INTERFACE_REQUEST does when it succeeds: it locks; or it pretends to, and
            the interface stays CONFIG_UNLOCKED; or the device lies: it goes through the states
            for whoever asks, while the function itself is not locked.
        session_required: TDISP works in sessions only.
        session_bound: what follows a lock has to come over the session that locked; once that
            session is gone any other may stop the interface.
        ide_binding: what LOCK_INTERFACE_REQUEST demands of its default stream: nothing; six keys
            in use which came over its session; or that the stream is secure and the default one by
            its registers as well.
        enforced: DMA works in RUN only.
        watch_configuration: writes against the lock are an ERROR; else measurements tell of them.
        watch_streams: a stream that is no longer what it was is an ERROR of what is bound to it.
        default_stream: the stream that a lock binds: the one that was asked for, or another one.
        session_end: what the end of the locking session does.
        stop_when_unlocked: STOP_INTERFACE_REQUEST succeeds in CONFIG_UNLOCKED too.
        early_report: how a report that nothing has been locked for is refused: for the state, or as
            an invalid request; or that it is served.
        start_nonce: START_INTERFACE_NONCE: another random one for each lock, always the same
            random one, or zeros.
        accepts_nonce: the nonce that START_INTERFACE_REQUEST is granted for: that of the lock, any,
            or none at all.
        refuses: the name of a request that is refused whatever it says, such as
            ``START_INTERFACE_REQUEST``; empty for none.
        refusal: the ErrorCode of that.
        crossed: what is told of the next interface that the host has: nothing, its state, or its
            report.
        survives_resets: a reset of the function does not change where an interface stands.
        version_restarts: GET_TDISP_VERSION takes an interface back to CONFIG_UNLOCKED.
        unchanged_writes: a write against the lock is one even if it changes nothing.
        refuse_locked_writes: such writes have no effect, where all of the register is locked.
        learn_function_id: a host with one interface takes the first FUNCTION_ID that it is asked
            for as that of the interface.
        lock_flags: LOCK_INTERFACE_FLAGS_SUPPORTED, as far as nothing below adds to it.
        p2p: BIND_P2P_STREAM and UNBIND_P2P_STREAM are supported, and the lock flag for them.
        p2p_streams: what they bind and unbind: what was asked for; another stream is bound; or what
            is bound is not unbound again.
        mmio_attributes: SET_MMIO_ATTRIBUTE is supported.
        report_follows_attributes: the report shows attributes as they were set last.
        vdm: vendors' requests are unsupported, or sent back.
        set_config: SET_TDISP_CONFIG is supported.
        dev_addr_width: DEV_ADDR_WIDTH, bits.
        num_req_this: NUM_REQ_THIS.
        num_req_all: NUM_REQ_ALL.
        report_portion: bytes of a report in one answer, at most; 0 for any.
        reporting_offset: MMIO_REPORTING_OFFSET is added to the addresses of the report.
        device_info: DEVICE_SPECIFIC_INFO of the report, text.
    """

    lock: Literal["locks", "pretends", "lies"] = "locks"
    session_required: bool = True
    session_bound: bool = True
    ide_binding: Literal["none", "keys", "secure"] = "secure"
    enforced: bool = True
    watch_configuration: bool = True
    watch_streams: bool = True
    default_stream: Literal["asked", "other"] = "asked"
    session_end: Literal["error", "unlock", "keep"] = "error"
    stop_when_unlocked: bool = True
    early_report: Literal["state", "request", "serve"] = "state"
    start_nonce: Literal["random", "same", "zero"] = "random"
    accepts_nonce: Literal["lock", "any", "none"] = "lock"
    refuses: Refusable = ""
    refusal: int = 0x0005
    crossed: Literal["nothing", "state", "report"] = "nothing"
    survives_resets: bool = False
    version_restarts: bool = False
    unchanged_writes: bool = False
    refuse_locked_writes: bool = False
    learn_function_id: bool = False
    lock_flags: int = 0x0007
    p2p: bool = False
    p2p_streams: Literal["asked", "other", "kept"] = "asked"
    mmio_attributes: bool = False
    report_follows_attributes: bool = True
    vdm: Literal["unsupported", "echo"] = "unsupported"
    set_config: bool = False
    dev_addr_width: int = 52
    num_req_this: int = 1
    num_req_all: int = 1
    report_portion: int = 0
    reporting_offset: bool = True
    device_info: str = ""


class IdeFeatures(msgspec.Struct, frozen=True):
    """Which streams and features an IDE capability has.

    Attributes:
        link_streams: traffic classes with link IDE, 0 to 8.
        selective_streams: selective IDE streams, 0 to 256.
        address_associations: address association blocks of each selective stream, 0 to 15. Linux
            takes all streams to have the same number.
        flow_through: flow-through IDE.
        partial_header_encryption: partial header encryption.
        aggregation: aggregation of packets.
        pcrc: PCRC.
        configuration_requests: configuration requests in selective streams.
        tee_limited: streams can be limited to requests with the T bit.
    """

    link_streams: int = 0
    selective_streams: int = 1
    address_associations: int = 1
    flow_through: bool = False
    partial_header_encryption: bool = False
    aggregation: bool = False
    pcrc: bool = False
    configuration_requests: bool = False
    tee_limited: bool = False

    def __post_init__(self) -> None:
        limits = {"link_streams": 8, "selective_streams": 256, "address_associations": 15}
        for name, limit in limits.items():
            if not 0 <= getattr(self, name) <= limit:
                raise ValueError(f"{name} is {getattr(self, name)}, allowed are 0 to {limit}")


class CxlIdePolicy(msgspec.Struct, frozen=True):
    """What a device does where the facts leave it open, or where devices differ.

    Attributes:
        session_required: CXL_IDE_KM works in sessions only.
        exclusive_session: one session owns it while it lasts; from others nothing is heard.
        max_port_index: MaxPortIndex; every port up to it is the one port that there is.
        refuse_in_silence: what its messages cannot tell is not told at all; else it is
            InvalidRequest of SPDM.
        wipe_on_session_end: keys go with the session that programmed them.
        check_fields: KEY_PROG is refused for a stream or sub-stream that cannot be right.
        go_without_key: K_SET_GO for a key that was never programmed is acknowledged.
        status_for_all: a mistake in KEY_PROG is told in KP_ACK; else wrong lengths and ports are
            refused like mistakes in other messages.
        key_generation: KEY_GEN: GET_KEY gives a key.
        iv_generation: IV_GEN: GET_KEY gives an IV.
        k_set_stop: K_SET_STOP is supported.
    """

    session_required: bool = True
    exclusive_session: bool = True
    max_port_index: int = 1
    refuse_in_silence: bool = False
    wipe_on_session_end: bool = True
    check_fields: bool = True
    go_without_key: bool = False
    status_for_all: bool = True
    key_generation: bool = True
    iv_generation: bool = True
    k_set_stop: bool = True


class CxlTspPolicy(msgspec.Struct, frozen=True):
    """What a target can do, and what it does where the facts leave it open.

    Attributes:
        session_required: TSP works in sessions only.
        session_end: what the end of the primary session does to a locked target: it stays locked,
            without another primary session until a reset; it is unlocked; or it is in ERROR.
        algorithms: memory encryption algorithms, a bit mask.
        te_features: TE state changes and access control, a bit mask.
        oob_granularity: granularities of out-of-band TE state changes; bit i stands for 64 << i
            bytes.
        ib_granularity: those of in-band ones.
        fw_update: locked targets may have their firmware updated.
        secondary_sessions: how many there may be, 0 to 4.
        ckids: CKIDs, none or at least two; with them encryption may be based on CKIDs.
        range_keys: keys for ranges; with any, encryption may be based on ranges.
        initiator_entropy: random keys take in what the requester sends.
        delayed: how often a key operation or TE state change answers DELAYED_RSP before it is done.
        delay_time: the time that DELAYED_RSP tells.
        report_portion: bytes of a report in one answer, at most.
    """

    session_required: bool = True
    session_end: Literal["keep", "unlock", "error"] = "keep"
    algorithms: int = 0x2
    te_features: int = 0x16
    oob_granularity: int = 0
    ib_granularity: int = 0x1
    fw_update: bool = True
    secondary_sessions: int = 1
    ckids: int = 0
    range_keys: int = 0
    initiator_entropy: bool = False
    delayed: int = 0
    delay_time: int = 1
    report_portion: int = 512

    def __post_init__(self) -> None:
        if self.ckids == 1 or not 0 <= self.secondary_sessions <= 4:
            raise ValueError("ckids is 1, or secondary_sessions not 0 to 4")
