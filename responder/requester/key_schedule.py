"""The keys of a session by the requester's own account (DSP0274 "Key schedule").

Everything is HKDF with the base hash. Secrets, transcript hashes and finished keys are as long as
its digest; an AEAD key is as long as its cipher says, an IV has 12 bytes. Nothing here is shared
with the responder's key schedule: one misreading must not hide in both.
"""

from dataclasses import dataclass, field

from responder.crypto.hkdf import expand, extract
from responder.spec.algorithms import Aead, Hash
from responder.spec.versions import V13

IV_SIZE = 12

_HANDSHAKE = ("req hs data", "rsp hs data")
_DATA = ("req app data", "rsp app data")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What protects the records of one direction from one change of keys to the next.

    Attributes:
        secret: what the other two are derived from, and the next secret.
        key: for the AEAD.
        iv: 12 bytes, which the sequence number is XORed into.
    """

    secret: bytes = field(repr=False)
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handshake:
    """What follows from the shared secret and TH1.

    Attributes:
        secret: the handshake secret, which the master secret comes from.
        request, response: the keys of the handshake's records.
        request_finished, response_finished: the keys of RequesterVerifyData, ResponderVerifyData.
    """

    secret: bytes = field(repr=False)
    request: Traffic
    response: Traffic
    request_finished: bytes = field(repr=False)
    response_finished: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Application:
    """What follows from the handshake secret and TH2.

    Attributes:
        master_secret: what the other secrets come from.
        request, response: the keys of an established session's records.
        export_master: for those who need keys beside SPDM.
    """

    master_secret: bytes = field(repr=False)
    request: Traffic
    response: Traffic
    export_master: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySchedule:
    """Derives the keys of one session.

    Attributes:
        version: SPDMVersion of the connection, such as 0x12.
        base_hash: the negotiated hash.
        aead: the negotiated cipher.
    """

    version: int
    base_hash: Hash
    aead: Aead

    def salt_0(self, *, psk: bool) -> bytes:
        """The salt of the handshake secret: zeros, with a PSK from 1.3 on 0xFF bytes."""
        return (b"\xff" if psk and self.version >= V13 else b"\0") * self.base_hash.size

    def handshake(self, salt_0: bytes, shared_secret: bytes, th1: bytes) -> Handshake:
        """The keys of a handshake.

        Args:
            salt_0: see ``salt_0``.
            shared_secret: what the key exchange agreed on, or the PSK.
            th1: the hash TH1.
        """
        secret = extract(self.base_hash, salt_0, shared_secret)
        request, response = (self._secret(secret, label, th1) for label in _HANDSHAKE)
        return Handshake(
            secret,
            self.traffic(request),
            self.traffic(response),
            self._secret(request, "finished"),
            self._secret(response, "finished"),
        )

    def application(self, handshake_secret: bytes, th2: bytes) -> Application:
        """The keys of an established session, from the handshake secret and the hash TH2."""
        salt_1 = self._secret(handshake_secret, "derived")
        master = extract(self.base_hash, salt_1, bytes(self.base_hash.size))
        request, response = (self._secret(master, label, th2) for label in _DATA)
        return Application(
            master,
            self.traffic(request),
            self.traffic(response),
            self._secret(master, "exp master", th2),
        )

    def updated(self, before: Traffic) -> Traffic:
        """The keys after a KEY_UPDATE of one direction; its sequence numbers begin at 0 again."""
        return self.traffic(self._secret(before.secret, "traffic upd"))

    def traffic(self, secret: bytes) -> Traffic:
        """Key and IV of a direction's secret."""
        key = self._expand(secret, "key", self.aead.key_size)
        return Traffic(secret, key, self._expand(secret, "iv", IV_SIZE))

    def _secret(self, secret: bytes, label: str, context: bytes = b"") -> bytes:
        return self._expand(secret, label, self.base_hash.size, context)

    def _expand(self, secret: bytes, label: str, size: int, context: bytes = b"") -> bytes:
        info = bin_concat(size, self.version, label, context)
        return expand(self.base_hash, secret, info, size)


def bin_concat(size: int, version: int, label: str, context: bytes = b"") -> bytes:
    """BinConcat: the length to derive (2 bytes), version (8), label, and the context if any."""
    prefix = f"spdm{version >> 4}.{version & 0xF} "
    return size.to_bytes(2, "little") + prefix.encode() + label.encode() + context
