"""What a requester's driver does at the registers of a mailbox, and whether it leaves them well."""

from dataclasses import dataclass, field

from responder.client.config_space import ALL_ONES
from responder.spec.doe import Control, Status

_OCCUPIED = Status.BUSY | Status.ERROR | Status.READY


@dataclass(slots=True)
class Registers:
    """What was seen and done at the registers of one function.

    Attributes:
        reads: each register and value that was read.
        aborts: when each abort was written, in seconds.
        interrupts: the vectors that the function signalled, in order.
    """

    reads: set[tuple[str, int]] = field(default_factory=set)
    aborts: list[float] = field(default_factory=list)
    interrupts: list[int] = field(default_factory=list)
    _open: bool = False
    _taken: bool = False

    @property
    def left_open(self) -> bool:
        """Whether an object was neither answered to its end nor aborted, by a device still there.

        Whoever gives up an exchange has to write Abort (PCIe 6.2, 6.30.2).
        """
        return self._open

    def read(self, name: str, value: int) -> None:
        """A register was read."""
        self.reads.add((name, value))
        if name.endswith(".status"):
            ended = self._taken and not value & _OCCUPIED
            if ended or value == ALL_ONES:
                self._open = False

    def written(self, name: str, value: int, now: float) -> None:
        """A register was written."""
        if name.endswith(".read_mailbox"):
            self._taken = True
        elif name.startswith("doe") and name.endswith(".control"):
            if value & Control.GO:
                self._open, self._taken = True, False
            if value & Control.ABORT:
                self._open = False
                self.aborts.append(now)
