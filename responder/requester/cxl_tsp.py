"""TSP: a CXL memory target is configured and locked (CXL 3.1, 11.5.5), in a session.

The text was not at hand; what is demanded is what libspdm's definitions make plain.
"""

from collections.abc import Container
from functools import partial
from typing import Any, TypeVar

from responder.requester.conversation import Conversation, Flow
from responder.requester.portions import read_portions
from responder.requester.protocols import (
    Versioned,
    ask_patiently,
    names_of,
    read_answer,
    zeros,
)
from responder.requester.report_cxl import TargetReport
from responder.spec.cxl import (
    CXL_VENDOR_ID,
    GRANULARITY_ENTRIES,
    TSP_KEY_SIZE,
    TSP_VERSION_10,
    ConfigurationSupport,
    CxlProtocol,
    EncryptionAlgorithm,
    EncryptionFeature,
    EncryptionSupport,
    KeyValidity,
    TeStateFeature,
    TspErrorCode,
    TspState,
)
from responder.wire.cxl_tsp import (
    CheckTargetDelayedCompletion,
    CheckTargetDelayedCompletionRsp,
    ClearTargetCkidKey,
    ClearTargetCkidKeyRsp,
    ClearTargetRangeKey,
    ClearTargetRangeKeyRsp,
    DelayedRsp,
    GetTargetCapabilities,
    GetTargetCapabilitiesRsp,
    GetTargetConfiguration,
    GetTargetConfigurationReport,
    GetTargetConfigurationReportRsp,
    GetTargetConfigurationRsp,
    GetTargetTspVersion,
    GetTargetTspVersionRsp,
    GranularityEntry,
    LockTargetConfiguration,
    LockTargetConfigurationRsp,
    MemoryRange,
    SetTargetCkidRandomKey,
    SetTargetCkidRandomKeyRsp,
    SetTargetCkidSpecificKey,
    SetTargetCkidSpecificKeyRsp,
    SetTargetConfiguration,
    SetTargetConfigurationRsp,
    SetTargetRangeRandomKey,
    SetTargetRangeRandomKeyRsp,
    SetTargetRangeSpecificKey,
    SetTargetRangeSpecificKeyRsp,
    SetTargetTeState,
    SetTargetTeStateRsp,
    TspErrorRsp,
    TspMessage,
)
from responder.wire.names import header_version

TSP = Versioned(
    "tsp",
    CXL_VENDOR_ID,
    CxlProtocol.TSP,
    code_at=1,
    version=TSP_VERSION_10,
    error=TspErrorRsp,
    codes=TspErrorCode,
)
_UNSUPPORTED = (TspErrorCode.UNSUPPORTED_REQUEST,)
_NO_LENGTH_INDEX = 0xFF
_REPORT_HEADER_SIZE = 4
_CONFIGURED = (
    "memory_encryption_features",
    "memory_encryption_algorithm",
    "te_state_change_and_access_control_features",
    "explicit_oob_te_state_granularity",
    "configuration_features",
    "ckid_base",
    "number_of_ckids",
)
"""The fields that are read back as they were set."""
_ALGORITHMS = (EncryptionAlgorithm.AES_XTS_256, EncryptionAlgorithm.AES_XTS_128)

AnyTsp = TypeVar("AnyTsp", bound=TspMessage)


def exchange(c: Conversation, request: TspMessage, kind: type[AnyTsp]) -> Flow[AnyTsp]:
    """Exchange a message of the target; ERROR_RSP is refused."""
    message = yield from _exchange(c, request, kind)
    return zeros(kind) if message is None else message


def _exchange(
    c: Conversation, request: TspMessage, kind: type[AnyTsp], bearable: Container[int] = ()
) -> Flow[AnyTsp | None]:
    """Exchange a message; ``None`` for a bearable error. What is delayed is waited for."""
    answer = yield from ask_patiently(c, TSP, request, bearable)
    limit, polls = c.options.patience.not_ready, 0
    wanted: type[TspMessage] = kind
    while answer is not None and _is(answer, DelayedRsp):
        polls += 1
        c.report.observe("tsp.delayed", request.name)
        if not c.require("tsp.delayed-limit", polls <= limit, f"delayed {polls} times"):
            return zeros(kind)
        delayed = read_answer(c, TSP, DelayedRsp, answer)
        yield from c.wait(min(delayed.delay_time, c.options.patience.wait))
        answer = yield from ask_patiently(c, TSP, CheckTargetDelayedCompletion())
        wanted = CheckTargetDelayedCompletionRsp
    if answer is None:
        return None
    message = read_answer(c, TSP, wanted, answer)
    return message if isinstance(message, kind) else zeros(kind)


def _is(answer: bytes, kind: type[TspMessage]) -> bool:
    return answer[TSP.code_at : TSP.code_at + 1] == bytes([kind.CODE])


def report_of(c: Conversation) -> TargetReport:
    """Where the report tells of the target."""
    if c.report.tsp is None:
        c.report.tsp = TargetReport()
    return c.report.tsp


def get_versions(c: Conversation) -> Flow[None]:
    """GET_TARGET_TSP_VERSION: 1.0 has to be among them."""
    message = yield from exchange(c, GetTargetTspVersion(), GetTargetTspVersionRsp)
    entries = message.version_number_entries
    versions = [header_version(one) for one in entries]
    told = f"versions {', '.join(versions) or 'none'}"
    c.require("tsp.version-common", TSP_VERSION_10 in entries, told)
    report_of(c).versions = versions


def get_capabilities(c: Conversation) -> Flow[None]:
    """GET_TARGET_CAPABILITIES."""
    message = yield from exchange(c, GetTargetCapabilities(), GetTargetCapabilitiesRsp)
    c.tsp.supported = message
    report_of(c).supported = {
        "memory encryption": names_of(
            EncryptionSupport, message.memory_encryption_features_supported
        ),
        "algorithms": names_of(EncryptionAlgorithm, message.memory_encryption_algorithms_supported),
        "TE state": names_of(
            TeStateFeature, message.te_state_change_and_access_control_features_supported
        ),
        "configuration": names_of(ConfigurationSupport, message.configuration_features_supported),
        "CKIDs": [str(message.number_of_ckids)],
        "secondary sessions": [str(message.number_of_secondary_sessions)],
    }


def set_configuration(c: Conversation) -> Flow[None]:
    """SET_TARGET_CONFIGURATION: all that the target supports, but updates while it is locked.

    Of the two kinds of keys, for CKIDs and for ranges, those for CKIDs if there are any.
    """
    state = yield from get_state(c)
    before = c.options.tsp.state_before
    if before is not None:
        told = f"{_state_name(state)} instead of {before.name}"
        c.require("tsp.state-before", state == before, told)
    supported = yield from _support(c)
    known = supported.memory_encryption_algorithms_supported
    features = supported.memory_encryption_features_supported
    oob = supported.supported_explicit_oob_te_state_granularity
    unused = GranularityEntry(length_index=_NO_LENGTH_INDEX).build()
    request = SetTargetConfiguration(
        memory_encryption_features=_encryption(features),
        memory_encryption_algorithm=next((one for one in _ALGORITHMS if one & known), 0),
        te_state_change_and_access_control_features=(
            supported.te_state_change_and_access_control_features_supported
        ),
        explicit_oob_te_state_granularity=oob & -oob,
        number_of_ckids=supported.number_of_ckids,
        explicit_ib_te_state_granularity_entries=unused * GRANULARITY_ENTRIES,
    )
    yield from exchange(c, request, SetTargetConfigurationRsp)
    c.tsp.configuration = {name: getattr(request, name) for name in _CONFIGURED}
    yield from get_configuration(c)


def _encryption(supported: int) -> int:
    """What is enabled of what is supported; CKIDs have to be required where they are used."""
    enabled = supported & EncryptionFeature.ENCRYPTION
    if not enabled:
        return 0
    if supported & EncryptionFeature.CKID_BASED:
        by_ckid = EncryptionFeature.CKID_BASED | EncryptionFeature.CKID_BASED_REQUIRED
        return int(enabled | by_ckid)
    return int(enabled | supported & EncryptionFeature.RANGE_BASED)


def get_configuration(c: Conversation) -> Flow[None]:
    """GET_TARGET_CONFIGURATION: it is still the one that was set, and the state is as brought."""
    state = yield from get_state(c)
    if c.tsp.locked:
        told = f"{_state_name(state)} instead of CONFIG_LOCKED"
        c.require("tsp.state-kept", state == TspState.CONFIG_LOCKED, told)


def get_state(c: Conversation) -> Flow[int]:
    """Where the target stands; its configuration is judged and reported besides."""
    message = yield from exchange(c, GetTargetConfiguration(), GetTargetConfigurationRsp)
    state = message.current_tsp_state
    c.require("tsp.state-defined", state in list(TspState), f"state {state} is reserved")
    odd = [
        f"{name} 0x{getattr(message, name):x}, set 0x{value:x}"
        for name, value in c.tsp.configuration.items()
        if getattr(message, name) != value
    ]
    c.require("tsp.configuration", not odd, "; ".join(odd))
    report = report_of(c)
    report.states.append(_state_name(state))
    report.configuration = {
        "memory encryption": names_of(EncryptionFeature, message.memory_encryption_features),
        "algorithm": names_of(EncryptionAlgorithm, message.memory_encryption_algorithm),
        "TE state": names_of(TeStateFeature, message.te_state_change_and_access_control_features),
        "CKIDs": [f"{message.number_of_ckids} from {message.ckid_base}"],
    }
    return state


def _state_name(state: int) -> str:
    return TspState(state).name if state in list(TspState) else f"reserved {state}"


def get_report(c: Conversation) -> Flow[None]:
    """GET_TARGET_CONFIGURATION_REPORT, in portions; while locked it stays the same."""
    data = yield from read_portions(c, TSP.checks, partial(_portion, c))
    whole = len(data) >= _REPORT_HEADER_SIZE
    c.require("tsp.report-size", whole, f"{len(data)} bytes, at least {_REPORT_HEADER_SIZE}")
    if c.tsp.locked and c.tsp.report:
        c.require("tsp.report-stable", data == c.tsp.report, "it is another one than before")
    c.tsp.report = data if c.tsp.locked else b""
    report_of(c).report = data.hex()


def _portion(c: Conversation, offset: int, length: int) -> Flow[tuple[bytes, int]]:
    request = GetTargetConfigurationReport(offset=offset, length=length)
    message = yield from exchange(c, request, GetTargetConfigurationReportRsp)
    return message.report_data, message.remainder_length


def lock(c: Conversation) -> Flow[None]:
    """LOCK_TARGET_CONFIGURATION, to CONFIG_LOCKED."""
    yield from exchange(c, LockTargetConfiguration(), LockTargetConfigurationRsp)
    state = yield from get_state(c)
    told = f"{_state_name(state)} instead of CONFIG_LOCKED"
    c.require("tsp.locked", state == TspState.CONFIG_LOCKED, told)
    c.tsp.locked, c.tsp.report = True, b""


def set_te_state(c: Conversation) -> Flow[None]:
    """SET_TARGET_TE_STATE of the options' ranges."""
    tsp = c.options.tsp
    ranges = [MemoryRange(starting_address=at, length=size) for at, size in tsp.ranges]
    request = SetTargetTeState(
        te_state=tsp.te_state, memory_ranges=b"".join(one.build() for one in ranges)
    )
    yield from _optional(c, request, SetTargetTeStateRsp)


def set_ckid_keys(c: Conversation) -> Flow[None]:
    """Keys of a CKID: given, made by the target, and cleared."""
    if not (yield from _supported(c, EncryptionSupport.CKID_BASED)):
        return
    ckid = c.options.tsp.ckid
    given = SetTargetCkidSpecificKey(ckid=ckid, **_keys(c))
    yield from _optional(c, given, SetTargetCkidSpecificKeyRsp)
    yield from _optional(c, SetTargetCkidRandomKey(ckid=ckid), SetTargetCkidRandomKeyRsp)
    yield from _optional(c, ClearTargetCkidKey(ckid=ckid), ClearTargetCkidKeyRsp)


def set_range_keys(c: Conversation) -> Flow[None]:
    """Keys of a range: given, made by the target, and cleared."""
    if not (yield from _supported(c, EncryptionSupport.RANGE_BASED)):
        return
    tsp = c.options.tsp
    start, size = tsp.ranges[0]
    place: dict[str, Any] = {
        "range_id": tsp.ckid,
        "range_start": start,
        "range_end": start + size,
    }
    given = SetTargetRangeSpecificKey(**place, **_keys(c))
    yield from _optional(c, given, SetTargetRangeSpecificKeyRsp)
    yield from _optional(c, SetTargetRangeRandomKey(**place), SetTargetRangeRandomKeyRsp)
    yield from _optional(c, ClearTargetRangeKey(range_id=tsp.ckid), ClearTargetRangeKeyRsp)


def _supported(c: Conversation, feature: EncryptionSupport) -> Flow[bool]:
    """Whether the target has a feature."""
    supported = yield from _support(c)
    if supported.memory_encryption_features_supported & feature:
        return True
    c.report.observe("tsp.unsupported", str(feature.name))
    return False


def _support(c: Conversation) -> Flow[GetTargetCapabilitiesRsp]:
    """What the target supports; it is asked if it was not yet."""
    if c.tsp.supported is None:
        yield from get_capabilities(c)
    return c.tsp.supported or zeros(GetTargetCapabilitiesRsp)


def _keys(c: Conversation) -> dict[str, Any]:
    return {
        "validity_flags": int(KeyValidity.DATA_ENCRYPTION_KEY | KeyValidity.TWEAK_KEY),
        "data_encryption_key": c.ide_keys.bytes(TSP_KEY_SIZE),
        "tweak_key": c.ide_keys.bytes(TSP_KEY_SIZE),
    }


def _optional(c: Conversation, request: TspMessage, kind: type[AnyTsp]) -> Flow[None]:
    """Exchange a message that the target need not support."""
    message = yield from _exchange(c, request, kind, _UNSUPPORTED)
    if message is None:
        c.report.observe("tsp.unsupported", request.name)
