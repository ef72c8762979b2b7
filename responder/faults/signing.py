"""The actions of ``pre_sign`` and ``post_sign``: whose key, what is signed, what becomes of it."""

from collections import Counter
from typing import Any

from responder.core.hooks import Derivation, Exchange, Parts, Signing
from responder.core.interfaces import SigningKey
from responder.crypto.hashing import digest
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import signing_message, signing_prefix
from responder.faults import actions as act
from responder.faults import edits
from responder.faults.editing import Draws, Sources, edit
from responder.faults.edits import Action
from responder.faults.keys import key_of
from responder.faults.memory import ConnectionMemory, Remembered
from responder.faults.place import NoSuchPlace
from responder.faults.subject import Subject
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES, PQC_ASYM, by_name
from responder.spec.versions import V12
from responder.wire.context import WireContext
from responder.wire.fields import Blob, wire_of
from responder.wire.message import Record, wire

_TABLES: dict[str, Any] = {"base_hash": BASE_HASHES, "scheme": (*BASE_ASYM, *PQC_ASYM)}


class SignatureHalves(Record):
    """An ECDSA signature (r, s), or an EdDSA one (R, S); ``signature_size`` bytes."""

    r: bytes = wire(Blob(lambda c: wire_of(c).signature_size // 2))
    s: bytes = wire(Blob(lambda c: wire_of(c).signature_size - wire_of(c).signature_size // 2))


class Signer:
    """Carries the actions out for one connection."""

    def __init__(self, own: ConnectionMemory, random: RandomTree) -> None:
        self._own = own
        self._random = random

    def before(
        self, signing: Signing, action: Action, exchange: Exchange, draws: Draws, sources: Sources
    ) -> str:
        """Change a signature that is about to be made; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        match action:
            case _ if self.is_about_parts(action):
                return self.change_parts(signing, action, exchange.wire, draws, sources)
            case edits.Set():
                return _set(signing, action)
            case act.Sign():
                return self._sign(signing, action, exchange)
        raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at pre_sign")

    @staticmethod
    def is_about_parts(action: Action) -> bool:
        """Whether an action changes a transcript."""
        if isinstance(action, edits.Edit):
            return bool(action.part)
        return isinstance(action, act.LeaveOut | act.PutIn | act.DoublePart)

    def change_parts(
        self,
        subject: Signing | Derivation,
        action: Action,
        wire: WireContext,
        draws: Draws,
        sources: Sources,
    ) -> str:
        """Change the transcript of a signature or of a derivation; return what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        if isinstance(action, edits.Edit):
            return _edit_parts(subject, action, wire, draws, sources)
        parts, text = self._parts(subject.parts, action)
        if parts == subject.parts:
            raise NoSuchPlace(f"{text}: the transcript stays as it is")
        subject.parts = parts
        return text

    def after(
        self,
        signature: bytes,
        signing: Signing,
        action: Action,
        exchange: Exchange,
        draws: Draws,
        sources: Sources,
    ) -> tuple[bytes, str]:
        """The changed signature, and what was done.

        Raises:
            NoSuchPlace: it cannot be done here.
        """
        if isinstance(action, act.Forge):
            return _forged(action.how, signing, signature), f"forged: {action.how}"
        if not isinstance(action, edits.Edit):
            raise NoSuchPlace(f"{action.__struct_config__.tag} does nothing at post_sign")
        subject = Subject.of_bytes(signature, exchange.wire, SignatureHalves)
        text = edit(subject, action, draws, sources)
        return subject.bytes(), text

    def _parts(self, parts: Parts, action: Action) -> tuple[Parts, str]:
        match action:
            case act.LeaveOut():
                return _left_out(parts, action), f"without {', '.join(action.part)}"
            case act.DoublePart():
                doubled = [
                    (name, data) for name, data in parts for _ in range(1 + (name in action.part))
                ]
                return doubled, f"{', '.join(action.part)} twice"
            case act.PutIn():
                extra = self._extra(action, parts) * action.times
                at = len(parts) if action.at is None else action.at
                return [*parts[:at], *extra, *parts[at:]], f"{action.value} put in"
        return parts, ""

    def _extra(self, action: act.PutIn, parts: Parts) -> Parts:
        if action.value == "stale":
            stale = [part for part in self._own.last_signed if part not in parts]
            if not stale:
                raise NoSuchPlace("no transcript was signed before")
            return stale
        if action.value == "earlier":
            return self._earlier(action.message, parts)
        if action.value in {"last-request", "last-response"}:
            wanted = action.value == "last-request"
            messages = [one for one in self._own.messages if bool(one.data[1] & 0x80) == wanted]
            if not messages:
                raise NoSuchPlace("there was no exchange before")
            return [(messages[-1].name, messages[-1].data)]
        return [("put in", bytes.fromhex(action.value))]

    def _earlier(self, names: list[str], parts: Parts) -> Parts:
        """Messages of some names that the transcript does not hold; the latest ones it does."""
        held, found = Counter(data for _, data in parts), Parts()
        for one in reversed(self._own.messages):
            data = _without_signature(one)
            held[data] -= 1
            if one.name in names and held[data] < 0:
                found.append((one.name, data))
        if not found:
            raise NoSuchPlace(f"there was no earlier {' or '.join(names)}")
        return found[::-1]

    def _sign(self, signing: Signing, action: act.Sign, exchange: Exchange) -> str:
        told = []
        if action.key:
            key = key_of(action.key, signing, exchange, self._random)
            _require_other(key, signing.key, action.key)
            signing.key = key
            told.append(f"with the key of {action.key}")
        if action.encoding:
            signing.message = _encoded(action.encoding, signing)
            told.append(f"encoded {action.encoding}")
        return f"signed {' and '.join(told)}"


def _without_signature(message: Remembered) -> bytes:
    try:
        signature = Subject.of_bytes(message.data, message.wire).get("signature").bytes()
    except NoSuchPlace:
        return message.data
    return message.data[: len(message.data) - len(signature)]


def _require_other(key: SigningKey, healthy: SigningKey, name: str) -> None:
    if key.public_key_der() == healthy.public_key_der():
        raise NoSuchPlace(f"the key of {name} is the right one")


def _edit_parts(
    signing: Signing | Derivation,
    action: edits.Edit,
    wire: WireContext,
    draws: Draws,
    sources: Sources,
) -> str:
    told = []
    parts = []
    for name, data in signing.parts:
        if action.part in {"*", name}:
            version = data[0] if data else wire.version
            subject = Subject.of_bytes(data, _unsigned(wire, version))
            told.append(f"{name} {edit(subject, action, draws, sources)}")
            data = subject.bytes()  # noqa: PLW2901 - the part as it is now
        parts.append((name, data))
    if not told:
        raise NoSuchPlace(f"the transcript has no {action.part}")
    if parts == signing.parts:
        raise NoSuchPlace(f"{told[0]}: the transcript stays as it is")
    signing.parts = parts
    return "transcript: " + "; ".join(told)


def _unsigned(wire: WireContext, version: int) -> WireContext:
    """How a message is read that has neither signature nor verify data yet."""
    return wire.replace(version=version, signature_size=0, handshake_in_the_clear=True)


def _set(signing: Signing, action: edits.Set) -> str:
    value: Any = action.value
    if action.field in _TABLES:
        value = by_name(_TABLES[action.field], str(action.value))
    elif action.field == "version" and isinstance(action.value, str):
        major, _, minor = action.value.partition(".")
        value = int(major) << 4 | int(minor)
    if action.field not in {*_TABLES, "version", "context"} or value is None:
        raise NoSuchPlace(f"a signature has no {action.field} {action.value}")
    if getattr(signing, action.field) == value:
        raise NoSuchPlace(f"{action.field} is {action.value} already")
    setattr(signing, action.field, value)
    return f"{action.field} = {action.value}"


def _left_out(parts: Parts, action: act.LeaveOut) -> Parts:
    places = [n for n, (name, _) in enumerate(parts) if "*" in action.part or name in action.part]
    if action.nth is not None:
        at = action.nth - 1 if action.nth > 0 else action.nth
        places = [places[at]] if -len(places) <= at < len(places) else []
    return [part for n, part in enumerate(parts) if n not in places]


def _encoded(encoding: str, signing: Signing) -> bytes:
    """What is signed in the place of the right thing; hashed once more by most schemes."""
    parts = [data for _, data in signing.parts]
    whole = b"".join(parts)
    hashed = digest(signing.base_hash, whole)
    right = signing_message(signing.version, signing.context, signing.base_hash, parts)
    prefix = signing_prefix(signing.version, signing.context)
    made = {
        "no-prefix": hashed,
        "as-1.1": whole,
        "as-1.2": prefix + hashed,
        "double-hash": digest(signing.base_hash, right),
        "no-hash": prefix + whole,
    }[encoding]
    if made == right:
        raise NoSuchPlace(f"{encoding} is how this version signs")
    if encoding == "as-1.2" and signing.version >= V12:
        raise NoSuchPlace("this version signs so")
    return made


def _forged(how: str, signing: Signing, signature: bytes) -> bytes:
    from responder.crypto.forgery import forge  # noqa: PLC0415 - only when it is asked for
    from responder.crypto.signing import PrivateKey, SignatureError  # noqa: PLC0415

    message = signing.message
    if message is None:
        parts = [data for _, data in signing.parts]
        message = signing_message(signing.version, signing.context, signing.base_hash, parts)
    if not isinstance(signing.key, PrivateKey):
        raise NoSuchPlace("only a real private key forges")
    try:
        return forge(how, signing.key, signing.scheme, signing.base_hash, message, signature)
    except SignatureError as error:
        raise NoSuchPlace(str(error)) from None
