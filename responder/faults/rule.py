"""The declaration of a fault, as profiles write it.

The fields before ``hook`` say what the fault is and what a conforming requester owes it; the
others where it strikes and what it does. No code knows a fault by name.
"""

from typing import Literal

from msgspec import Struct, field

Duty = Literal["reject", "accept", "retry", "resync", "end", "bounded", "policy"]
Basis = Literal["spec", "reference", "judgement"]
HookName = Literal["pre_sign", "post_sign"]


class Flip(Struct, tag_field="do", tag="flip", forbid_unknown_fields=True, frozen=True):
    """Invert one bit of the bytes that the hook sees.

    Attributes:
        bit: counted from the first byte's least significant bit; negative counts from the end.
    """

    bit: int = 0


class Recall(Struct, tag_field="do", tag="recall", forbid_unknown_fields=True, frozen=True):
    """Put a request field's earlier value in the place of its present one in the transcript.

    Attributes:
        field: name of a bytes field of the requests in ``of``.
        of: requests whose values are remembered, by the whole device; zeros come before the first.
    """

    field: str
    of: list[str]


Action = Flip | Recall


class FaultSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One fault.

    Attributes:
        id: its name in the catalogue, such as ``sig.bitflip``.
        description: one sentence.
        duty: what a conforming requester must do.
        basis: why it must.
        source: where that is written.
        importance: 1 (security) to 3 (robustness).
        hook: the place where it strikes.
        message: names of the responses that it strikes; empty means all.
        version: versions (``1.2``) in which it strikes; empty means all.
        nth: only the nth match in a connection, counted from 1; each if not given.
        action: what it does, in order.
    """

    id: str
    description: str
    duty: Duty
    basis: Basis
    source: str
    hook: HookName
    action: list[Action]
    importance: int = 1
    message: list[str] = field(default_factory=list)
    version: list[str] = field(default_factory=list)
    nth: int | None = None
