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
        requester_signature_size: bytes of the requester's signature.
        exchange_request_size: bytes of ExchangeData in KEY_EXCHANGE.
        exchange_response_size: bytes of ExchangeData in KEY_EXCHANGE_RSP.
        summary: the request asked for a measurement summary hash.
        signed: the request asked for a signature (MEASUREMENTS, ENDPOINT_INFO).
        multi_key: the responder's side is a multi-key connection (DIGESTS, 1.3).
        multi_key_requester: the requester's side is.
        handshake_in_the_clear: both sides can do it: FINISH_RSP has the responder's HMAC.
        sequence_number_size: bytes of a secured record's sequence number: 2 on MCTP, else 0.
    """

    version: int = 0x10
    hash_size: int = 0
    measurement_hash_size: int = 0
    signature_size: int = 0
    requester_signature_size: int = 0
    exchange_request_size: int = 0
    exchange_response_size: int = 0
    summary: bool = False
    signed: bool = False
    multi_key: bool = False
    multi_key_requester: bool = False
    handshake_in_the_clear: bool = False
    sequence_number_size: int = 0

    def replace(self, **changes: Any) -> "WireContext":
        """A copy with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def of_requester(self) -> "WireContext":
        """The context of encapsulated messages, in which the requester is the one who answers."""
        return self.replace(
            signature_size=self.requester_signature_size,
            requester_signature_size=self.signature_size,
            multi_key=self.multi_key_requester,
            multi_key_requester=self.multi_key,
        )
