"""The captured conversations: what to know of each is in ``README.md`` beside this file."""

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKED = Path(__file__).with_name("sessionless.jsonl.xz")

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
def _rows() -> tuple[dict, ...]:
    return tuple(json.loads(line) for line in lzma.decompress(PACKED.read_bytes()).splitlines())


@cache
def public_keys() -> dict[str, bytes]:
    """SubjectPublicKeyInfo of the responder's slot 0 key for each kind of key."""
    return {kind: bytes.fromhex(key) for kind, key in _rows()[0]["public_keys"].items()}


@cache
def runs() -> tuple[Run, ...]:
    """All recorded runs."""
    return tuple(_run(row) for row in _rows()[1:])


def _run(row: dict) -> Run:
    exchanges = tuple(
        Exchange(
            number,
            exchange.get("cmd", NORMAL),
            bytes.fromhex(exchange["req"]),
            bytes.fromhex(exchange["rsp"]),
            exchange.get("session"),
        )
        for number, exchange in enumerate(row["exchanges"])
    )
    signed = tuple((code, version, bytes.fromhex(text)) for code, version, text in row["signed"])
    facts = {key: row[key] for key in ("name", "transport", "requester", "responder", "negotiated")}
    return Run(**facts, exchanges=exchanges, signed=signed)
