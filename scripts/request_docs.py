"""The page about requests: the table, what is supported where, and the state diagrams."""

from fault_docs import table

from responder.core.connection import Phase
from responder.core.session import Sessions
from responder.core.table import REQUESTS, Row
from responder.spec.codes import REQUEST_SINCE, RequestCode
from responder.spec.flags import ANY_PSK, SESSION, Cap
from responder.spec.versions import ALL_VERSIONS, V11, V14, SpdmVersion
from responder.transport.binding import binding_of
from responder.transport.records import records_of
from responder.transport.socket_frame import TransportType

IN_SESSIONS = Sessions.HANDSHAKING | Sessions.ESTABLISHED
PLACES = {Sessions.OUTSIDE: "o", Sessions.HANDSHAKING: "h", Sessions.ESTABLISHED: "e"}


def requests() -> str:
    """The request table, the support table, and the state diagrams."""
    return (
        "# Requests\n\nWhat each request needs, and where its exchange is kept. A request that is"
        " not listed here, but defined in the agreed version, is answered UnsupportedRequest.\n\n"
        + _table()
        + "\n## What is supported where\n\nFor each version where a request may come: `o` outside"
        " of sessions, `h` in a session that is handshaking, `e` in an established one; `-` where"
        " the version does not define it. For each transport whether it carries the request in all"
        " of these places.\n\n"
        + _support()
        + "\nSecured records of each transport:\n\n"
        + _records()
        + "\n## The connection\n\nOnly GET_VERSION takes a connection back, from every phase to"
        " AFTER_VERSION.\n\n" + _connection() + "\n## A session\n\n" + _session()
    )


def _table() -> str:
    rows = []
    for code, row in REQUESTS.items():
        last = f" to {row.last.name}" if row.last is not None and row.last != row.first else ""
        only = "only " if row.last == row.first else "from "
        rows.append(
            [
                f"`{code:02X}` {RequestCode(code).name}",
                REQUEST_SINCE[RequestCode(code)].label,
                f"{'' if last else only}{row.first.name}{last}",
                " ".join(mark for place, mark in PLACES.items() if place in row.sessions),
                " or ".join(flag.name or "" for flag in row.capability) or "-",
                row.enters.name if row.enters is not None else "-",
                row.buffer.value if row.buffer else "-",
                "yes" if row.deferrable else "no",
            ]
        )
    head = ["Request", "Since", "Phase", "Where", "Capability", "Enters", "Transcript"]
    return table([*head, "May be deferred"], rows)


def _support() -> str:
    rows = []
    for code in sorted(RequestCode):
        row = REQUESTS.get(code)
        cells = [_where(row, code, version) for version in ALL_VERSIONS]
        carried = ["yes" if row and _carries(kind, code, row) else "no" for kind in TransportType]
        rows.append([f"`{code:02X}` {code.name}", *cells, *carried])
    head = ["Request", *(version.label for version in ALL_VERSIONS)]
    return table([*head, *(kind.name for kind in TransportType)], rows)


def _where(row: Row | None, code: RequestCode, version: SpdmVersion) -> str:
    if version < REQUEST_SINCE[code]:
        return "-"
    if row is None:
        return "no"
    places = row.sessions if version >= V11 else row.sessions & Sessions.OUTSIDE
    return " ".join(mark for place, mark in PLACES.items() if place in places)


def _carries(transport: TransportType, code: RequestCode, row: Row) -> bool:
    """Whether a request arrives as it was sent: in the clear, and as what a record carries."""
    message = bytes((V14, code, 0, 0))
    binding, records = binding_of(transport), records_of(transport)
    clear = binding.unwrap(binding.wrap(message)).message == message
    secured = records.disclose(records.enclose(message)) == message
    return clear and (secured or not row.sessions & IN_SESSIONS)


def _records() -> str:
    rows = []
    for transport in TransportType:
        form = records_of(transport)
        before = len(form.enclose(b""))
        inside = f"{_bytes(before)} of the transport, and the message" if before else "the message"
        padding = f"up to {form.max_padding} bytes" if form.max_padding else "none"
        rows.append([transport.name, _bytes(form.sequence_size), inside, padding])
    return table(["Transport", "Sequence number", "Application data", "Random data"], rows)


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"


def _connection() -> str:
    arrows = ["[*] --> NOT_STARTED", "NOT_STARTED --> AFTER_VERSION: GET_VERSION"]
    for code, row in REQUESTS.items():
        if row.enters is not None:
            arrows += [
                f"{phase.name} --> {row.enters.name}: {RequestCode(code).name}"
                for phase in Phase
                if row.allows(phase) and phase < row.enters
            ]
    return _diagram(arrows)


def _session() -> str:
    """Which requests open, complete and end a session follows from where they may come."""
    arrows = []
    for code, row in REQUESTS.items():
        name = RequestCode(code).name
        if row.sessions == Sessions.OUTSIDE and row.capability and row.capability in SESSION:
            arrows.append(f"[*] --> HANDSHAKING: {name}")
            if Cap.PSK in row.capability:
                arrows.append(f"[*] --> ESTABLISHED: {name} without context")
        elif row.sessions & IN_SESSIONS == Sessions.HANDSHAKING:
            arrows.append(f"HANDSHAKING --> ESTABLISHED: {name}")
        elif row.sessions == Sessions.ESTABLISHED and row.capability == Cap.KEY_EX | ANY_PSK:
            arrows.append(f"ESTABLISHED --> [*]: {name}")
    for place in (Sessions.HANDSHAKING, Sessions.ESTABLISHED):
        moved = [arrow for arrow in arrows if arrow.startswith(f"{place.name} ")]
        stay = [
            RequestCode(code).name
            for code, row in REQUESTS.items()
            if place in row.sessions and not any(RequestCode(code).name in one for one in moved)
        ]
        arrows.append(f"{place.name} --> {place.name}: {', '.join(stay)}")
    return (
        "GET_VERSION outside of it, a record that does not open, and silence for two heartbeat"
        " periods end a session as well.\n\n" + _diagram(arrows)
    )


def _diagram(arrows: list[str]) -> str:
    lines = "\n".join(f"    {arrow}" for arrow in arrows)
    return f"```mermaid\nstateDiagram-v2\n{lines}\n```\n"
