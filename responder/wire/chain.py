"""The certificate chain structure as bytes alone, without the declarations of messages.

A device needs no more to start; ``certificate_chain`` says what the fields are.
"""

from responder.wire.errors import WireError

LENGTH_SIZE = 4


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
