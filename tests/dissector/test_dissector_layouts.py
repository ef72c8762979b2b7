"""Declarations as tables, and what is refused because the dissector could not read it."""

from importlib.resources import files

import pytest
from construct import CString

from responder.dissector.declared import SHOWS, records
from responder.dissector.layouts import check_of, layouts, snake
from responder.dissector.parts import CHECKS, PARTS, SPECIAL_SIZES
from responder.dissector.shown import WIDE, Shown, shown
from responder.spec.algorithms import DHE_GROUPS
from responder.spec.codes import ErrorCode
from responder.spec.flags import ExtCap
from responder.wire.context import WireContext
from responder.wire.dig import PART_RECORDS
from responder.wire.fields import Blob, Int8ul, Int16ul
from responder.wire.frames import SocketHeader
from responder.wire.message import Record, wire, wire_fields
from responder.wire.names import slot, version_entry
from responder.wire.registry import MESSAGES
from responder.wire.tdisp import TdispVersion
from responder.wire.vendor_payload import PROTOCOLS
from responder.wire.version import Version

RUNTIME = "\n".join(
    file.read_text() for file in files("responder.dissector").joinpath("runtime").iterdir()
)


def layout(kind, name):
    return next(one for one in layouts(kind, SHOWS) if one.name == name)


def test_all_messages_and_all_that_can_be_inside_are_known():
    known = set(records())
    assert known >= set(MESSAGES)
    assert known >= {kind for family in PROTOCOLS.values() for kind in family.messages}
    inside = {kind for parts in PART_RECORDS.values() for kind in parts.values()}
    assert known >= inside - {None}
    assert known >= {info.view for kind in known for info in wire_fields(kind).values()} - {None}


def test_every_field_of_every_record_has_a_layout():
    for kind in records():
        assert [one.name for one in layouts(kind, SHOWS)] == list(wire_fields(kind)), kind


def test_fields_that_all_messages_have_share_a_filter():
    assert layout(Version, "code").filter == "spdm.code"
    assert layout(Version, "param1").filter == "spdm.version.param1"
    assert layout(TdispVersion, "interface_id").filter == "spdm.tdisp_message.interface_id"
    assert layout(TdispVersion, "version_num_count").filter == (
        "spdm.tdisp_version.version_num_count"
    )
    assert snake(TdispVersion) == "tdisp_version"


def test_numbers_have_width_and_order():
    size = layout(SocketHeader, "size")
    assert (size.kind, size.width, size.most, size.big_endian) == ("uint", "4", 4, True)
    entries = layout(Version, "version_number_entry")
    assert (entries.kind, entries.most, entries.shown.function) == ("list", 2, "version_entry")


def test_every_piece_of_code_has_its_namesake():
    assert {snake(kind) for kind, _ in PARTS} == {snake(kind) for kind, _ in PART_RECORDS}
    for name, *_ in PARTS.values():
        assert f"function PARTS.{name}(" in RUNTIME
    for name in (*CHECKS.values(), *SPECIAL_SIZES.values()):
        assert f"local function {name}(" in RUNTIME
    for name in (*WIDE.values(), "algorithms_of_type"):
        assert f"function TEXTS.{name}(" in RUNTIME


@pytest.mark.parametrize(
    ("show", "width", "expected"),
    [
        (None, 1, Shown()),
        (ExtCap, 2, Shown(bits={1: "SLOT_MGMT"})),
        (DHE_GROUPS[3:4], 2, Shown(bits={8: "SECP256R1"})),
        (version_entry, 2, Shown(function="version_entry")),
    ],
)
def test_how_numbers_are_shown(show, width, expected):
    assert shown(show, width) == expected


def test_texts_of_bytes_and_enumerations_are_tabulated():
    assert shown(slot, 1).values == {value: slot(value) for value in range(256)}
    errors = shown(ErrorCode, 1)
    assert errors.closed
    assert errors.values[0x42] == "RESPONSE_NOT_READY"


class Unreadable(Record):
    text: str = wire(CString("ascii"), default="")


class Wide(Record):
    number: int = wire(Int16ul, show=slot)


PLAIN = WireContext()


class OwnRead(Record):
    number: int = wire(Int8ul)

    @classmethod
    def read(cls, data, context=PLAIN):
        return super().read(data, context)


class Peeking(Record):
    data: bytes = wire(Blob(lambda c: c._io.tell()), default=b"")


@pytest.mark.parametrize("kind", [Unreadable, Wide, Peeking])
def test_what_the_dissector_does_not_know_is_refused(kind):
    with pytest.raises((ValueError, AttributeError)):
        list(layouts(kind, {}))


def test_a_way_to_read_that_the_dissector_does_not_know_is_refused():
    with pytest.raises(ValueError, match="OwnRead"):
        check_of(OwnRead)
