"""What a handler works with, and what it gives back."""

from collections.abc import Callable

import msgspec

from responder.core.chunking import largest_piece
from responder.core.connection import Connection, Deferred
from responder.core.effects import Effect
from responder.core.errors import ProtocolError, invalid
from responder.core.hooked import Hooked
from responder.core.interfaces import Device, Measured, ResponderPolicy, SigningKey, Slot
from responder.core.session import Session
from responder.crypto.hashing import digest
from responder.spec.algorithms import Hash, Signature
from responder.spec.codes import ErrorCode
from responder.spec.flags import Cap
from responder.spec.limits import (
    NONCE_SIZE,
    PUBLIC_KEY_SLOT,
    SLOT_COUNT,
    SUMMARY_ALL,
    SUMMARY_NONE,
    SUMMARY_TCB,
)
from responder.spec.versions import V13
from responder.wire.chunk import ChunkSendAck
from responder.wire.context import WireContext
from responder.wire.message import Message


class SignWith(msgspec.Struct, frozen=True):
    """A response is to be signed: whose key, and for which purpose.

    Attributes:
        key: the private key.
        purpose: the signer context without the role, such as ``challenge_auth``.
    """

    key: SigningKey
    purpose: str


Conclusion = tuple[bytes, Callable[[], None] | None]
"""The finished message, and what happens once it is sealed and sent."""


class Reply(msgspec.Struct, frozen=True):
    """A handler's answer: a draft response, and what it still needs.

    Attributes:
        response: the draft.
        sign: the signature over the transcript buffer of the request.
        conclude: finishes a message of a session's handshake, which has a transcript of its own.
        concluded_size: bytes that ``conclude`` adds.
    """

    response: Message
    sign: SignWith | None = None
    conclude: Callable[[bytes], Conclusion] | None = None
    concluded_size: int = 0

    def added_size(self, wire: WireContext) -> int:
        """Bytes that are still to come behind the draft."""
        return (wire.signature_size if self.sign else 0) + self.concluded_size


class Resume(msgspec.Struct, frozen=True):
    """RESPOND_IF_READY's answer: handle the deferred request now."""

    deferred: Deferred


class Whole(msgspec.Struct, frozen=True):
    """CHUNK_SEND's answer: handle the large request now; its response goes into this draft."""

    message: bytes
    acknowledgement: ChunkSendAck


class Later(msgspec.Struct, frozen=True):
    """A handler's answer that has to be worked for, off the loop.

    Attributes:
        work: what takes long; raises ProtocolError if it fails.
        finish: called on the loop after that; gives the answer.
        give_up: called on the loop when the work has failed.
    """

    work: Callable[[], None]
    finish: Callable[[], Reply]
    give_up: Callable[[], None]


class Context(msgspec.Struct, frozen=True):
    """The surroundings of one request: connection, device, policy, request bytes, time.

    Attributes:
        hooked: signs, derives and asks, past the hooks.
        session: the session that the request came in; ``None`` outside of all.
        effects: what a handler adds is done after the response.
    """

    connection: Connection
    device: Device
    policy: ResponderPolicy
    raw_request: bytes
    now: float
    hooked: Hooked
    session: Session | None = None
    effects: list[Effect] = msgspec.field(default_factory=list)

    def nonce(self, purpose: str) -> bytes:
        """A fresh nonce of 32 bytes from this purpose's branch of the random tree."""
        ordinal = self.connection.count(purpose)
        return self.connection.random.child(purpose, ordinal).bytes(NONCE_SIZE)

    @property
    def base_hash(self) -> Hash:
        """The negotiated base hash.

        Raises:
            ProtocolError: none was negotiated.
        """
        if self.connection.selected.base_hash is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no base hash was negotiated")
        return self.connection.selected.base_hash

    @property
    def base_asym(self) -> Signature:
        """The negotiated signature algorithm.

        Raises:
            ProtocolError: none was negotiated.
        """
        if self.connection.selected.base_asym is None:
            raise ProtocolError(ErrorCode.UNSPECIFIED, "no signature algorithm was negotiated")
        return self.connection.selected.base_asym

    def provisioned(self) -> dict[int, Slot]:
        """The slots that hold a chain for the negotiated algorithms, ascending."""
        asym, base_hash = self.base_asym, self.base_hash
        slots = ((slot_id, self.device.slot(slot_id)) for slot_id in range(SLOT_COUNT))
        return {i: slot for i, slot in slots if slot is not None and slot.chain(asym, base_hash)}

    def with_key(self) -> dict[int, Slot]:
        """The slots with a key for the negotiated algorithm, with a chain or without (1.3)."""
        asym, held = self.base_asym, self.provisioned()
        slots = ((slot_id, self.device.slot(slot_id)) for slot_id in range(SLOT_COUNT))
        return {i: slot for i, slot in slots if slot and (i in held or slot.info(asym).key_pair_id)}

    def provisioned_slot(self, slot_id: int) -> Slot:
        """A slot that holds a chain.

        Raises:
            ProtocolError: ResetRequired: another chain waits for a reset. InvalidRequest: there is
                no such slot, or it is empty.
        """
        if slot_id < SLOT_COUNT and self.device.provisioning.waiting_slots >> slot_id & 1:
            raise ProtocolError(ErrorCode.RESET_REQUIRED, f"slot {slot_id} waits for a reset")
        slot = self.device.slot(slot_id) if slot_id < SLOT_COUNT else None
        if slot is None or slot.chain(self.base_asym, self.base_hash) is None:
            raise invalid(f"slot {slot_id} holds no certificate chain")
        return slot

    def slot_mask(self) -> int:
        """The provisioned slots as a mask of 8 bits."""
        return sum(1 << slot_id for slot_id in self.provisioned())

    def signer(self, slot_id: int, usage: int) -> tuple[SigningKey, bytes]:
        """The key that signs for a slot, and the digest that identifies it.

        ``slot_id`` is 0 to 7, or 0xFF for the provisioned public key.

        Raises:
            ProtocolError: InvalidRequest: the slot is empty, its key is not for that usage, or the
                responder has a public key and no certificates.
        """
        if slot_id == PUBLIC_KEY_SLOT:
            return self._provisioned_public_key()
        if Cap.PUB_KEY_ID in self.connection.flags and Cap.CERT not in self.connection.flags:
            raise invalid("the public key takes the place of the slots")
        slot = self.provisioned_slot(slot_id)
        if self.connection.selected.multi_key_responder and not (
            slot.info(self.base_asym).key_usage & usage
        ):
            raise invalid(f"the key of slot {slot_id} may not be used for this")
        key = slot.key(self.base_asym)
        chain_digest = slot.digest(self.base_asym, self.base_hash)
        if key is None or chain_digest is None:
            raise invalid(f"slot {slot_id} has no key")
        return key, chain_digest

    def _provisioned_public_key(self) -> tuple[SigningKey, bytes]:
        offered = self.connection.flags & Cap.PUB_KEY_ID
        key = self.device.public_key(self.base_asym) if offered else None
        if key is None:
            raise invalid("no public key is provisioned")
        return key, digest(self.base_hash, key.public_key_der())

    @property
    def session_id(self) -> int | None:
        """The session that the request came in; ``None`` outside of all."""
        return self.session.session_id if self.session else None

    @property
    def transfer_limit(self) -> int:
        """Bytes of the largest message that goes to this requester in one piece; 0 for any."""
        return largest_piece(self.connection.peer.data_transfer_size, self.policy.transmit_size)

    def room(self, header_size: int) -> int:
        """Bytes that fit into one message to this requester after ``header_size`` of them.

        Chunks can carry it, if both sides know them.
        """
        policy, peer = self.policy, self.connection.peer
        if self.connection.common(Cap.CHUNK):
            sizes = (policy.max_spdm_msg_size, peer.max_spdm_msg_size)
        elif policy.deviations.cuts_to_own_size:
            sizes = (policy.data_transfer_size, 0)
        else:
            sizes = (policy.data_transfer_size, peer.data_transfer_size)
        return min(size for size in sizes if size) - header_size

    def measured(self) -> list[Measured]:
        """The measurements that there are with what was negotiated, ascending by index."""
        hashed = self.connection.selected.measurement_hash is not None
        always = self.policy.deviations.extends_in_every_version
        extends = hashed and (always or self.connection.header_version >= V13)
        return [one for one in self.device.measurements() if extends or not one.hash_extend]

    def measurement_summary(self, summary_type: int) -> bytes:
        """MeasurementSummaryHash: the base hash over the whole blocks of the asked-for kind.

        Raises:
            ProtocolError: InvalidRequest: the type is unknown or measurements are not offered.
        """
        if summary_type == SUMMARY_NONE:
            return b""
        if summary_type not in (SUMMARY_TCB, SUMMARY_ALL):
            raise invalid(f"measurement summary hash type {summary_type:#x}")
        selected = self.connection.selected
        if not selected.measurement_specification or not selected.measurement_hash_bits:
            raise invalid("no measurements were negotiated")
        blocks = [
            measured.block(selected.measurement_hash, raw=False)
            for measured in self.measured()
            if summary_type == SUMMARY_ALL or measured.tcb
        ]
        return digest(self.base_hash, *blocks)
