"""TSP: the security protocol of CXL memory targets (CXL 3.1, 11.5.5).

Messages begin behind the ProtocolID, with TSPVersion and opcode. The text was not at hand: layouts
are those of libspdm's definitions.
"""

from typing import ClassVar

from responder.spec.cxl import (
    GRANULARITY_ENTRIES,
    SECONDARY_SESSIONS,
    TARGET_ENTRY_SIZE,
    TSP_KEY_SIZE,
    TSP_PSK_SIZE,
    TSP_VERSION_10,
    CkidAttribute,
    CkidType,
    ConfigurationFeature,
    ConfigurationSupport,
    EncryptionAlgorithm,
    EncryptionFeature,
    EncryptionSupport,
    KeyValidity,
    TeStateFeature,
    TspErrorCode,
    TspOpcode,
    TspState,
)
from responder.wire.family import Coded, Family
from responder.wire.fields import Blob, Int8ul, Int16ul, Int32ul, Int64ul, LengthOf, Rest
from responder.wire.message import Record, wire
from responder.wire.names import header_version


class TspMessage(Coded):
    """A TSP message: a record that begins with TSPVersion and opcode; 2 bytes."""

    CODE_FIELD: ClassVar[str] = "op_code"
    tsp_version: int = wire(Int8ul, default=TSP_VERSION_10, show=header_version)
    op_code: int = wire(Int8ul, default=0, show=TspOpcode)


class _Short(TspMessage):
    """4 bytes, of which two are reserved; most messages begin so, and many end there."""

    reserved: int = wire(Int16ul, default=0)


class GetTargetTspVersion(_Short, code=TspOpcode.GET_TARGET_TSP_VERSION):
    """Asks for the versions."""


class TspVersionNumber(Record):
    """A version of TSP; 1 byte."""

    version: int = wire(Int8ul, show=header_version)


class GetTargetTspVersionRsp(_Short, code=TspOpcode.GET_TARGET_TSP_VERSION_RSP):
    """The versions that the target supports; 5 bytes and one for each."""

    version_number_entry_count: int | None = wire(
        LengthOf("version_number_entries", Int8ul), default=None
    )
    version_number_entries: bytes = wire(
        Blob(lambda c: c.version_number_entry_count),
        default=bytes([TSP_VERSION_10]),
        view=TspVersionNumber,
    )


class GetTargetCapabilities(_Short, code=TspOpcode.GET_TARGET_CAPABILITIES):
    """Asks what the target can do."""


class GetTargetCapabilitiesRsp(TspMessage, code=TspOpcode.GET_TARGET_CAPABILITIES_RSP):
    """What the target can do; 52 bytes. Of a granularity, bit i stands for 64 << i bytes."""

    memory_encryption_features_supported: int = wire(Int16ul, default=0, show=EncryptionSupport)
    memory_encryption_algorithms_supported: int = wire(Int32ul, default=0, show=EncryptionAlgorithm)
    memory_encryption_number_of_range_based_keys: int = wire(Int16ul, default=0)
    reserved: int = wire(Int16ul, default=0)
    te_state_change_and_access_control_features_supported: int = wire(
        Int16ul, default=0, show=TeStateFeature
    )
    reserved_2: int = wire(Int16ul, default=0)
    supported_explicit_oob_te_state_granularity: int = wire(Int32ul, default=0)
    supported_explicit_ib_te_state_granularity: int = wire(Int32ul, default=0)
    configuration_features_supported: int = wire(Int16ul, default=0, show=ConfigurationSupport)
    reserved_3: int = wire(Int16ul, default=0)
    number_of_ckids: int = wire(Int32ul, default=0)
    number_of_secondary_sessions: int = wire(Int8ul, default=0)
    reserved_4: bytes = wire(Blob(19), default=None)


class GranularityEntry(Record):
    """An in-band TE state granularity; 16 bytes."""

    te_state_granularity: int = wire(Int64ul, default=0)
    length_index: int = wire(Int8ul, default=0)
    reserved: bytes = wire(Blob(7), default=None)


class _Configuration(TspMessage):
    """What configuring and reading the configuration share; 36 bytes."""

    memory_encryption_features: int = wire(Int16ul, default=0, show=EncryptionFeature)
    memory_encryption_algorithm: int = wire(Int32ul, default=0, show=EncryptionAlgorithm)
    reserved: int = wire(Int32ul, default=0)
    te_state_change_and_access_control_features: int = wire(Int16ul, default=0, show=TeStateFeature)
    reserved_2: int = wire(Int16ul, default=0)
    explicit_oob_te_state_granularity: int = wire(Int32ul, default=0)
    reserved_3: int = wire(Int32ul, default=0)
    configuration_features: int = wire(Int16ul, default=0, show=ConfigurationFeature)
    reserved_4: int = wire(Int16ul, default=0)
    ckid_base: int = wire(Int32ul, default=0)
    number_of_ckids: int = wire(Int32ul, default=0)


_GRANULARITIES_SIZE = GRANULARITY_ENTRIES * TARGET_ENTRY_SIZE


class SecondarySessionPsk(Record):
    """The key material of a secondary session; 32 bytes."""

    key_material: bytes = wire(Blob(TSP_PSK_SIZE))


class SetTargetConfiguration(_Configuration, code=TspOpcode.SET_TARGET_CONFIGURATION):
    """Configures the target; 352 bytes. Bit i of the validity flags is for PSK i."""

    reserved_5: bytes = wire(Blob(12), default=None)
    explicit_ib_te_state_granularity_entries: bytes = wire(
        Blob(_GRANULARITIES_SIZE), default=None, view=GranularityEntry
    )
    reserved_6: bytes = wire(Blob(16), default=None)
    configuration_validity_flags: int = wire(Int16ul, default=0)
    reserved_7: bytes = wire(Blob(14), default=None)
    secondary_session_ckid_type: int = wire(Int8ul, default=0)
    reserved_8: bytes = wire(Blob(15), default=None)
    secondary_session_psks: bytes = wire(
        Blob(SECONDARY_SESSIONS * TSP_PSK_SIZE), default=None, view=SecondarySessionPsk
    )


class SetTargetConfigurationRsp(_Short, code=TspOpcode.SET_TARGET_CONFIGURATION_RSP):
    """It is configured."""


class GetTargetConfiguration(_Short, code=TspOpcode.GET_TARGET_CONFIGURATION):
    """Asks for the configuration."""


class GetTargetConfigurationRsp(_Configuration, code=TspOpcode.GET_TARGET_CONFIGURATION_RSP):
    """The configuration, and where the target stands; 192 bytes."""

    current_tsp_state: int = wire(Int8ul, default=TspState.CONFIG_UNLOCKED, show=TspState)
    reserved_5: bytes = wire(Blob(11), default=None)
    explicit_ib_te_state_granularity_entries: bytes = wire(
        Blob(_GRANULARITIES_SIZE), default=None, view=GranularityEntry
    )
    reserved_6: bytes = wire(Blob(16), default=None)


class GetTargetConfigurationReport(_Short, code=TspOpcode.GET_TARGET_CONFIGURATION_REPORT):
    """Asks for a portion of the configuration report; 8 bytes. Both numbers are in bytes."""

    offset: int = wire(Int16ul, default=0)
    length: int = wire(Int16ul)


class TargetConfigurationReport(Record):
    """What portions of the report make together; 4 bytes, then the structures that are valid.

    In order, in bytes: DVSEC for CXL devices 60, DVSEC for flex bus ports 32, link capability 56,
    timeout and isolation capability 16, HDM decoder capability 16, the decoders, IDE capability 36.
    """

    valid_tsp_report_fields: int = wire(Int8ul, default=0)
    reserved: bytes = wire(Blob(3), default=None)
    structures: bytes = wire(Rest(), default=b"")


class GetTargetConfigurationReportRsp(_Short, code=TspOpcode.GET_TARGET_CONFIGURATION_REPORT_RSP):
    """A portion of the report, and how many bytes follow it; 8 bytes and the portion."""

    portion_length: int | None = wire(LengthOf("report_data", Int16ul), default=None)
    remainder_length: int = wire(Int16ul, default=0)
    report_data: bytes = wire(Blob(lambda c: c.portion_length), default=b"")


class LockTargetConfiguration(_Short, code=TspOpcode.LOCK_TARGET_CONFIGURATION):
    """Locks the configuration."""


class LockTargetConfigurationRsp(_Short, code=TspOpcode.LOCK_TARGET_CONFIGURATION_RSP):
    """It is locked."""


class SetTargetCkidSpecificKey(_Short, code=TspOpcode.SET_TARGET_CKID_SPECIFIC_KEY):
    """Sets the keys of a CKID; 80 bytes."""

    ckid: int = wire(Int32ul)
    ckid_type: int = wire(Int8ul, default=CkidType.TVM, show=CkidType)
    reserved_2: bytes = wire(Blob(6), default=None)
    validity_flags: int = wire(Int8ul, default=0, show=KeyValidity)
    data_encryption_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)
    tweak_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)


class SetTargetCkidSpecificKeyRsp(_Short, code=TspOpcode.SET_TARGET_CKID_SPECIFIC_KEY_RSP):
    """They are set."""


class SetTargetCkidRandomKey(_Short, code=TspOpcode.SET_TARGET_CKID_RANDOM_KEY):
    """Has the target make the keys of a CKID, with entropy from what comes along; 80 bytes."""

    ckid: int = wire(Int32ul)
    attributes: int = wire(Int8ul, default=CkidAttribute.TVM, show=CkidAttribute)
    reserved_2: bytes = wire(Blob(6), default=None)
    validity_flags: int = wire(Int8ul, default=0, show=KeyValidity)
    data_encryption_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)
    tweak_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)


class SetTargetCkidRandomKeyRsp(_Short, code=TspOpcode.SET_TARGET_CKID_RANDOM_KEY_RSP):
    """They are made."""


class ClearTargetCkidKey(_Short, code=TspOpcode.CLEAR_TARGET_CKID_KEY):
    """Clears the keys of a CKID; 8 bytes."""

    ckid: int = wire(Int32ul)


class ClearTargetCkidKeyRsp(_Short, code=TspOpcode.CLEAR_TARGET_CKID_KEY_RSP):
    """They are cleared."""


class _RangeKey(_Short):
    """A range of addresses and its keys; 96 bytes."""

    range_id: int = wire(Int32ul)
    range_start: int = wire(Int64ul, default=0)
    range_end: int = wire(Int64ul, default=0)
    reserved_2: bytes = wire(Blob(7), default=None)
    validity_flags: int = wire(Int8ul, default=0, show=KeyValidity)
    data_encryption_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)
    tweak_key: bytes = wire(Blob(TSP_KEY_SIZE), default=None)


class SetTargetRangeSpecificKey(_RangeKey, code=TspOpcode.SET_TARGET_RANGE_SPECIFIC_KEY):
    """Sets the keys of a range."""


class SetTargetRangeSpecificKeyRsp(_Short, code=TspOpcode.SET_TARGET_RANGE_SPECIFIC_KEY_RSP):
    """They are set."""


class SetTargetRangeRandomKey(_RangeKey, code=TspOpcode.SET_TARGET_RANGE_RANDOM_KEY):
    """Has the target make the keys of a range, with entropy from what comes along."""


class SetTargetRangeRandomKeyRsp(_Short, code=TspOpcode.SET_TARGET_RANGE_RANDOM_KEY_RSP):
    """They are made."""


class ClearTargetRangeKey(_Short, code=TspOpcode.CLEAR_TARGET_RANGE_KEY):
    """Clears the keys of a range; 8 bytes."""

    range_id: int = wire(Int32ul)


class ClearTargetRangeKeyRsp(_Short, code=TspOpcode.CLEAR_TARGET_RANGE_KEY_RSP):
    """They are cleared."""


class MemoryRange(Record):
    """A range of addresses of the target, in bytes; 16 bytes."""

    starting_address: int = wire(Int64ul)
    length: int = wire(Int64ul)


class SetTargetTeState(TspMessage, code=TspOpcode.SET_TARGET_TE_STATE):
    """Sets the TE state of ranges; 16 bytes, and 16 for each range."""

    te_state: int = wire(Int8ul, default=0)
    number_of_memory_ranges: int | None = wire(
        LengthOf("memory_ranges", Int8ul, unit=TARGET_ENTRY_SIZE), default=None
    )
    reserved: bytes = wire(Blob(12), default=None)
    memory_ranges: bytes = wire(
        Blob(lambda c: c.number_of_memory_ranges * TARGET_ENTRY_SIZE), default=b"", view=MemoryRange
    )


class SetTargetTeStateRsp(_Short, code=TspOpcode.SET_TARGET_TE_STATE_RSP):
    """It is set."""


class CheckTargetDelayedCompletion(_Short, code=TspOpcode.CHECK_TARGET_DELAYED_COMPLETION):
    """Asks whether what was delayed is done."""


class CheckTargetDelayedCompletionRsp(_Short, code=TspOpcode.CHECK_TARGET_DELAYED_COMPLETION_RSP):
    """It is done."""


class DelayedRsp(_Short, code=TspOpcode.DELAYED_RSP):
    """The request takes longer; 8 bytes. The unit of the delay is not known."""

    delay_time: int = wire(Int32ul, default=0)


class TspErrorRsp(_Short, code=TspOpcode.ERROR_RSP):
    """The request is refused; 12 bytes and extended error data."""

    error_code: int = wire(Int32ul, show=TspErrorCode)
    error_data: int = wire(Int32ul, default=0)
    extended_error_data: bytes = wire(Rest(), default=b"")


class RawTsp(TspMessage):
    """A message of an unknown opcode."""

    body: bytes = wire(Rest(), default=b"")


TSP: Family[TspMessage] = Family(
    "TSP",
    (
        GetTargetTspVersion,
        GetTargetTspVersionRsp,
        GetTargetCapabilities,
        GetTargetCapabilitiesRsp,
        SetTargetConfiguration,
        SetTargetConfigurationRsp,
        GetTargetConfiguration,
        GetTargetConfigurationRsp,
        GetTargetConfigurationReport,
        GetTargetConfigurationReportRsp,
        LockTargetConfiguration,
        LockTargetConfigurationRsp,
        SetTargetCkidSpecificKey,
        SetTargetCkidSpecificKeyRsp,
        SetTargetCkidRandomKey,
        SetTargetCkidRandomKeyRsp,
        ClearTargetCkidKey,
        ClearTargetCkidKeyRsp,
        SetTargetRangeSpecificKey,
        SetTargetRangeSpecificKeyRsp,
        SetTargetRangeRandomKey,
        SetTargetRangeRandomKeyRsp,
        ClearTargetRangeKey,
        ClearTargetRangeKeyRsp,
        SetTargetTeState,
        SetTargetTeStateRsp,
        CheckTargetDelayedCompletion,
        CheckTargetDelayedCompletionRsp,
        DelayedRsp,
        TspErrorRsp,
    ),
    RawTsp,
)
