"""Shows an attestation's report to a person: with rich on a terminal, else in plain lines."""

import sys
from typing import TYPE_CHECKING, Any, TextIO

from responder.cli.report_tdi import (
    RANGE_HEADS,
    Row,
    cxl_port_rows,
    interface_rows,
    port_rows,
    range_rows,
    target_rows,
)

if TYPE_CHECKING:
    from responder.requester.report import BankReport, KeyPairReport, Report, SessionReport

_MEASUREMENT_HEADS: Row = ("index", "measurement", "form", "value", "")
_VALUE_WIDTH = 20
"""Characters of a measurement's value that are shown; the JSON document has all."""


def print_report(report: "Report", file: TextIO | None = None) -> None:
    """Print the report to ``file``, by default standard output."""
    out = file or sys.stdout
    if out.isatty():
        _print_rich(report, out)
    else:
        _print_plain(report, out)


def verdict_line(report: "Report") -> str:
    """The verdict in one line: where it stopped, the check and what was seen."""
    if report.refusal is None:
        return f"ATTESTED  {report.identity.subject or 'the provisioned public key'}"
    refusal = report.refusal
    word = report.verdict.upper()
    source = f" [{refusal.source}]" if refusal.source else ""
    return f"{word}  {refusal.step}: {refusal.check}: {refusal.reason}{source}"


def facts(report: "Report") -> list[tuple[str, list[Row]]]:
    """The sections of the report, each a title and rows of a name and a value."""
    left_out = [(p.check, f"{p.step}: {p.reason}") for p in report.passed_over]
    sections: list[tuple[str, list[Row]]] = [
        ("Identity", _identity(report)),
        ("Certificate chain", _chain(report)),
        ("Connection", _connection(report)),
        ("Algorithms", list(report.algorithms.items())),
        ("Sessions", [_session(session) for session in report.sessions]),
        ("Slot sizes", [(str(slot), f"{size}") for slot, size in report.slot_sizes.items()]),
        ("Banks", [_bank(bank) for bank in report.banks]),
        ("Key pairs", [_key_pair(pair) for pair in report.key_pairs]),
        ("Events", [(f"{e.session} {e.instance}", f"{e.type}: {e.detail}") for e in report.events]),
        ("Port", port_rows(report)),
        ("Interface", interface_rows(report)),
        ("CXL port", cxl_port_rows(report)),
        ("CXL memory target", target_rows(report)),
        ("Observations", [(seen.id, seen.detail) for seen in report.observations]),
        ("Checks left out that would have refused", [*left_out]),
    ]
    return [(title, rows) for title, rows in sections if rows]


def _identity(report: "Report") -> list[Row]:
    identity = report.identity
    rows: list[Row] = []
    if identity.subject:
        rows += [("subject", identity.subject), ("serial", identity.serial)]
    rows += [(name.name or name.oid, name.value) for name in identity.other_names]
    if report.slot is not None:
        slots = ", ".join(str(slot.slot) for slot in report.slots)
        rows.append(("slot", f"{report.slot}" + (f" of {slots}" if slots else "")))
    if report.trust_anchor:
        rows.append(("trusted root", report.trust_anchor))
    return rows


def _chain(report: "Report") -> list[Row]:
    return [
        (str(number), f"{cert.subject}  ({cert.key}, {cert.signature_algorithm})")
        for number, cert in enumerate(report.chain)
    ]


def _connection(report: "Report") -> list[Row]:
    rows: list[Row] = []
    if report.target:
        rows.append(("target", report.target))
    if report.version:
        rows.append(("version", f"{report.version} of {', '.join(report.versions_offered)}"))
    if report.capabilities.names:
        rows.append(("capabilities", " ".join(report.capabilities.names)))
    if report.signed:
        rows.append(("signatures", ", ".join(report.signed)))
    log = f"{len(report.extension_log)} entries" if report.extension_log else ""
    told = (
        ("endpoint info", _short(report.endpoint_info)),
        ("csr", _short(report.csr)),
        ("extension log", log),
        ("application response", report.application_response),
        ("vendor response", report.vendor_response),
    )
    rows += [(name, value) for name, value in told if value]
    if report.exchanges:
        times = [exchange.milliseconds for exchange in report.exchanges]
        rows.append(
            ("exchanges", f"{len(times)} in {sum(times):.1f} ms, slowest {max(times):.1f} ms")
        )
    return rows


def _session(session: "SessionReport") -> Row:
    what = [session.opened_by, f"DSP0277 {session.secured_version}"]
    what += [f"requester authenticated {session.mutual}"] if session.mutual else []
    what += [f"did {', '.join(session.steps)}"] if session.steps else []
    return session.id, "; ".join([*what, "ended" if session.ended else "left open"])


def _bank(bank: "BankReport") -> Row:
    holding = [str(slot.slot) for slot in bank.slots if slot.digest]
    what = [
        bank.algorithm or "no algorithm",
        f"chains in slots {', '.join(holding)}" if holding else "no chain",
    ]
    what += [f"may be {' or '.join(bank.available)}"] if bank.available else []
    return str(bank.bank), "; ".join(what + ["selected"] * bank.selected)


def _key_pair(pair: "KeyPairReport") -> Row:
    slots = f"slots {', '.join(map(str, pair.slots))}" if pair.slots else "no slot"
    return str(
        pair.key_pair_id
    ), f"{pair.algorithm or 'no key'}; {slots}; {', '.join(pair.key_usage)}"


def measurement_rows(report: "Report") -> list[Row]:
    """One row for each measurement: index, name, form and size in bytes, value, signed."""
    return [
        (
            str(measured.index),
            measured.name,
            f"{'raw' if measured.raw else 'digest'} {len(measured.value) // 2}",
            measured.text or _short(measured.value),
            "signed" if measured.signed else "unsigned",
        )
        for measured in report.measurements
    ]


def tables(report: "Report") -> list[tuple[str, Row, list[Row]]]:
    """What has more than two columns, five of them: title, heads and rows."""
    found = [
        ("MMIO ranges", RANGE_HEADS, range_rows(report)),
        ("Measurements", _MEASUREMENT_HEADS, measurement_rows(report)),
    ]
    return [(title, heads, rows) for title, heads, rows in found if rows]


def _short(value: str) -> str:
    return value if len(value) <= _VALUE_WIDTH else f"{value[:_VALUE_WIDTH]}.."


def _print_plain(report: "Report", out: TextIO) -> None:
    for title, rows in facts(report):
        print(title, file=out)
        width = max(len(row[0]) for row in rows)
        for name, value in rows:
            print(f"  {_clean(name):<{width}}  {_clean(value)}", file=out)
    for title, _, rows in tables(report):
        print(title, file=out)
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            cells = [f"{_clean(cell):<{w}}" for cell, w in zip(row, [*widths, 0], strict=True)]
            print("  " + "  ".join(cells).rstrip(), file=out)
    print(_clean(verdict_line(report)), file=out)


def _clean(text: str) -> str:
    """A peer's text without what would steer a terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _print_rich(report: "Report", out: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - heavy, and only for terminals
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def grid(title: str, heads: Row, rows: list[Row]) -> Any:
        table = Table(
            title=title, title_justify="left", title_style="bold", show_header=bool(heads)
        )
        for head in heads or ("", ""):
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*(Text(_clean(cell)) for cell in row))
        return table

    console = Console(file=out)
    for title, rows in facts(report):
        console.print(grid(title, (), rows))
    for title, heads, rows in tables(report):
        console.print(grid(title, heads, rows))
    style = "bold green" if report.attested else "bold red"
    console.print(Text(_clean(verdict_line(report)), style=style))
