"""Recorded conversations with their secrets: read from folders, or from one packed file.

A folder holds ``manifest.json``, a list with the ``name`` of every run; for each run a folder of
that name with

- ``messages.jsonl``: a line for each exchange: ``cmd``, ``trans``, ``req`` and ``rsp``, the socket
  payloads in hexadecimal,
- ``secrets.json``: what each side, ``responder`` and ``requester``, wrote down, in order,
- ``decoded.json``, optional: ``n``, ``dir`` and ``plain`` of secured records;

and under ``keys/<kind>/``, optional, what the two sides knew before they spoke:
``end_<side>.key.pub.der`` and ``bundle_<side>.certchain<slot>.der`` (slot 0 without its number).
"""

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from responder.errors import ConfigError, system_reason
from responder.transport.socket_frame import TransportType

REQUEST, RESPONSE = "req", "rsp"
RESPONDER, REQUESTER = "responder", "requester"
SPDM_COMMAND = 1
"""The socket command that carries SPDM."""

_DICTIONARY_SIZE = 1 << 26
"""Bytes that the packer looks back; it covers all runs, which are much alike."""
_SIDES = (RESPONDER, REQUESTER)

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Two socket payloads, transport headers included.

    Attributes:
        number: its place in the run, from 0 on.
        command: the socket command.
    """

    number: int
    command: int
    request: bytes
    response: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What each side has of one kind of key, by side.

    Attributes:
        keys: SubjectPublicKeyInfo (DER) of slot 0.
        chains: the certificates (DER, root first) of each slot.
    """

    keys: Mapping[str, bytes] = field(default_factory=dict)
    chains: Mapping[str, Mapping[int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """One recorded run.

    Attributes:
        transport: the socket protocol's TransportType.
        secrets: the events of each side, in order.
        plain: the application data of secured records by exchange and direction.
        known: by kind of key, such as ``ecp384``.
        facts: what else the manifest says.
    """

    name: str
    transport: int
    exchanges: tuple[Exchanged, ...] = field(repr=False)
    secrets: Mapping[str, Sequence[Event]] = field(repr=False)
    plain: Mapping[tuple[int, str], bytes] = field(repr=False)
    known: Mapping[str, Known] = field(repr=False)
    facts: Event = field(repr=False)


def read(path: Path) -> list[Recording]:
    """The runs in a folder, or in a file that ``pack`` made.

    Raises:
        ConfigError: something is missing or is not what it should be.
    """
    return list(_folder(path) if path.is_dir() else _packed(path))


def _folder(folder: Path) -> Iterator[Recording]:
    known = {path.name: _known(path) for path in sorted(folder.glob("keys/*")) if path.is_dir()}
    manifest = folder / "manifest.json"
    for entry in _json(manifest):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise ConfigError("a run without a name", where=str(manifest))
        yield _run(folder / entry["name"], entry, known)


def _run(folder: Path, facts: Event, known: Mapping[str, Known]) -> Recording:
    messages = folder / "messages.jsonl"
    rows = [_row(messages, number, text) for number, text in enumerate(_lines(messages))]
    secrets = _json(folder / "secrets.json")
    if not isinstance(secrets, dict) or not all(map(_are_events, secrets.values())):
        raise ConfigError("no lists of events by side", where=str(folder / "secrets.json"))
    decoded = folder / "decoded.json"
    plain = _plain(decoded) if decoded.exists() else {}
    return Recording(
        name=facts["name"],
        transport=rows[0][0] if rows else TransportType.NONE,
        exchanges=tuple(exchange for _, exchange in rows),
        secrets={side: secrets.get(side, []) for side in (RESPONDER, REQUESTER)},
        plain=plain,
        known=known,
        facts=facts,
    )


def _are_events(events: Any) -> bool:
    return isinstance(events, list) and all(isinstance(event, dict) for event in events)


def _plain(path: Path) -> dict[tuple[int, str], bytes]:
    try:
        rows = [row for row in _json(path) if "plain" in row]
        return {(row["n"], row["dir"]): bytes.fromhex(row["plain"]) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"no plaintexts: {error!r}", where=str(path)) from None


def _row(path: Path, number: int, text: str) -> tuple[int, Exchanged]:
    try:
        row = json.loads(text)
        payloads = bytes.fromhex(row[REQUEST]), bytes.fromhex(row[RESPONSE])
        return TransportType(row["trans"]), Exchanged(number, row["cmd"], *payloads)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"no exchange: {error!r}", where=f"{path}:{number + 1}") from None


def _known(folder: Path) -> Known:
    keys = {side: folder / f"end_{side}.key.pub.der" for side in _SIDES}
    return Known(
        {side: path.read_bytes() for side, path in keys.items() if path.exists()},
        {side: _chains(folder, f"bundle_{side}.certchain") for side in _SIDES},
    )


def _chains(folder: Path, name: str) -> dict[int, bytes]:
    slots = {path: path.stem.removeprefix(name) or "0" for path in folder.glob(f"{name}*.der")}
    return {int(slot): path.read_bytes() for path, slot in sorted(slots.items()) if slot.isdigit()}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError as error:
        raise ConfigError(system_reason(error), where=str(path)) from None


def _json(path: Path) -> Any:
    try:
        return json.loads("\n".join(_lines(path)))
    except ValueError as error:
        raise ConfigError(str(error), where=str(path)) from None


def pack(recordings: Sequence[Recording]) -> bytes:
    """One compressed file with all that a replay needs."""
    known = recordings[0].known if recordings else {}
    rows: Iterable[Any] = [
        {kind: asdict(one) for kind, one in known.items()},
        *(_packed_row(one) for one in recordings),
    ]
    text = "".join(f"{json.dumps(row, separators=(',', ':'), default=bytes.hex)}\n" for row in rows)
    filters = [
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": _DICTIONARY_SIZE}
    ]
    return lzma.compress(text.encode(), filters=filters)


def _packed_row(one: Recording) -> Event:
    exchanges = []
    for exchange in one.exchanges:
        row: list[Any] = [exchange.command, exchange.request, exchange.response]
        plain = [one.plain.get((exchange.number, side)) for side in (REQUEST, RESPONSE)]
        exchanges.append(row + (plain if any(plain) else []))
    return {
        "facts": one.facts,
        "transport": one.transport,
        "exchanges": exchanges,
        "secrets": one.secrets,
    }


def _packed(path: Path) -> Iterator[Recording]:
    try:
        lines = [json.loads(line) for line in lzma.decompress(path.read_bytes()).splitlines()]
        known = {kind: _unpacked_known(one) for kind, one in lines[0].items()}
        for line in lines[1:]:
            yield _unpacked(line, known)
    except OSError as error:
        raise ConfigError(system_reason(error), where=str(path)) from None
    except (lzma.LZMAError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ConfigError(f"neither a folder nor packed runs: {error}", where=str(path)) from None


def _unpacked_known(row: Mapping[str, Any]) -> Known:
    return Known(
        {side: bytes.fromhex(key) for side, key in row["keys"].items()},
        {
            side: {int(slot): bytes.fromhex(chain) for slot, chain in chains.items()}
            for side, chains in row["chains"].items()
        },
    )


def _unpacked(row: Mapping[str, Any], known: Mapping[str, Known]) -> Recording:
    exchanges, plain = [], {}
    for number, (command, request, response, *opened) in enumerate(row["exchanges"]):
        payloads = bytes.fromhex(request), bytes.fromhex(response)
        exchanges.append(Exchanged(number, command, *payloads))
        for side, text in zip((REQUEST, RESPONSE), opened, strict=False):
            if text is not None:
                plain[number, side] = bytes.fromhex(text)
    return Recording(
        name=row["facts"]["name"],
        transport=row["transport"],
        exchanges=tuple(exchanges),
        secrets=row["secrets"],
        plain=plain,
        known=known,
        facts=row["facts"],
    )
