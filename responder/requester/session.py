"""A session as the requester keeps it: its keys, its counters, and what was agreed for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.requester.checks import Refused
from responder.requester.key_schedule import Handshake, KeySchedule
from responder.requester.record import (
    MAX_APPLICATION_DATA,
    NO_LIMIT,
    Direction,
    RecordError,
    session_id_of,
)
from responder.requester.records import RecordFormat
from responder.requester.session_transcript import SessionTranscript
from responder.requester.steps import OtherKind
from responder.requester.transcript import Transcript

if TYPE_CHECKING:
    from responder.crypto.random_tree import RandomTree
    from responder.requester.conversation import Conversation


@dataclass(slots=True)
class Session:
    """One session.

    Attributes:
        id: requester's half in the lower 16 bits, responder's in the upper.
        form: how the transport carries records.
        schedule: derives its keys.
        handshake: the keys of its handshake.
        th: the transcript of its handshake.
        transcript: the messages in it that signatures cover.
        request, response: the two directions of records.
        random: the random bytes behind application data.
        psk: it was made by PSK_EXCHANGE.
        heartbeat_period: seconds; 0 without HEARTBEAT.
        limit: the lesser AEAD limit of the two sides, an exponent of 2.
        used: when something was last said in it, seconds on the conversation's clock.
        secured_version: of DSP0277, such as 0x1200.
        response_next: the response keys after an update that the responder has not shown yet.
        updating: the responder has begun to update its own keys.
        next_event: EventInstanceID of the next event; ``None`` before the first.
        subscribed: the types of our own events that the responder wants.
        own_event: EventInstanceID of our next one.
    """

    id: int
    form: RecordFormat
    schedule: KeySchedule
    handshake: Handshake
    th: SessionTranscript
    transcript: Transcript
    request: Direction
    response: Direction
    random: "RandomTree"
    psk: bool = False
    limit: int = NO_LIMIT
    heartbeat_period: int = 0
    used: float = 0.0
    secured_version: int = 0
    response_next: Direction | None = None
    updating: bool = False
    next_event: int | None = None
    subscribed: frozenset[int] = frozenset()
    own_event: int = 0

    @property
    def largest_message(self) -> int:
        """Bytes of the largest SPDM message that fits a record with all its random bytes."""
        return MAX_APPLICATION_DATA - self.form.max_padding - len(self.form.enclose(b""))

    def seal(self, c: "Conversation", data: bytes) -> bytes:
        """The record of application data, with as many random bytes as the transport may have.

        Raises:
            Refused: no record can hold it.
        """
        self._check_limit(c, self.request)
        most = self.form.max_padding
        size = self.random.bytes(1)[0] % (most + 1) if most else 0
        try:
            return self.request.seal(self.id, data, self.random.bytes(size))
        except RecordError as error:
            raise Refused(c.checks.step, error.check, str(error)) from None

    def open(self, c: "Conversation", answer: bytes) -> bytes:
        """The application data in the record that answers.

        What came in the clear is put in its place, if that is let pass.
        """
        if isinstance(answer, OtherKind):
            detail = f"an answer in the clear: {answer[:8].hex()}"
            c.require("rec.in-the-clear", condition=False, detail=detail)
            return self.form.enclose(bytes(answer))
        try:
            told = session_id_of(answer)
        except RecordError as error:
            c.require(error.check, condition=False, detail=str(error))
            return b""
        c.require("rec.session-id", told == self.id, f"session 0x{told:08x}, 0x{self.id:08x}")
        return self._opened(c, answer)

    def disclosed(self, c: "Conversation", data: bytes) -> bytes:
        """The message in application data.

        What follows the transport's bytes, where these are wrong and that is let pass.
        """
        try:
            return self.form.disclose(data)
        except ValueError as error:
            c.require("rec.application-data", condition=False, detail=str(error))
            return data[len(self.form.enclose(b"")) :]

    def _check_limit(self, c: "Conversation", direction: Direction) -> None:
        below = direction.sequence < (1 << self.limit) - 1
        c.require("rec.limit", below, f"sequence number {direction.sequence}, 2^{self.limit}")

    def _opened(self, c: "Conversation", record: bytes) -> bytes:
        padding = c.options.padding
        if self.response_next is not None:
            try:
                data = self.response_next.unseal(record, padding=padding)
            except RecordError:
                pass  # an ERROR may come under the keys before: nothing was updated
            else:
                self.response, self.response_next = self.response_next, None
                return data
        self._check_limit(c, self.response)
        try:
            return self.response.unseal(record, padding=padding)
        except RecordError as error:
            fault = error
        c.require(fault.check, condition=False, detail=str(fault))
        # Whoever forgets to compare takes the number that the record shows, or the bytes that its
        # Length says.
        if fault.sequence is not None:
            self.response.sequence = fault.sequence
        elif fault.check == "rec.size":
            padding = len(record)
        else:
            self.response.sequence += bool(fault.data)
            return fault.data
        try:
            return self.response.unseal(record, padding=padding)
        except RecordError as error:
            c.require(error.check, condition=False, detail=str(error))
            return b""

    def establish(self) -> None:
        """The handshake is over: the application keys, from TH as it stands.

        No update of the handshake's keys outlives them.
        """
        keys = self.schedule.application(self.handshake.secret, self.th.digest())
        self.request = self.request.rekeyed(keys.request)
        self.response = self.response.rekeyed(keys.response)
        self.response_next = None
        self.updating = False

    def update_request(self) -> None:
        """The next keys for our requests; record numbers begin again."""
        self.request = self.request.rekeyed(self.schedule.updated(self.request.traffic))

    def update_response(self) -> None:
        """The next keys for responses, from the first one on that comes under them."""
        self.response_next = self.response.rekeyed(self.schedule.updated(self.response.traffic))
