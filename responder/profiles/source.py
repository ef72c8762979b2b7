"""Reads a profile and what it extends; knows in which file and line each key stands."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from responder.errors import ConfigError, data_root, suggest

KeyPath = tuple[str | int, ...]
"""Keys of tables and indices of arrays, from the top of a profile."""

_NOT_INHERITED = ("extends", "description")


class Layer(msgspec.Struct, frozen=True):
    """One file, or the overrides that no file holds.

    Attributes:
        label: how errors name it.
        folder: where its relative paths begin.
        data: its own keys.
        text: the document; empty for overrides.
    """

    label: str
    folder: Path
    data: Mapping[str, Any]
    text: str = ""

    def where(self, path: KeyPath) -> str:
        """``file:line`` of a key, or of the nearest table above it that this file names."""
        if not self.text:
            return f"{self.label} {path_text(path)}".strip()
        from responder.profiles.locate import key_lines  # noqa: PLC0415 - for mistakes only

        lines = key_lines(self.text)
        while path and path not in lines:
            path = path[:-1]
        return f"{self.label}:{lines.get(path, 1)}"

    def depth(self, path: KeyPath) -> int:
        """How many steps of a key's path this file has."""
        value: Any = self.data
        for taken, step in enumerate(path):
            present = step in value if isinstance(value, Mapping) else _has(value, step)
            if not present:
                return taken
            value = value[step]
        return len(path)


class Source:
    """A profile's layers, the first extended by the second and so on, and their sum.

    Attributes:
        layers: what it extends comes first.
        data: all of it, merged.
        path: the file that was asked for.
    """

    def __init__(self, layers: list[Layer], path: Path) -> None:
        self.layers = layers
        self.path = path
        self.data: dict[str, Any] = {}
        for layer in layers:
            for key in _NOT_INHERITED:
                self.data.pop(key, None)
            self.data = merged(self.data, layer.data)

    def layer_of(self, path: KeyPath) -> Layer:
        """The layer that a key comes from: the last that has it, or most of its path."""
        owner, depth = self.layers[-1], 0
        for layer in reversed(self.layers):
            found = layer.depth(path)
            if found > depth:
                owner, depth = layer, found
            if any(isinstance(step, int) for step in path[:found]):
                break  # a list hides those of the layers below it
        return owner

    def value(self, path: KeyPath) -> Any:
        """What stands at a path that exists."""
        value: Any = self.data
        for step in path:
            value = value[step]
        return value

    def file(self, path: KeyPath, name: str) -> Path:
        """The file that the value ``name`` at ``path`` means: relative to the profile."""
        return self.layer_of(path).folder / name

    def error(self, path: KeyPath, reason: str, suggestion: str = "") -> ConfigError:
        """An error at the place of a key."""
        where = self.layer_of(path).where(path)
        return ConfigError(reason, where=where, suggestion=suggestion)


def path_text(path: KeyPath) -> str:
    """A key's path as people write it: ``slot[0].model``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).lstrip(".")


def list_profiles() -> list[str]:
    """The names of the shipped profiles."""
    return sorted(path.stem for path in data_root("profiles").glob("*.toml"))


def open_source(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Source:
    """Read a profile, what it extends, and put the overrides on top.

    Raises:
        ConfigError: a file is missing or no TOML, a name is unknown, or profiles extend each other
            in a circle.
    """
    layers: list[Layer] = []
    visited: list[Path] = []
    wanted, asker = name_or_path, None
    while wanted:
        path = find_profile(wanted, asker)
        if path in visited:
            chain = " extends ".join(other.name for other in [*visited, path])
            reason = f"profiles extend each other in a circle: {chain}"
            raise ConfigError(reason, where=_extends_of(asker))
        visited.append(path)
        asker = _read(path, asker)
        layers.insert(0, asker)
        wanted = _extended(asker)
    if overrides:
        layers.append(Layer("override", Path(), overrides))
    return Source(layers, visited[0])


def find_profile(name_or_path: str, asker: Layer | None = None) -> Path:
    """The file of a shipped profile's name, or of a path.

    Args:
        name_or_path: a path if it ends in ``.toml`` or has a separator.
        asker: the profile that extends it; paths are relative to its folder.

    Raises:
        ConfigError: there is no profile of that name.
    """
    folder = asker.folder if asker else Path()
    if name_or_path.endswith(".toml") or os.sep in name_or_path:
        return (folder / name_or_path).resolve()
    path = data_root("profiles") / f"{name_or_path}.toml"
    if path.is_file():
        return path.resolve()
    beside = folder / f"{name_or_path}.toml"
    hint = f".{os.sep}{beside.name}" if beside.is_file() else suggest(name_or_path, list_profiles())
    reason = f"there is no profile {name_or_path!r}"
    raise ConfigError(reason, where=_extends_of(asker), suggestion=hint)


def _extends_of(asker: Layer | None) -> str:
    return asker.where(("extends",)) if asker else ""


def _read(path: Path, asker: Layer | None) -> Layer:
    label = _label(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        near = suggest(path.name, (other.name for other in path.parent.glob("*.toml")))
        hint = _label(path.with_name(near)) if near else ""
        reason = f"no such profile: {label}"
        raise ConfigError(reason, where=_extends_of(asker), suggestion=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError("a profile is UTF-8 text, this is not", where=label) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=label) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, label, text) from error
    return Layer(label, path.parent, data, text)


def _extended(layer: Layer) -> str:
    extends = layer.data.get("extends", "")
    if not isinstance(extends, str):
        reason = "extends names one profile, in quotes"
        raise ConfigError(reason, where=layer.where(("extends",)))
    return extends


def _syntax_error(error: tomllib.TOMLDecodeError, label: str, text: str) -> ConfigError:
    import re  # noqa: PLC0415 - for mistakes only

    message = str(error)
    position = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if position is None:
        return ConfigError(message, where=label)
    line = int(position[1]) if position[1] else text.count("\n") + (not text.endswith("\n"))
    return ConfigError(message[: position.start()], where=f"{label}:{line}")


def _label(path: Path) -> str:
    """The path as short as it can be said from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with what ``change`` has; tables are merged, all other values replaced."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _has(value: object, step: str | int) -> bool:
    return isinstance(value, list) and isinstance(step, int) and step < len(value)
