"""Shows what an attestation found out about ports, an interface and a CXL memory target."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from responder.requester.report import Report
    from responder.requester.report_tdi import IdeReport, StatusReport, TdiReport

Row = tuple[str, ...]

RANGE_HEADS: Row = ("range id", "first page", "address", "size", "attributes")
_KIBIBYTE = 1024


def port_rows(report: "Report") -> list[Row]:
    """The port, its streams and their keys."""
    found: IdeReport | None = report.ide
    if found is None:
        return []
    rows: list[Row] = [("port", f"{found.port_index} of 0 to {found.max_port_index}")]
    rows += [("function", found.function)] if found.function else []
    rows += [("capabilities", " ".join(found.capabilities))] if found.capabilities else []
    for stream in found.streams:
        enabled = "enabled" if stream.enabled else "not enabled"
        rows.append((f"{stream.kind} stream {stream.stream_id}", f"{stream.state}, {enabled}"))
    return rows + [("key", key) for key in found.keys]


def interface_rows(report: "Report") -> list[Row]:
    """The interface, but for its ranges."""
    found: TdiReport | None = report.tdi
    if found is None:
        return []
    rows: list[Row] = [("function", found.function), ("TDISP", ", ".join(found.versions))]
    able = found.capabilities
    if able is not None:
        at_once = f"{able.num_req_this} at once, {able.num_req_all} of all interfaces"
        rows += [
            ("requests", " ".join(able.requests)),
            ("lock flags", " ".join(able.lock_flags)),
            ("addresses", f"{able.dev_addr_width} bits"),
            ("outstanding", at_once),
        ]
    rows += [("locked with", " ".join(found.lock_flags)), ("states", " -> ".join(found.states))]
    if found.interface is not None:
        about = found.interface
        rows += [
            ("interface info", " ".join(about.info)),
            ("MSI-X control", f"0x{about.msi_x_message_control:04x}"),
            ("LNR control", f"0x{about.lnr_control:04x}"),
            ("TPH control", f"0x{about.tph_control:08x}"),
            ("device specific", about.device_specific_info),
        ]
    if found.status is not None:
        rows.append(("measured", _status(found.status)))
    rows.append(("VDM response", found.vdm_response))
    return [row for row in rows if row[1]]


def _status(status: "StatusReport") -> str:
    words = [
        status.state,
        " ".join(status.flags) or "no flags",
        f"configuration 0x{status.configuration:08x}",
        f"{status.resets} resets",
        f"{status.refused} changes refused, {status.shown} took effect",
        "signed" if status.signed else "unsigned",
    ]
    return "; ".join(words)


def cxl_port_rows(report: "Report") -> list[Row]:
    """The CXL port and its keys."""
    found = report.cxl_port
    if found is None:
        return []
    rows: list[Row] = [
        ("port", f"{found.port_index} of 0 to {found.max_port_index}"),
        ("function", found.function),
        ("capabilities", " ".join(found.capabilities)),
    ]
    return [row for row in rows if row[1]] + [("key", key) for key in found.keys]


def target_rows(report: "Report") -> list[Row]:
    """The CXL memory target."""
    found = report.tsp
    if found is None:
        return []
    rows: list[Row] = [("TSP", ", ".join(found.versions))]
    rows += [(f"supports {name}", " ".join(words)) for name, words in found.supported.items()]
    rows += [(f"has {name}", " ".join(words)) for name, words in found.configuration.items()]
    rows.append(("states", " -> ".join(found.states)))
    rows.append(("report", f"{len(found.report) // 2} bytes" if found.report else ""))
    return [row for row in rows if row[1]]


def range_rows(report: "Report") -> list[Row]:
    """One row for each MMIO range, as ``RANGE_HEADS`` says."""
    if report.tdi is None or report.tdi.interface is None:
        return []
    return [
        (
            f"BAR {one.bar}",
            f"page 0x{one.first_page:x}",
            f"0x{one.address:x}",
            f"{one.size // _KIBIBYTE} KiB",
            " ".join(one.attributes) or "TEE memory",
        )
        for one in report.tdi.interface.ranges
    ]
