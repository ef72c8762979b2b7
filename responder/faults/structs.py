"""Edits of what is no message: derivations, records to be sealed, register accesses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from responder.core.hooks import Access, Agreement, Derivation, Sealing
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.place import NoSuchPlace
from responder.faults.subject import Subject
from responder.spec.algorithms import BASE_HASHES, by_name
from responder.wire.context import WireContext
from responder.wire.secured import Plaintext

_PLAIN = WireContext()
_WIDTHS = {"sequence": 8, "session_id": 4, "size": 2, "version": 1}
"""Bytes of the fields that are numbers; a register's value says for itself."""
_PLAINTEXT = "plaintext"
FIELDS: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        Agreement: frozenset({"seed"}),
        Derivation: frozenset(Derivation.__struct_fields__) - {"purpose", "parts"},
        Sealing: frozenset(Sealing.__struct_fields__) - {"message"},
        Access: frozenset({"value"}),
    }
)
"""What edits may change in each."""


def change(subject: Any, action: Action, draws: Draws, sources: Sources) -> str:
    """Change a field of a struct of ``core.hooks``; return what was done.

    Raises:
        NoSuchPlace: it has no such field, or the action does nothing there.
    """
    if not isinstance(action, edits.Edit):
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing here")
    field, _, inside = action.field.partition(".")
    if field not in FIELDS[type(subject)]:
        raise NoSuchPlace(f"there is no {field} here")
    old = getattr(subject, field)
    if field == _PLAINTEXT:
        new: Any = _in_plaintext(subject, replace(action, field=inside), draws, sources)
    else:
        new = _changed(old, _width(subject, field), action, draws, sources)
    if new == old:
        raise NoSuchPlace(f"{field} stays as it is")
    setattr(subject, field, new)
    return f"{action.__struct_config__.tag} {action.field}"


def difference(before: Any, after: Any) -> tuple[bytes, bytes]:
    """The fields of two structs in which they differ, as bytes, in order."""
    found = [
        (_as_bytes(old, _width(before, name)), _as_bytes(new, _width(before, name)))
        for name in before.__struct_fields__
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]
    return b"".join(old for old, _ in found), b"".join(new for _, new in found)


def _width(subject: Any, name: str) -> int:
    """Bytes of a field that is a number, else 0."""
    return subject.size if isinstance(subject, Access) else _WIDTHS.get(name, 0)


def _as_bytes(value: Any, width: int) -> bytes:
    match value:
        case bytes():
            return value
        case bool():
            return bytes([value])
        case int():
            return value.to_bytes(width, "little")
        case list():
            return b"".join(data for _, data in value)
        case None:
            return b""
    return str(getattr(value, "name", value)).encode()


def _in_plaintext(sealing: Sealing, action: edits.Edit, draws: Draws, sources: Sources) -> bytes:
    """What is sealed; encrypted, it has a length before the application data."""
    subject = Subject.of_bytes(sealing.plaintext, _PLAIN, Plaintext)
    edit(subject, action, draws, sources)
    return subject.bytes()


def _changed(old: Any, width: int, action: edits.Edit, draws: Draws, sources: Sources) -> Any:
    if isinstance(action, edits.Set) and isinstance(old, bool | str):
        return bool(action.value) if isinstance(old, bool) else str(action.value)
    if action.field == "base_hash" and isinstance(action, edits.Set):
        return by_name(BASE_HASHES, str(action.value))
    data = old.to_bytes(width, "little") if isinstance(old, int) else (old or b"")
    if not isinstance(data, bytes):
        raise NoSuchPlace(f"{action.field} cannot be changed so")
    subject = Subject.of_bytes(data, _PLAIN)
    edit(subject, replace(action, field=""), draws, sources)
    changed = subject.bytes()
    return int.from_bytes(changed, "little") if isinstance(old, int) else changed
