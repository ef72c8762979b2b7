"""A requester by hand: says bytes, keeps its own transcripts, checks signatures itself.

Signatures are checked with ``cryptography`` alone, over a transcript that is put together here.
"""

import struct
from dataclasses import dataclass, field

from core import raw_requests as raw
from core.fakes import (
    CURVES,
    KEY_OF,
    NONCE,
    P256,
    SHA3_256,
    SHA3_384,
    SHA3_512,
    SHA_256,
    SHA_384,
    SHA_512,
    hashed,
    private_key,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from responder.core.effects import Emit, Run, Send
from responder.core.events import InternalError

STATES = (
    "nothing",
    "version",
    "capabilities",
    "negotiated",
    "digests",
    "certificate",
    "authenticated",
)
HASHES = {
    SHA_256: hashes.SHA256,
    SHA_384: hashes.SHA384,
    SHA_512: hashes.SHA512,
    SHA3_256: hashes.SHA3_256,
    SHA3_384: hashes.SHA3_384,
    SHA3_512: hashes.SHA3_512,
}
PSS = (1 << 1, 1 << 3, 1 << 6)
RSA_SIZES = {"rsa2048": 256, "rsa3072": 384, "rsa4096": 512}
ML_DSA_SIZES = {"mldsa44": 2420, "mldsa65": 3309, "mldsa87": 4627}
EC_WIDTHS = {"ecp256": 32, "ecp384": 48, "ecp521": 66}


def signature_size(asym):
    """Bytes of a signature by the bit of BaseAsymAlgo or PqcAsymAlgo."""
    kind = KEY_OF[asym]
    return RSA_SIZES.get(kind) or ML_DSA_SIZES.get(kind) or 2 * EC_WIDTHS.get(kind, 32)


def signed_bytes(version, context, base_hash, transcript):
    """What a key signs: the transcript, or from 1.2 on 100 bytes of prefix and its hash."""
    if version < 0x12:
        return transcript
    prefix = b"dmtf-spdm-v1.%d.*" % (version & 0xF) * 4
    context = b"\0" * (36 - len(context)) + context
    return prefix + context + hashed(base_hash, transcript)


def verify(asym, base_hash, message, signature, key=None, context=b""):
    """Raises InvalidSignature unless ``signature`` of ``message`` is that, or the test, key's.

    ``context`` is for ML-DSA.
    """
    kind = KEY_OF[asym]
    key, algorithm = key or private_key(kind).public_key(), HASHES[base_hash]()
    assert len(signature) == signature_size(asym)
    if kind in CURVES:
        width = EC_WIDTHS[kind]
        r = int.from_bytes(signature[:width], "big")
        s = int.from_bytes(signature[width:], "big")
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(algorithm))
    elif kind == "ed25519":
        key.verify(signature, message)
    elif kind in ML_DSA_SIZES:
        key.verify(signature, message, context)
    else:
        pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        key.verify(signature, message, pss if asym in PSS else padding.PKCS1v15(), algorithm)


def messages_of(effects):
    """What was sent; a defect that the core caught in itself is a failed test."""
    for effect in effects:
        event = effect.event if isinstance(effect, Emit) else None
        assert not isinstance(event, InternalError), event.traceback
    return [effect.message for effect in effects if isinstance(effect, Send)]


@dataclass
class Dialogue:
    """One requester at one responder.

    Attributes:
        version, asym, base_hash: what is going to be agreed.
        offer, algorithms: changes to GET_CAPABILITIES and NEGOTIATE_ALGORITHMS.
        a, b: the transcripts VCA and certificates, as DSP0274 says.
        state: how far the connection has come.
        now: virtual seconds.
        key: the public key that has signed; the test key if it is ``None``.
    """

    responder: object
    version: int
    asym: int = P256
    base_hash: int = SHA_256
    offer: dict = field(default_factory=dict)
    algorithms: dict = field(default_factory=dict)
    a: bytes = b""
    b: bytes = b""
    state: str = "nothing"
    now: float = 0.0
    key: object = None

    def hear(self, request, *, padding=0):
        """All that is sent in answer to a request, the work that it needs included."""
        return messages_of(self.worked(self.responder.receive(request, self.now, padding=padding)))

    def worked(self, effects):
        """The effects, and those of the work that they begin."""
        for effect in list(effects):
            if isinstance(effect, Run):
                effects = effects + self.responder.complete(effect.job, effect.work(), self.now)
        return effects

    def say(self, request, *, padding=0):
        """The one answer to a request."""
        answers = self.hear(request, padding=padding)
        assert len(answers) == 1, f"{len(answers)} answers to {request.hex()}"
        return answers[0]

    def ask(self, request, code):
        """The answer to a request, which must be of that code."""
        answer = self.say(request)
        assert answer[1] == code, f"{request.hex()} is answered {answer.hex()}"
        return answer

    def took(self, request, answer, state=None):
        """Keep an exchange that succeeded where DSP0274 wants it kept."""
        code = request[1]
        if code == 0x84:
            self.a = self.b = b""
        if code == 0x81 or (code == 0xE0 and self.state != "authenticated"):
            self.b = b""
        if code in (0x84, 0xE1, 0xE3):
            self.a += request + answer
        elif code in (0x81, 0x82):
            self.b += request + answer
        if state:
            self.state = state
        return answer

    def reach(self, state):
        """Go on in the usual order until ``state``."""
        steps = (
            ("version", raw.get_version, 0x04),
            ("capabilities", self._get_capabilities, 0x61),
            ("negotiated", self._negotiate, 0x63),
            ("digests", self._get_digests, 0x01),
            ("certificate", self._get_certificate, 0x02),
        )
        for name, make, code in steps:
            if STATES.index(self.state) < STATES.index(name) <= STATES.index(state):
                request = make()
                self.took(request, self.ask(request, code), name)
        if state == "authenticated" != self.state:
            self.authenticate()
        return self

    def _get_capabilities(self):
        return raw.get_capabilities(self.version, **self.offer)

    def _negotiate(self):
        offer = {"asym": self.asym & 0xFFFFFFFF, "pqc": self.asym >> 32, "hashes": self.base_hash}
        return raw.negotiate(self.version, **offer | self.algorithms)

    def _get_digests(self):
        return raw.get_digests(self.version)

    def _get_certificate(self):
        return raw.get_certificate(self.version)

    def authenticate(self, slot=0, *, summary=0, nonce=NONCE):
        """CHALLENGE, and its signature over M1; returns the response."""
        request = raw.challenge(self.version, slot, summary=summary, nonce=nonce)
        answer = self.ask(request, 0x03)
        self.check_challenge(request, answer)
        self.b, self.state = b"", "authenticated"
        return answer

    def check_challenge(self, request, answer, *, nonce=None):
        """Raises unless the signature is right; ``nonce`` replaces the request's."""
        size = signature_size(self.asym)
        body, signature = answer[:-size], answer[-size:]
        if nonce is not None:
            request = request[:4] + nonce + request[36:]
        self.check(b"challenge_auth", self.a + self.b + request + body, signature)

    def check_measurements(self, exchanges, *, nonce=None):
        """Raises unless the last answer's signature covers all of ``exchanges`` (L1)."""
        size = signature_size(self.asym)
        *earlier, (request, answer) = exchanges
        if nonce is not None:
            request = request[:4] + nonce + request[36:]
        l1 = self.a if self.version >= 0x12 else b""
        l1 += b"".join(asked + answered for asked, answered in earlier)
        self.check(b"measurements", l1 + request + answer[:-size], answer[-size:])

    def check_endpoint_info(self, request, answer):
        """Raises unless the signature covers VCA and this exchange (IL1)."""
        size = signature_size(self.asym)
        self.check(b"endpoint_info", self.a + request + answer[:-size], answer[-size:])

    def check(self, purpose, transcript, signature):
        """Raises InvalidSignature unless the responder signed ``transcript``."""
        context = b"responder-" + purpose + b" signing"
        message = signed_bytes(self.version, context, self.base_hash, transcript)
        verify(self.asym, self.base_hash, message, signature, self.key, context)


@dataclass(frozen=True)
class ChallengeAuth:
    """The fields of a CHALLENGE_AUTH, cut by hand."""

    slot: int
    mask: int
    chain_hash: bytes
    nonce: bytes
    summary: bytes
    opaque: bytes
    context: bytes
    signature: bytes


def cut_challenge_auth(dialogue, answer, *, summary):
    """The fields; every byte is accounted for."""
    size = len(hashed(dialogue.base_hash, b""))
    take = Taker(answer[4:])
    parts = [take(size), take(32), take(size if summary else 0)]
    parts.append(take(struct.unpack("<H", take(2))[0]))
    parts.append(take(8 if dialogue.version >= 0x13 else 0))
    parts.append(take(signature_size(dialogue.asym)))
    assert not take.data
    return ChallengeAuth(answer[2], answer[3], *parts)


class Taker:
    """Takes bytes off the front."""

    def __init__(self, data):
        self.data = data

    def __call__(self, size):
        assert size <= len(self.data)
        taken, self.data = self.data[:size], self.data[size:]
        return taken


@dataclass(frozen=True)
class Measured:
    """The fields of a MEASUREMENTS, cut by hand."""

    param1: int
    param2: int
    count: int
    record: bytes
    nonce: bytes
    opaque: bytes
    context: bytes
    signature: bytes


def cut_measurements(dialogue, answer, *, signed):
    """The fields; every byte is accounted for."""
    take = Taker(answer[4:])
    count = take(1)[0]
    record = take(int.from_bytes(take(3), "little"))
    parts = [take(32), take(struct.unpack("<H", take(2))[0])]
    parts.append(take(8 if dialogue.version >= 0x13 else 0))
    parts.append(take(signature_size(dialogue.asym) if signed else 0))
    assert not take.data
    return Measured(answer[2], answer[3], count, record, *parts)
