"""GET_CSR and CSR (DSP0274 "GET_CSR request and CSR response messages", 1.2 and later)."""

from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.fields import Blob, Int8ul, Int16ul, LengthOf
from responder.wire.message import Message, wire
from responder.wire.names import CERTIFICATE_MODEL_MASK, csr_attributes
from responder.wire.opaque import OpaqueData

OVERWRITE = 1 << 7
"""Param2 bit 7 (1.3): all CSRs that wait for a reset are given up."""
TRACKING_TAG_SHIFT = 3
TRACKING_TAG_MASK = 0x7


class CsrAttributes:
    """What a byte of attributes asks for, here and in SLOT_MANAGEMENT."""

    attributes: int

    @property
    def model(self) -> int:
        """Bits 2:0 of the attributes: the certificate model (1.3)."""
        return self.attributes & CERTIFICATE_MODEL_MASK

    @property
    def tracking_tag(self) -> int:
        """Bits 5:3 of the attributes: CSRTrackingTag (1.3)."""
        return self.attributes >> TRACKING_TAG_SHIFT & TRACKING_TAG_MASK


class GetCsr(CsrAttributes, Message, code=RequestCode.GET_CSR):
    """Asks for a certificate signing request: 8 bytes, then RequesterInfo and opaque data.

    Before 1.3 Param1 and Param2 are reserved. RequesterInfo is empty or a CertificationRequestInfo
    in DER (RFC 2986).
    """

    key_pair_id: int = wire(Int8ul, default=0)
    attributes: int = wire(Int8ul, default=0, show=csr_attributes)
    requester_info_length: int | None = wire(LengthOf("requester_info", Int16ul), default=None)
    opaque_data_length: int | None = wire(LengthOf("opaque_data", Int16ul), default=None)
    requester_info: bytes = wire(Blob(lambda c: c.requester_info_length), default=b"")
    opaque_data: bytes = wire(Blob(lambda c: c.opaque_data_length), default=b"", view=OpaqueData)


class Csr(Message, code=ResponseCode.CSR):
    """The certificate signing request: PKCS #10 in DER."""

    param1: int = wire(Int8ul, default=0)
    param2: int = wire(Int8ul, default=0)
    csr_length: int | None = wire(LengthOf("csr", Int16ul), default=None)
    reserved: int = wire(Int16ul, default=0)
    csr: bytes = wire(Blob(lambda c: c.csr_length))
