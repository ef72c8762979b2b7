"""What a campaign's store keeps of the wire of each case."""

from collections.abc import Iterator
from pathlib import Path

from responder.campaign.result import Control, Exchange, Result, Strike, Wire
from responder.campaign.store import read_store
from responder.decode.payload import Payload
from responder.transport.doe import DoeBinding
from responder.transport.socket_frame import TransportType

_SECOND = 1_000_000_000


def store_payloads(path: Path) -> Iterator[Payload]:
    """The messages of all controls and cases, each a conversation with the name of its case.

    Raises:
        ConfigError: it is no store, or one of another form.
    """
    campaign = read_store(path)
    for control in campaign.controls:
        yield from _wire(control.observed.wire, _name(control))
    for result in campaign.results:
        yield from _wire(result.observed.wire, _name(result))


def _name(line: Control | Result) -> str:
    return line.case if isinstance(line, Result) else f"control {line.setting} {line.when}"


def _wire(wire: Wire, name: str) -> Iterator[Payload]:
    for number, exchange in enumerate(wire.exchanges):
        strikes = [strike for strike in wire.strikes if strike.exchange == number]
        yield _payload(exchange, name, received=True)
        if exchange.response or strikes:
            yield _payload(exchange, name, strikes, received=False)


def _payload(
    exchange: Exchange, name: str, strikes: list[Strike] | None = None, *, received: bool
) -> Payload:
    seconds = exchange.time + (0.0 if received else exchange.took)
    comments = [f"struck at {strike.hook}: {strike.detail}" for strike in strikes or []]
    data = exchange.request if received else exchange.response
    label = "" if data else "a request that could not be read" if received else "no response"
    return Payload(
        data,
        transport=TransportType.NONE,
        padding=DoeBinding.padding,
        connection=exchange.connection,
        conversation=name,
        received=received,
        time=round(seconds * _SECOND),
        session=exchange.session,
        label=label,
        comment="\n".join(comments),
    )
