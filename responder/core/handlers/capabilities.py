"""GET_CAPABILITIES: its header fixes the connection's version."""

from responder.core.capability_rules import broken_rule
from responder.core.connection import Peer
from responder.core.context import Context, Reply
from responder.core.errors import invalid
from responder.core.interfaces import AlgorithmPolicy
from responder.spec.algorithms import MULTI_KEY_CONNECTION, TABLE_KEM, TABLE_KEY_SCHEDULE
from responder.spec.flags import MULTI_KEY, REQUESTER_FLAGS, RESPONDER_FLAGS, Cap
from responder.spec.limits import MAX_CT_EXPONENT, MIN_DATA_TRANSFER_SIZE
from responder.spec.versions import V11, V12, V13, V14, SpdmVersion
from responder.wire.algorithms import AlgorithmOffer, AlgorithmStructure
from responder.wire.capabilities import (
    SUPPORTED_ALGORITHMS,
    Capabilities,
    GetCapabilities,
)


def get_capabilities(request: GetCapabilities, context: Context) -> Reply:
    """Check the requester's claims and answer with the profile's, cut to the version."""
    version = SpdmVersion(request.spdm_version)
    peer = _peer(request, version)
    own = context.policy.flags & RESPONDER_FLAGS[version]
    block = b""
    if version >= V13 and request.param1 & SUPPORTED_ALGORITHMS:
        if not peer.flags & own & Cap.CHUNK:
            raise invalid("the algorithms block is asked for without CHUNK on both sides")
        block = _supported_algorithms(context.policy.algorithms, version, own)
    context.connection.agree_capabilities(own, peer)
    response = Capabilities(
        spdm_version=version,
        param1=SUPPORTED_ALGORITHMS if block else 0,
        ct_exponent=context.policy.ct_exponent,
        flags=own,
        supported_algorithms=block,
    )
    if version >= V14:
        response.ext_flags = context.policy.ext_flags
    if version >= V12:
        response.data_transfer_size = context.policy.data_transfer_size
        response.max_spdm_msg_size = context.policy.max_spdm_msg_size
    return Reply(response)


def _peer(request: GetCapabilities, version: SpdmVersion) -> Peer:
    if version < V11:
        return Peer()
    flags = Cap(request.flags or 0) & REQUESTER_FLAGS[version]
    ct_exponent = request.ct_exponent or 0
    if ct_exponent > MAX_CT_EXPONENT:
        raise invalid(f"CTExponent {ct_exponent} is over {MAX_CT_EXPONENT}")
    broken = broken_rule(flags, version)
    if broken:
        raise invalid(broken)
    if version < V12:
        return Peer(flags, ct_exponent)
    return Peer(flags, ct_exponent, *_sizes(request, flags))


def _sizes(request: GetCapabilities, flags: Cap) -> tuple[int, int]:
    transfer, message = request.data_transfer_size or 0, request.max_spdm_msg_size or 0
    if transfer < MIN_DATA_TRANSFER_SIZE:
        raise invalid(f"DataTransferSize {transfer} is below {MIN_DATA_TRANSFER_SIZE}")
    if transfer > message:
        raise invalid(f"DataTransferSize {transfer} is over MaxSPDMmsgSize {message}")
    if transfer != message and not flags & Cap.CHUNK:
        raise invalid("DataTransferSize and MaxSPDMmsgSize differ without CHUNK")
    return transfer, message


def _supported_algorithms(policy: AlgorithmPolicy, version: SpdmVersion, own: Cap) -> bytes:
    highest = TABLE_KEM if version >= V14 else TABLE_KEY_SCHEDULE
    structures = [
        AlgorithmStructure(alg_type=alg_type, alg_supported=sum(bits)).build()
        for alg_type, bits in sorted(policy.tables.items())
        if bits and alg_type <= highest
    ]
    block = AlgorithmOffer(
        algorithm_structure_count=len(structures),
        measurement_specification=policy.measurement_specification,
        other_params_support=sum(policy.opaque_formats)
        | (MULTI_KEY_CONNECTION if own & MULTI_KEY else 0),
        base_asym_algo=sum(policy.base_asym),
        base_hash_algo=sum(policy.base_hash),
        pqc_asym_algo=sum(policy.pqc_asym) if version >= V14 else 0,
        mel_specification=policy.mel_specification,
        trailer=b"".join(structures),
    )
    return block.build()
