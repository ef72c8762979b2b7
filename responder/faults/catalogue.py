"""The faults that come with the program, as data: a TOML file for each group of the catalogue."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from responder.errors import ConfigError, suggest
from responder.faults.cases import cases
from responder.faults.rule import Basis, FaultSpec

_FOLDER = "catalogue"


class Unbuilt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the catalogue that is no fault here.

    Attributes:
        id: its id.
        description: what it would be.
        reason: why it cannot be built, or where it is built otherwise.
    """

    id: str
    description: str
    reason: str


class Oracle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the catalogue that is no lie, but a demand on every requester.

    Attributes:
        id: its id; ``responder.campaign.oracles`` judges by it.
        description: what a requester must do, whatever it is answered.
        basis: why it must.
        source: where that is written.
    """

    id: str
    description: str
    basis: Basis
    source: str


class Group(msgspec.Struct, frozen=True):
    """The faults of one file.

    Attributes:
        letter: the group's letter.
        title: what it is about.
        faults: their tables, by id.
        oracles: what is demanded of every requester.
        unbuilt: the lines that are missing.
    """

    letter: str
    title: str
    faults: Mapping[str, Mapping[str, Any]]
    oracles: tuple[Oracle, ...]
    unbuilt: tuple[Unbuilt, ...]


@cache
def groups() -> tuple[Group, ...]:
    """All groups, by letter; read once, since nothing changes them.

    Raises:
        ConfigError: an id is there twice: a defect of the catalogue.
    """
    folder = resources.files("responder.faults").joinpath(_FOLDER)
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    return tuple(
        _group(tomllib.loads(file.read_text(encoding="utf-8")), file.name) for file in files
    )


def tables() -> dict[str, Mapping[str, Any]]:
    """Every fault's table by its id."""
    return {fault_id: table for group in groups() for fault_id, table in group.faults.items()}


def group_of(fault_id: str) -> Group:
    """The group of a fault or case.

    Raises:
        ConfigError: the catalogue does not have it.
    """
    family = fault_id.partition(":")[0]
    for group in groups():
        if family in group.faults:
            return group
    raise unknown(fault_id)


def find(fault_id: str) -> list[FaultSpec]:
    """The cases of a fault, or the one case that is named.

    Raises:
        ConfigError: there is no such fault or case.
    """
    family = fault_id.partition(":")[0]
    table = tables().get(family)
    if table is None:
        raise unknown(fault_id)
    found = cases(table)
    if fault_id == family:
        return found
    for case in found:
        if case.id == fault_id:
            return [case]
    hint = suggest(fault_id, [case.id for case in found])
    raise ConfigError(f"{family} has no case {fault_id!r}", suggestion=hint)


def all_cases() -> Iterator[FaultSpec]:
    """Every case of every fault."""
    for table in tables().values():
        yield from cases(table)


def unknown(fault_id: str) -> ConfigError:
    """The error of an id that nobody knows."""
    hint = suggest(fault_id, tables())
    return ConfigError(f"there is no fault {fault_id!r}", suggestion=hint)


def _group(document: Mapping[str, Any], name: str) -> Group:
    faults: dict[str, Mapping[str, Any]] = {}
    for table in document.get("fault", ()):
        if table["id"] in faults:
            raise ConfigError(f"fault {table['id']!r} is there twice", where=name)
        faults[table["id"]] = table
    unbuilt = msgspec.convert(document.get("unbuilt", []), tuple[Unbuilt, ...])
    oracles = msgspec.convert(document.get("oracle", []), tuple[Oracle, ...])
    return Group(document["group"], document["title"], faults, oracles, unbuilt)
