"""Canned answers to VENDOR_DEFINED requests."""

from collections.abc import Sequence

import msgspec


class VendorRule(msgspec.Struct, frozen=True):
    """One request that is answered.

    Attributes:
        standard_id: StandardID of request and response.
        vendor_id: VendorID as on the wire.
        request: the payload that this rule answers; ``None`` answers any.
        response: the payload of the answer; ``None`` sends the request's back.
    """

    standard_id: int
    vendor_id: bytes
    request: bytes | None = None
    response: bytes | None = None

    def answers(self, standard_id: int, vendor_id: bytes, payload: bytes) -> bool:
        """Whether this rule is for such a request."""
        addressed = (self.standard_id, self.vendor_id) == (standard_id, vendor_id)
        return addressed and self.request in (None, payload)


def vendor_response(
    rules: Sequence[VendorRule], standard_id: int, vendor_id: bytes, payload: bytes
) -> bytes | None:
    """The answer of the first rule that fits; ``None`` if none does."""
    for rule in rules:
        if rule.answers(standard_id, vendor_id, payload):
            return payload if rule.response is None else rule.response
    return None
