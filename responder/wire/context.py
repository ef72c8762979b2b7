"""What a message's layout depends on beside its own bytes."""

from typing import Any

import msgspec


class WireContext(msgspec.Struct, frozen=True):
    """The negotiated sizes and the asked-for parts that decide a message's layout.

    Attributes:
        version: SPDMVersion of the connection (for VCA messages: of the message).
        hash_size: bytes of the base hash, 0 when none is negotiated.
        measurement_hash_size: bytes of the measurement hash, 0 for raw-only or none.
        signature_size: bytes of the responder's signature.
        summary: the request asked for a measurement summary hash.
        signed: the request asked for a signature (MEASUREMENTS).
        multi_key: the responder's side is a multi-key connection (DIGESTS, 1.3).
    """

    version: int = 0x10
    hash_size: int = 0
    measurement_hash_size: int = 0
    signature_size: int = 0
    summary: bool = False
    signed: bool = False
    multi_key: bool = False

    def replace(self, **changes: Any) -> "WireContext":
        """A copy with some fields changed."""
        return msgspec.structs.replace(self, **changes)
