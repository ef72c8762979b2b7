"""The places at which a draft passes by on its way out; the core calls, faults implement.

The default changes nothing, and no rule of the protocol is written in terms of faults. The hook
register is called by the parts that have such places.
"""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from responder.core.effects import Close, Effect, Send
from responder.core.errors import ProtocolError
from responder.core.interfaces import Device, SigningKey
from responder.spec.algorithms import Exchange as KeyExchangeAlgorithm
from responder.spec.algorithms import Hash, Signature
from responder.wire.context import WireContext

if TYPE_CHECKING:
    from responder.core.connection import Connection
    from responder.core.events import Event
    from responder.wire.message import Message

Parts = list[tuple[str, bytes]]
"""A transcript: messages as sent, each with the name of its code."""


class Exchange(msgspec.Struct):
    """One request and what becomes of it; hooks see it and may keep nothing of it.

    Attributes:
        connection: the SPDM connection, read only.
        request: the parsed request.
        raw_request: its bytes, without transport padding.
        wire: the context that request and response are written in.
        now: virtual time in seconds.
        session_id: the session that the request came in; ``None`` outside of any.
        record: the secured record that it came in; empty outside of any session.
        device: the device as it is without any fault.
        evidence: events that hooks add; they are emitted after the response.
    """

    connection: "Connection"
    request: "Message"
    raw_request: bytes
    wire: WireContext
    now: float
    session_id: int | None = None
    record: bytes = b""
    device: Device | None = None
    evidence: "list[Event]" = msgspec.field(default_factory=list)


class Signing(msgspec.Struct):
    """A signature about to be made (hook ``pre_sign``); every field may be changed.

    Attributes:
        key: the private key of the slot.
        scheme: the negotiated signature algorithm.
        base_hash: the negotiated hash.
        version: the version in the 1.2+ prefix.
        context: the signer context, such as ``responder-challenge_auth signing``.
        parts: the transcript; hashed only after the hook.
        message: signed in the place of what the fields above lead to, unless ``None``.
    """

    key: SigningKey
    scheme: Signature
    base_hash: Hash
    version: int
    context: str
    parts: Parts
    message: bytes | None = None


class Defer(msgspec.Struct):
    """Returned by the ``request`` hook: answer ResponseNotReady and keep the request.

    Attributes:
        ready_after: microseconds until RESPOND_IF_READY is answered.
        rdt_exponent, token, rdtm: as sent; ``None`` lets the core choose.
    """

    ready_after: int
    rdt_exponent: int | None = None
    token: int | None = None
    rdtm: int | None = None


class Agreement(msgspec.Struct):
    """An ephemeral key about to be drawn (hook ``agree``); the seed may be changed.

    Attributes:
        exchange: the negotiated group or KEM.
        seed: what the private key is drawn from, 32 bytes; the encapsulation of a KEM draws
            nothing from it.
    """

    exchange: KeyExchangeAlgorithm
    seed: bytes


class Derivation(msgspec.Struct):
    """A key about to be derived (hook ``derive``); every field may be changed.

    Attributes:
        purpose: what for, such as ``response handshake secret`` or ``salt 1``.
        secret: the input key material.
        salt: the salt of an extraction; empty for an expansion.
        label: the BinConcat label of an expansion, such as ``rsp hs data``.
        parts: the transcript whose hash is the context of an expansion.
        size: bytes asked for.
        base_hash: the negotiated hash.
        version: the version in the label.
        result: taken in the place of what the fields above lead to, unless ``None``.
    """

    purpose: str
    secret: bytes
    salt: bytes
    label: str
    parts: Parts
    size: int
    base_hash: Hash
    version: int
    result: bytes | None = None


PURPOSES = (
    "handshake secret",
    "salt 1",
    "master secret",
    "export master secret",
    *(
        f"{side} {what}"
        for side in ("request", "response")
        for what in (
            "handshake secret",
            "finished key",
            "handshake key",
            "handshake iv",
            "data secret",
            "data key",
            "data iv",
            "update secret",
            "update key",
            "update iv",
        )
    ),
    "requester verify data",
    "responder verify data",
)
"""What a derivation can be for. The verify data is an HMAC over the hash of its transcript."""


class Sealing(msgspec.Struct):
    """A secured record about to be sealed (hook ``seal``); every field may be changed.

    Attributes:
        session_id: in the header, 4 bytes.
        sequence: the sequence number that the IV is made with.
        header_sequence: the one in the header; empty where the transport has none.
        key: the AEAD key.
        iv: the static IV.
        aead: name of the AEAD.
        plaintext: what is sealed, ApplicationDataLength included.
        padding: random data after it.
        encrypted: whether the record is encrypted, or only authenticated.
        big_endian: how the sequence number goes into the IV.
        message: the SPDM message that the plaintext holds, to look at.
    """

    session_id: int
    sequence: int
    header_sequence: bytes
    key: bytes
    iv: bytes
    aead: str
    plaintext: bytes
    padding: bytes = b""
    encrypted: bool = True
    big_endian: bool = False
    message: bytes = b""


class Access(msgspec.Struct):
    """A read or write of a register, or of a part of it (hook ``register``).

    ``value``, ``dropped`` and ``interrupt`` may be changed.

    Attributes:
        name: the register, such as ``doe.status``; ``reserved`` where there is none.
        offset: in configuration space.
        write: whether it is a write.
        value: what is written, or what a read would give.
        size: bytes of the value.
        vector: of a mailbox's register, the MSI-X vector that it can signal now.
        dropped: a write that has no effect.
        interrupt: signal ``vector`` as well.
        evidence: events that the hook adds.
    """

    name: str
    offset: int
    write: bool
    value: int
    size: int = 4
    vector: int | None = None
    dropped: bool = False
    interrupt: bool = False
    evidence: "list[Event]" = msgspec.field(default_factory=list)


class Frame(msgspec.Struct):
    """A transport frame about to be written (hook ``frame``).

    Attributes:
        framing: ``spdm-emu``, ``dsp0287``, or ``mailbox`` where nothing is around a data object.
        binding: ``none``, ``mctp``, ``doe`` or ``tcp``.
        kind: what it carries: ``spdm``, ``secured``, ``discovery``, or ``command`` for all that
            belongs to the transport alone.
        data: its bytes.
    """

    framing: str
    binding: str
    kind: str
    data: bytes


class Link(msgspec.Struct):
    """A transport connection as the hooks ``accepted`` and ``frame`` see it.

    Attributes:
        now: virtual time in seconds.
        evidence: events that hooks add.
    """

    now: float
    evidence: "list[Event]" = msgspec.field(default_factory=list)


class Write(msgspec.Struct, frozen=True):
    """Write bytes to the transport connection.

    Attributes:
        data: the bytes.
        delay: seconds after the deed before.
    """

    data: bytes
    delay: float = 0.0


class Hang(msgspec.Struct, frozen=True):
    """Read no more from the peer for some seconds."""

    seconds: float


Deed = Write | Close | Hang
"""What a server does on a transport connection, one after the other."""

PeerEvent = Literal["opened", "closed"]


class Hooks:
    """Every hook, doing nothing; a fault engine overrides what it needs."""

    def accepts(self, link: Link) -> bool:
        """Whether the server listens at all; asked once, before it does."""
        del link
        return True

    def accepted(self, link: Link) -> list[Deed]:
        """A transport connection was accepted; nothing of it has been read."""
        del link
        return []

    def frame(self, link: Link, frame: Frame) -> list[Deed]:
        """A transport frame about to be written; called by the server."""
        del link
        return [Write(frame.data)]

    def connection(self, event: PeerEvent, connection: "Connection") -> None:
        """A peer said its first SPDM message, or left."""

    def device(self, exchange: Exchange, device: Device) -> Device:
        """The device that a request finds; what comes back answers it, certificates included."""
        del exchange
        return device

    def request(self, exchange: Exchange) -> Defer | ProtocolError | list[Effect] | None:
        """Before the handler: ``None`` to go on, else the fate of the request.

        A ``ProtocolError`` refuses it, ``Defer`` delays it, effects take the place of its response:
        none of them is silence.
        """

    def draft(self, exchange: Exchange, response: "Message") -> "Message":
        """The response before it is signed; the signature covers what comes back."""
        del exchange
        return response

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Key, context and transcript of a signature."""
        del exchange
        return signing

    def post_sign(self, exchange: Exchange, signing: Signing, signature: bytes) -> bytes:
        """The signature."""
        del exchange, signing
        return signature

    def message(self, exchange: Exchange, message: bytes) -> list[Effect]:
        """The encoded response; what comes back is done, in order. The core does not notice."""
        del exchange
        return [Send(message)]

    def chunked(self, exchange: Exchange, *, large: bool) -> bool:
        """Whether the response goes out in chunks; ``large`` says whether it has to."""
        del exchange
        return large

    def expired(self, name: str, connection: "Connection", now: float) -> list[Effect]:
        """A timer ran out that an effect of a hook had armed."""
        del name, connection, now
        return []

    def transition(self, connection: "Connection", before: str, after: str) -> bool:
        """A phase change about to happen; ``False`` suppresses it."""
        del connection, before, after
        return True

    def agree(self, exchange: Exchange, agreement: Agreement) -> Agreement:
        """What the ephemeral key of KEY_EXCHANGE_RSP is drawn from."""
        del exchange
        return agreement

    def derive(self, exchange: Exchange, derivation: Derivation) -> Derivation:
        """Secret, salt, label and transcript of a key derivation."""
        del exchange
        return derivation

    def encap(self, exchange: Exchange, following: "Message | None") -> "Message | None":
        """Which encapsulated request comes next; ``None`` ends the flow."""
        del exchange
        return following

    def seal(self, exchange: Exchange, sealing: Sealing) -> Sealing:
        """Key, numbers, header and plaintext of a secured record."""
        del exchange
        return sealing

    def record(self, exchange: Exchange, record: bytes) -> list[bytes]:
        """The sealed record; what comes back is sent, in order."""
        del exchange
        return [record]

    def register(self, access: Access) -> Access:
        """A register access; what comes back counts. It never delays the answer."""
        return access


def is_default(hooks: Any) -> bool:
    """Whether these hooks do nothing at all."""
    return type(hooks) is Hooks
