"""The private keys of a device: which there are, and which one belongs to a certificate."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from responder.core.errors import ProtocolError, invalid
from responder.core.interfaces import Identity
from responder.crypto.random_tree import RandomTree
from responder.crypto.signing import load_private_key
from responder.device.key_pairs import KeyPair
from responder.device.new_keys import new_key
from responder.device.slots import CertificateSlot
from responder.device.state import Contents, place
from responder.errors import ConfigError
from responder.spec.codes import ErrorCode


class DeviceKeys:
    """What a change needs to know of keys; it changes nothing itself.

    Attributes:
        key_pairs: what the profile says of them.
        bound: what is asked for a KeyPairID is done with that key pair, or not at all.
    """

    def __init__(
        self,
        slots: Mapping[int, CertificateSlot],
        key_pairs: Sequence[KeyPair],
        random: RandomTree,
        *,
        bound: bool,
    ) -> None:
        """``slots`` are the device's as they are now."""
        self.key_pairs = key_pairs
        self.bound = bound
        self._slots = slots
        self._random = random

    def of_pair(self, contents: Contents, number: int) -> tuple[Contents, bytes]:
        """The key of a key pair, PEM; it is made when it is needed for the first time.

        Raises:
            ProtocolError: InvalidRequest: there is no such key pair, or no key in it.
        """
        if not 0 < number <= len(contents.key_pairs):
            raise invalid(f"there is no key pair {number}")
        pair = contents.key_pairs[number - 1]
        if not pair.generated:
            raise invalid(f"key pair {number} has no key")
        if not pair.key:
            contents, key = self.generate(contents, pair.kind)
            pair = replace(pair, key=key)
            contents = contents.with_key_pair(number, pair)
        return contents, pair.key

    def generate(self, contents: Contents, kind: str) -> tuple[Contents, bytes]:
        """A new key, PEM.

        Raises:
            ProtocolError: OperationFailed: this program cannot make such a key.
        """
        ordinal = contents.made.get(kind, 0)
        try:
            key = new_key(kind, ordinal, self._random)
        except ConfigError as error:
            raise ProtocolError(ErrorCode.OPERATION_FAILED, str(error)) from error
        return replace(contents, made={**contents.made, kind: ordinal + 1}), key

    def holding(self, slot_id: int, kind: str) -> Iterator[Identity]:
        """What slots hold for a kind of key; that slot comes first."""
        ordered = sorted(
            self._slots.values(), key=lambda one: (one.slot_id != slot_id, one.slot_id)
        )
        for slot in ordered:
            yield from (one.identity for one in slot.credentials if one.kind == kind)

    def of_slot(self, contents: Contents, slot_id: int, kind: str) -> bytes | None:
        """The key of the chain that a slot holds, PEM; ``None`` if it holds none."""
        content = contents.slots.get(place(slot_id, kind))
        if content is not None:
            return content.key if content.chain else None
        slot = self._slots.get(slot_id)
        held = slot.credentials if slot else ()
        return next((one.identity.key for one in held if one.kind == kind), None)

    def held(self, contents: Contents, slot_id: int, kind: str) -> bool:
        """Whether a slot holds a chain for a kind of key."""
        return self.of_slot(contents, slot_id, kind) is not None

    def all(self, contents: Contents, slot_id: int, kind: str) -> Iterator[bytes]:
        """All keys of a kind, PEM, those of a slot first."""
        for identity in self.holding(slot_id, kind):
            yield identity.key
        suffix = place("", kind)
        yield from (one.key for where, one in contents.slots.items() if where.endswith(suffix))
        yield from (pair.key for pair in contents.key_pairs if pair.kind == kind and pair.key)


def public_der(key: bytes) -> bytes:
    """SubjectPublicKeyInfo of a private key in PEM."""
    return load_private_key(key).public_key_der()
