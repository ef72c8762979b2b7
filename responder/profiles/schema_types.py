"""The values of profiles, and what their tables have in common."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from responder.profiles import names
from responder.profiles.personas import DEVIATIONS, PERSONAS


def _one_of(values: Iterable[str]) -> Meta:
    return Meta(extra_json_schema={"enum": list(values)})


Version = Annotated[str, _one_of(names.VERSIONS)]
Capability = Annotated[str, _one_of(names.CAPABILITIES)]
ExtCapability = Annotated[str, _one_of(names.EXT_CAPABILITIES)]
BaseAsym = Annotated[str, _one_of(names.BASE_ASYM_BITS)]
PqcAsym = Annotated[str, _one_of(names.PQC_ASYM_BITS)]
ReqBaseAsym = Annotated[str, _one_of(names.TABLE_BITS["req_base_asym"])]
ReqPqcAsym = Annotated[str, _one_of(names.TABLE_BITS["req_pqc_asym"])]
BaseHash = Annotated[str, _one_of(names.BASE_HASH_BITS)]
MeasurementHash = Annotated[str, _one_of(names.MEASUREMENT_HASH_BITS)]
Dhe = Annotated[str, _one_of(names.TABLE_BITS["dhe"])]
Aead = Annotated[str, _one_of(names.TABLE_BITS["aead"])]
Kem = Annotated[str, _one_of(names.TABLE_BITS["kem"])]
KeySchedule = Annotated[str, _one_of(names.TABLE_BITS["key_schedule"])]
Model = Annotated[str, _one_of(names.MODELS)]
Usage = Annotated[str, _one_of(names.KEY_USAGES)]
KeyPairCapability = Annotated[str, _one_of(names.KEY_PAIR_CAPS)]
KeyKind = Annotated[str, _one_of(names.KEY_KINDS)]
MeasurementType = Annotated[str, _one_of(names.MEASUREMENT_TYPES)]
OperationalModeName = Annotated[str, _one_of(names.OPERATIONAL_MODES)]
DeviceModeName = Annotated[str, _one_of(names.DEVICE_MODES)]
ContentChangedName = Annotated[str, _one_of(names.CONTENT_CHANGED)]
PersonaName = Annotated[str, _one_of(PERSONAS)]
DeviationName = Annotated[str, _one_of(DEVIATIONS)]
LoggedType = Annotated[str, _one_of(names.LOGGED_TYPES)]
EventName = Annotated[str, _one_of(names.EVENT_TYPES)]
Standard = Annotated[str, _one_of(names.STANDARDS)]
Deferrable = Annotated[str, _one_of(names.DEFERRABLE)]
WorkedFor = Annotated[str, _one_of(names.WORKED_FOR)]
SecuredVersion = Annotated[str, _one_of(names.SECURED_VERSIONS)]
MutualAuth = Annotated[str, _one_of(names.MUTUAL_AUTH)]
Hex = Annotated[str, Meta(extra_json_schema={"pattern": "^([0-9A-Fa-f]{2}\\s*)*$"})]

Byte = Annotated[int, Meta(ge=0, le=0xFF)]
SlotId = Annotated[int, Meta(ge=0, le=7)]
MeasurementIndex = Annotated[int, Meta(ge=1, le=0xFE)]
Count = Annotated[int, Meta(ge=1, le=1000)]
Size = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Seconds = Annotated[float, Meta(ge=0)]
Microseconds = Annotated[int, Meta(ge=1, le=1 << 31)]


class Section(Struct, forbid_unknown_fields=True, kw_only=True):
    """A table of a profile."""


class PolicySection(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table whose keys are those of policies that parts of the device have."""
