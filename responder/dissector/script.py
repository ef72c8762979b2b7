"""The dissector as one Lua script: tables of the declarations between the parts of ``runtime``."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

from responder import __version__
from responder.dissector.declared import SHOWS, records
from responder.dissector.layouts import Layout, check_of, layouts, snake, title
from responder.dissector.shown import Shown, bits_by_type, slug
from responder.spec.algorithms import (
    BASE_ASYM,
    BASE_HASHES,
    DHE_GROUPS,
    KEMS,
    MEASUREMENT_HASHES,
    PQC_ASYM,
    TABLE_DHE,
    TABLE_KEM,
    TABLE_REQ_BASE_ASYM,
    TABLE_REQ_PQC_ASYM,
)
from responder.spec.codes import RequestCode, ResponseCode
from responder.wire.message import Record
from responder.wire.registry import BY_CODE
from responder.wire.secured_opaque import ELEMENTS
from responder.wire.slot_management import REQUEST_STRUCTURES, RESPONSE_STRUCTURES
from responder.wire.vendor_payload import PROTOCOLS

_BEFORE = ("numbers", "read", "parts")
_AFTER = ("show", "conversation", "keys", "messages", "framing", "register")
_HEAD = f"""\
-- SPDM (DSP0274, DSP0277) for Wireshark and tshark: `wireshark -X lua_script:spdm.lua`.
-- Written by spdm-responder {__version__} (`spdm-responder dissector`) from its declarations.
-- SPDX-License-Identifier: Apache-2.0
"""


def script() -> str:
    """The dissector.

    Raises:
        ValueError, TypeError: a declaration does something that the dissector does not know.
    """
    parts = [_HEAD, *map(_runtime, _BEFORE), *_tables(), *map(_runtime, _AFTER)]
    return "\n".join(parts)


def _runtime(name: str) -> str:
    return files("responder.dissector").joinpath("runtime", f"{name}.lua").read_text("utf-8")


class _Shared:
    """Tables of texts, each written once however many fields have it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def name(self, shown: Shown) -> str:
        """How the table of a field is referred to."""
        text = _shown(shown)
        if text not in self.texts:
            self.texts.append(text)
        return f"SHOWN[{self.texts.index(text) + 1}]"


def _tables() -> Iterator[str]:
    shared = _Shared()
    written = {}
    for kind in records():
        name = snake(kind)
        if name in written:
            raise ValueError(f"two records are called {name}")
        written[name] = _record(kind, shared)
    by_type = ", ".join(f"[{kind}] = {shared.name(how)}" for kind, how in bits_by_type().items())
    yield "-- Generated tables.\n"
    yield "SHOWN = {\n" + "".join(f"  {text},\n" for text in shared.texts) + "}\n"
    yield f"ALGORITHMS_OF_TYPE = {{{by_type}}}\n"
    yield "".join(written.values())
    yield from _numbers()
    yield from _kinds()


def _record(kind: type[Record], shared: _Shared) -> str:
    check = f", check = {name}" if (name := check_of(kind)) else ""
    head = f"RECORDS.{snake(kind)} = {{title = {quoted(title(kind))}{check},\n"
    fields = (_field(layout, shared) for layout in layouts(kind, SHOWS))
    return head + "".join(f"  {{{field}}},\n" for field in fields) + "}\n"


def _field(layout: Layout, shared: _Shared) -> str:
    values = {"name": quoted(layout.name), "filter": quoted(layout.filter)}
    values["kind"] = quoted(layout.kind)
    if layout.most:
        values |= {"width": layout.width, "most": str(layout.most)}
        values["shown"] = shared.name(layout.shown)
    if layout.big_endian:
        values["big_endian"] = "true"
    if layout.view:
        values["view"] = quoted(layout.view)
    if layout.parts:
        name, *arguments = layout.parts
        listed = ", ".join([f"PARTS.{name}", *map(quoted, arguments)])
        values["parts"] = f"{{{listed}}}"
    values |= {name: text for name, text in (("size", layout.size), ("when", layout.when)) if text}
    return ", ".join(f"{name} = {text}" for name, text in values.items())


def _shown(shown: Shown) -> str:
    if shown.function:
        return f"{{text = TEXTS.{shown.function}}}"
    if shown.bits:
        bits = (
            f"{{bit = {bit}, name = {quoted(name)}, slug = {quoted(slug(name))}}}"
            for bit, name in shown.bits.items()
        )
        return f"{{bits = {{{', '.join(bits)}}}}}"
    if not shown.values:
        return "{}"
    closed = ", closed = true" if shown.closed else ""
    return f"{{values = {table(shown.values)}{closed}}}"


def _numbers() -> Iterator[str]:
    """Codes by their names, and the sizes that algorithms decide."""
    codes = {code.name: int(code) for code in (*RequestCode, *ResponseCode)}
    yield "CODES = {" + ", ".join(f"{name} = {code}" for name, code in codes.items()) + "}\n"
    sizes: dict[str, Iterable[Any]] = {
        "hash": BASE_HASHES,
        "measurement_hash": MEASUREMENT_HASHES,
        "base_asym": BASE_ASYM,
        "pqc_asym": PQC_ASYM,
    }
    lines = [
        f"  {name} = {table({row.bit: row.size for row in rows})},\n"
        for name, rows in sizes.items()
    ]
    yield "SIZES = {\n" + "".join(lines) + "}\n"
    signatures = {TABLE_REQ_BASE_ASYM: BASE_ASYM, TABLE_REQ_PQC_ASYM: PQC_ASYM}
    exchanges = {TABLE_DHE: DHE_GROUPS, TABLE_KEM: KEMS}
    lines = [
        f"  [{kind}] = {{signature = {table({row.bit: row.size for row in rows})}}},\n"
        for kind, rows in signatures.items()
    ]
    for kind, groups in exchanges.items():
        request = table({row.bit: row.request_size for row in groups})
        response = table({row.bit: row.response_size for row in groups})
        lines.append(f"  [{kind}] = {{request = {request}, response = {response}}},\n")
    yield "SIZES_OF_TYPE = {\n" + "".join(lines) + "}\n"


def _kinds() -> Iterator[str]:
    """Which record a code means."""
    yield f"MESSAGES = {table({code: snake(kind) for code, kind in BY_CODE.items()})}\n"
    yield f"ELEMENTS = {table({int(code): snake(kind) for code, kind in ELEMENTS.items()})}\n"
    structures = {"request": REQUEST_STRUCTURES, "response": RESPONSE_STRUCTURES}
    for side, kinds in structures.items():
        values = {int(code): snake(kind) for code, kind in kinds.items()}
        yield f"STRUCTURES.{side} = {table(values)}\n"
    for (vendor, number), family in PROTOCOLS.items():
        messages = table({message.CODE: snake(message) for message in family.messages})
        at = list(_names(family.raw)).index(family.raw.CODE_FIELD)
        yield (
            f"PROTOCOLS[{int(vendor) << 8 | int(number)}] = {{name = {quoted(family.name)}, "
            f"code_at = {at}, raw = {quoted(snake(family.raw))}, messages = {messages}}}\n"
        )


def _names(kind: type[Record]) -> Iterator[str]:
    return (layout.name for layout in layouts(kind, SHOWS))


def table(values: dict[int, Any]) -> str:
    """Numbers and texts by number, as a Lua table."""
    texts = {
        key: quoted(value) if isinstance(value, str) else str(value)
        for key, value in values.items()
    }
    if list(texts) == list(range(1 << 8)):
        first, *others = texts.values()
        return f"{{[0] = {first}, {', '.join(others)}}}"
    return "{" + ", ".join(f"[{key}] = {text}" for key, text in texts.items()) + "}"


def quoted(text: str) -> str:
    """A text as a Lua string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
