"""The key pairs of ``spdm_responder_emu``: one of each kind behind slots 0 and 1, one behind 4."""

from typing import Any

from responder.profiles.names import KEY_KINDS, KEY_PAIR_CAPS
from responder.spec.key_pairs import KEY_KINDS as CLASSICAL_KINDS

_KINDS = (*CLASSICAL_KINDS, "mldsa44", "mldsa65", "mldsa87")
"""That program's order; key pairs of kinds that cannot be computed here have no key."""
PRIMARY_SLOTS, SECONDARY_SLOTS = (0, 1), (4,)


def provisioning_overrides(slots: list[dict[str, Any]]) -> dict[str, Any]:
    """Tables of a profile for a device with these slots.

    Like that program, a request may name any key pair: its requester asks for a CSR of key pair 1
    and writes a certificate for it whatever algorithm was negotiated, and before that erases it.
    Certificates that it writes are seen after a reset only: it counts on the old ones.
    """
    there = {slot["id"] for slot in slots}
    key_pairs = [
        {
            "algorithms": list(KEY_KINDS),
            "slots": [slot for slot in group if slot in there],
        }
        | ({"algorithm": kind} if kind in KEY_KINDS else {})
        for group in (PRIMARY_SLOTS, SECONDARY_SLOTS)
        for kind in _KINDS
    ]
    return {
        "key_pair": key_pairs,
        "provisioning": {
            "bind_key_pairs": False,
            "delayed": True,
            "key_pair_capabilities": list(KEY_PAIR_CAPS),
        },
    }
