"""What is asked of a CXL memory target (TSP)."""

from dataclasses import dataclass

from responder.spec.cxl import TspState


@dataclass(frozen=True, slots=True)
class TspOptions:
    """A target, and how it is configured and locked.

    Attributes:
        state_before: the state in which it has to be before it is configured; ``None`` for any.
        te_state: the TE state that ranges get: 1 for the trusted environment.
        ranges: first address and size in bytes of those ranges.
        ckid: the CKID that gets keys, and the range id.
    """

    state_before: TspState | None = TspState.CONFIG_UNLOCKED
    te_state: int = 1
    ranges: tuple[tuple[int, int], ...] = ((0x100000, 0x10000),)
    ckid: int = 0
