"""Takes payloads apart, each with what those before it in its conversation have agreed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from responder.decode.decoded import Decoded, Direction
from responder.decode.payload import NORMAL_COMMAND, Payload
from responder.decode.transport import AUTO, disclosed, unframed, unwrap
from responder.spec.codes import RequestCode, ResponseCode, name_of_code, response_code_of
from responder.transport.errors import FramingError
from responder.transport.overheard import Overheard
from responder.wire.context import WireContext
from responder.wire.describe import Description, Line, describe, describe_record
from responder.wire.follow import NOTHING_KNOWN, Conversation

if TYPE_CHECKING:
    from responder.decode.keys import KeyRing

_REQUEST_BIT = 0x80
_CODES = frozenset((*RequestCode, *ResponseCode))
_SESSION_ID_SIZE = 4
_MAX_CONVERSATIONS = 10_000
"""So many are followed at a time; of more, the one that was silent longest is forgotten."""
_CERTIFICATES = 64
"""So many subjects of certificates are remembered."""
_ASKED_FOR: dict[int, str] = {
    ResponseCode.CHALLENGE_AUTH: "summary",
    ResponseCode.MEASUREMENTS: "signed",
    ResponseCode.ENDPOINT_INFO: "signed",
    ResponseCode.KEY_EXCHANGE_RSP: "summary",
    ResponseCode.PSK_EXCHANGE_RSP: "summary",
}
"""Responses with a part that the request asked for, and what ``WireContext`` calls it."""
_SIZED = frozenset(
    {
        ResponseCode.DIGESTS,
        ResponseCode.FINISH_RSP,
        RequestCode.KEY_EXCHANGE,
        RequestCode.FINISH,
        RequestCode.PSK_FINISH,
        *_ASKED_FOR,
    }
)
"""Messages whose layout depends on the negotiated algorithms."""


@dataclass(slots=True)
class _Followed:
    """A conversation.

    Attributes:
        request: the code of its latest request.
        latest: the number of the latest payload of either direction.
    """

    conversation: Conversation
    request: int = 0
    latest: dict[bool | None, int] = field(default_factory=dict)


class Decoder:
    """Takes payload after payload, of as many conversations as there are."""

    def __init__(
        self,
        context: WireContext = NOTHING_KNOWN,
        transport: str = AUTO,
        keys: "KeyRing | None" = None,
    ) -> None:
        """Begin.

        Args:
            context: what each conversation begins with.
            transport: what surrounds each message, see ``unwrap``.
            keys: open records with these; what is inside is taken apart as well.
        """
        self._context = context
        self._transport = transport
        self._keys = keys
        self._followed: dict[tuple[str, int], _Followed] = {}
        self._count = 0

    def decode(self, payload: Payload) -> Iterator[Decoded]:
        """What is in a payload, as far as it can be read."""
        for part in unframed(payload, self._transport):
            if part.inside and self._is_open(part):
                continue  # it was in a record that has been opened
            if part.data or part.label or part.command != NORMAL_COMMAND:
                yield from self._part(part, self._number(part))
            elif part.problem:
                yield replace(self._other(part, "", problem=part.problem), number=self._count)

    def _number(self, part: Payload) -> int:
        """The next number; what was inside of a record has the record's."""
        latest = self._conversation(part).latest
        if not part.inside or part.received not in latest:
            self._count += 1
            latest[part.received] = self._count
        return latest[part.received]

    def _part(self, part: Payload, number: int) -> Iterator[Decoded]:
        found = [replace(one, number=number) for one in self._found(part)]
        if part.problem:
            last = found[-1]
            found[-1] = replace(last, problems=(*last.problems, part.problem))
        yield from found

    def _found(self, part: Payload) -> Iterator[Decoded]:
        if part.label:
            yield self._other(part, part.label)
            return
        try:
            inner = unwrap(part, self._transport)
        except FramingError as error:
            yield self._other(part, "payload", problem=error.reason)
            return
        if inner.label:
            yield self._other(replace(part, data=inner.data), inner.label, inner.binding)
        elif inner.sequence_number_size is not None:
            yield from self._record(part, inner)
        else:
            yield from self._messages(part, inner, _origin(part, inner.binding))

    def _messages(
        self, part: Payload, inner: Overheard, origin: str, direction: Direction = ""
    ) -> Iterator[Decoded]:
        """A message, and the large one that it may complete."""
        followed = self._conversation(part)
        message = self._message(part, inner, followed, origin)
        yield replace(message, direction=direction) if direction else message
        completed = followed.conversation.completed
        if completed is not None:
            whole = describe(*completed, certificate=_whose)
            yield replace(
                message,
                kind="large",
                name=name_of_code(completed[0][1]),
                title=whole.title,
                origin="in chunks",
                data=completed[0],
                lines=tuple(whole.lines),
                problems=_problems(whole),
                context_missing=False,
            )

    def _message(
        self, part: Payload, inner: Overheard, followed: _Followed, origin: str
    ) -> Decoded:
        data = inner.data
        description = self._describe(inner, followed)
        problems = _problems(description)
        code = data[1] if len(data) > 1 else 0
        if not problems and code not in _CODES:
            problems = (f"{name_of_code(code)} is no code of SPDM",)
        unknown = code in _SIZED and not followed.conversation.context.hash_size
        return Decoded(
            number=0,
            kind="message",
            payload=part,
            binding=inner.binding,
            direction=_direction(part) or ("request" if code & _REQUEST_BIT else "response"),
            name=name_of_code(code) if len(data) > 1 else "",
            title=description.title,
            origin=origin,
            data=data,
            lines=tuple(description.lines),
            problems=problems,
            session=part.session,
            context_missing=description.problem is not None and unknown,
        )

    def _describe(self, inner: Overheard, followed: _Followed) -> Description:
        context = followed.conversation.feed(inner.data)
        code = inner.data[1] if len(inner.data) > 1 else 0
        asked = response_code_of(followed.request) == code
        if code & _REQUEST_BIT:
            followed.request = code
        description = _described(inner, context)
        if description.problem is None or asked or code not in _ASKED_FOR:
            return description
        # Nobody saw the request that says whether a part is there: the message itself may.
        with_it = _described(inner, context.replace(**{_ASKED_FOR[code]: True}))
        return description if with_it.problem else with_it

    def _record(self, part: Payload, inner: Overheard) -> Iterator[Decoded]:
        """A record; with its key, what is in it."""
        size = inner.sequence_number_size or 0
        context = WireContext(sequence_number_size=size)
        description = describe_record(inner.data, context, padding=inner.padding)
        keys = self._keys
        opened = keys and keys.open(inner.data, size, inner.padding, part.connection)
        problems = _problems(description)
        if keys is not None and opened is None:
            problems = (*problems, "no key of the log opens it")
        session = int.from_bytes(inner.data[:_SESSION_ID_SIZE], "little")
        record = Decoded(
            number=0,
            kind="record",
            payload=part,
            binding=inner.binding,
            direction=opened.direction if opened else _direction(part),
            name="secured record",
            title=description.title,
            origin=_origin(part, inner.binding),
            data=inner.data,
            lines=tuple(description.lines),
            problems=problems,
            session=session,
        )
        yield record
        if not opened:
            return
        within = replace(part, data=opened.data, session=session, comment="", problem="")
        origin = f"{opened.direction} {opened.sequence}, {opened.keys.phase} keys"
        try:
            message = disclosed(opened.data, inner.binding)
        except FramingError:
            yield replace(self._other(within, "application data"), origin=origin)
            return
        carried = Overheard(inner.binding, message)
        yield from self._messages(within, carried, origin, opened.direction)

    def _other(self, part: Payload, name: str, binding: str = "", *, problem: str = "") -> Decoded:
        """Bytes that are neither a message nor a record."""
        size = len(part.data)
        return Decoded(
            number=0,
            kind="other",
            payload=replace(part, problem="") if problem else part,
            binding=binding,
            direction=_direction(part),
            name=name,
            title=f"{name}, {size} bytes" if name else "",
            origin=binding
            if not (part.connection or part.conversation)
            else _origin(part, binding),
            data=part.data,
            lines=(Line(0, 0, size, "bytes", part.data.hex()),) if name else (),
            problems=(problem,) if problem else (),
            session=part.session,
        )

    def _is_open(self, part: Payload) -> bool:
        return self._keys is not None and self._keys.knows(part.session or 0, part.connection)

    def _conversation(self, part: Payload) -> _Followed:
        key = (part.conversation, part.connection)
        followed = self._followed.pop(key, None) or _Followed(Conversation(self._context))
        self._followed[key] = followed
        if len(self._followed) > _MAX_CONVERSATIONS:
            del self._followed[next(iter(self._followed))]
        return followed


def _described(inner: Overheard, context: WireContext) -> Description:
    return describe(inner.data, context, padding=inner.padding, certificate=_whose)


def _problems(description: Description) -> tuple[str, ...]:
    return () if description.problem is None else (str(description.problem),)


def _direction(part: Payload) -> Direction:
    if part.received is None:
        return ""
    return "request" if part.received else "response"


def _origin(part: Payload, binding: str) -> str:
    """Where a payload was, in words."""
    words = [part.conversation] if part.conversation else []
    if part.connection:
        words.append(f"connection {part.connection}")
    if part.session is not None:
        words.append(f"session 0x{part.session:08x}")
    if binding and (binding != "none" or not words):
        words.append(binding)
    return ", ".join(words)


@lru_cache(_CERTIFICATES)
def _whose(certificate: bytes) -> str:
    """The subject of a DER certificate."""
    from cryptography import x509  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        subject = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except ValueError as error:
        return f"no X.509 certificate: {error}"
    return subject or "no subject"
