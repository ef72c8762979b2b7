"""Whether a strike at keys or records did what its actions say, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from responder.campaign import recomputed
from responder.campaign.run import Run
from responder.campaign.watching import AnySeen
from responder.core.hooks import Derivation, Parts
from responder.faults import actions as act
from responder.faults import edits
from responder.faults.edits import Action
from responder.spec.limits import AEAD_IV_SIZE

_TAKEN = MappingProxyType(
    {
        "key": {"key", "iv"},
        "sequence": {"sequence", "header_sequence"},
        "session-id": {"session_id"},
    }
)
"""What ``keys`` takes, to the fields of a sealing that it changes."""
_SEQUENCE_SIZE, _SESSION_ID_SIZE, _LENGTH_SIZE = 8, 4, 2


def as_said(actions: Sequence[Action], seen: AnySeen, run: Run) -> bool:
    """Whether what passed a hook was changed as a rule's actions say, as far as that is known.

    Random values are not, nor what several actions make of a sealed record.
    """
    if seen.hook == "record":
        return _record_as_said(actions, seen, run)
    fields = {
        name
        for name in seen.before.__struct_fields__
        if getattr(seen.before, name) != getattr(seen.after, name)
    }
    meant = {name for action in actions for name in _fields_of(action)}
    if not fields <= meant:
        return False
    return all(_field_as_said(actions, name, seen) for name in fields) and _keys_as_said(
        actions, seen, run
    )


def _fields_of(action: Action) -> set[str]:
    match action:
        case act.Keys():
            return {name for taken in action.take for name in _TAKEN[taken]}
        case act.Reuse():
            return {"seed"}
        case edits.Edit(part=""):
            return {action.field.partition(".")[0]}
    return {"parts"}


def _field_as_said(actions: Sequence[Action], name: str, seen: AnySeen) -> bool:
    """Whether a field has become what its edits make of it."""
    meant = [one for one in actions if isinstance(one, edits.Edit) and not one.part]
    changes = [one for one in meant if one.field.partition(".")[0] == name]
    old, new = getattr(seen.before, name), getattr(seen.after, name)
    if name == "parts":
        return _parts_as_said(actions, old, new)
    if not changes:
        return True  # keys have a check of their own
    last = changes[-1]
    match new:
        case bool():
            return isinstance(last, edits.Set) and new == bool(last.value)
        case int():
            size = _SEQUENCE_SIZE if name == "sequence" else _SESSION_ID_SIZE
            old, new = old.to_bytes(size, "little"), new.to_bytes(size, "little")
        case bytes():
            old = old or b""
        case _:
            return isinstance(last, edits.Set) and getattr(new, "name", new) == last.value
    places = _in_plaintext(old) if name == "plaintext" else {}
    return _folded(changes, old, places) in {None, new}


def _in_plaintext(plaintext: bytes) -> dict[str, tuple[int, int]]:
    """Where the fields of what is encrypted are (DSP0277)."""
    end = _LENGTH_SIZE + int.from_bytes(plaintext[:_LENGTH_SIZE], "little")
    return {
        "application_data_length": (0, _LENGTH_SIZE),
        "application_data": (_LENGTH_SIZE, end),
        "random_data": (end, len(plaintext)),
    }


def _parts_as_said(actions: Sequence[Action], old: Parts, new: Parts) -> bool:
    """Whether the messages that were to be left out are, where nothing else was to be done."""
    left = old
    for action in actions:
        if not isinstance(action, act.LeaveOut) or action.nth is not None:
            return True
        left = [one for one in left if one[0] not in action.part and "*" not in action.part]
    return new == left


def _folded(
    changes: Iterable[edits.Edit], data: bytes, places: Mapping[str, tuple[int, int]]
) -> bytes | None:
    """What edits make of bytes, one after the other; ``None`` if nobody can say."""
    for change in changes:
        inside = change.field.rpartition(".")[2]
        begin, end = places.get(inside, (0, len(data)))
        new = recomputed.edited(change, data[begin:end])
        if new is None:
            return None
        data = data[:begin] + new + data[end:]
    return data


def _keys_as_said(actions: Sequence[Action], seen: AnySeen, run: Run) -> bool:
    """Whether keys that were taken are those of the side and epoch that were named."""
    for action in actions:
        if isinstance(action, act.Reuse) and seen.after.seed not in _seeds(run, seen):
            return False
        if isinstance(action, act.Keys) and "key" in action.take:
            keys = (seen.after.key, seen.after.iv)
            if keys not in _keys_of(run, action.side, action.epoch):
                return False
        if isinstance(action, act.Keys) and "session-id" in action.take:
            ids = {one.before.session_id for one in run.passed("seal")}
            if seen.after.session_id not in ids - {seen.before.session_id}:
                return False
    return True


def _seeds(run: Run, seen: AnySeen) -> set[bytes]:
    drawn = run.passed("agree")
    return {one.after.seed for one in drawn[: drawn.index(seen)]}


def _keys_of(run: Run, side: str, epoch: str) -> set[tuple[bytes, bytes]]:
    """The keys and IVs of a side, of an epoch where that names one."""
    derivations = [one.after for one in run.passed("derive")]
    if epoch == "next":
        return {_following(one) for one in derivations if one.purpose.startswith(f"{side} ")}
    kinds = (epoch,) if epoch in {"handshake", "data"} else ("handshake", "data", "update")
    found: set[tuple[bytes, bytes]] = set()
    for kind in kinds:
        keys, ivs = (
            [recomputed.derived(one) for one in derivations if one.purpose == f"{side} {kind} {it}"]
            for it in ("key", "iv")
        )
        found |= set(zip(keys, ivs, strict=True))
    return found


def _following(derivation: Derivation) -> tuple[bytes, bytes]:
    """Key and IV after an update of the secret that a key is derived from."""
    update = recomputed.derived(
        _changed(derivation, label="traffic upd", size=derivation.base_hash.size)
    )
    key, iv = (
        recomputed.derived(_changed(derivation, secret=update, label=label, size=size))
        for label, size in (("key", derivation.size), ("iv", AEAD_IV_SIZE))
    )
    return key, iv


def _changed(derivation: Derivation, **fields: Any) -> Derivation:
    values = {name: getattr(derivation, name) for name in derivation.__struct_fields__}
    return Derivation(**{**values, "parts": [], **fields})


def _record_as_said(actions: Sequence[Action], seen: AnySeen, run: Run) -> bool:
    if len(actions) != 1:
        return True  # nobody can say what several come to
    record, action = seen.before[0], actions[0]
    expected: list[bytes] | None = None
    match action:
        case act.Again():
            expected = [record] * (1 + action.times)
        case act.Silence():
            expected = []
        case act.Answer() if action.value != "request":
            expected = [bytes.fromhex(action.value)]
        case act.Replay():
            earlier = [one.before for one in run.passed("record")]
            return seen.after in earlier[: earlier.index(seen.before)]
        case edits.Edit():
            edited = _edited(action, record, _places(record, run, seen))
            expected = None if edited is None else [edited]
    return expected is None or seen.after == expected


def _edited(
    action: edits.Edit, record: bytes, places: Mapping[str, tuple[int, int]]
) -> bytes | None:
    """What an edit makes of a record; its length follows the payload, unless it is kept."""
    new = _folded([action], record, places)
    follows = isinstance(action, edits.Resize) and action.lengths == "follow" and action.field
    if new is None or not follows:
        return new
    begin, end = places["length"]
    size = len(new) - places["payload"][0]
    return new[:begin] + size.to_bytes(end - begin, "little") + new[end:]


def _places(record: bytes, run: Run, seen: AnySeen) -> dict[str, tuple[int, int]]:
    """Where the fields of a record are."""
    size = next(
        len(one.after.header_sequence)
        for one in run.passed("seal")
        if one.exchange == seen.exchange
    )
    length = _SESSION_ID_SIZE + size
    return {
        "session_id": (0, _SESSION_ID_SIZE),
        "sequence_number": (_SESSION_ID_SIZE, length),
        "length": (length, length + _LENGTH_SIZE),
        "payload": (length + _LENGTH_SIZE, len(record)),
    }
