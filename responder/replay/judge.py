"""What an implementation of ours has to say about a recorded conversation.

The driver hears messages and says when what happens; which bytes are hashed, derived and opened,
and in which order, is the judge's own affair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from responder.replay.heard import Heard
from responder.replay.terms import Terms

Derived = Mapping[str, bytes | int]
"""Derived values by the names that recordings have for them."""


class JudgeError(Exception):
    """A judge cannot do what was asked of it: a record does not open, say."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a signature covers.

    Attributes:
        context: the signer's role and purpose, which 1.2 and later sign too.
        parts: the messages in order.
    """

    context: str
    parts: Sequence[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A session that KEY_EXCHANGE or PSK_EXCHANGE begins.

    Attributes:
        request, response: the two messages.
        psk: whether it is PSK_EXCHANGE.
        secret: what the key exchange agreed on, or the PSK.
        identity: the hash of the responder's chain or public key; empty with a PSK.
        public_key: that public key (DER), if it takes the place of a chain.
        sequence_size: how many bytes of the sequence number records show.
        limit: the AEAD limit's exponent.
    """

    request: Heard
    response: Heard
    psk: bool
    secret: bytes = field(repr=False)
    identity: bytes
    public_key: bytes
    sequence_size: int
    limit: int


@dataclass(frozen=True, slots=True)
class Handshaken:
    """What follows from the messages of a ``Beginning``.

    Attributes:
        covered: what KEY_EXCHANGE_RSP signs; ``None`` with a PSK.
        keys: TH1 and the keys of the handshake.
        verify_data: ResponderVerifyData as it should be.
        labels: BinConcat of the two handshake secrets, request first.
    """

    covered: Covered | None
    keys: Derived
    verify_data: bytes
    labels: tuple[bytes, bytes]


class SessionJudge(Protocol):
    """One session, as one implementation of ours sees it."""

    def begin(self) -> Handshaken:
        """Take in the messages that begin it; they were given when it was made."""

    def sign_finish(self, request: Heard, identity: bytes, digests: bytes) -> Covered | None:
        """Take in FINISH or PSK_FINISH up to the signature.

        Args:
            request: the message.
            identity: the hash of the requester's chain or public key; empty if nobody asked for it.
            digests: the encapsulated DIGESTS response, if it belongs into the transcript.

        Returns:
            What the signature covers, if the message has one.
        """

    def finish(self, request: Heard) -> bytes:
        """Take in the rest of it; RequesterVerifyData as it should be."""

    def finish_response(self, response: Heard) -> bytes:
        """Take in its response; ResponderVerifyData as it should be, if it has any."""

    def establish(self) -> Derived:
        """The handshake is over: TH2 and the keys of application data."""

    def update_request(self) -> Derived:
        """The next request keys."""

    def update_response(self) -> Derived:
        """The next response keys."""

    def open_request(self, record: bytes, padding: int) -> bytes:
        """The application data of the next request; JudgeError if it does not open."""

    def open_response(self, record: bytes, padding: int) -> bytes:
        """The application data of the next response; JudgeError if it does not open."""

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """Take in an exchange; what the response's signature covers, if it has one."""

    def encapsulated(self, request: Heard, response: Heard) -> Covered | None:
        """Take in one in which the requester answered; what its signature covers, if any."""


class Judge(Protocol):
    """A connection, as one implementation of ours sees it.

    Attributes:
        judges_requester: it knows what the requester signs in encapsulated exchanges.
    """

    @property
    def judges_requester(self) -> bool:
        """See above."""

    def agreed(self, terms: Terms) -> None:
        """The negotiation is over."""

    def exchange(self, request: Heard, response: Heard) -> Covered | None:
        """Take in an exchange outside sessions; what the response's signature covers, if any."""

    def overheard(self, request: Heard, response: Heard) -> None:
        """Any exchange at all, also of sessions: some close what comes before."""

    def encapsulated(self, request: Heard, response: Heard) -> Covered | None:
        """Take in one in which the requester answered; what its signature covers, if any."""

    def session(self, beginning: Beginning) -> SessionJudge:
        """The judge of a session that begins."""
