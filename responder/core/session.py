"""A session: its phase, transcript and keys; everything that changes them is here."""

from collections.abc import Callable
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING

import msgspec

from responder.core.event_queue import EventQueue
from responder.core.events import SessionKeys
from responder.core.interfaces import VerifyingKey
from responder.core.key_schedule import Deriver, KeySchedule, TrafficKeys
from responder.core.transcript import Transcript
from responder.spec.algorithms import Aead, Hash

if TYPE_CHECKING:
    from responder.core.hooks import Parts


class SessionPhase(Enum):
    """How far a session has come."""

    HANDSHAKING = "handshaking"
    ESTABLISHED = "established"


SESSION_CHANGES = (
    "session established",
    "session ended",
    "request keys updated",
    "response keys updated",
)
"""What the hook ``transition`` sees become of a session, beside the phases of the connection."""


class Sessions(Flag):
    """Where a request may come; rows of the request table combine these."""

    OUTSIDE = auto()
    HANDSHAKING = auto()
    ESTABLISHED = auto()
    ANY = OUTSIDE | HANDSHAKING | ESTABLISHED


class SecuredSuite(msgspec.Struct, frozen=True):
    """How records of a session are protected (DSP0277).

    Attributes:
        aead: the negotiated AEAD.
        encrypted: whether records are encrypted, or only authenticated.
        secured_version: the selected secured message version, such as 0x11.
        limit: the first sequence number that may not be used; all bits set is never used.
        big_endian: the sequence number is XORed into the IV's last 8 bytes in big-endian order,
            instead of its first 8 in little-endian.
    """

    aead: Aead
    encrypted: bool
    secured_version: int
    limit: int
    big_endian: bool = False


class MutualAuth(msgspec.Struct):
    """What KEY_EXCHANGE_RSP asked the requester to prove.

    Attributes:
        requested: MutAuthRequested.
        slot_id_param: SlotIDParam of KEY_EXCHANGE_RSP.
        slot_id: the requester's slot, 0xFF for its provisioned public key; ``None`` until it is
            known.
        identity: the digest of its chain or public key, as the transcript takes it.
        key: its public key, once its chain has been verified.
        digests: the DIGESTS response if the encapsulated flow began with it, for a multi-key
            connection's transcript.
    """

    requested: int = 0
    slot_id_param: int = 0
    slot_id: int | None = None
    identity: bytes = b""
    key: VerifyingKey | None = None
    digests: bytes = b""


class Session:
    """One session of a connection.

    Attributes:
        session_id: 32 bits: the requester's half in bits 15:0, ours in bits 31:16.
        psk: it was made by PSK_EXCHANGE.
        psk_hint: the hint of its pre-shared key; ``None`` without one.
        phase: handshaking or established.
        suite: how its records are protected.
        policy: SessionPolicy as the requester sent it.
        heartbeat_period: seconds; 0 without heartbeats.
        last_traffic: virtual time of the latest request in it.
        parts: its transcript TH.
        transcript: the measurements (and endpoint information) exchanged in it.
        request, response: the keys in use.
        request_backup: the request keys before a KEY_UPDATE that is not verified yet.
        mutual: what the requester has to prove.
        pending_update: the KEY_UPDATE operation that waits for VerifyNewKey, else 0.
        events: what its requester wants to be told of the device.
        asked_for_events: its requester has been asked for its own, or is about to be.
    """

    def __init__(
        self, session_id: int, suite: SecuredSuite, base_hash: Hash, version: int, *, psk: bool
    ) -> None:
        self.session_id = session_id
        self.psk = psk
        self.psk_hint: bytes | None = None
        self.phase = SessionPhase.HANDSHAKING
        self.suite = suite
        self.policy = 0
        self.heartbeat_period = 0
        self.last_traffic = 0.0
        self.parts: Parts = []
        self.transcript = Transcript()
        self.request = self.response = TrafficKeys(b"", b"", b"", "none")
        self.request_backup: TrafficKeys | None = None
        self.mutual = MutualAuth()
        self.pending_update = 0
        self.events = EventQueue()
        self.asked_for_events = False
        self._schedule = KeySchedule(base_hash, suite.aead, version, psk=psk)
        self._told: dict[str, TrafficKeys] = {}

    @property
    def established(self) -> bool:
        """Whether the handshake is complete."""
        return self.phase is SessionPhase.ESTABLISHED

    @property
    def request_finished_key(self) -> bytes:
        """The key of RequesterVerifyData."""
        return self._schedule.request_finished_key

    @property
    def response_finished_key(self) -> bytes:
        """The key of ResponderVerifyData."""
        return self._schedule.response_finished_key

    @property
    def export_master_secret(self) -> bytes:
        """The secret for what stands above SPDM; empty until the session is established."""
        return self._schedule.export_master_secret

    def new_keys(self) -> list[SessionKeys]:
        """The keys that have come into use since this was asked last, for key logs."""
        found = []
        for direction, keys in (("request", self.request), ("response", self.response)):
            if keys.key and self._told.get(direction) is not keys:
                self._told[direction] = keys
                suite = self.suite
                found.append(
                    SessionKeys(
                        session_id=self.session_id,
                        direction=direction,
                        phase=keys.epoch,
                        aead=suite.aead.name,
                        encrypted=suite.encrypted,
                        big_endian=suite.big_endian,
                        key=keys.key,
                        iv=keys.iv,
                    )
                )
        return found

    def keep(self, name: str, data: bytes) -> None:
        """Add to the transcript."""
        self.parts.append((name, data))

    def start_handshake(self, deriver: Deriver, shared_secret: bytes) -> None:
        """Derive the keys of the handshake from the transcript as it stands (TH1)."""
        self.request, self.response = self._schedule.handshake(deriver, shared_secret, self.parts)

    def prepare_data(self, deriver: Deriver) -> Callable[[], None]:
        """Derive the keys of application data (TH2); what comes back puts them to use.

        The response that ends a handshake still goes out under the keys before.
        """
        request, response = self._schedule.data(deriver, self.parts)

        def establish() -> None:
            self.request, self.response = request, response
            self.phase = SessionPhase.ESTABLISHED

        return establish

    def update_request(self, deriver: Deriver) -> None:
        """KEY_UPDATE: the next request comes under a new key; the old one is kept for a while."""
        self.request_backup = self.request
        self.request = self._schedule.updated(deriver, "request", self.request)

    def update_response(self, deriver: Deriver) -> None:
        """KEY_UPDATE: responses are sealed with a new key from now on."""
        self.response = self._schedule.updated(deriver, "response", self.response)

    def confirm_update(self) -> None:
        """VerifyNewKey: the requester has shown that it has the new keys."""
        self.pending_update = 0
        self.request_backup = None

    def roll_back(self) -> None:
        """The requester still uses the old key: it has not seen that the update succeeded."""
        if self.request_backup is not None:
            self.request, self.request_backup = self.request_backup, None
            self.pending_update = 0
