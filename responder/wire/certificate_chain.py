"""The certificate chain structure (DSP0274 "Certificates and certificate chains").

``Length`` (2 bytes, then 2 reserved; 4 bytes from 1.4 on) | ``RootHash`` (H bytes) | DER
certificates from the root, or the first below it, to the leaf.
"""

from responder.wire.context import WireContext
from responder.wire.fields import Blob, Int32ul, Rest, negotiated
from responder.wire.message import Record, WireError, wire

LENGTH_SIZE = 4


class CertificateChain(Record):
    """A whole chain as the digests cover it.

    Before 1.4 the upper 16 bits of ``length`` are the reserved field, which is zero.
    """

    length: int = wire(Int32ul)
    root_hash: bytes = wire(Blob(negotiated("hash_size")))
    certificates: bytes = wire(Rest())


def build_chain(root_hash: bytes, certificates: list[bytes]) -> bytes:
    """The chain structure of DER certificates, root first."""
    body = root_hash + b"".join(certificates)
    return (LENGTH_SIZE + len(body)).to_bytes(LENGTH_SIZE, "little") + body


def split_certificates(data: bytes) -> list[bytes]:
    """The DER certificates that follow one another in ``data``.

    Raises:
        WireError: the outermost DER lengths do not add up to the bytes there are.
    """
    certificates = []
    while data:
        size = _der_size(data)
        certificates.append(data[:size])
        data = data[size:]
    return certificates


def _der_size(data: bytes) -> int:
    if len(data) < 2 or data[0] != 0x30:
        raise WireError("no DER SEQUENCE where a certificate should begin", "certificates")
    size, head = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        size, head = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if not size or head + size > len(data):
        raise WireError("a certificate ends after the chain does", "certificates")
    return head + size


def parse_chain(data: bytes, hash_size: int) -> tuple[bytes, list[bytes]]:
    """Root hash and DER certificates of a whole chain structure.

    Raises:
        WireError: ``Length`` differs from the bytes there are, or the DER does not add up.
    """
    chain = CertificateChain.parse(data, WireContext(hash_size=hash_size))
    if chain.length != len(data):
        raise WireError(f"Length says {chain.length} bytes, {len(data)} are there", "length")
    return chain.root_hash, split_certificates(chain.certificates)
