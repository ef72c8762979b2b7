"""NEGOTIATE_ALGORITHMS: what both sides will use from here on."""

from responder.core.context import Context, Reply
from responder.core.errors import invalid
from responder.core.selection import select
from responder.spec.algorithms import MULTI_KEY_CONNECTION, TABLE_DHE, TABLE_KEM, TABLE_KEY_SCHEDULE
from responder.spec.limits import (
    MAX_EXTENDED_ALGORITHMS,
    MAX_EXTENDED_ALGORITHMS_V10,
    MAX_NEGOTIATE_LENGTH,
    MAX_NEGOTIATE_LENGTH_V10,
    NEGOTIATE_ALGORITHMS_FIXED_SIZE,
)
from responder.spec.versions import V11, V14
from responder.wire.algorithms import (
    FIXED_ALGORITHM_BYTES,
    Algorithms,
    AlgorithmStructure,
    NegotiateAlgorithms,
)
from responder.wire.errors import WireError


def negotiate_algorithms(request: NegotiateAlgorithms, context: Context) -> Reply:
    """Check the offer's form, select, and answer; the selection fixes all later sizes."""
    connection, policy = context.connection, context.policy.algorithms
    version = connection.header_version
    _check_lengths(request, version)
    offered = _offered_tables(request, version)
    selected = select(request, offered, connection, policy)
    asym = selected.base_asym
    connection.agree_algorithms(selected)
    structures = b"".join(
        AlgorithmStructure(alg_type=alg_type, alg_supported=selected.tables[alg_type]).build()
        for alg_type in offered
    )
    multi_key = MULTI_KEY_CONNECTION if selected.multi_key_requester else 0
    return Reply(
        Algorithms(
            spdm_version=version,
            algorithm_structure_count=len(offered),
            measurement_specification_sel=selected.measurement_specification,
            other_params_selection=selected.opaque_format | multi_key,
            measurement_hash_algo=selected.measurement_hash_bits,
            base_asym_sel=asym.bit if asym and not asym.post_quantum else 0,
            base_hash_sel=selected.base_hash.bit if selected.base_hash else 0,
            pqc_asym_sel=asym.bit if asym and asym.post_quantum else 0,
            mel_specification_sel=selected.mel_specification,
            trailer=structures,
        )
    )


def _check_lengths(request: NegotiateAlgorithms, version: int) -> None:
    old = version < V11
    if request.extended_size > len(request.trailer):
        raise invalid("the extended algorithms reach beyond the message")
    length = request.length or 0
    if length > (MAX_NEGOTIATE_LENGTH_V10 if old else MAX_NEGOTIATE_LENGTH):
        raise invalid(f"Length {length} is over the limit")
    if length != NEGOTIATE_ALGORITHMS_FIXED_SIZE + len(request.trailer):
        raise invalid(f"Length {length} is below the fixed part")


def _offered_tables(request: NegotiateAlgorithms, version: int) -> dict[int, int]:
    """AlgType to AlgSupported; 1.0 has no structures."""
    if version < V11:
        if len(request.trailer) != request.extended_size:
            raise invalid("Length covers more than the extended algorithms")
        _check_extended(request, [], MAX_EXTENDED_ALGORITHMS_V10)
        return {}
    try:
        structures = request.structures()
    except WireError as error:
        raise invalid(str(error)) from None
    _check_extended(request, structures, MAX_EXTENDED_ALGORITHMS)
    highest = TABLE_KEM if version >= V14 else TABLE_KEY_SCHEDULE
    offered: dict[int, int] = {}
    previous = TABLE_DHE - 1
    for structure in structures:
        if not previous < structure.alg_type <= highest:
            raise invalid(f"AlgType {structure.alg_type} after {previous}")
        if structure.fixed_size != FIXED_ALGORITHM_BYTES:
            raise invalid(f"fixed algorithm size {structure.fixed_size}")
        if not structure.alg_supported:
            raise invalid(f"AlgType {structure.alg_type} offers nothing")
        previous = structure.alg_type
        offered[structure.alg_type] = structure.alg_supported
    return offered


def _check_extended(
    request: NegotiateAlgorithms, structures: list[AlgorithmStructure], limit: int
) -> None:
    """The limit is for all extended algorithms together, those of the structures included."""
    extended = request.ext_asym_count + request.ext_hash_count
    extended += sum(structure.extended_count for structure in structures)
    if extended > limit:
        raise invalid(f"{extended} extended algorithms")
