"""What the two sides of a recorded conversation agreed on."""

from dataclasses import dataclass

from responder.spec.algorithms import (
    AEADS,
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    PQC_ASYM,
    TABLE_AEAD,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Aead,
    Exchange,
    Hash,
    Signature,
    by_bit,
)
from responder.spec.flags import Cap
from responder.wire.algorithms import Algorithms
from responder.wire.capabilities import Capabilities, GetCapabilities
from responder.wire.context import WireContext


class UnreplayableError(Exception):
    """A run that cannot be worked out any further; the text says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The outcome of the negotiation.

    Attributes:
        version: SPDMVersion of the connection.
        base_hash: the negotiated hash.
        responder, requester: the signature algorithm of each side; ``None`` if it has none.
        aead: the cipher of sessions, ``None`` without sessions.
        dhe, kem: the selected bit of the key exchange, 0 for none.
        encrypted: sessions are encrypted, not only authenticated.
        in_the_clear: handshakes are not protected.
        multi_key, multi_key_requester: the responder's side, the requester's side has several keys.
        responder_flags, requester_flags: the capabilities of both.
        selected: ALGORITHMS.
    """

    version: int
    base_hash: Hash
    responder: Signature | None
    requester: Signature | None
    aead: Aead | None
    dhe: int
    kem: int
    encrypted: bool
    in_the_clear: bool
    multi_key: bool
    multi_key_requester: bool
    responder_flags: Cap
    requester_flags: Cap
    selected: Algorithms


def terms_of(
    asked: GetCapabilities, answered: Capabilities, selected: Algorithms, context: WireContext
) -> Terms:
    """The terms that three messages of the negotiation amount to, and what is known after them.

    Raises:
        UnreplayableError: no hash was selected that is known here.
    """
    base_hash = by_bit(BASE_HASHES, selected.base_hash_sel)
    if base_hash is None:
        raise UnreplayableError(f"base hash 0x{selected.base_hash_sel:x} is not known")
    bits = {structure.alg_type: structure.alg_supported for structure in selected.structures()}
    requester, responder = Cap(asked.flags or 0), Cap(answered.flags)
    both = requester & responder
    return Terms(
        version=selected.spdm_version,
        base_hash=base_hash,
        responder=_signature(selected.base_asym_sel, selected.pqc_asym_sel),
        requester=_signature(bits.get(TABLE_REQ_BASE_ASYM, 0), bits.get(TABLE_REQ_PQC_ASYM, 0)),
        aead=by_bit(AEADS, bits.get(TABLE_AEAD, 0)),
        dhe=_known(DHE_GROUPS, bits.get(TABLE_DHE, 0)),
        kem=_known(KEMS, bits.get(TABLE_KEM, 0)),
        encrypted=bool(both & Cap.ENCRYPT),
        in_the_clear=context.handshake_in_the_clear,
        multi_key=context.multi_key,
        multi_key_requester=context.multi_key_requester,
        responder_flags=responder,
        requester_flags=requester,
        selected=selected,
    )


def _signature(classic: int, post_quantum: int) -> Signature | None:
    return by_bit(BASE_ASYM, classic) or by_bit(PQC_ASYM, post_quantum)


def _known(table: tuple[Exchange, ...], bit: int) -> int:
    row = by_bit(table, bit)
    return row.bit if row else 0
