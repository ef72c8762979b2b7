"""The keys that the sessions of a connection have had, and those that they will have."""

from typing import TYPE_CHECKING

from responder.core.connection import Connection
from responder.core.hooks import Derivation, Sealing
from responder.core.key_schedule import Deriver, TrafficKeys
from responder.core.session import Session
from responder.faults import actions as act
from responder.faults.place import NoSuchPlace
from responder.spec.limits import AEAD_IV_SIZE

if TYPE_CHECKING:
    from responder.spec.algorithms import Hash

_SIDES = ("request", "response")
Known = tuple[int, str]
"""A session and a side of it."""


class KeyRing:
    """Sees the keys of one connection go by.

    The keys of a session that is not yet established are known once they are derived.
    """

    def __init__(self) -> None:
        self._keys: dict[Known, list[TrafficKeys]] = {}
        self._coming: dict[str, tuple[Hash, int, bytes]] = {}

    def look(self, connection: Connection) -> None:
        """Take the keys that are in use now."""
        for session in connection.sessions.values():
            for side in _SIDES:
                known = self._keys.setdefault((session.session_id, side), [])
                keys: TrafficKeys = getattr(session, side)
                if not any(one is keys for one in known):
                    known.append(keys)

    def derived(self, derivation: Derivation) -> None:
        """Take the secret that a key of application data is about to be derived from."""
        side, _, what = derivation.purpose.partition(" ")
        if what == "data key":
            self._coming[side] = (derivation.base_hash, derivation.version, derivation.secret)

    def take(self, sealing: Sealing, action: act.Keys, connection: Connection) -> str:
        """Put other keys, or what belongs to them, into a record that is about to be sealed.

        Raises:
            NoSuchPlace: there are no such keys.
        """
        self.look(connection)
        session = _session(connection, sealing.session_id, other=action.session == "other")
        keys = self._of(session, action, connection)
        if "key" in action.take:
            sealing.key, sealing.iv = keys.key, keys.iv
        if "sequence" in action.take:
            size = len(sealing.header_sequence)
            sealing.sequence = keys.sequence
            sealing.header_sequence = keys.sequence.to_bytes(8, "little")[:size]
        if "session-id" in action.take:
            sealing.session_id = session.session_id
        told = f"{action.epoch} {action.side} keys"
        return f"{', '.join(action.take)} of the {told} of {action.session} session"

    def _of(self, session: Session, action: act.Keys, connection: Connection) -> TrafficKeys:
        present: TrafficKeys = getattr(session, action.side)
        match action.epoch:
            case "present":
                return present
            case "next":
                return _next(present, session, connection)
            case "data":
                return self._data(action.side, session)
        known = self._keys[session.session_id, action.side]
        if action.epoch == "handshake":
            found = [one for one in known if one.epoch == "handshake" and one is not present]
        else:
            found = known[: next(n for n, one in enumerate(known) if one is present)]
        if not found:
            raise NoSuchPlace(f"there are no {action.epoch} keys of the {action.side} side")
        return found[-1]

    def _data(self, side: str, session: Session) -> TrafficKeys:
        known = [one for one in self._keys[session.session_id, side] if one.epoch == "data"]
        if known:
            return known[0]
        if side not in self._coming:
            raise NoSuchPlace("no keys of application data are derived yet")
        base_hash, version, secret = self._coming[side]
        return _keys(Deriver(base_hash, version, _as_it_is), session, secret)


def _session(connection: Connection, session_id: int, *, other: bool) -> Session:
    for session in connection.sessions.values():
        if (session.session_id != session_id) == other:
            return session
    raise NoSuchPlace("there is no other session" if other else "the session is gone")


def _next(keys: TrafficKeys, session: Session, connection: Connection) -> TrafficKeys:
    base_hash = connection.selected.base_hash
    if base_hash is None or not keys.secret:
        raise NoSuchPlace("these keys have no successors")
    deriver = Deriver(base_hash, connection.header_version, _as_it_is)
    secret = deriver.expand("next", keys.secret, "traffic upd", base_hash.size)
    return _keys(deriver, session, secret)


def _keys(deriver: Deriver, session: Session, secret: bytes) -> TrafficKeys:
    key = deriver.expand("key", secret, "key", session.suite.aead.key_size)
    iv = deriver.expand("iv", secret, "iv", AEAD_IV_SIZE)
    return TrafficKeys(secret, key, iv, "")


def _as_it_is(derivation: Derivation) -> Derivation:
    return derivation
