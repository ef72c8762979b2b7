"""Edits of what is no message: derivations, records to be sealed, register accesses."""

from typing import Any

from msgspec.structs import replace

from responder.faults import actions as act
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.place import NoSuchPlace
from responder.faults.subject import Subject
from responder.spec.algorithms import BASE_HASHES, by_name
from responder.wire.context import WireContext

_PLAIN = WireContext()
_WIDTHS = {"sequence": 8, "session_id": 4, "value": 4, "size": 2, "version": 1}
"""Bytes of the fields that are numbers."""


def change(subject: Any, action: Action, draws: Draws, sources: Sources) -> str:
    """Change a field of a struct of ``core.hooks``; return what was done.

    Raises:
        NoSuchPlace: it has no such field, or the action does nothing there.
    """
    if isinstance(action, act.LeaveOut) and hasattr(subject, "parts"):
        kept = [part for part in subject.parts if part[0] not in action.part]
        if kept == subject.parts:
            raise NoSuchPlace(f"there is no {', '.join(action.part)}")
        subject.parts = kept
        return f"without {', '.join(action.part)}"
    if not isinstance(action, edits.Edit):
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing here")
    if action.field not in subject.__struct_fields__:
        raise NoSuchPlace(f"there is no {action.field} here")
    old = getattr(subject, action.field)
    new = _changed(old, action, draws, sources)
    if new == old:
        raise NoSuchPlace(f"{action.field} stays as it is")
    setattr(subject, action.field, new)
    return f"{action.__struct_config__.tag} {action.field}"


def _changed(old: Any, action: edits.Edit, draws: Draws, sources: Sources) -> Any:
    if isinstance(action, edits.Set) and isinstance(old, bool | str):
        return bool(action.value) if isinstance(old, bool) else str(action.value)
    if action.field == "base_hash" and isinstance(action, edits.Set):
        return by_name(BASE_HASHES, str(action.value))
    width = _WIDTHS.get(action.field, 0)
    data = old.to_bytes(width, "little") if isinstance(old, int) else (old or b"")
    if not isinstance(data, bytes):
        raise NoSuchPlace(f"{action.field} cannot be changed so")
    subject = Subject.of_bytes(data, _PLAIN)
    edit(subject, replace(action, field=""), draws, sources)
    changed = subject.bytes()
    return int.from_bytes(changed, "little") if isinstance(old, int) else changed
