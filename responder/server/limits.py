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
