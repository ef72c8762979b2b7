"""What tshark shows of a capture: the fields of the dissector, packet by packet."""

import re
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree as ET

LAYERS = frozenset(
    {
        "socket_header",
        "mctp_message",
        "doe_object",
        "dsp0287_message",
        "storage_command_header",
        "plaintext_header",
        "discovery_response",
        "storage_discovery",
        "storage_pending_info",
    }
)
"""Headings that the dissector gives to what is around a message."""
_NAME = re.compile(r"\(?[a-z0-9_ ]+?(\[\d+\])?\)?(?=$|:| \()")


@dataclass(frozen=True)
class Field:
    """A field, or the heading of a part.

    Attributes:
        depth: how deep it lies; 0 for the fields of the message itself.
        start, end: its bytes, counted from the message's first one.
        name: as declared.
        value: its bytes in hexadecimal, as on the wire; empty of a heading.
        text: the whole line, which tshark cuts after 240 characters.
    """

    depth: int
    start: int
    end: int
    name: str
    value: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One message, record or other payload.

    Attributes:
        frame: number of the packet.
        title: its first line.
        fields: without those of the transport's headers.
        filters: the names of all fields in display filters.
        experts: what the dissector complains of.
    """

    frame: int
    title: str
    fields: list[Field]
    filters: list[str]
    experts: list[str]


def tshark(lua, capture, *options):
    """Run tshark with the dissector; what it prints."""
    command = ["tshark", "-n", "-X", f"lua_script:{lua}", "-r", str(capture), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Lua" not in done.stderr, done.stderr
    assert "Lua Error" not in done.stdout, "Lua Error"
    return done.stdout


def dissect(lua, capture, *options):
    """What the dissector shows of a capture, payload by payload."""
    quiet = ("-o", "spdm.certificates:FALSE")
    text = tshark(lua, capture, *quiet, "-T", "pdml", "-J", "frame spdm", *options)
    shown = []
    for packet in ET.fromstring(text):
        number = int(packet.find("proto[@name='frame']/field[@name='frame.number']").get("show"))
        shown += [_shown(number, proto) for proto in packet.findall("proto[@name='spdm']")]
    return shown


def _shown(frame, proto):
    fields = [field for field in proto if not _is_layer(field)]
    first = min((int(field.get("pos")) for field in fields if _is_ours(field)), default=0)
    names = [field.get("name") for field in proto.iter("field")]
    return Shown(
        frame,
        proto.get("showname"),
        [one for field in fields for one in _flat(field, 0, first)],
        names,
        [
            field.get("show")
            for field in proto.iter("field")
            if field.get("name") == "_ws.expert.message"
        ],
    )


def _is_layer(field):
    return field.get("name") == "spdm.part" and field.get("showname") in LAYERS


def _is_ours(field):
    """Neither a bit of a field, nor what an expert says."""
    return field.get("name").startswith("spdm.") and "unmaskedvalue" not in field.attrib


def _flat(field, depth, first):
    if not _is_ours(field):
        return
    text, start = field.get("showname"), int(field.get("pos")) - first
    name = _NAME.match(text).group()
    yield Field(depth, start, start + int(field.get("size")), name, field.get("value"), text)
    for inner in field:
        yield from _flat(inner, depth + 1, first)
