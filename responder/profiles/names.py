"""The words of profiles, and what they stand for in the specification."""

from collections.abc import Iterable
from enum import IntEnum, IntFlag
from typing import TypeVar

from responder.crypto.lacking import every_lack
from responder.spec import sessions
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    OPAQUE_FORMAT_0,
    OPAQUE_FORMAT_1,
    PQC_ASYM,
    RAW_BIT_STREAM_ONLY,
    TABLE_AEAD,
    TABLE_ALGORITHMS,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Algorithm,
)
from responder.spec.codes import RequestCode
from responder.spec.events import EventType
from responder.spec.flags import Cap, ExtCap
from responder.spec.key_pairs import KeyPairCap
from responder.spec.measurements import ContentChanged, DeviceMode, OperationalMode, ValueType
from responder.spec.registries import CertificateModel, KeyUsage, StandardId
from responder.spec.versions import ALL_VERSIONS

Word = TypeVar("Word", bound=IntEnum | IntFlag)


def words(members: Iterable[Word]) -> dict[str, Word]:
    """Members of an enumeration by their names in lower case with hyphens."""
    return {_name(member).lower().replace("_", "-"): member for member in members}


def _name(member: IntEnum | IntFlag) -> str:
    return member.name or ""


LACKING = every_lack()
"""Algorithms that no profile can have, and why."""


def bits(table: Iterable[Algorithm]) -> dict[str, int]:
    """Algorithm names to bits, but for what cannot be computed."""
    return {row.name: row.bit for row in table if row.name not in LACKING}


VERSIONS = {version.label: version for version in ALL_VERSIONS}
CAPABILITIES = {_name(flag): flag for flag in Cap}
EXT_CAPABILITIES = {_name(flag): flag for flag in ExtCap}

RAW_ONLY = "RAW-BIT-STREAM"
"""The measurement hash that allows only raw bit streams."""

BASE_HASH_BITS = bits(BASE_HASHES)
MEASUREMENT_HASH_BITS = bits(MEASUREMENT_HASHES) | {RAW_ONLY: RAW_BIT_STREAM_ONLY}
OPAQUE_FORMAT_BITS = {0: OPAQUE_FORMAT_0, 1: OPAQUE_FORMAT_1}

TABLE_KEYS = {
    "dhe": TABLE_DHE,
    "aead": TABLE_AEAD,
    "req_base_asym": TABLE_REQ_BASE_ASYM,
    "key_schedule": TABLE_KEY_SCHEDULE,
    "req_pqc_asym": TABLE_REQ_PQC_ASYM,
    "kem": TABLE_KEM,
}
"""Keys of [algorithms] that become algorithm structures, with their AlgType."""

TABLE_BITS = {key: bits(TABLE_ALGORITHMS[alg_type]) for key, alg_type in TABLE_KEYS.items()}

SECURED_VERSIONS = {
    f"{version >> 12}.{version >> 8 & 0xF}": version
    for version in sorted(sessions.SECURED_VERSIONS)
}
"""Versions of DSP0277."""
MUTUAL_AUTH = {"none": 0} | {
    name.lower().replace("_", "-"): int(flag)
    for name, flag in sessions.MutAuthRequested.__members__.items()
}

MODELS = words(model for model in CertificateModel if model)
KEY_USAGES = words(KeyUsage)
KEY_PAIR_CAPS = words(KeyPairCap)
CONTENT_CHANGED = words(ContentChanged)
OPERATIONAL_MODES = words(OperationalMode)
DEVICE_MODES = words(DeviceMode)
STANDARDS = {_name(standard).replace("_", "-"): standard for standard in StandardId}

MEASUREMENT_TYPES = {
    "immutable-rom": ValueType.IMMUTABLE_ROM,
    "mutable-firmware": ValueType.MUTABLE_FIRMWARE,
    "hardware-configuration": ValueType.HARDWARE_CONFIGURATION,
    "firmware-configuration": ValueType.FIRMWARE_CONFIGURATION,
    "measurement-manifest": ValueType.MEASUREMENT_MANIFEST,
    "device-mode": ValueType.DEVICE_MODE,
    "version": ValueType.MUTABLE_FIRMWARE_VERSION,
    "svn": ValueType.MUTABLE_FIRMWARE_SVN,
    "informational": ValueType.INFORMATIONAL,
    "structured-manifest": ValueType.STRUCTURED_MANIFEST,
    "hash-extend": ValueType.HASH_EXTEND,
}
LOGGED_TYPES = {name: kind for name, kind in MEASUREMENT_TYPES.items() if name != "hash-extend"}
"""Types of the values in a measurement extension log."""

EVENT_TYPES = words(kind for kind in EventType if kind is not EventType.EVENT_LOST)
"""Events that a device may tell of or not; that some were lost it always tells."""

AT_ONCE = ("GET_VERSION", "GET_CAPABILITIES", "NEGOTIATE_ALGORITHMS", "RESPOND_IF_READY")
NEVER_DEFERRED = (
    *AT_ONCE,
    "CHUNK_SEND",
    "CHUNK_GET",
    "GET_ENCAPSULATED_REQUEST",
    "DELIVER_ENCAPSULATED_RESPONSE",
)
WORKED_FOR = {code.name: code for code in RequestCode if code.name not in AT_ONCE}
"""Requests whose answer may take its time."""
DEFERRABLE = {name: code for name, code in WORKED_FOR.items() if name not in NEVER_DEFERRED}
"""Requests that may be answered ResponseNotReady."""

BASE_ASYM_BITS, PQC_ASYM_BITS = bits(BASE_ASYM), bits(PQC_ASYM)
SIGNATURES = {row.name: row for row in (*BASE_ASYM, *PQC_ASYM) if row.name not in LACKING}
"""Signature algorithms that this program can sign with."""

KEY_KINDS = {row.key: row.key for row in SIGNATURES.values()}
"""Kinds of keys, which are also the folders of certificate sets."""
