import json
from pathlib import Path

import pytest

from responder.errors import data_root
from responder.profiles import document
from responder.profiles.source import open_source

DOCS = Path(__file__).parent.parent.parent / "docs"
UPDATE = "run: spdm-responder profiles schema --update docs"


def test_published_schema_is_fresh():
    assert (DOCS / "profile.schema.json").read_text() == document.json_schema_text(), UPDATE


def test_published_tables_are_fresh():
    page = (DOCS / "profiles.md").read_text()
    assert document.with_key_tables(page) == page, UPDATE


def test_every_key_is_documented():
    schema = document.json_schema()
    missing = [
        f"{name}.{key}"
        for name, definition in {"top": schema, **schema["$defs"]}.items()
        for key, value in definition.get("properties", {}).items()
        if "description" not in value and key != "do"
    ]
    assert missing == []
    assert "| |\n" not in document.key_tables()


def test_a_fault_stands_in_the_schema_of_profiles_as_in_its_own():
    profile, fault = document.json_schema(), document.fault_schema()
    assert profile["properties"]["fault"]["items"] == {"$ref": "#/$defs/FaultSpec"}
    for name, definition in fault["$defs"].items():
        assert profile["$defs"][name] == definition
    own = profile["$defs"]["FaultSpec"]
    assert own["properties"] == fault["properties"]
    assert "### `[[fault]]`" in document.key_tables()


TYPES = {"integer": int, "number": float, "string": str, "boolean": bool}


def resolve(schema, part):
    if "$ref" in part:
        return [schema["$defs"][part["$ref"].rpartition("/")[2]]]
    return [inner for one in part.get("anyOf", []) for inner in resolve(schema, one)] or [part]


def complaints(schema, part, value, path):
    """What the schema has against a value, as far as profiles need it."""
    parts = resolve(schema, part)
    if isinstance(value, dict):
        tables = [one for one in parts if "properties" in one]
        if "do" in value:
            tables = [one for one in tables if value["do"] in one["properties"]["do"]["enum"]]
        tables = [one for one in tables if set(value) <= set(one["properties"])] or tables[:1]
        if not tables:
            return []
        (table, *_) = tables
        found = [f"{path}.{key}" for key in set(value) - set(table["properties"])]
        found += [f"{path} lacks {key}" for key in set(table.get("required", ())) - set(value)]
        for key, inner in value.items():
            if key in table["properties"]:
                found += complaints(schema, table["properties"][key], inner, f"{path}.{key}")
        return found
    if isinstance(value, list):
        items = [one["items"] for one in parts if "items" in one]
        return [text for inner in value for text in complaints(schema, items[0], inner, path)]
    kinds = [TYPES.get(one.get("type")) for one in parts if "enum" not in one]
    if any(kind is not None and isinstance(value, kind) for kind in kinds):
        return []
    words = [one["enum"] for one in parts if "enum" in one]
    return [f"{path} = {value}"] if words and all(value not in one for one in words) else []


WRITTEN = [*data_root("profiles").glob("*.toml"), *(DOCS / "examples").glob("*.toml")]


@pytest.mark.parametrize("path", sorted(WRITTEN), ids=lambda p: p.stem)
def test_shipped_profiles_keep_to_the_schema(path):
    schema = document.json_schema()
    own = open_source(str(path)).layers[-1].data
    assert complaints(schema, schema, own, "") == []


def test_complaints_are_possible():
    schema = document.json_schema()
    wrong = {"spdm": {"versions": ["1.9"], "capabilites": []}, "slot": [{"set": "device"}]}
    assert sorted(complaints(schema, schema, wrong, "")) == [
        ".slot lacks id",
        ".spdm.capabilites",
        ".spdm.versions = 1.9",
    ]


def test_profile_that_extends_nothing_needs_versions_and_capabilities():
    schema = json.loads(document.json_schema_text())
    assert schema["if"] == {"not": {"required": ["extends"]}}
    assert schema["then"]["required"] == ["spdm"]
    assert schema["then"]["properties"]["spdm"]["required"] == ["versions", "capabilities"]
    assert "required" not in schema["$defs"]["SpdmSection"]


def test_page_without_a_place_for_the_tables_is_refused():
    with pytest.raises(ValueError, match="no place"):
        document.with_key_tables("# Profiles\n")
