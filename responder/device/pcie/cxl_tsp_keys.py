"""Keys that encrypt the memory of a target: by CKID, or by range of addresses (CXL 3.1, 11.5)."""

import hashlib
from collections.abc import Callable

import msgspec

from responder.crypto.random_tree import RandomTree
from responder.device.pcie.policies import CxlTspPolicy
from responder.device.pcie.refusal import RefusedError
from responder.spec.cxl import (
    TSP_KEY_SIZE,
    CkidAttribute,
    CkidType,
    EncryptionFeature,
    KeyValidity,
    TspErrorCode,
)
from responder.wire.cxl_tsp import (
    ClearTargetCkidKey,
    ClearTargetRangeKey,
    SetTargetCkidRandomKey,
    SetTargetCkidSpecificKey,
    SetTargetConfiguration,
    SetTargetRangeRandomKey,
    SetTargetRangeSpecificKey,
)

Deed = Callable[[], None]
"""Does what was found to be right."""


class CkidKey(msgspec.Struct, frozen=True):
    """The key of a CKID: whose it is, and its fingerprint."""

    kind: CkidType
    fingerprint: str


class RangeKey(msgspec.Struct, frozen=True):
    """The key of a range: its first and last address, and its fingerprint."""

    start: int
    end: int
    fingerprint: str


class TargetKeys:
    """The keys of a target; every method says what is wrong, or gives back how it is done.

    Attributes:
        ckids: by CKID.
        ranges: by range id.
    """

    def __init__(self, policy: CxlTspPolicy, random: RandomTree) -> None:
        """``random`` is the branch that random keys are drawn from."""
        self.ckids: dict[int, CkidKey] = {}
        self.ranges: dict[int, RangeKey] = {}
        self._policy = policy
        self._random = random

    def clear(self) -> None:
        """All are gone."""
        self.ckids.clear()
        self.ranges.clear()

    def set_ckid(
        self,
        asked: SetTargetCkidSpecificKey | SetTargetCkidRandomKey,
        configuration: SetTargetConfiguration,
        only: int | None,
    ) -> Deed:
        """SET_TARGET_CKID_SPECIFIC_KEY and RANDOM_KEY; ``only``: the type that is allowed.

        Raises:
            RefusedError: encryption is not by CKID, the CKID is none, its type is, or the key.
        """
        self._check_ckid(asked.ckid, configuration)
        if isinstance(asked, SetTargetCkidRandomKey):
            of_tvm = asked.attributes & CkidAttribute.TVM
            number = int(CkidType.TVM if of_tvm else CkidType.OS)
        else:
            number = asked.ckid_type
        if number not in set(CkidType):
            raise RefusedError(TspErrorCode.INVALID_REQUEST, f"CKID type {number}")
        _check_type(number, only)
        made = self._fingerprint(asked)
        key = CkidKey(CkidType(number), made)

        def deed() -> None:
            self.ckids[asked.ckid] = key

        return deed

    def clear_ckid(
        self, asked: ClearTargetCkidKey, configuration: SetTargetConfiguration, only: int | None
    ) -> Deed:
        """CLEAR_TARGET_CKID_KEY: well where there is none.

        Raises:
            RefusedError: as ``set_ckid``.
        """
        self._check_ckid(asked.ckid, configuration)
        held = self.ckids.get(asked.ckid)
        if held:
            _check_type(held.kind, only)
        return lambda: _forget(self.ckids, asked.ckid)

    def set_range(
        self,
        asked: SetTargetRangeSpecificKey | SetTargetRangeRandomKey,
        configuration: SetTargetConfiguration,
    ) -> Deed:
        """SET_TARGET_RANGE_SPECIFIC_KEY and RANDOM_KEY.

        Raises:
            RefusedError: encryption is not by range, or the range or key is none.
        """
        self._check_range(asked.range_id, configuration)
        if asked.range_start > asked.range_end:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "a range that ends before it starts")
        for number, other in self.ranges.items():
            apart = asked.range_end < other.start or other.end < asked.range_start
            if number != asked.range_id and not apart:
                raise RefusedError(TspErrorCode.INVALID_REQUEST, f"it overlaps range {number}")
        key = RangeKey(asked.range_start, asked.range_end, self._fingerprint(asked))

        def deed() -> None:
            self.ranges[asked.range_id] = key

        return deed

    def clear_range(
        self, asked: ClearTargetRangeKey, configuration: SetTargetConfiguration
    ) -> Deed:
        """CLEAR_TARGET_RANGE_KEY: well where there is none.

        Raises:
            RefusedError: as ``set_range``.
        """
        self._check_range(asked.range_id, configuration)
        return lambda: _forget(self.ranges, asked.range_id)

    def _check_ckid(self, ckid: int, configuration: SetTargetConfiguration) -> None:
        _check_enabled(configuration, EncryptionFeature.CKID_BASED)
        first = configuration.ckid_base
        if not first <= ckid < first + configuration.number_of_ckids:
            raise RefusedError(TspErrorCode.INVALID_CKID, f"CKID {ckid}")

    def _check_range(self, range_id: int, configuration: SetTargetConfiguration) -> None:
        _check_enabled(configuration, EncryptionFeature.RANGE_BASED)
        if range_id >= self._policy.range_keys:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, f"range {range_id}")

    def _fingerprint(
        self,
        asked: SetTargetCkidSpecificKey
        | SetTargetCkidRandomKey
        | SetTargetRangeSpecificKey
        | SetTargetRangeRandomKey,
    ) -> str:
        """Of the keys that came along, or of random ones that may take them in."""
        keys = asked.data_encryption_key + asked.tweak_key
        if isinstance(asked, SetTargetCkidRandomKey | SetTargetRangeRandomKey):
            if asked.validity_flags and not self._policy.initiator_entropy:
                raise RefusedError(TspErrorCode.INVALID_REQUEST, "entropy that is not supported")
            keys = self._random.bytes(2 * TSP_KEY_SIZE) + (keys if asked.validity_flags else b"")
        elif not asked.validity_flags & KeyValidity.DATA_ENCRYPTION_KEY:
            raise RefusedError(TspErrorCode.INVALID_REQUEST, "no data encryption key")
        return hashlib.sha256(keys).hexdigest()[:16]


def _check_enabled(configuration: SetTargetConfiguration, feature: EncryptionFeature) -> None:
    if not configuration.memory_encryption_features & feature:
        code = TspErrorCode.INVALID_SECURITY_CONFIGURATION
        raise RefusedError(code, f"{feature.name} encryption is not enabled")


def _check_type(number: int, only: int | None) -> None:
    if only is not None and number != only:
        raise RefusedError(TspErrorCode.NO_PRIVILEGE, f"CKID type {number} is another session's")


def _forget(keys: dict[int, CkidKey] | dict[int, RangeKey], number: int) -> None:
    keys.pop(number, None)
