"""What msgspec complains about, in the words and at the line of the person who wrote it."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from responder.errors import ConfigError, suggest
from responder.profiles.schema import ProfileSpec
from responder.profiles.source import KeyPath, Source, path_text

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<place>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")
_UNKNOWN_FIELD = re.compile(r"unknown field `(.*)`")
_MISSING_FIELD = re.compile(r"missing required field `(.*)`")
_INVALID_VALUE = re.compile(r"^Invalid (?:enum )?value ")
_JSON_WORDS = (("`object`", "a table"), ("`array`", "a list"), ("`", ""))


def explain(message: str, source: Source) -> ConfigError:
    """The error that a validation message means."""
    match = _PLACE.match(message)
    what, place = (match["what"], match["place"] or "") if match else (message, "")
    path: KeyPath = tuple(
        int(index) if index else key for key, index in _STEP.findall(place.partition("[...")[0])
    )
    if unknown := _UNKNOWN_FIELD.search(what):
        known = _keys_at(path, source.value(path))
        table = f"in {path_text(path)}" if path else "in a profile"
        hint = suggest(unknown[1], known)
        return source.error((*path, unknown[1]), f"unknown key {unknown[1]!r} {table}", hint)
    if missing := _MISSING_FIELD.search(what):
        return source.error(
            path, f"{path_text(path) or 'the profile'} lacks the key {missing[1]!r}"
        )
    if _INVALID_VALUE.match(what):
        value, known = source.value(path), _values_at(path)
        reason = f"{path_text(path)} is none of {', '.join(map(str, known))}: {value!r}"
        hint = suggest(value, map(str, known)) if isinstance(value, str) else ""
        return source.error(path, reason, hint)
    for technical, plain in _JSON_WORDS:
        what = what.replace(technical, plain)
    return source.error(path, f"{path_text(path)}: {what[:1].lower()}{what[1:]}")


def explain_table(message: str, path: KeyPath, source: Source) -> ConfigError:
    """The error that a validation message about the table at ``path`` means."""
    what, _, place = message.partition(" - at `$")
    where = path_text(path)
    return explain(f"{what} - at `$.{where}{place or '`'}", source)


def _keys_at(path: KeyPath, table: Any) -> list[str]:
    """The keys that the table at a path may have; of a union those of the class that it names."""
    classes = _structs_at(path)
    configs = [cls.__struct_config__ for cls in classes]
    tagged = isinstance(table, dict)
    named = [
        cls
        for cls, config in zip(classes, configs, strict=True)
        if tagged and config.tag_field and table.get(config.tag_field) == config.tag
    ]
    return sorted({f.encode_name for cls in named or classes for f in _fields(cls)})


def _values_at(path: KeyPath) -> list[Any]:
    """The values of a literal, or the tags of a union, at a path."""
    *table, key = path
    while isinstance(key, int):
        key = table.pop()
    for cls in _structs_at(tuple(table)):
        for field in _fields(cls):
            if field.encode_name == key:
                return list(_literals(field.type))
    return [cls.__struct_config__.tag for cls in _structs_at(tuple(table))]


def _structs_at(path: KeyPath) -> list[Any]:
    """The classes that the table at a path may have; several for a union."""
    classes: list[Any] = [ProfileSpec]
    if path[:1] == ("fault",):
        from responder.faults.rule import FaultSpec  # noqa: PLC0415 - only with faults

        classes, path = [FaultSpec], path[2:]
    for step in path:
        if isinstance(step, str):
            types = [f.type for cls in classes for f in _fields(cls) if f.encode_name == step]
            classes = [struct for one in types for struct in _structs_in(one)]
    return classes


def _fields(cls: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(cls)


def _structs_in(annotation: Any) -> Iterator[Any]:
    """The struct classes anywhere inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for argument in get_args(annotation):
        yield from _structs_in(argument)


def _literals(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for argument in get_args(annotation):
        yield from _literals(argument)
