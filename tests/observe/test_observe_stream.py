"""The stream's lines are what the published JSON Schema says, and stay readable for old readers."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import fields

from responder.core import events as core_events
from responder.core.events import Event, SessionKeys
from responder.observe.entry import Entry, entry_as_dict, json_line
from responder.server import events as server_events

SCHEMA = json.loads(
    (Path(__file__).parent.parent.parent / "docs/events.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
FIRST = json.loads((Path(__file__).parent / "stream_v1.json").read_text(encoding="utf-8"))
"""The events of version 1 when it came out: the type of each key."""
SAMPLES = {str: "a \u20ac \x1b", int: 3, bytes: b"\x10\xff", int | None: None, bool: True}


def classes():
    ours = [one for one in Event.__subclasses__() if one.__module__.startswith("responder.")]
    return sorted({*ours} - {SessionKeys}, key=lambda kind: kind.__name__)


def line(kind):
    values = {field.name: SAMPLES[field.type] for field in fields(kind)}
    return json.loads(json_line(entry_as_dict(Entry(0.25, 1, kind(**values)))))


def type_of(part):
    kinds = part.get("anyOf", [part])
    return sorted("hex" if "pattern" in kind else kind["type"] for kind in kinds)


def test_the_schema_is_one():
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_every_event_is_as_the_schema_says(kind):
    values = line(kind)
    VALIDATOR.validate(values)
    for key in values:
        missing = {name: value for name, value in values.items() if name != key}
        assert not VALIDATOR.is_valid(missing), f"without {key}"
        assert not VALIDATOR.is_valid({**values, key: [1]}), f"another {key}"


def test_bytes_are_in_hexadecimal():
    wrong = {**line(core_events.RequestReceived), "message": "EP8="}
    assert not VALIDATOR.is_valid(wrong)


def test_a_reader_of_version_1_finds_what_it_knows():
    """Events and keys may be added; a change of those here needs another version."""
    now = {
        name: {key: type_of(part) for key, part in one["properties"].items() if key != "event"}
        for name, one in SCHEMA["$defs"].items()
    }
    for name, keys in FIRST.items():
        assert keys.items() <= now[name].items(), name


def test_a_name_that_is_no_unicode_is_written_all_the_same():
    left = server_events.PeerLeft("/run/\udcff", "x")
    values = json.loads(json_line(entry_as_dict(Entry(0.0, 1, left))))
    assert values["peer"] == "/run/\udcff"
