"""What a fault can do beside changing bytes: one class per action, as profiles write it.

``do`` names it; the first line says at which hooks it works.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from responder.faults.edits import Action

Byte = Annotated[int, Meta(ge=0, le=0xFF)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Microseconds = Annotated[int, Meta(ge=0, le=1 << 36)]
Times = Annotated[int, Meta(ge=1, le=1_000)]
SlotNumber = Annotated[int, Meta(ge=0, le=7)]
MeasurementIndex = Annotated[int, Meta(ge=1, le=0xFE)]
KeyPairNumber = Annotated[int, Meta(ge=1, le=0xFF)]
ValueSize = Annotated[int, Meta(ge=0, le=0xFFFC)]
ExtendedSize = Annotated[int, Meta(ge=0, le=1 << 16)]


class LeaveOut(Action, tag="leave-out", frozen=True, kw_only=True):
    """At `pre_sign` and `derive`: leaves messages out of the transcript.

    Attributes:
        part: their names; `*` is all.
        nth: only this one of them, 1 the first, -1 the last; all of them if not given.
    """

    part: list[str]
    nth: int | None = None


class PutIn(Action, tag="put-in", frozen=True, kw_only=True):
    """At `pre_sign` and `derive`: puts bytes into the transcript.

    Attributes:
        value: hexadecimal text; `last-request` and `last-response` are the exchange before this
            one, which the transcript may not hold; `stale` is the transcript that was signed
            before; `earlier` are messages of this connection that the transcript does not hold, in
            order, signatures cut off.
        message: with `earlier`, their names.
        times: how often.
        at: before which message it goes; negative counts from the end; at the end if not given.
    """

    value: str
    message: list[str] = field(default_factory=list)
    times: Times = 1
    at: int | None = None


class DoublePart(Action, tag="double-part", frozen=True, kw_only=True):
    """At `pre_sign` and `derive`: messages are in the transcript twice.

    Attributes:
        part: their names.
    """

    part: list[str]


class Sign(Action, tag="sign", frozen=True, kw_only=True):
    """At `pre_sign`: signs in another way.

    Attributes:
        key: whose key: `slot:1`, `issuer` (the authority above the leaf), `root`, or `attacker`
            (made for this, of the same kind).
        encoding: what is signed: `no-prefix` (the hash without the 1.2 prefix), `as-1.1` (the
            transcript itself), `double-hash` (hashed once more), `no-hash` (the transcript in the
            place of its hash, after the prefix), `as-1.2` (prefix and hash before 1.2).
    """

    key: str = ""
    encoding: Literal["", "no-prefix", "as-1.1", "as-1.2", "double-hash", "no-hash"] = ""


class Forge(Action, tag="forge", frozen=True, kw_only=True):
    """At `post_sign`: makes an odd signature of the same message.

    Attributes:
        how: its name; see the table of forgeries.
    """

    how: str


class Error(Action, tag="error", frozen=True, kw_only=True):
    """At `request`, `draft`, `message`: an ERROR is the answer.

    At `request` the request is not handled; at the others it was, and only its answer is lost.

    Attributes:
        code: ErrorCode, a number or a name such as `Busy`.
        data: ErrorData; `request` is the request's code.
        extended: ExtendedErrorData: hexadecimal text, or a size in bytes.
        version: SPDMVersion in its header, if not the connection's.
    """

    code: Byte | str
    data: Byte | Literal["request"] = 0
    extended: ExtendedSize | str = ""
    version: Byte | None = None


class NotReady(Action, tag="not-ready", frozen=True, kw_only=True):
    """At `request`: ResponseNotReady; the answer comes to RESPOND_IF_READY.

    Attributes:
        after: microseconds until it is ready.
        rdt_exponent: RDTExponent as told; that of `after` if not given.
        token: Token as told; a new one each time if not given.
        rdtm: RDTM as told.
        early: what a RESPOND_IF_READY before that time gets: again ResponseNotReady, or
            UnexpectedRequest.
        forget: microseconds after which the answer is gone; never if not given.
    """

    after: Microseconds = 1000
    rdt_exponent: Byte | None = None
    token: Byte | None = None
    rdtm: Byte | None = None
    early: Literal["not-ready", "unexpected"] = "not-ready"
    forget: Microseconds | None = None


class Silence(Action, tag="silence", frozen=True, kw_only=True):
    """At `request`, `message`, `frame`, `record`: nothing is sent.

    At `request` it is not handled either.
    """


class Delay(Action, tag="delay", frozen=True, kw_only=True):
    """At `message`, `frame`: the answer comes late.

    Attributes:
        seconds: how long.
        jitter: up to so many seconds more, at random.
        timeout: seconds (negative ones are before it) are counted from the time that the responder
            has: `st1` is the 100 ms of ordinary answers, `ct` the 2^CTExponent microseconds of
            signed ones, as its CAPABILITIES said.
    """

    seconds: Annotated[float, Meta(ge=-86_400, le=86_400)] = 0.0
    jitter: Seconds = 0.0
    timeout: Literal["", "st1", "ct"] = ""


class Replay(Action, tag="replay", frozen=True, kw_only=True):
    """At `request`, `message`, `record`: an earlier message, or record, is the answer.

    Attributes:
        message: its name; that of the answer if not given, any if `*`.
        connection: whose: this connection's, the previous one's, or any other's.
        nth: 1 is the first of them, -1 the last, -2 the one before.
        file: instead, the message in this file: hexadecimal or binary, beside the profile.
    """

    message: str = ""
    connection: Literal["this", "previous", "other"] = "this"
    nth: int = -1
    file: str = ""


class Answer(Action, tag="answer", frozen=True, kw_only=True):
    """At `request`, `draft`, `message`, `record`: other bytes are the answer.

    At `encap` they are what is asked, aside of the flow: the answer to it is for nobody.

    Attributes:
        value: hexadecimal text; `request` is the request itself (at `record`, its record), `random`
            a body of random bytes behind the right header, of the same size.
    """

    value: str


class Speak(Action, tag="speak", frozen=True, kw_only=True):
    """At `message`: sends something that nobody asked for.

    Attributes:
        value: an SPDM message in hexadecimal, or `again`: the answer once more.
        seconds: how long after; another answer meanwhile begins the time anew.
        times: how often; 0 is for ever.
        first: before the answer, at once.
    """

    value: str = "again"
    seconds: Seconds = 0.0
    times: Annotated[int, Meta(ge=0, le=1_000)] = 1
    first: bool = False


class Hold(Action, tag="hold", frozen=True, kw_only=True):
    """At `message`: keeps the answer back and sends it with the next one.

    Attributes:
        order: `after` the next answer (they are swapped), or `before` it.
    """

    order: Literal["after", "before"] = "after"


class CloseLink(Action, tag="close", frozen=True, kw_only=True):
    """At `connection`, `request`, `message`, `frame`: ends the transport connection.

    Attributes:
        how: `fin`, `rst`, or `half`: nothing more is written, what comes is still read.
        after: bytes of the frame that are still written, at `frame`; all if not given, negative
            counts from the end.
        seconds: to wait before.
    """

    how: Literal["fin", "rst", "half"] = "fin"
    after: int | None = None
    seconds: Seconds = 0.0


class Drip(Action, tag="drip", frozen=True, kw_only=True):
    """At `frame`: writes in small pieces.

    Attributes:
        size: bytes of a piece.
        seconds: between the pieces.
    """

    size: Annotated[int, Meta(ge=1)] = 1
    seconds: Seconds = 0.01


class Slice(Action, tag="slice", frozen=True, kw_only=True):
    """At `frame`: writes in two pieces.

    Attributes:
        at: bytes of the first; negative counts from the end.
        seconds: between them.
    """

    at: int
    seconds: Seconds = 0.01


class Again(Action, tag="again", frozen=True, kw_only=True):
    """At `message`, `frame`, `record`: sends it more than once; a frame in one piece.

    Attributes:
        times: how often more.
    """

    times: Times = 1


class Reuse(Action, tag="reuse", frozen=True, kw_only=True):
    """At `agree`: the ephemeral key is that of an earlier session, in the same group.

    Attributes:
        connection: whose session: this connection's, the previous one's, or any other's.
        nth: 1 is the first of them, -1 the last.
    """

    connection: Literal["this", "previous", "other"] = "this"
    nth: int = -1


class Keys(Action, tag="keys", frozen=True, kw_only=True):
    """At `seal`: the record is sealed with other keys, or with what belongs to them.

    Attributes:
        side: those of the responder, or of the requester.
        epoch: of these, the ones in use, the ones of the handshake, the first ones of application
            data, the ones before the latest change, or the ones after the next.
        session: whose.
        take: what is taken of them: the `key` with its IV, the `sequence` number, which the header
            says too, or the `session-id`.
    """

    side: Literal["response", "request"] = "response"
    epoch: Literal["present", "handshake", "data", "previous", "next"] = "present"
    session: Literal["this", "other"] = "this"
    take: list[Literal["key", "sequence", "session-id"]] = field(default_factory=lambda: ["key"])


class Chunk(Action, tag="chunk", frozen=True, kw_only=True):
    """At `message`: the answer goes out in chunks, however small it is, and whoever takes it.

    Attributes:
        size: bytes of it in one chunk, at most; as many as fit if not given.
    """

    size: Annotated[int, Meta(ge=0)] = 0


class Carry(Action, tag="carry", frozen=True, kw_only=True):
    """At `message`: the answer goes another way than its request came.

    Attributes:
        through: `clear`: outside of any session; `session`: in the newest one, or the newest other
            one if the request came in a session.
    """

    through: Literal["clear", "session"]


class Forget(Action, tag="forget", frozen=True, kw_only=True):
    """At `request`, `message`: the device has lost the session, and does not say so.

    A request in it is then not answered.
    """


class Write(Action, tag="write", frozen=True, kw_only=True):
    """At `connection`, `frame`: writes bytes to the transport connection.

    Attributes:
        value: hexadecimal text.
        order: before or after the frame, or in its place.
    """

    value: str
    order: Literal["before", "after", "instead"] = "instead"


class Hang(Action, tag="hang", frozen=True, kw_only=True):
    """At `connection`, `frame`: reads no more from the peer.

    Attributes:
        seconds: for so long.
    """

    seconds: Seconds


class Refuse(Action, tag="refuse", frozen=True, kw_only=True):
    """At `connection` with the event `listen`: nobody listens, connecting is refused."""


class Suppress(Action, tag="suppress", frozen=True, kw_only=True):
    """At `transition`: the state stays as it is. At `encap`: the flow ends.

    At `register`: a write has no effect.
    """


class SignalInterrupt(Action, tag="interrupt", frozen=True, kw_only=True):
    """At `register`: the mailbox signals its interrupt, without a cause.

    Software must have enabled MSI-X, and need not have enabled the mailbox's interrupt.
    """


class Reset(Action, tag="reset", frozen=True, kw_only=True):
    """At `request`, `message`: the device is reset, before the request or after its answer.

    A request before which it is reset is answered UnexpectedRequest.

    Attributes:
        kind: which reset; the page on resets says what it clears.
    """

    kind: Literal["get-version", "function-level", "conventional", "power-cycle"] = "conventional"


class Defect(Action, tag="defect", frozen=True, kw_only=True):
    """At `certificate`: a slot has a defective certificate chain.

    Attributes:
        name: the defect; see the table of defects.
        slot: the slot; `*` is each.
    """

    name: str
    slot: SlotNumber | Literal["*"] = "*"


class Slot(Action, tag="slot", frozen=True, kw_only=True):
    """At `device`: a slot is other than it was.

    Attributes:
        slot: which.
        becomes: `empty`, or the number of the slot whose content it has.
    """

    slot: SlotNumber
    becomes: SlotNumber | Literal["empty"]


class Measure(Action, tag="measure", frozen=True, kw_only=True):
    """At `device`: a measurement is other than it was.

    Attributes:
        index: which; `*` is each.
        value: hexadecimal text; `same`; `random`; `counter`: another one each time; `mode-debug`:
            the device mode block says that debugging is active; `none` takes the measurement away.
        size: with a word, bytes of the value; as before if not given.
        type: DMTFSpecMeasurementValueType; as before if not given.
    """

    index: MeasurementIndex | Literal["*"]
    value: str
    size: ValueSize | None = None
    type: Byte | None = None


class Fill(Action, tag="fill", frozen=True, kw_only=True):
    """At `device`: so many measurements, raw bit streams of one size.

    Attributes:
        count: indices 1 to this.
        size: bytes of each.
    """

    count: MeasurementIndex
    size: ValueSize


class Csr(Action, tag="csr", frozen=True, kw_only=True):
    """At `device`: a certificate signing request is for something else than was asked for.

    Attributes:
        key_pair: for this key pair, in a device whose chains are bound to key pairs; as asked if
            not given.
        subject: with this common name for its whole subject; as asked if not given.
    """

    key_pair: KeyPairNumber | None = None
    subject: str = ""


class ContentChanged(Action, tag="content-changed", frozen=True, kw_only=True):
    """At `device`: what signed MEASUREMENTS say of a change.

    Attributes:
        value: the two bits.
    """

    value: Annotated[int, Meta(ge=0, le=3)]
