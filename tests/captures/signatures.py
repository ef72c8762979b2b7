"""Every signature of a captured run, with what our code says that it covers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from captures.loader import Run, public_keys
from captures.replay import Seen, replay

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, signing_message
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, Hash, Signature, by_bit
from responder.wire.certificate_chain import parse_chain
from responder.wire.message import Message
from responder.wire.registry import parse_message

CHALLENGE_AUTH, MEASUREMENTS, CERTIFICATE, ALGORITHMS = 0x03, 0x60, 0x02, 0x63
SIGNERS = {
    CHALLENGE_AUTH: "responder-challenge_auth signing",
    MEASUREMENTS: "responder-measurements signing",
}


@dataclass(frozen=True)
class Side:
    """A message of an exchange: typed, as sent without padding, and without its signature."""

    message: Message
    raw: bytes
    unsigned: bytes


@dataclass(frozen=True)
class Exchanged:
    """A request and its response."""

    request: Side
    response: Side
    session: int | None


Book = Callable[[Exchanged], list[bytes] | None]
"""A transcript under test: takes every exchange in order, returns what a signature covers."""


@dataclass(frozen=True)
class Signed:
    """A captured signature of the responder.

    Attributes:
        code: CHALLENGE_AUTH or MEASUREMENTS.
        chain: the certificate chain of the slot; empty for a public key known beforehand.
        recorded: the transcript hash that the signer wrote down.
        covered: what the transcript under test says was signed.
    """

    code: int
    version: int
    session: int | None
    scheme: Signature
    base_hash: Hash
    chain: bytes = field(repr=False)
    message: Message = field(repr=False)
    recorded: bytes = field(repr=False)
    covered: list[bytes] = field(repr=False)

    @property
    def kind(self) -> str:
        """What counts apart: the message's name, and whether a session carried it."""
        return self.message.name + ("" if self.session is None else " in session")

    def transcript_hash(self) -> bytes:
        return digest(self.base_hash, *self.covered)

    def identity_hash(self) -> bytes:
        """What CertChainHash must be: over the chain, or over the public key."""
        return digest(self.base_hash, self.chain or public_keys()[self.scheme.key])

    def verify(self) -> None:
        """Check the signature; ``SignatureError`` if the transcript, or anything, is wrong."""
        context = SIGNERS[self.code]
        message = signing_message(self.version, context, self.base_hash, self.covered)
        signature = self.message.signature
        self._key().verify(self.scheme, self.base_hash, message, signature)

    def _key(self) -> PublicKey:
        if not self.chain:
            return PublicKey.from_der(public_keys()[self.scheme.key])
        _, certificates = parse_chain(self.chain, self.base_hash.size)
        return PublicKey.from_certificate(certificates[-1])


def exchanges(run: Run) -> Iterator[Exchanged]:
    """The exchanges of a run; encapsulated messages are left out."""
    seen = [one for one in replay(run) if not one.encapsulated]
    for request, response in zip(seen[::2], seen[1::2], strict=True):
        yield Exchanged(_side(run, request), _side(run, response), request.session)


def _side(run: Run, seen: Seen) -> Side:
    message = parse_message(seen.data, seen.context, padding=run.padding)
    raw = seen.data[: len(message.build(seen.context))]
    signature = getattr(message, "signature", b"")
    return Side(message, raw, raw[: len(raw) - len(signature)])


def signed_messages(run: Run, book: Book) -> Iterator[Signed]:
    """The responder's CHALLENGE_AUTH and signed MEASUREMENTS of a run, in order."""
    chains: dict[int, bytes] = {}
    recorded = [(code, text) for code, _, text in run.signed if code in SIGNERS]
    scheme = base_hash = None
    for exchange in exchanges(run):
        covered = book(exchange)
        answer = exchange.response.message
        if answer.code == ALGORITHMS:
            scheme = by_bit(BASE_ASYM, answer.base_asym_sel)
            scheme = scheme or by_bit(PQC_ASYM, answer.pqc_asym_sel)
            base_hash = by_bit(BASE_HASHES, answer.base_hash_sel)
        elif answer.code == CERTIFICATE:
            offset = exchange.request.message.large_offset or exchange.request.message.offset
            chains[answer.slot_id] = chains.get(answer.slot_id, b"")[:offset] + answer.cert_chain
        elif getattr(answer, "signature", b""):
            code, text = recorded.pop(0)
            assert code == answer.code, "signatures are recorded in the order of the wire"
            yield Signed(
                code=code,
                version=answer.spdm_version,
                session=exchange.session,
                scheme=scheme,
                base_hash=base_hash,
                chain=chains.get(answer.slot & 0xF, b""),
                message=answer,
                recorded=text,
                covered=covered,
            )
    assert not recorded, "every recorded signature was seen on the wire"


MLDSA_RUNS = frozenset(
    {
        "v14-doe-mldsa65-mlkem768",
        "v14-mctp-mldsa65-mlkem768-mut",
        "v14-mctp-mldsa65-secp384",
        "v14-mctp-mldsa87-mlkem1024",
        "v14-mctp-mldsa87-mlkem1024-mut",
        "v14-mctp-pqcfirst-default",
    }
)
"""``responder.crypto`` has no ML-DSA: of these runs only the transcript hashes are checked."""

_IN_TURN = ("CHALLENGE_AUTH", "MEASUREMENTS", "MEASUREMENTS in session")
_COUNTS = {
    "ECDSA-P256": (11, 11, 19),
    "ECDSA-P384": (101, 170, 329),
    "ECDSA-P521": (4, 4, 8),
    "Ed25519": (2, 2, 4),
    "ML-DSA-65": (3, 3, 6),
    "ML-DSA-87": (3, 11, 31),
    "RSAPSS-3072": (5, 5, 8),
    "RSAPSS-4096": (2, 2, 4),
    "RSASSA-3072": (4, 4, 7),
}
COUNTS = {
    (scheme, kind): count
    for scheme, counts in _COUNTS.items()
    for kind, count in zip(_IN_TURN, counts, strict=True)
}
"""The responder's signatures by algorithm and message. The 22 CHALLENGE_AUTH that requesters sign
are encapsulated and left out: they belong to mutual authentication."""


def check_signatures(run: Run, book: Book) -> None:
    """Every transcript hash is the recorded one, every signature verifies."""
    for signed in signed_messages(run, book):
        assert signed.transcript_hash() == signed.recorded, signed
        if signed.code == CHALLENGE_AUTH:
            assert signed.message.cert_chain_hash == signed.identity_hash(), signed
        if run.name not in MLDSA_RUNS:
            signed.verify()
