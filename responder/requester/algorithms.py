"""NEGOTIATE_ALGORITHMS: offer, and check every selection against offer and capabilities."""

from responder.requester.conversation import Conversation, Flow
from responder.requester.identity import own_schemes
from responder.requester.selection import (
    Selection,
    adopt,
    check_announced,
    check_needs,
    check_selections,
)
from responder.spec.algorithms import (
    MULTI_KEY_CONNECTION,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
)
from responder.spec.flags import MULTI_KEY, Cap
from responder.spec.versions import V11, V12, V13, V14
from responder.wire.algorithms import (
    EXTENDED_SIZE,
    FIXED_ALGORITHM_BYTES,
    RESPONSE_FIXED_SIZE,
    TABLE_SIZE,
    Algorithms,
    AlgorithmStructure,
    NegotiateAlgorithms,
)

_LENGTH = slice(4, 6)
_MAX_LENGTH = 0xFFFF
_FIRST_TYPE = 2
_LAST_TYPE = 5
_LAST_TYPE_V14 = 7


def negotiate_algorithms(c: Conversation) -> Flow[None]:
    """Exchange NEGOTIATE_ALGORITHMS and ALGORITHMS; adopt what was selected."""
    request = _request(c)
    sent = request.build()
    raw = yield from c.exchange(sent)
    message, structures, response = _read(c, raw)
    c.enter(sent, response)
    c.require("alg.extended-asym", not message.ext_asym_sel_count, "ExtAsymSelCount is not 0")
    c.require("alg.extended-hash", not message.ext_hash_sel_count, "ExtHashSelCount is not 0")
    selection = Selection.of(message, c.agreed.version)
    check_selections(c, selection)
    tables = _check_structures(c, request, structures)
    check_needs(c, selection, tables)
    check_announced(c, selection, tables)
    _check_multi_key(c, message)
    adopt(c, selection, tables)
    asked = request.other_params_support & MULTI_KEY_CONNECTION
    c.agreed.multi_key = bool(asked and c.agreed.has(MULTI_KEY))
    if c.agreed.has(Cap.CACHE):
        c.report.negotiated_state = [message.hex() for message in c.outside.vca]


def _request(c: Conversation) -> NegotiateAlgorithms:
    version, offer = c.agreed.version, c.options.offer
    request = NegotiateAlgorithms(
        spdm_version=version,
        measurement_specification=offer.measurement_specification,
        base_asym_algo=offer.base_asym,
        base_hash_algo=offer.base_hash,
    )
    if version >= V11:
        rows = [(kind, bits) for kind, bits in sorted(_structures(c).items()) if bits]
        rows = [(kind, bits) for kind, bits in rows if kind <= _last_type(version)]
        request.algorithm_structure_count = len(rows)
        request.trailer = b"".join(
            AlgorithmStructure(alg_type=kind, alg_supported=bits).build() for kind, bits in rows
        )
    if version >= V12:
        request.other_params_support = offer.opaque_formats
    if version >= V13:
        request.mel_specification = offer.mel_specification
        choice = offer.multi_key and c.agreed.has(Cap.MULTI_KEY_NEG)
        if c.agreed.has(Cap.MULTI_KEY_ONLY) or choice:
            request.other_params_support |= MULTI_KEY_CONNECTION
    if version >= V14:
        request.pqc_asym_algo = offer.pqc_asym
    return request


def _structures(c: Conversation) -> dict[int, int]:
    """AlgType to bits; of the requester's signatures those that its key can make."""
    structures = dict(c.options.offer.structures)
    if c.options.identity is not None:
        base, pqc = own_schemes(c.options.identity)
        structures[TABLE_REQ_BASE_ASYM] = structures.get(TABLE_REQ_BASE_ASYM, base) & base
        structures[TABLE_REQ_PQC_ASYM] = structures.get(TABLE_REQ_PQC_ASYM, pqc) & pqc
    return structures


def _last_type(version: int) -> int:
    return _LAST_TYPE_V14 if version >= V14 else _LAST_TYPE


def _read(c: Conversation, raw: bytes) -> tuple[Algorithms, list[AlgorithmStructure], bytes]:
    """ALGORITHMS by the counts in it; Length is only compared, for it may lie."""
    whole = raw.ljust(RESPONSE_FIXED_SIZE, b"\0")
    told = min(len(whole), _MAX_LENGTH).to_bytes(2, "little")
    patched = whole[: _LENGTH.start] + told + whole[_LENGTH.stop :]
    message, _ = c.read(Algorithms, patched if len(raw) == len(whole) else raw, c.agreed.wire())
    extended = EXTENDED_SIZE * (message.ext_asym_sel_count + message.ext_hash_sel_count)
    used = RESPONSE_FIXED_SIZE + extended
    count = message.algorithm_structure_count if c.agreed.version >= V11 else 0
    structures = []
    enough = used <= len(raw)
    for _ in range(count):
        piece = raw[used : used + TABLE_SIZE + EXTENDED_SIZE * 0xF]
        enough = enough and len(piece) >= TABLE_SIZE
        size = TABLE_SIZE + EXTENDED_SIZE * (piece[1] & 0xF) if enough else TABLE_SIZE
        enough = enough and len(piece) >= size
        structures.append(AlgorithmStructure.parse(piece[:size].ljust(size, b"\0")))
        used += size
    c.require("any.size-short", enough, f"{len(raw)} bytes, {used} by the counts in it")
    response = c.cut(raw.ljust(used, b"\0"), used)
    length = int.from_bytes(whole[_LENGTH], "little")
    c.require("alg.length", length == used, f"Length {length}, the message has {used} bytes")
    return message, structures, response


def _check_structures(
    c: Conversation, request: NegotiateAlgorithms, structures: list[AlgorithmStructure]
) -> dict[int, int]:
    """Each structure against the request; the selected bits by AlgType."""
    offered = {s.alg_type: s.alg_supported for s in request.structures()}
    selected: dict[int, int] = {}
    before = 0
    for structure in structures:
        kind, bits = structure.alg_type, structure.alg_supported
        where = f"AlgType {kind}"
        c.require(
            "alg.structure-type",
            _FIRST_TYPE <= kind <= _last_type(c.agreed.version),
            f"{where} is not defined",
        )
        c.require("alg.structure-order", kind > before, f"{where} after {before}")
        c.require(
            "alg.structure-size",
            structure.alg_count == FIXED_ALGORITHM_BYTES << 4,
            f"{where}: AlgCount 0x{structure.alg_count:02x}",
        )
        c.require("alg.structure-asked", kind in offered, f"{where} was not sent")
        c.require("alg.one-structure", bits.bit_count() <= 1, f"{where}: 0x{bits:04x}")
        c.require(
            "alg.offered-structure",
            not bits & ~offered.get(kind, bits),
            f"{where}: 0x{bits:04x} was not offered",
        )
        selected[kind] = bits
        before = kind
    return selected


def _check_multi_key(c: Conversation, message: Algorithms) -> None:
    if c.agreed.version < V13:
        return
    own = c.options.offer.flags & MULTI_KEY
    chosen = bool(message.other_params_selection & MULTI_KEY_CONNECTION)
    fits = chosen if own == Cap.MULTI_KEY_ONLY else bool(own) or not chosen
    c.require("alg.multi-key-selected", fits, f"RequesterMultiKeyConnSel is {int(chosen)}")
    c.agreed.own_multi_key = chosen
