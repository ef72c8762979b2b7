"""The captured conversations: what to know of each is in ``README.md`` beside this file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from responder.replay.recording import REQUEST, RESPONSE, Exchanged, Recording, read

PACKED = Path(__file__).with_name("runs.jsonl.xz")

NORMAL = 1
NONE, MCTP, PCI_DOE, TCP = range(4)

CHUNK_SEND, CHUNK_SEND_ACK = 0x85, 0x05
CHUNK_GET, CHUNK_RESPONSE = 0x86, 0x06
LARGE_RESPONSE = bytes((0x7F, 0x0F))
V14 = 0x14


@dataclass(frozen=True)
class Exchange:
    """Two socket payloads; inside a session the plaintexts of two records.

    Attributes:
        number: its place in the run.
        command: the socket command; 1 carries SPDM.
        session: the session's id, ``None`` outside sessions.
    """

    number: int
    command: int
    request: bytes
    response: bytes
    session: int | None = None


@dataclass(frozen=True)
class Pair:
    """One SPDM request and its response; DOE's padding may follow either.

    Attributes:
        reassembled: whether CHUNK_* carried one of the two.
    """

    request: bytes
    response: bytes
    session: int | None = None
    reassembled: bool = False

    @property
    def name(self) -> str:
        return f"{self.request[1]:02x}>{self.response[1]:02x}"


@dataclass(frozen=True, eq=False)
class Run:
    """One recorded run.

    Attributes:
        transport: the socket protocol's TransportType.
        requester, responder: the command lines.
        signed: (request code cleared of bit 7, version, transcript hash) in the order signed.
    """

    name: str
    transport: int
    requester: str
    responder: str
    negotiated: dict
    exchanges: tuple[Exchange, ...] = field(repr=False)
    signed: tuple[tuple[int, int, bytes], ...] = field(repr=False)

    @property
    def padding(self) -> int:
        """How many bytes the transport may add to a message."""
        return 3 if self.transport == PCI_DOE else 0

    def messages(self) -> Iterator[Pair]:
        """Every exchanged SPDM message as sent, in order, without transport headers."""
        for exchange in self.exchanges:
            request = bare(self.transport, exchange.request)
            response = bare(self.transport, exchange.response)
            if exchange.command == NORMAL and request is not None and response is not None:
                yield Pair(request, response, exchange.session)

    def whole_messages(self) -> Iterator[Pair]:
        """As ``messages``, but what CHUNK_* carried is put together and CHUNK_* left out."""
        return joined(self.messages())


def bare(transport: int, payload: bytes) -> bytes | None:
    """The SPDM message in a payload; ``None`` for DOE discovery and application data."""
    if transport == MCTP:
        return payload[1:] if payload[:1] == b"\x05" else None
    if transport == PCI_DOE and payload[:2] == b"\x01\x00" and len(payload) >= 8:
        return payload[8:] if payload[2] == 1 else None
    if transport == TCP:
        return payload[4:] if payload[2:4] == b"\x01\x05" else None
    return payload


def joined(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """Puts chunked messages together (DSP0274 "Large SPDM message transfer mechanism")."""
    sent = got = b""
    waiting: Pair | None = None
    for pair in pairs:
        code, answer = pair.request[1], pair.response
        if code == CHUNK_SEND:
            sent += chunk(pair.request)
            embedded = answer[8 if answer[0] >= V14 else 6 :]
            if not embedded:
                continue
            pair = Pair(sent, embedded, pair.session, reassembled=True)  # noqa: PLW2901
            sent = b""
            if embedded[1:3] == LARGE_RESPONSE:
                waiting, got = pair, b""
                continue
        elif answer[1:3] == LARGE_RESPONSE:
            waiting, got = pair, b""
            continue
        elif code == CHUNK_GET and waiting is not None:
            got += chunk(answer)
            if not answer[2] & 1:
                continue
            pair = Pair(waiting.request, got, pair.session, reassembled=True)  # noqa: PLW2901
            waiting = None
        yield pair


def chunk(message: bytes) -> bytes:
    """The chunk in CHUNK_SEND or CHUNK_RESPONSE: header, number, size, [whole size], bytes."""
    number = int.from_bytes(message[4 : 8 if message[0] >= V14 else 6], "little")
    size = int.from_bytes(message[8:12], "little")
    start = 12 if number else 16
    return message[start : start + size]


@cache
def recordings() -> tuple[Recording, ...]:
    """All recorded runs with records and secrets, as they crossed the socket."""
    return tuple(read(PACKED))


@cache
def public_keys() -> dict[str, bytes]:
    """SubjectPublicKeyInfo of the responder's slot 0 key for each kind of key."""
    return {kind: known.keys["responder"] for kind, known in recordings()[0].known.items()}


@cache
def runs() -> tuple[Run, ...]:
    """All recorded runs."""
    return tuple(_run(recording) for recording in recordings())


def _run(recording: Recording) -> Run:
    signed = (
        event for event in recording.secrets["responder"] if event["event"] == "responder_sign"
    )
    return Run(
        name=recording.name,
        transport=recording.transport,
        requester=recording.facts["requester_cmd"],
        responder=recording.facts["responder_cmd"],
        negotiated=recording.facts["negotiated"],
        exchanges=tuple(_exchange(recording, one) for one in recording.exchanges),
        signed=tuple(
            (event["op_code"], event["spdm_version"] >> 8, bytes.fromhex(event["message"]))
            for event in signed
        ),
    )


def _exchange(recording: Recording, one: Exchanged) -> Exchange:
    """With the plaintexts in the place of records."""
    plain = [recording.plain.get((one.number, side)) for side in (REQUEST, RESPONSE)]
    if None in plain:
        return Exchange(one.number, one.command, one.request, one.response)
    header = {MCTP: 1, PCI_DOE: 8, TCP: 4}[recording.transport]
    session = int.from_bytes(one.request[header : header + 4], "little")
    return Exchange(one.number, one.command, *plain, session)
