"""The keys of IDE streams: two sets of six for each, and the session that programmed each key."""

import hashlib

import msgspec

from responder.core.interfaces import SessionToken
from responder.spec.ide import Direction, KeySet, SubStream

Place = tuple[int, int]
"""A sub-stream and a direction; a key of each set belongs there."""

PLACES: tuple[Place, ...] = tuple((sub, way) for way in Direction for sub in SubStream)
"""The six keys that a stream needs (PCIe 6.2, 6.33.3)."""


class Key(msgspec.Struct, frozen=True):
    """A key as KEY_PROG brought it.

    Attributes:
        key: 32 bytes, in the order of AES.
        ifv: the 8 bytes of the invocation field as on the wire; of CXL the 12 bytes of the IV.
        session: in which it came; ``None`` outside of all.
    """

    key: bytes
    ifv: bytes
    session: SessionToken | None

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of key and invocation field."""
        return hashlib.sha256(self.key + self.ifv).hexdigest()[:16]


class _Slot(msgspec.Struct):
    """What one place holds: a key of each set, and the set that is in use, if one is."""

    keys: dict[int, Key] = msgspec.field(default_factory=dict)
    active: int | None = None


class StreamKeys:
    """The keys of one stream id.

    Places and key sets are numbers as in a message: what KEY_PROG names is kept, and the six of
    ``PLACES`` are those that count.
    """

    def __init__(self) -> None:
        self._slots: dict[Place, _Slot] = {}

    def program(self, place: Place, key_set: int, key: Key) -> None:
        """KEY_PROG: the key waits for its GO; if its set is in use, it is no longer."""
        slot = self._slots.setdefault(place, _Slot())
        slot.keys[key_set] = key
        if slot.active == key_set:
            slot.active = None

    def active(self, place: Place) -> int | None:
        """The set that a place uses; ``None`` before a GO."""
        slot = self._slots.get(place)
        return slot.active if slot else None

    def programmed(self, place: Place, key_set: int) -> bool:
        """Whether there is such a key."""
        slot = self._slots.get(place)
        return slot is not None and key_set in slot.keys

    def go(self, place: Place, key_set: int) -> None:
        """K_SET_GO: the place uses that set from now on; KeyError if it holds no key."""
        slot = self._slots[place]
        slot.keys[key_set]
        slot.active = key_set

    def stop(self, place: Place, key_set: int) -> None:
        """K_SET_STOP: that key is gone, whether there was one or not."""
        slot = self._slots.get(place)
        if slot is None:
            return
        slot.keys.pop(key_set, None)
        if slot.active == key_set:
            slot.active = None

    def forget(self, session: SessionToken) -> bool:
        """Wipe the keys that came over a session; whether there were any."""
        found = [
            (place, key_set)
            for place, slot in self._slots.items()
            for key_set, key in slot.keys.items()
            if key.session is session
        ]
        for place, key_set in found:
            self.stop(place, key_set)
        return bool(found)

    @property
    def complete(self) -> bool:
        """Whether all six keys are in use."""
        return all(self.active(place) is not None for place in PLACES)

    @property
    def sessions(self) -> list[SessionToken | None]:
        """Those over which the keys in use came, each as often as it did."""
        slots = (self._slots.get(place, _Slot()) for place in PLACES)
        return [slot.keys[slot.active].session for slot in slots if slot.active is not None]

    def all_of(self, session: SessionToken | None) -> bool:
        """Whether all six are in use and came over one session."""
        return self.complete and all(one is session for one in self.sessions)

    def fingerprints(self) -> dict[str, str]:
        """What each key is, by a name such as ``K0 RX PR``; keys in use are marked with ``*``."""
        return {
            f"{KeySet(key_set).name} {Direction(way).name} {_sub_stream(sub)}"
            f"{'*' if slot.active == key_set else ''}": key.fingerprint
            for (sub, way), slot in self._slots.items()
            for key_set, key in sorted(slot.keys.items())
        }


def _sub_stream(number: int) -> str:
    return SubStream(number).name if number in set(SubStream) else f"{number:#x}"


class KeyHistory:
    """Which keys there have been lately: AES-GCM takes none twice, every IV begins anew."""

    _LIMIT = 4096

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}

    def again(self, key: Key) -> bool:
        """Whether the same 32 bytes were a key before; they are from now on."""
        seen = hashlib.sha256(key.key).digest()
        again = seen in self._seen
        self._seen[seen] = None
        if len(self._seen) > self._LIMIT:
            del self._seen[next(iter(self._seen))]
        return again
