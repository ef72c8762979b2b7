"""Choosing algorithms: the first of our preference that the requester offers.

DSP0274 "NEGOTIATE_ALGORITHMS request and ALGORITHMS response messages": what the negotiated
capabilities need must come out selected, or the request is refused.
"""

from collections.abc import Mapping, Sequence

from responder.core.connection import Connection, Selected
from responder.core.errors import invalid
from responder.core.interfaces import AlgorithmPolicy
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    MEASUREMENT_HASHES,
    MULTI_KEY_CONNECTION,
    OPAQUE_FORMATS,
    PQC_ASYM,
    TABLE_AEAD,
    TABLE_ALGORITHMS,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_KEY_SCHEDULE,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Algorithm,
    by_bit,
)
from responder.spec.flags import ANY_PSK, MEAS, MULTI_KEY, Cap
from responder.spec.versions import V12, V13, V14, SpdmVersion
from responder.wire.algorithms import NegotiateAlgorithms

_SIGNING = Cap.CERT | Cap.CHAL | Cap.MEAS_SIG


def choose(
    preference: Sequence[int], offered: int, known: Sequence[Algorithm], version: int
) -> int:
    """The first preferred bit that is offered and defined in ``version``; 0 if there is none."""
    defined = sum(row.bit for row in known if row.since <= version)
    return next((bit for bit in preference if bit & offered & defined), 0)


def select(
    request: NegotiateAlgorithms,
    offered_tables: Mapping[int, int],
    connection: Connection,
    policy: AlgorithmPolicy,
) -> Selected:
    """Select every algorithm.

    Raises:
        ProtocolError: InvalidRequest: a negotiated capability is left without an algorithm.
    """
    version = SpdmVersion(connection.header_version)
    asym, pqc = _one_family(
        choose(policy.base_asym, request.base_asym_algo, BASE_ASYM, version),
        choose(policy.pqc_asym, request.pqc_asym_algo, PQC_ASYM, version),
        policy,
    )
    tables = {
        alg_type: choose(
            policy.tables.get(alg_type, ()), offered, TABLE_ALGORITHMS[alg_type], version
        )
        for alg_type, offered in offered_tables.items()
    }
    for classical, post_quantum in (
        (TABLE_DHE, TABLE_KEM),
        (TABLE_REQ_BASE_ASYM, TABLE_REQ_PQC_ASYM),
    ):
        pair = _one_family(tables.get(classical, 0), tables.get(post_quantum, 0), policy)
        tables |= {
            t: bit for t, bit in zip((classical, post_quantum), pair, strict=True) if t in tables
        }
    multi_key_responder = _multi_key_responder(request, connection, version)
    specification, measurement_hash = _measurement(request, connection, policy, version)
    selected = Selected(
        base_asym=by_bit(BASE_ASYM, asym) or by_bit(PQC_ASYM, pqc),
        base_hash=by_bit(
            BASE_HASHES, choose(policy.base_hash, request.base_hash_algo, BASE_HASHES, version)
        ),
        measurement_hash=by_bit(MEASUREMENT_HASHES, measurement_hash),
        measurement_hash_bits=measurement_hash,
        measurement_specification=specification,
        mel_specification=_mel(request, connection, policy, version),
        opaque_format=_opaque_format(request, policy, version),
        multi_key_responder=multi_key_responder,
        multi_key_requester=_multi_key_requester(connection, policy, version),
        tables=tables,
    )
    _require_complete(request, selected, connection)
    return selected


def _one_family(classical: int, post_quantum: int, policy: AlgorithmPolicy) -> tuple[int, int]:
    """Classical and post-quantum exclude each other; the policy says which one stays."""
    if classical and post_quantum:
        return (0, post_quantum) if policy.pqc_first else (classical, 0)
    return classical, post_quantum


def _multi_key_responder(
    request: NegotiateAlgorithms, connection: Connection, version: SpdmVersion
) -> bool:
    if version < V13:
        return False
    asked = bool(request.other_params_support & MULTI_KEY_CONNECTION)
    if asked and not connection.flags & MULTI_KEY:
        raise invalid("ResponderMultiKeyConn without MULTI_KEY_CAP of the responder")
    if not asked and connection.flags & Cap.MULTI_KEY_ONLY:
        raise invalid("this responder has multi-key connections only")
    return asked


def _multi_key_requester(
    connection: Connection, policy: AlgorithmPolicy, version: SpdmVersion
) -> bool:
    flags = connection.peer.flags
    return version >= V13 and bool(
        flags & Cap.MULTI_KEY_ONLY or (flags & Cap.MULTI_KEY_NEG and policy.multi_key)
    )


def _measurement(
    request: NegotiateAlgorithms,
    connection: Connection,
    policy: AlgorithmPolicy,
    version: SpdmVersion,
) -> tuple[int, int]:
    """Measurement specification and measurement hash bits."""
    if not connection.flags & (MEAS | Cap.MEL) or not request.measurement_specification:
        return 0, 0
    specification = request.measurement_specification & policy.measurement_specification
    undefined = sum(row.bit for row in MEASUREMENT_HASHES if row.since > version)
    return specification, next((b for b in policy.measurement_hash if not b & undefined), 0)


def _mel(
    request: NegotiateAlgorithms,
    connection: Connection,
    policy: AlgorithmPolicy,
    version: SpdmVersion,
) -> int:
    if version < V13 or not connection.flags & Cap.MEL:
        return 0
    return request.mel_specification & policy.mel_specification


def _opaque_format(
    request: NegotiateAlgorithms, policy: AlgorithmPolicy, version: SpdmVersion
) -> int:
    if version < V12:
        return 0
    offered = request.other_params_support & OPAQUE_FORMATS
    return next((bit for bit in policy.opaque_formats if bit & offered), 0)


def _require_complete(
    request: NegotiateAlgorithms, selected: Selected, connection: Connection
) -> None:
    own, tables = connection.flags, selected.tables
    key_exchange = connection.common(Cap.KEY_EX)
    session = key_exchange or connection.common(ANY_PSK)
    requester_signs = connection.common(Cap.MUT_AUTH | Cap.EP_INFO_SIG)
    post_quantum_requester = bool(
        connection.header_version >= V14 and tables.get(TABLE_REQ_PQC_ASYM)
    )
    needed = (
        (own & _SIGNING or session, selected.base_hash, "base hash"),
        (own & _SIGNING or key_exchange, selected.base_asym, "signature"),
        (key_exchange, tables.get(TABLE_DHE) or tables.get(TABLE_KEM), "key exchange"),
        (connection.common(Cap.ENCRYPT | Cap.MAC), tables.get(TABLE_AEAD), "AEAD"),
        (
            requester_signs,
            tables.get(TABLE_REQ_BASE_ASYM) or post_quantum_requester,
            "requester signature",
        ),
        (session, tables.get(TABLE_KEY_SCHEDULE), "key schedule"),
        (
            own & MEAS and request.measurement_specification,
            selected.measurement_specification and selected.measurement_hash_bits,
            "measurement specification and hash",
        ),
    )
    for need, found, name in needed:
        if need and not found:
            raise invalid(f"no common {name} algorithm")
