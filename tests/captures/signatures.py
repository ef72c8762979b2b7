"""Every signature of a captured run, with what our code says that it covers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from captures.loader import Run, public_keys
from captures.replay import Seen, replay, surplus
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from cryptography.x509 import load_der_x509_certificate

from responder.crypto.hashing import digest
from responder.crypto.signing import PublicKey, signing_message
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    PQC_ASYM,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
    Hash,
    Signature,
    by_bit,
)
from responder.spec.versions import V12
from responder.wire.certificate_chain import parse_chain
from responder.wire.message import Message
from responder.wire.registry import parse_message

CHALLENGE_AUTH, MEASUREMENTS, ENDPOINT_INFO = 0x03, 0x60, 0x07
CERTIFICATE, ALGORITHMS = 0x02, 0x63
GET_VERSION = 0x84
VCA = (0x04, 0x61, ALGORITHMS)
CARRIERS = (0xEA, 0x6A, 0xEB, 0x6B)
"""What encapsulated messages travel in."""
SIGNERS = {
    CHALLENGE_AUTH: "responder-challenge_auth signing",
    MEASUREMENTS: "responder-measurements signing",
    ENDPOINT_INFO: "responder-endpoint_info signing",
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
    """A captured signature.

    Attributes:
        code: CHALLENGE_AUTH, MEASUREMENTS or ENDPOINT_INFO.
        context: the signer's role and purpose, which 1.2 and later sign too.
        chain: the certificate chain of the slot; empty for a public key known beforehand.
        recorded: the transcript hash that the responder wrote down.
        covered: what the transcript under test says was signed.
    """

    code: int
    context: str
    version: int
    session: int | None
    scheme: Signature
    base_hash: Hash
    chain: bytes = field(repr=False)
    message: Message = field(repr=False)
    recorded: bytes | None = field(repr=False)
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
        message = signing_message(self.version, self.context, self.base_hash, self.covered)
        key = PublicKey.from_der(self._key_der())
        key.verify(self.scheme, self.base_hash, message, self.message.signature, self.context)

    def _key_der(self) -> bytes:
        if not self.chain:
            return public_keys()[self.scheme.key]
        _, certificates = parse_chain(self.chain, self.base_hash.size)
        key = load_der_x509_certificate(certificates[-1]).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def exchanges(run: Run) -> Iterator[Exchanged]:
    """The exchanges of a run; encapsulated messages are left out."""
    seen = [one for one in replay(run) if not one.encapsulated]
    for request, response in zip(seen[::2], seen[1::2], strict=True):
        yield Exchanged(_side(run, request), _side(run, response), request.session)


def _side(run: Run, seen: Seen) -> Side:
    message = parse_message(seen.data, seen.context, padding=surplus(run, seen))
    raw = seen.data[: len(message.build(seen.context))]
    signature = getattr(message, "signature", b"")
    return Side(message, raw, raw[: len(raw) - len(signature)])


def signed_messages(run: Run, book: Book) -> Iterator[Signed]:
    """The responder's CHALLENGE_AUTH, signed MEASUREMENTS and ENDPOINT_INFO of a run, in order."""
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
        elif answer.code in SIGNERS and answer.signature:
            code, text = recorded.pop(0)
            assert code == answer.code, "signatures are recorded in the order of the wire"
            yield Signed(
                code=code,
                context=SIGNERS[code],
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


def requester_challenges(run: Run, new_book: Callable[[], Book]) -> Iterator[Signed]:
    """The encapsulated CHALLENGE_AUTH that requesters sign in basic mutual authentication.

    The transcript is that of CHALLENGE_AUTH with the encapsulated messages in the place of the
    plain ones; before 1.2 the VCA messages are not part of it.
    """
    vca: list[Exchanged] = []
    mutual: list[Exchanged] = []
    asked: dict[bool, Side] = {}
    for seen in replay(run):
        if seen.session is not None or seen.code in CARRIERS:
            continue
        side = _side(run, seen)
        if side.message.code & 0x80:
            asked[seen.encapsulated] = side
            if side.message.code == GET_VERSION:
                vca, mutual = [], []
            continue
        if seen.encapsulated not in asked:
            continue  # DIGESTS that a KEY_EXCHANGE_RSP asked for: no request of its own
        exchange = Exchanged(asked.pop(seen.encapsulated), side, None)
        if seen.encapsulated:
            mutual.append(exchange)
        elif side.message.code in VCA:
            vca.append(exchange)
        if seen.encapsulated and side.message.code == CHALLENGE_AUTH:
            yield _requester_challenge(vca, mutual, new_book())


def _requester_challenge(vca: list[Exchanged], mutual: list[Exchanged], book: Book) -> Signed:
    selected, answer = vca[-1].response.message, mutual[-1].response.message
    before = vca if answer.spdm_version >= V12 else []
    covered = [book(exchange) for exchange in (*before, *mutual)][-1]
    tables = {TABLE_REQ_BASE_ASYM: BASE_ASYM, TABLE_REQ_PQC_ASYM: PQC_ASYM}
    rows = (
        by_bit(tables[structure.alg_type], structure.alg_supported)
        for structure in selected.structures()
        if structure.alg_type in tables
    )
    portions = (one.response.message for one in mutual if one.response.message.code == CERTIFICATE)
    return Signed(
        code=CHALLENGE_AUTH,
        context="requester-challenge_auth signing",
        version=answer.spdm_version,
        session=None,
        scheme=next(row for row in rows if row),
        base_hash=by_bit(BASE_HASHES, selected.base_hash_sel),
        chain=b"".join(portion.cert_chain for portion in portions),
        message=answer,
        recorded=None,
        covered=covered,
    )


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
} | {
    ("ECDSA-P384", "ENDPOINT_INFO"): 7,
    ("ECDSA-P384", "ENDPOINT_INFO in session"): 19,
    ("ML-DSA-87", "ENDPOINT_INFO"): 1,
    ("ML-DSA-87", "ENDPOINT_INFO in session"): 3,
}
"""The responder's signatures by algorithm and message."""
REQUESTER_CHALLENGES = 22
"""CHALLENGE_AUTH that requesters sign."""


def check_signatures(run: Run, book: Book) -> None:
    """Every transcript hash is the recorded one, every signature verifies."""
    for signed in signed_messages(run, book):
        assert signed.transcript_hash() == signed.recorded, signed
        if signed.code == CHALLENGE_AUTH:
            assert signed.message.cert_chain_hash == signed.identity_hash(), signed
        signed.verify()


def check_requester_challenges(run: Run, new_book: Callable[[], Book]) -> None:
    """Every encapsulated CHALLENGE_AUTH verifies, and names the chain that it is signed for."""
    for signed in requester_challenges(run, new_book):
        assert signed.message.cert_chain_hash == signed.identity_hash(), signed
        signed.verify()
