"""What surrounds the core when it takes a recorded responder's place.

Its device has what the recorded one had as far as a handler looks for it; contents come from the
recording, by the hooks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from responder.core.connection import Connection
from responder.core.encapsulation import Encapsulation, Flow
from responder.core.hooks import Derivation, Exchange, Hooks, Parts, Signing
from responder.core.interfaces import Measured, Psk, SlotInfo
from responder.core.session import Session
from responder.crypto.random_tree import RandomTree
from responder.device.emulated import EmulatedDevice
from responder.device.slots import CertificateSlot
from responder.replay.heard import Heard
from responder.spec.algorithms import Hash, Signature
from responder.spec.limits import SLOT_COUNT
from responder.spec.registries import CertificateModel, KeyUsage
from responder.wire.message import Message

if TYPE_CHECKING:
    from responder.crypto.signing import PrivateKey

_ANY_CHAIN = bytes(0xFFFF)
"""Long enough for whatever portion is asked for; what is sent is the recorded one."""
_ALL_INDEXES = range(1, 0xFF)


@dataclass(slots=True)
class Recorded:
    """What the core cannot work out.

    Attributes:
        response: the response that is due; ``None`` if the core's own is to be seen.
        identity: the hash of the chain that the session is about.
        public_key: the public key (DER) in the place of a chain.
        secret: what the key exchange agreed on, or the PSK.
        session_id: of the session that is about to begin.
    """

    response: Heard | None = None
    identity: bytes = b""
    public_key: bytes = b""
    secret: bytes = b""
    session_id: int = 0


class Signer:
    """A key whose signatures are those that were recorded."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def sign(self, scheme: Signature, base_hash: Hash, message: bytes, context: str = "") -> bytes:
        """The recorded signature."""
        del scheme, base_hash, message, context
        response = self._recorded.response
        return response.signature if response else b""

    def public_key_der(self) -> bytes:
        """The recorded one."""
        return self._recorded.public_key


class Slot(CertificateSlot):
    """Any slot."""

    def __init__(self, recorded: Recorded, slot_id: int) -> None:
        super().__init__(slot_id, size=len(_ANY_CHAIN))
        self._recorded = recorded

    def info(self, asym: Signature) -> SlotInfo:
        """A key for everything."""
        del asym
        return SlotInfo(CertificateModel.DEVICE, 1, sum(KeyUsage))

    def chain(self, asym: Signature, base_hash: Hash) -> bytes:
        """A long one."""
        del asym, base_hash
        return _ANY_CHAIN

    def digest(self, asym: Signature, base_hash: Hash) -> bytes:
        """That of the recorded chain."""
        del asym
        return self._recorded.identity or bytes(base_hash.size)

    def key(self, asym: Signature) -> "PrivateKey":
        """The one that makes recorded signatures."""
        del asym
        return cast("PrivateKey", Signer(self._recorded))


class Measurement:
    """The measurement of any index."""

    tcb = True
    hash_extend = False

    def __init__(self, index: int) -> None:
        self.index = index

    def block(self, measurement_hash: Hash | None, *, raw: bool) -> bytes:
        """Nothing."""
        del measurement_hash, raw
        return b""


class Stage(EmulatedDevice):
    """The device, with everything that a handler may look for."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__({})
        self._recorded = recorded
        self._one_of_each = [Measurement(index) for index in _ALL_INDEXES]

    def slot(self, slot_id: int) -> CertificateSlot | None:
        """All eight are there."""
        return Slot(self._recorded, slot_id) if slot_id < SLOT_COUNT else None

    def supported_slot_mask(self) -> int:
        """All eight."""
        return (1 << SLOT_COUNT) - 1

    def public_key(self, asym: Signature) -> Signer:
        """The one that makes recorded signatures."""
        del asym
        return Signer(self._recorded)

    def measurements(self) -> Sequence[Measured]:
        """One of each index."""
        return self._one_of_each

    def psk(self, hint: bytes) -> Psk:
        """The recorded one."""
        return Psk(hint, self._recorded.secret)


class Prompter(Hooks):
    """Puts recorded contents into drafts, and listens to what is signed and derived.

    Attributes:
        signed: the latest signing.
        hashed: the transcripts of derivations by purpose.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self.signed: Signing | None = None
        self.hashed: dict[str, Parts] = {}

    def draft(self, exchange: Exchange, response: Message) -> Message:
        """The recorded response, without what the core adds."""
        del exchange
        recorded = self._recorded.response
        if recorded is None or recorded.code != response.code:
            return response
        fields = vars(recorded.message)
        added = {"signature", "responder_verify_data"} & fields.keys()
        prompted: Message = recorded.message.replace(**dict.fromkeys(added, b""))
        return prompted

    def pre_sign(self, exchange: Exchange, signing: Signing) -> Signing:
        """Keep it; any slot's key makes the recorded signature."""
        del exchange
        self.signed = signing
        return signing

    def derive(self, exchange: Exchange, derivation: Derivation) -> Derivation:
        """Hand in the recorded secret; keep the transcripts."""
        del exchange
        if derivation.purpose == "handshake secret":
            derivation.secret = self._recorded.secret
        if derivation.parts:
            self.hashed[derivation.purpose] = list(derivation.parts)
        return derivation


class _Unasked(Encapsulation):
    """Flows are the recorded responder's: none begins here."""

    def demand(
        self, flow: Flow, session_id: int | None, *, clear: bool = False, implicit: bool = False
    ) -> None:
        """Nothing has to be asked."""
        del flow, session_id, clear, implicit


class StagedConnection(Connection):
    """A connection whose session ids are recorded, and whose sessions are established on call.

    Attributes:
        establish: puts the keys of application data to use; ``None`` before they are derived.
    """

    def __init__(self, hooks: Hooks, recorded: Recorded) -> None:
        self._recorded = recorded
        self.establish: Callable[[], None] | None = None
        super().__init__(RandomTree(b"replay"), hooks)

    def _forget(self) -> None:
        super()._forget()
        self.encapsulation = _Unasked()

    def new_session_id(self, req_session_id: int) -> int:
        """The recorded one."""
        del req_session_id
        return self._recorded.session_id

    def established(self, session: Session, establish: Callable[[], None]) -> None:
        """Wait until the recorded response has been opened."""
        del session
        self.establish = establish


class Believed:
    """A requester's key that believes every signature: the driver checks them.

    Attributes:
        context: what the latest one was made for.
    """

    def __init__(self) -> None:
        self.context = ""

    def verify(self, *arguments: Any, **named: Any) -> None:
        """Keep the signer context, the last argument."""
        self.context = named.get("context", arguments[-1])

    def der(self) -> bytes:
        """Nobody asks."""
        return b""
