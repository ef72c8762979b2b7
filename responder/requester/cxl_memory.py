"""What the requester remembers of a CXL port and a memory target, to hold them to it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from responder.spec.ide import Direction
    from responder.wire.cxl_tsp import GetTargetCapabilitiesRsp


@dataclass(slots=True)
class CxlMemory:
    """A port.

    Attributes:
        capabilities: those of QUERY_RESP; ``None`` before it.
        keys: how far the key of each direction is.
        made: the keys that the port has made.
    """

    capabilities: int | None = None
    keys: "dict[Direction, str]" = field(default_factory=dict)
    made: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class TspMemory:
    """A target.

    Attributes:
        supported: what it supports; ``None`` before it was asked.
        configuration: the fields that were set.
        locked: it has said that it is locked.
        report: its configuration report, as it was read since the lock.
    """

    supported: "GetTargetCapabilitiesRsp | None" = None
    configuration: dict[str, int] = field(default_factory=dict)
    locked: bool = False
    report: bytes = b""
