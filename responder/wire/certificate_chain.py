"""The certificate chain structure (DSP0274 "Certificates and certificate chains").

``Length`` (2 bytes, then 2 reserved; 4 bytes from 1.4 on) | ``RootHash`` (H bytes) | DER
certificates from the root, or the first below it, to the leaf.
"""

from responder.wire.chain import split_certificates
from responder.wire.context import WireContext
from responder.wire.errors import WireError
from responder.wire.fields import Blob, Int32ul, Rest, negotiated
from responder.wire.message import Record, wire


class CertificateChain(Record):
    """A whole chain as the digests cover it.

    Before 1.4 the upper 16 bits of ``length`` are the reserved field, which is zero.
    """

    length: int = wire(Int32ul)
    root_hash: bytes = wire(Blob(negotiated("hash_size")))
    certificates: bytes = wire(Rest())


def parse_chain(data: bytes, hash_size: int) -> tuple[bytes, list[bytes]]:
    """Root hash and DER certificates of a whole chain structure.

    Raises:
        WireError: ``Length`` differs from the bytes there are, or the DER does not add up.
    """
    chain = CertificateChain.parse(data, WireContext(hash_size=hash_size))
    if chain.length != len(data):
        raise WireError(f"Length says {chain.length} bytes, {len(data)} are there", "length")
    return chain.root_hash, split_certificates(chain.certificates)
