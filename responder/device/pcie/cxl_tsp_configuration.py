"""Whether a target can be configured as SET_TARGET_CONFIGURATION asks (CXL 3.1, 11.5).

The rules are those of the reference implementation; the text was not at hand.
"""

from collections.abc import Iterator

from responder.device.pcie.policies import CxlTspPolicy
from responder.spec.cxl import (
    ConfigurationFeature,
    ConfigurationSupport,
    EncryptionFeature,
    EncryptionSupport,
    TeStateFeature,
)
from responder.wire.cxl_tsp import (
    GetTargetCapabilitiesRsp,
    GranularityEntry,
    SetTargetConfiguration,
)

_CKIDS_END = 0x2000
_NO_ENTRY = 0xFF
_LENGTHS = 8
_EXPLICIT = TeStateFeature.EXPLICIT_OOB_CHANGE | TeStateFeature.EXPLICIT_IB_CHANGE
_NEEDS = {
    TeStateFeature.WRITE_ACCESS_CONTROL: _EXPLICIT,
    TeStateFeature.READ_ACCESS_CONTROL: _EXPLICIT | TeStateFeature.IMPLICIT_CHANGE,
    TeStateFeature.EXPLICIT_CHANGE_SANITIZE: _EXPLICIT,
}
"""TE state features that make no sense without one of others."""


def capabilities(policy: CxlTspPolicy) -> GetTargetCapabilitiesRsp:
    """What a target of that policy can do."""
    encryption = {
        EncryptionSupport.ENCRYPTION: bool(policy.algorithms),
        EncryptionSupport.CKID_BASED: bool(policy.ckids),
        EncryptionSupport.RANGE_BASED: bool(policy.range_keys),
        EncryptionSupport.INITIATOR_SUPPLIED_ENTROPY: policy.initiator_entropy,
        EncryptionSupport.CKID_BASED_REQUIRED: bool(policy.ckids),
    }
    features = {
        ConfigurationSupport.LOCKED_TARGET_FW_UPDATE: policy.fw_update,
        ConfigurationSupport.ADDITIONAL_SPDM_SESSIONS: bool(policy.secondary_sessions),
    }
    return GetTargetCapabilitiesRsp(
        memory_encryption_features_supported=sum(one for one, there in encryption.items() if there),
        memory_encryption_algorithms_supported=policy.algorithms,
        memory_encryption_number_of_range_based_keys=policy.range_keys,
        te_state_change_and_access_control_features_supported=policy.te_features,
        supported_explicit_oob_te_state_granularity=policy.oob_granularity,
        supported_explicit_ib_te_state_granularity=policy.ib_granularity,
        configuration_features_supported=sum(one for one, there in features.items() if there),
        number_of_ckids=policy.ckids,
        number_of_secondary_sessions=policy.secondary_sessions,
    )


def configuration_problem(asked: SetTargetConfiguration, policy: CxlTspPolicy) -> str:
    """What is wrong with a configuration; empty if nothing is."""
    for problems in (_encryption, _ckids, _te_state, _granularities, _sessions):
        for wrong, text in problems(asked, policy):
            if wrong:
                return text
    return ""


_Checks = Iterator[tuple[bool, str]]


def _encryption(asked: SetTargetConfiguration, policy: CxlTspPolicy) -> _Checks:
    features = EncryptionFeature(asked.memory_encryption_features & 0xF)
    algorithm = asked.memory_encryption_algorithm
    by_ckid, required = EncryptionFeature.CKID_BASED, EncryptionFeature.CKID_BASED_REQUIRED
    if EncryptionFeature.ENCRYPTION not in features:
        yield bool(features), "features of an encryption that is not enabled"
        yield bool(algorithm), "an algorithm of an encryption that is not enabled"
        return
    yield algorithm.bit_count() > 1, "more than one algorithm"
    yield not algorithm & policy.algorithms, "no algorithm that is supported"
    yield by_ckid in features and not policy.ckids, "no CKIDs are supported"
    by_range = EncryptionFeature.RANGE_BASED in features
    yield by_range and not policy.range_keys, "no keys for ranges are supported"
    yield by_ckid in features and by_range, "keys for CKIDs and for ranges"
    yield (by_ckid in features) != (required in features), "CKIDs have to be required, or not used"


def _ckids(asked: SetTargetConfiguration, policy: CxlTspPolicy) -> _Checks:
    if asked.memory_encryption_features & EncryptionFeature.CKID_BASED_REQUIRED:
        yield asked.number_of_ckids > policy.ckids, "more CKIDs than there are"
        end = asked.ckid_base + asked.number_of_ckids
        yield max(asked.ckid_base, end) >= _CKIDS_END, "CKIDs beyond their range"


def _te_state(asked: SetTargetConfiguration, policy: CxlTspPolicy) -> _Checks:
    features = asked.te_state_change_and_access_control_features & 0x3F
    yield bool(features & ~policy.te_features), "TE state features that are not supported"
    for feature, needed in _NEEDS.items():
        yield bool(features & feature) and not features & needed, f"{feature.name} alone"
    granularity = asked.explicit_oob_te_state_granularity
    if not features & TeStateFeature.EXPLICIT_OOB_CHANGE:
        yield bool(granularity), "a granularity of changes that are not enabled"
    else:
        yield granularity.bit_count() > 1, "more than one granularity"
        yield not granularity & policy.oob_granularity, "no granularity that is supported"


def _granularities(asked: SetTargetConfiguration, _: CxlTspPolicy) -> _Checks:
    if not asked.te_state_change_and_access_control_features & TeStateFeature.EXPLICIT_IB_CHANGE:
        return
    entries = GranularityEntry.parse_all(asked.explicit_ib_te_state_granularity_entries)
    used = [entry.length_index for entry in entries if entry.length_index != _NO_ENTRY]
    yield any(index >= _LENGTHS for index in used), "a length index above 7"
    yield len(set(used)) < len(used), "a length index that comes twice"


def _sessions(asked: SetTargetConfiguration, policy: CxlTspPolicy) -> _Checks:
    flags = asked.configuration_validity_flags
    yield bool(flags & flags + 1), "pre-shared keys with gaps between them"
    yield flags.bit_count() > policy.secondary_sessions, "more secondary sessions than there may be"


def shown(features: int) -> int:
    """ConfigurationFeatures as GET_TARGET_CONFIGURATION tells them: one is for requests only."""
    return features & ~ConfigurationFeature.SPECIAL_PURPOSE_MEMORY
