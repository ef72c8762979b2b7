"""The exchanges of a case as a pcapng file, each message a frame on a made-up TCP connection."""

from collections.abc import Iterator
from typing import BinaryIO

from responder import __version__
from responder.campaign.result import Exchange, Strike, Wire
from responder.campaign.target import Transport
from responder.observe.pcapng import PcapngWriter
from responder.spec.codes import name_of_code
from responder.transport.binding import binding_of
from responder.transport.socket_frame import Command, TransportType, wrap_frame
from responder.transport.uri import SOCKET_PORT, TCP_PORT

_DSP0287: Transport = "dsp0287"
_TRANSPORTS: dict[Transport, TransportType] = {
    "mctp": TransportType.MCTP,
    "doe": TransportType.PCI_DOE,
    "tcp": TransportType.TCP,
    "none": TransportType.NONE,
    "storage": TransportType.NONE,
    _DSP0287: TransportType.TCP,
}
"""Of storage commands there is only what they carry."""


def write_capture(file: BinaryIO, wire: Wire, transport: Transport, title: str) -> None:
    """Write what was seen on the wire.

    What a record carried stands there in the clear, and its comment says so. A frame that a fault
    changed is as it was sent; other frames are made anew around their messages.

    Args:
        file: open for writing; it stays open.
        wire: what was seen; of a long conversation its end may be missing.
        transport: what frames are made of.
        title: what the file says of itself.
    """
    port = TCP_PORT if transport == _DSP0287 else SOCKET_PORT
    capture = PcapngWriter(file, f"spdm-responder {__version__}", port, title)
    for number, exchange in enumerate(wire.exchanges):
        strikes = [one for one in wire.strikes if one.exchange == number]
        for place, (data, text) in enumerate(_messages(exchange, strikes, transport)):
            capture.message(
                exchange.time + place * exchange.took,
                exchange.connection,
                data,
                received=place == 0,
                comment=text,
            )
    capture.close()


def _messages(
    exchange: Exchange, strikes: list[Strike], transport: Transport
) -> Iterator[tuple[bytes, str]]:
    """The frame of the request and that of the response, each with its comment."""
    inside = "" if exchange.session is None else f" in session 0x{exchange.session:08x}, decrypted"
    yield _frame(exchange.request, transport), f"{message_name(exchange.request)}{inside}"
    struck = [f"struck at {one.hook}: {one.detail}" for one in strikes]
    framed = next((one.after for one in reversed(strikes) if one.hook == "frame"), b"")
    text = "\n".join([f"{message_name(exchange.response)}{inside}", *struck])
    yield framed or _frame(exchange.response, transport), text


def message_name(message: bytes) -> str:
    """The name of an SPDM message, or what there is instead."""
    if not message:
        return "nothing"
    return name_of_code(message[1]) if len(message) > 1 else "unreadable"


def _frame(message: bytes, transport: Transport) -> bytes:
    if not message:
        return b""
    kind = _TRANSPORTS[transport]
    payload = binding_of(kind).wrap(message)
    return payload if transport == _DSP0287 else wrap_frame(Command.NORMAL, kind, payload)
