"""What one peer may cost."""

import msgspec

MAX_FRAME = 1 << 20
"""The largest PCIe data object in bytes, and more than any other binding needs."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds on connections; times in seconds of the server's clock, 0 for no bound.

    Attributes:
        idle_timeout: without a complete frame for so long, a connection is closed. Off by default:
            QEMU keeps one connection for the life of its guest and never makes a second.
        frame_time: a frame must be complete so long after its first byte, and a closing
            connection must have taken what was written to it.
        max_frame: payload bytes of a frame; a header that claims more closes the connection.
        max_connections: at the same time; those beyond are closed as soon as they are accepted.
        drain_time: how long a stop waits for answers that are being made, and how long a peer
            that sends no more may wait for answers that faults delay.
    """

    idle_timeout: float = 0.0
    frame_time: float = 30.0
    max_frame: int = MAX_FRAME
    max_connections: int = 1024
    drain_time: float = 5.0

    def in_force(
        self, *, frame: float | None, quiet: float, left: float | None, left_because: str
    ) -> list[tuple[float, str]]:
        """When a connection is to be closed if nothing more arrives, and why.

        Args:
            frame: since when a frame is incomplete.
            quiet: since when nothing has come and nothing is at work.
            left: since when the peer sends no more, if something still waits for its time.
            left_because: why the connection ends then.
        """
        due = []
        if self.frame_time and frame is not None:
            reason = f"a frame was not complete after {self.frame_time:g} s"
            due.append((frame + self.frame_time, reason))
        if self.idle_timeout:
            due.append((quiet + self.idle_timeout, f"idle for {self.idle_timeout:g} s"))
        if self.drain_time and left is not None:
            due.append((left + self.drain_time, left_because))
        return due
