"""The declaration of a fault, as profiles and the catalogue write it.

No code knows a fault by name: what it is, where it strikes and what it does are all here.
"""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from responder.faults import actions as act
from responder.faults import device_actions as dev
from responder.faults import edits
from responder.faults.edits import Value

Duty = Literal["reject", "accept", "retry", "resync", "end", "bounded", "policy"]
Basis = Literal["spec", "reference", "judgement"]
HookName = Literal[
    "connection",
    "request",
    "device",
    "certificate",
    "draft",
    "pre_sign",
    "post_sign",
    "message",
    "frame",
    "transition",
    "agree",
    "derive",
    "encap",
    "seal",
    "record",
    "register",
]
Scope = Literal["exchange", "session", "connection", "device", "process"]
Event = Literal["listen", "accepted"]
Kind = Literal["spdm", "secured", "discovery", "pending-info", "command"]
BindingName = Literal["none", "mctp", "doe", "tcp", "storage"]
Positive = Annotated[int, Meta(ge=1)]
OBJECTS: tuple[str, ...] = ("discovery", "spdm", "secured")
"""What an object in a mailbox can be."""
MAILBOX_EVENTS: tuple[str, ...] = ("mailbox:GO", "mailbox:ABORT", "mailbox:POP")
"""What software does to a mailbox, as `after` and `until` name it."""

AnyAction = (
    edits.Set
    | edits.Add
    | edits.Xor
    | edits.SetBits
    | edits.ClearBits
    | edits.Flip
    | edits.Copy
    | edits.Truncate
    | edits.Extend
    | edits.Insert
    | edits.Delete
    | edits.Double
    | edits.Swap
    | edits.Reverse
    | act.LeaveOut
    | act.PutIn
    | act.DoublePart
    | act.Sign
    | act.Forge
    | act.Error
    | act.NotReady
    | act.Silence
    | act.Delay
    | act.Replay
    | act.Answer
    | act.Speak
    | act.Hold
    | act.CloseLink
    | act.Drip
    | act.Slice
    | act.Reuse
    | act.Keys
    | act.Carry
    | act.Chunk
    | act.Forget
    | act.Again
    | act.Write
    | act.Hang
    | act.Refuse
    | act.Suppress
    | act.SignalInterrupt
    | act.Reset
    | act.Defect
    | act.Slot
    | act.Measure
    | act.Fill
    | act.ContentChanged
    | act.Csr
    | dev.Switch
    | dev.Happen
    | dev.WriteMemory
)

ACTIONS: tuple[type[edits.Action], ...] = get_args(AnyAction)
"""Every action, in the order in which documents show them."""


class Rule(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """Where a fault strikes, and what it does there. All conditions that are given must hold.

    Attributes:
        hook: the place.
        name: of this step, for `after` and `until` of others; its number from 1 if not given.
        message: names of requests or responses. A response strikes only when it is what is sent.
            At `register`, the request in the mailbox, known from its third DW on, or from its first
            on `discovery`, `spdm` or `secured`.
        inside: names of messages of IDE_KM, TDISP, CXL_IDE_KM or TSP, of which the request or the
            response must carry one.
        session: only inside, or only outside of a session.
        version: SPDM versions of the connection.
        algorithm: negotiated algorithms, by name; one of them must be in use.
        request: fields of the request and the values (one, or a list) that they must have.
        response: the same for the response, at `draft`, `message` and later.
        phase: at `transition`, the phase that is about to be entered; `session established`,
            `request keys updated` and `response keys updated` are those of a session, `negotiated
            state kept` (over a reset) and `negotiated state cleared` (by END_SESSION) those of a
            responder with CACHE_CAP.
        purpose: at `derive`, what the key or value is for.
        event: at `connection`: before the server listens, or when a peer was accepted.
        kind: at `frame`, what the frame carries; SPDM messages if not given.
        binding: at `frame`, the transport binding.
        space: at `register`, names of registers; `*` stands for any characters.
        access: at `register`, whether it is read or written.
        connection: which connections of the device, counted from 1.
        after: only after one of these: `sent:NAME`, `received:NAME` (of a message, or of one
            inside), `fired:ID`, `step:NAME`, `phase:NAME`; `mailbox:GO`, `mailbox:ABORT` and
            `mailbox:POP` (a DW of the answer was taken) at `register`.
        until: only before any of these.
        probability: strike with this probability only, drawn from the run's seed.
        scope: how far counting and `after` and `until` reach. An `exchange` is that of a mailbox,
            from the first DW of an object to that of the next.
        nth: only these of the times that all of the above holds, counted from 1.
        skip: let so many pass first.
        times: strike no more often than this.
        action: what it does, in order.
    """

    hook: HookName
    action: list[AnyAction]
    name: str = ""
    message: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    session: bool | None = None
    version: list[str] = field(default_factory=list)
    algorithm: list[str] = field(default_factory=list)
    request: dict[str, Value] = field(default_factory=dict)
    response: dict[str, Value] = field(default_factory=dict)
    phase: list[str] = field(default_factory=list)
    purpose: list[str] = field(default_factory=list)
    event: Event = "accepted"
    kind: list[Kind] = field(default_factory=lambda: ["spdm"])
    binding: list[BindingName] = field(default_factory=list)
    space: list[str] = field(default_factory=list)
    access: Literal["read", "write"] = "read"
    connection: list[Positive] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    until: list[str] = field(default_factory=list)
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    scope: Scope = "connection"
    nth: list[Positive] = field(default_factory=list)
    skip: Annotated[int, Meta(ge=0)] = 0
    times: Positive | None = None


class Range(Struct, forbid_unknown_fields=True, frozen=True):
    """Numbers from `first` to `last`, both included.

    Attributes:
        first: the first.
        last: the last.
        step: from one to the next.
    """

    first: int
    last: int
    step: Positive = 1


Each = list[int | str] | Range | str


class FaultSpec(Rule, frozen=True, kw_only=True):
    """One fault: the keys of a rule, or `step`, a list of rules.

    Attributes:
        id: its name.
        extends: a fault of the catalogue that this one changes.
        description: one sentence.
        duty: what a conforming requester must do.
        allows: other reactions that are as good.
        basis: why it must: a clause says so, an implementation does so, we think so.
        source: where that is written.
        importance: 1 (security) to 3 (robustness).
        setting: the conversation in which it shows; found by trying if not given.
        surfaces: for the duty `policy`, the observations or checks by which the requester of this
            project tells it; for `accept`, what it tells besides.
        each: variables and their values: a list, a range, or the name of a domain. The fault
            becomes one case for each combination; `{name}` in texts and values is the value.
        without: cases that are left out, by the end of their ids.
        step: the rules of a scenario; the keys of a rule then stand in these.
    """

    id: str
    description: str
    duty: Duty
    basis: Basis
    source: str
    hook: HookName | None = None  # type: ignore[assignment]
    action: list[AnyAction] = field(default_factory=list)
    extends: str = ""
    allows: list[Duty] = field(default_factory=list)
    importance: Annotated[int, Meta(ge=1, le=3)] = 1
    setting: str = ""
    surfaces: list[str] = field(default_factory=list)
    each: dict[str, Each] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    step: list[Rule] = field(default_factory=list)

    @property
    def rules(self) -> "list[Rule]":
        """The rules of the scenario, or the one that this fault is."""
        return self.step or [self]

    @property
    def family(self) -> str:
        """The id without the values of its case."""
        return self.id.partition(":")[0]
