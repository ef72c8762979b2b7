"""What of a device is written from outside, and lasts."""

import msgspec

from responder.device.key_pairs import KeyPairState


class Content(msgspec.Struct, frozen=True):
    """What was written into a slot for one kind of key.

    Attributes:
        chain: DER certificates, the root first; none if the slot was erased, and only its key is
            left.
        key: the leaf's private key, PEM.
        model: ``CertificateModel``, 0 without a chain.
    """

    chain: tuple[bytes, ...]
    key: bytes
    model: int


class Contents(msgspec.Struct, frozen=True):
    """Slots and keys at one time, as far as they differ from the profile.

    Attributes:
        key_pairs: all of them; the first has KeyPairID 1.
        slots: slot and kind of key, such as ``0/ecp384``, to what was written there.
        banks: the kind of key of each bank.
        made: how many keys of each kind were generated.
    """

    key_pairs: tuple[KeyPairState, ...] = ()
    slots: dict[str, Content] = msgspec.field(default_factory=dict)
    banks: tuple[str, ...] = ()
    made: dict[str, int] = msgspec.field(default_factory=dict)

    def with_slot(self, slot_id: int, kind: str, content: Content) -> "Contents":
        """The same with another content of a slot."""
        slots = {**self.slots, place(slot_id, kind): content}
        return msgspec.structs.replace(self, slots=slots)

    def with_key_pair(self, number: int, state: KeyPairState) -> "Contents":
        """The same with another key pair in the place of the ``number``-th, counted from 1."""
        pairs = list(self.key_pairs)
        pairs[number - 1] = state
        return msgspec.structs.replace(self, key_pairs=tuple(pairs))


class WaitingCsr(msgspec.Struct, frozen=True):
    """A CSR that was asked for and waits for a reset, or for being fetched after it.

    Attributes:
        kind, key_pair_id, model, requester_info: what it was asked for with.
        csr: it in DER.
        ready: the reset has been.
    """

    kind: str
    key_pair_id: int
    model: int
    requester_info: bytes
    csr: bytes = b""
    ready: bool = False

    def answers(self, other: "WaitingCsr") -> bool:
        """Whether the other one asks for the same."""
        return self.asked == other.asked

    @property
    def asked(self) -> tuple[str, int, int, bytes]:
        """What it was asked for with."""
        return self.kind, self.key_pair_id, self.model, self.requester_info


class DeviceState(msgspec.Struct, frozen=True):
    """All that lasts.

    Attributes:
        now: what the device is.
        after_reset: what it will be after a reset; ``None`` if that changes nothing.
        waiting_slots: the slots whose certificates change then, as a mask.
        csrs: CSRTrackingTag to CSR; 0 is the one of the versions before 1.3.
    """

    now: Contents = msgspec.field(default_factory=Contents)
    after_reset: Contents | None = None
    waiting_slots: int = 0
    csrs: dict[int, WaitingCsr] = msgspec.field(default_factory=dict)

    def reset(self) -> "DeviceState":
        """After a reset of the device."""
        csrs = {tag: msgspec.structs.replace(one, ready=True) for tag, one in self.csrs.items()}
        return DeviceState(self.after_reset or self.now, csrs=csrs)


def place(slot_id: int | str, kind: str) -> str:
    """The key of ``Contents.slots``."""
    return f"{slot_id}/{kind}"
