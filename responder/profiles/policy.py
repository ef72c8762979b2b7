"""From a profile to what the responder claims and chooses."""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from responder.core.interfaces import AlgorithmPolicy, ResponderPolicy, TimingPolicy
from responder.profiles import names
from responder.profiles.lookup import Lookup, find
from responder.profiles.personas import chosen_deviations, switches
from responder.profiles.schema import AlgorithmsSection, ProfileSpec, TimingSection
from responder.profiles.session import build_session_policy
from responder.spec.algorithms import (
    MEASUREMENT_SPECIFICATION_DMTF,
    MEL_SPECIFICATION_DMTF,
)
from responder.spec.flags import Cap, ExtCap


def build_policy(spec: ProfileSpec, lookup: Lookup) -> ResponderPolicy:
    """The policy of a profile.

    Raises:
        ConfigError: an unknown version, capability, algorithm or request.
    """
    spdm = spec.spdm
    versions = lookup.all(("spdm", "versions"), spdm.versions, names.VERSIONS, "SPDM version")
    if not versions:
        raise lookup.source.error(("spdm", "versions"), "at least one SPDM version is needed")
    flags = lookup.all(
        ("spdm", "capabilities"), spdm.capabilities, names.CAPABILITIES, "capability"
    )
    ext_flags = lookup.all(
        ("spdm", "ext_capabilities"),
        spdm.ext_capabilities,
        names.EXT_CAPABILITIES,
        "capability of ExtFlags",
    )
    largest = spdm.max_spdm_msg_size
    return ResponderPolicy(
        versions=tuple(versions),
        flags=reduce(or_, flags, Cap(0)),
        ext_flags=reduce(or_, ext_flags, ExtCap(0)),
        ct_exponent=spdm.ct_exponent,
        data_transfer_size=spdm.data_transfer_size,
        max_spdm_msg_size=spdm.data_transfer_size if largest is None else largest,
        transmit_size=spdm.transmit_size,
        algorithms=_algorithms(spec.algorithms, lookup),
        timing=_timing(spec.timing, lookup),
        deviations=switches(chosen_deviations(spec, lookup)),
        session=build_session_policy(spec.session, spec.events, lookup),
    )


def _algorithms(section: AlgorithmsSection, lookup: Lookup) -> AlgorithmPolicy:
    def chosen(key: str, table: Mapping[str, int], what: str) -> tuple[int, ...]:
        words, path = getattr(section, key), ("algorithms", key)
        for position, name in enumerate(words):
            if reason := find(name, names.LACKING):
                raise lookup.source.error((*path, position), f"{name} is not offered: {reason}")
        return tuple(lookup.all(path, words, table, what))

    tables = {
        alg_type: chosen(key, names.TABLE_BITS[key], f"{key} algorithm")
        for key, alg_type in names.TABLE_KEYS.items()
    }
    return AlgorithmPolicy(
        base_asym=chosen("base_asym", names.BASE_ASYM_BITS, "signature algorithm"),
        pqc_asym=chosen("pqc_asym", names.PQC_ASYM_BITS, "post-quantum signature algorithm"),
        pqc_first=section.pqc_first,
        base_hash=chosen("base_hash", names.BASE_HASH_BITS, "hash"),
        measurement_hash=chosen("measurement_hash", names.MEASUREMENT_HASH_BITS, "hash"),
        tables={alg_type: offered for alg_type, offered in tables.items() if offered},
        measurement_specification=(
            MEASUREMENT_SPECIFICATION_DMTF if section.measurement_specification else 0
        ),
        mel_specification=MEL_SPECIFICATION_DMTF if section.mel_specification else 0,
        opaque_formats=tuple(names.OPAQUE_FORMAT_BITS[number] for number in section.opaque_formats),
        multi_key=section.multi_key,
    )


def _timing(section: TimingSection, lookup: Lookup) -> TimingPolicy:
    twice = section.takes.keys() & section.ready_after.keys()
    for name in sorted(twice):
        reason = f"{name} is either always put off, or only if it takes too long"
        raise lookup.source.error(("timing", "takes", name), reason)
    return TimingPolicy(
        ready_after=_work("ready_after", section.ready_after, names.DEFERRABLE, lookup),
        takes=_work("takes", section.takes, names.WORKED_FOR, lookup),
        busy=section.busy,
        rdtm=section.rdtm,
        forget_late=section.forget_late,
    )


def _work(
    key: str, microseconds_of: Mapping[str, int], known: Mapping[str, int], lookup: Lookup
) -> dict[int, int]:
    work = {}
    for name, microseconds in microseconds_of.items():
        path = ("timing", key, name)
        if name.upper() in names.NEVER_DEFERRED and name.upper() not in known:
            raise lookup.source.error(path, f"{name} is never answered ResponseNotReady")
        code = lookup.one(path, name, known, "request")
        work[int(code)] = microseconds
    return work
