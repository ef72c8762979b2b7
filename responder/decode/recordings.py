"""Recorded runs (``responder.replay.recording``), and what their records carried."""

from collections.abc import Iterator
from pathlib import Path

from responder.decode.payload import NORMAL_COMMAND, Payload
from responder.replay.recording import REQUEST, RESPONSE, Exchanged, Recording, read
from responder.transport.errors import FramingError
from responder.transport.overheard import overheard
from responder.transport.records import records_of
from responder.transport.socket_frame import SocketFrame, TransportType

_SESSION_ID_SIZE = 4


def recorded_payloads(path: Path) -> Iterator[Payload]:
    """The payloads of all runs in a folder or packed file, each run a conversation of its name.

    Raises:
        ConfigError: something in it is not what it should be.
    """
    for recording in read(path):
        for exchange in recording.exchanges:
            yield from _exchange(recording, exchange)


def _exchange(recording: Recording, exchange: Exchanged) -> Iterator[Payload]:
    for side, data in ((REQUEST, exchange.request), (RESPONSE, exchange.response)):
        payload = Payload(
            data,
            command=exchange.command,
            transport=recording.transport,
            connection=1,
            conversation=recording.name,
            received=side == REQUEST,
        )
        yield payload
        plain = recording.plain.get((exchange.number, side))
        if plain is not None and exchange.command == NORMAL_COMMAND:
            yield _carried(payload, plain)


def _carried(record: Payload, plain: bytes) -> Payload:
    """What a record carried, without what its transport puts before it."""
    transport = TransportType(record.transport or 0)
    inner = overheard(SocketFrame(record.command, transport, record.data))
    try:
        data, label = records_of(transport).disclose(plain), ""
    except FramingError:
        data, label = plain, "application data"
    return Payload(
        data,
        transport=TransportType.NONE,
        connection=record.connection,
        conversation=record.conversation,
        received=record.received,
        session=int.from_bytes(inner.data[:_SESSION_ID_SIZE], "little"),
        inside=True,
        label=label,
    )
