"""What a source is cut into: bytes, and what is known of them."""

from dataclasses import dataclass

NORMAL_COMMAND = 1


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to decode.

    Attributes:
        data: what could be read of them.
        problem: why there are no more, empty if they are whole.
        command: the command of the socket protocol, if the input tells it.
        transport: the transport type of the socket protocol, if the input tells it.
        padding: how many bytes at the end may be a transport's padding, besides what
            ``transport`` allows.
        connection: which of several connections it belongs to; 0 if the input does not tell.
        conversation: the name of the recorded run or case that the connection belongs to.
        received: whether the responder received it, or sent it; ``None`` if nobody knows.
        time: in nanoseconds, since 1970 or since the beginning.
        frame: the number of the packet that it ended in, from 1; 0 if there are no packets.
        session: of what a record carried: the session's id.
        inside: the record is the payload before; this is what it carried.
        label: what it is, if it is neither a message nor a record.
        comment: what the input says of it.
    """

    data: bytes
    problem: str = ""
    command: int = NORMAL_COMMAND
    transport: int | None = None
    padding: int = 0
    connection: int = 0
    conversation: str = ""
    received: bool | None = None
    time: int | None = None
    frame: int = 0
    session: int | None = None
    inside: bool = False
    label: str = ""
    comment: str = ""
