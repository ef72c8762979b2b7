"""Canned answers to VENDOR_DEFINED requests."""

from collections.abc import Sequence

import msgspec

from responder.core.interfaces import VendorRequest


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

    def answers(self, request: VendorRequest) -> bool:
        """Whether this rule is for such a request."""
        asked = (request.standard_id, request.vendor_id)
        addressed = (self.standard_id, self.vendor_id) == asked
        return addressed and self.request in (None, request.payload)


def vendor_response(rules: Sequence[VendorRule], request: VendorRequest) -> bytes | None:
    """The answer of the first rule that fits; ``None`` if none does."""
    for rule in rules:
        if rule.answers(request):
            return request.payload if rule.response is None else rule.response
    return None
