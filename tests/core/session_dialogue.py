"""A requester by hand with sessions: key schedule, records and transcripts put together here.

HKDF is the standard library's HMAC, the AEAD and the curve are ``cryptography``'s; nothing of the
program's own key schedule, record or codec is used.
"""

import hmac
import struct
from dataclasses import dataclass, field

from core.dialogue import Dialogue, messages_of, signature_size
from core.fakes import CONTEXT, HASH_NAMES, hashed
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from responder.core.effects import Send

RANDOM = bytes(range(64, 96))
SECURED_V11 = 0x1100
DMTF_OPAQUE = 0x444D5446


class Form:
    """What a transport puts into records: none at all, or MCTP's counter and message type."""

    def __init__(self, *, mctp=False):
        self.sequence_size = 2 if mctp else 0
        self.max_padding = 32 if mctp else 0
        self.type = b"\x05" if mctp else b""

    def enclose(self, message):
        return self.type + message

    def disclose(self, data):
        if not data.startswith(self.type):
            raise ValueError("no SPDM message")
        return data[len(self.type) :]

    def foreign(self, data):
        return bool(self.type) and data[:1] != self.type


def expand(base_hash, secret, info, size):
    """HKDF-Expand (RFC 5869 2.3)."""
    done = block = b""
    counter = 1
    while len(done) < size:
        block = hmac.digest(secret, block + info + bytes([counter]), HASH_NAMES[base_hash])
        done += block
        counter += 1
    return done[:size]


def opaque(version, versions=(SECURED_V11,)):
    """The opaque data of KEY_EXCHANGE that lists secured message versions."""
    data = bytes([1, 1, len(versions)]) + b"".join(struct.pack("<H", one) for one in versions)
    element = struct.pack("<BBH", 0, 0, len(data)) + data
    element += bytes(-len(element) % 4)
    header = bytes([1, 0, 0, 0])
    if version < 0x12:
        header = struct.pack("<IBBH", DMTF_OPAQUE, 1, 1, 0)
    return header + element


@dataclass
class Keys:
    """One direction: secret, AEAD key, IV and counter."""

    secret: bytes
    key: bytes
    iv: bytes
    sequence: int = 0


@dataclass
class Secured:
    """A session as the requester sees it.

    Attributes:
        dialogue: the connection it belongs to.
        session_id: 32 bits.
        th: its transcript.
        form: how its records look.
        encrypted: whether records are encrypted.
        aead, key_size: the cipher, and bytes of its key.
    """

    dialogue: object
    session_id: int
    th: bytes
    form: Form = field(default_factory=Form)
    encrypted: bool = True
    psk: bool = False
    request: Keys = None
    response: Keys = None
    finished: dict = field(default_factory=dict)
    handshake_secret: bytes = b""
    aead: type = AESGCM
    key_size: int = 32

    @property
    def hash_size(self):
        return len(hashed(self.dialogue.base_hash, b""))

    def derive(self, secret, label, size, context=b""):
        info = struct.pack("<H", size) + b"spdm1.%d " % (self.dialogue.version & 0xF)
        return expand(self.dialogue.base_hash, secret, info + label + context, size)

    def keys(self, secret):
        return Keys(
            secret, self.derive(secret, b"key", self.key_size), self.derive(secret, b"iv", 12)
        )

    def start(self, shared):
        """Keys of the handshake, from TH1."""
        size, base_hash = self.hash_size, self.dialogue.base_hash
        salt = (b"\xff" if self.psk and self.dialogue.version >= 0x13 else b"\0") * size
        self.handshake_secret = hmac.digest(salt, shared, HASH_NAMES[base_hash])
        th1 = hashed(base_hash, self.th)
        for side, label in (("request", b"req hs data"), ("response", b"rsp hs data")):
            secret = self.derive(self.handshake_secret, label, size, th1)
            self.finished[side] = self.derive(secret, b"finished", size)
            setattr(self, side, self.keys(secret))

    def establish(self):
        """Keys of application data, from TH2."""
        size, base_hash = self.hash_size, self.dialogue.base_hash
        salt = self.derive(self.handshake_secret, b"derived", size)
        master = hmac.digest(salt, bytes(size), HASH_NAMES[base_hash])
        th2 = hashed(base_hash, self.th)
        for side, label in (("request", b"req app data"), ("response", b"rsp app data")):
            setattr(self, side, self.keys(self.derive(master, label, size, th2)))

    def update(self, side):
        """The keys after KEY_UPDATE."""
        secret = getattr(self, side).secret
        setattr(self, side, self.keys(self.derive(secret, b"traffic upd", self.hash_size)))

    def verify_data(self, side):
        name = HASH_NAMES[self.dialogue.base_hash]
        return hmac.digest(self.finished[side], hashed(self.dialogue.base_hash, self.th), name)

    def header(self, keys, length):
        counter = struct.pack("<Q", keys.sequence)[: self.form.sequence_size]
        return struct.pack("<I", self.session_id) + counter + struct.pack("<H", length)

    def nonce(self, keys):
        return bytes(
            a ^ b for a, b in zip(keys.iv, keys.sequence.to_bytes(12, "little"), strict=True)
        )

    def seal(self, message, *, padding=b"", raw=False):
        """A record of the request direction; ``raw`` takes application data as it is."""
        keys, data = self.request, message if raw else self.form.enclose(message)
        if self.encrypted:
            data = struct.pack("<H", len(data)) + data + padding
            header = self.header(keys, len(data) + 16)
            record = header + self.aead(keys.key).encrypt(self.nonce(keys), data, header)
        else:
            header = self.header(keys, len(data) + 16)
            record = header + data
            record += self.aead(keys.key).encrypt(self.nonce(keys), b"", record)
        keys.sequence += 1
        return record

    def open(self, record, *, raw=False):
        """The message in a record of the response direction."""
        keys = self.response
        size = 6 + self.form.sequence_size
        header, body = record[:size], record[size:]
        assert header == self.header(keys, len(body))
        if self.encrypted:
            plain = self.aead(keys.key).decrypt(self.nonce(keys), body, header)
            data = plain[2 : 2 + struct.unpack("<H", plain[:2])[0]]
        else:
            data = body[:-16]
            self.aead(keys.key).decrypt(self.nonce(keys), body[-16:], header + data)
        keys.sequence += 1
        return data if raw else self.form.disclose(data)

    def hear(self, record):
        """The effects of a record."""
        responder = self.dialogue.responder
        return responder.receive(record, self.dialogue.now, secured=self.form)

    def say(self, request, **how):
        """The message that answers a request in this session."""
        effects = self.dialogue.worked(self.hear(self.seal(request, **how)))
        (answer,) = messages_of(effects)
        assert [e.secured for e in effects if isinstance(e, Send)] == [True]
        return self.open(answer, raw=how.get("raw", False))

    def ask(self, request, code):
        """The answer, which must be of that code."""
        answer = self.say(request)
        assert answer[1] == code, f"{request.hex()} is answered {answer.hex()}"
        return answer


def key_exchange(version, *, slot=0, session_id=0xABCD, summary=0, policy=0, data=None, share=b""):
    """KEY_EXCHANGE by hand."""
    extra = opaque(version) if data is None else data
    return (
        bytes([version, 0xE4, summary, slot])
        + struct.pack("<HBB", session_id, policy, 0)
        + RANDOM
        + share
        + struct.pack("<H", len(extra))
        + extra
    )


def own_share(curve=None):
    """A fixed private key, and X || Y of its point."""
    private = ec.derive_private_key(0x1234_5678_9ABC, curve or ec.SECP384R1())
    point, width = private.public_key().public_numbers(), (private.curve.key_size + 7) // 8
    return private, point.x.to_bytes(width, "big") + point.y.to_bytes(width, "big")


class CurveShare:
    """The requester's side of an exchange on a curve."""

    def __init__(self, curve=None):
        self.private, self.data = own_share(curve)
        self.answer_size = len(self.data)

    def agree(self, answer):
        peer = ec.EllipticCurvePublicKey.from_encoded_point(self.private.curve, b"\x04" + answer)
        return self.private.exchange(ec.ECDH(), peer)


def open_by_key(
    dialogue, *, clear=False, form=None, encrypted=True, share=None, suite=None, **request
):
    """KEY_EXCHANGE, with its signature and HMAC checked; the session is handshaking."""
    share = share or CurveShare()
    asked = key_exchange(dialogue.version, share=share.data, **request)
    answer = dialogue.ask(asked, 0x64)
    size, chain = len(hashed(dialogue.base_hash, b"")), dialogue.chain_hash()
    rsp_session_id = struct.unpack("<H", answer[4:6])[0]
    tail = signature_size(dialogue.asym) + (0 if clear else size)
    body, rest = answer[:-tail], answer[-tail:]
    signature = rest[: signature_size(dialogue.asym)]
    th = dialogue.a + dialogue.d + chain + asked + body
    dialogue.check(b"key_exchange_rsp", th, signature)
    session_id = rsp_session_id << 16 | struct.unpack("<H", asked[4:6])[0]
    session = Secured(
        dialogue, session_id, th + signature, form or Form(), encrypted, **(suite or {})
    )
    session.start(share.agree(answer[40 : 40 + share.answer_size]))
    if not clear:
        assert rest[-size:] == session.verify_data("response")
        session.th += rest[-size:]
    session.answer = answer
    return session


def finish(session, *, clear=False, verify_data=None):
    """FINISH without mutual authentication; the session is established."""
    dialogue = session.dialogue
    header = bytes([dialogue.version, 0xE5, 0, 0])
    header += bytes(2) if dialogue.version >= 0x14 else b""
    session.th += header
    mine = session.verify_data("request") if verify_data is None else verify_data
    session.th += mine
    request = header + mine
    answer = dialogue.ask(request, 0x65) if clear else session.ask(request, 0x65)
    if clear:
        size = session.hash_size
        session.th += answer[:-size]
        assert answer[-size:] == session.verify_data("response")
        session.th += answer[-size:]
    else:
        session.th += answer
    session.establish()
    return session


def open_by_psk(
    dialogue, secret, hint=b"", *, context=True, form=None, session_id=0xABCD, complete=True
):
    """PSK_EXCHANGE and, if the responder has a context, PSK_FINISH; ``complete`` asks for it."""
    version, extra, mine = dialogue.version, opaque(dialogue.version), CONTEXT * 4
    asked = (
        bytes([version, 0xE6, 0, 0])
        + struct.pack("<HHHH", session_id, len(hint), len(mine), len(extra))
        + hint
        + mine
        + extra
    )
    answer = dialogue.ask(asked, 0x66)
    size = len(hashed(dialogue.base_hash, b""))
    full = struct.unpack("<H", answer[4:6])[0] << 16 | session_id
    session = Secured(dialogue, full, dialogue.a + asked + answer[:-size], form or Form(), psk=True)
    session.start(secret)
    assert answer[-size:] == session.verify_data("response")
    session.th += answer[-size:]
    if not complete:
        return session
    if context:
        header = bytes([version, 0xE7, 0, 0]) + (bytes(2) if version >= 0x14 else b"")
        session.th += header
        mine = session.verify_data("request")
        session.th += mine
        session.th += session.ask(header + mine, 0x67)
    session.establish()
    return session


class SessionDialogue(Dialogue):
    """A dialogue that can open sessions.

    Attributes:
        d: the DIGESTS that sessions of a multi-key connection take.
    """

    d = b""

    def chain_hash(self, slot=0):
        """The hash of the responder's chain."""
        from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, by_bit

        base_hash = by_bit(BASE_HASHES, self.base_hash)
        return self.responder.device.slot(slot).digest(by_bit(BASE_ASYM, self.asym), base_hash)
