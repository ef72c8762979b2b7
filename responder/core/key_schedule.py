"""The key schedule of a session (DSP0274 "Key schedule"), each step past the hook ``derive``.

Secrets are ``base_hash.size`` bytes. The label of an expansion is BinConcat: its length in bytes
(16 bits, little-endian), the version as 8 characters, the label, and the transcript hash if any.
"""

from collections.abc import Callable, Sequence

import msgspec

from responder.core.hooks import Derivation, Parts
from responder.crypto.hashing import digest
from responder.crypto.hkdf import expand, extract, hmac
from responder.spec.algorithms import Aead, Hash
from responder.spec.limits import AEAD_IV_SIZE
from responder.spec.versions import V13

DeriveHook = Callable[[Derivation], Derivation]


class TrafficKeys(msgspec.Struct):
    """The keys of one direction.

    Attributes:
        secret: what key and IV came from, and the next secret of a KEY_UPDATE comes from.
        key: the AEAD key.
        iv: the static IV, 12 bytes.
        epoch: ``handshake``, then ``data``, then ``update 1`` and so on.
        sequence: the sequence number of the next record.
    """

    secret: bytes
    key: bytes
    iv: bytes
    epoch: str
    sequence: int = 0


class Deriver:
    """Derives keys during one exchange."""

    def __init__(self, base_hash: Hash, version: int, hook: DeriveHook | None) -> None:
        """``hook`` sees every derivation; ``None`` where nothing would change any."""
        self.base_hash = base_hash
        self._version = version
        self._hook = hook
        self._hashed: tuple[Parts, bytes] = ([], b"")

    def extract(self, purpose: str, salt: bytes, secret: bytes) -> bytes:
        """HKDF-Extract: a secret out of key material."""
        if self._hook is None:
            return extract(self.base_hash, salt, secret)
        asked = self._hook(self._derivation(purpose, secret, salt=salt))
        if asked.result is not None:
            return asked.result
        return extract(asked.base_hash, asked.salt, asked.secret)

    def expand(
        self, purpose: str, secret: bytes, label: str, size: int, parts: Parts | None = None
    ) -> bytes:
        """HKDF-Expand with a BinConcat label, whose context is the hash of ``parts``."""
        if self._hook is None:
            context = self._hash(self.base_hash, parts) if parts else b""
            info = bin_concat(size, self._version, label, context)
            return expand(self.base_hash, secret, info, size)
        asked = self._hook(self._derivation(purpose, secret, label=label, parts=parts, size=size))
        if asked.result is not None:
            return asked.result
        context = self._hash(asked.base_hash, asked.parts) if asked.parts else b""
        info = bin_concat(asked.size, asked.version, asked.label, context)
        return expand(asked.base_hash, asked.secret, info, asked.size)

    def verify_data(self, purpose: str, finished_key: bytes, parts: Parts) -> bytes:
        """The HMAC over the hash of a transcript (RequesterVerifyData, ResponderVerifyData)."""
        if self._hook is None:
            return hmac(self.base_hash, finished_key, self._hash(self.base_hash, parts))
        asked = self._hook(self._derivation(purpose, finished_key, parts=parts))
        if asked.result is not None:
            return asked.result
        return hmac(asked.base_hash, asked.secret, self._hash(asked.base_hash, asked.parts))

    def _derivation(
        self,
        purpose: str,
        secret: bytes,
        *,
        salt: bytes = b"",
        label: str = "",
        parts: Parts | None = None,
        size: int = 0,
    ) -> Derivation:
        size = size or self.base_hash.size
        parts = list(parts or [])
        return Derivation(purpose, secret, salt, label, parts, size, self.base_hash, self._version)

    def _hash(self, base_hash: Hash, parts: Parts) -> bytes:
        """The transcript hash; several keys hang on the same one."""
        if base_hash is not self.base_hash:
            return _digest(base_hash, parts)
        if not self._hashed[0] or self._hashed[0] != parts:
            self._hashed = (list(parts), _digest(base_hash, parts))
        return self._hashed[1]


class KeySchedule:
    """The secrets of one session, from the shared secret to the keys of application data."""

    def __init__(self, base_hash: Hash, aead: Aead, version: int, *, psk: bool) -> None:
        self._size = base_hash.size
        self._aead = aead
        fill = 0xFF if psk and version >= V13 else 0
        self._salt_0 = bytes([fill]) * base_hash.size
        self._handshake_secret = b""
        self.request_finished_key = self.response_finished_key = b""
        self.export_master_secret = b""

    def handshake(
        self, deriver: Deriver, shared_secret: bytes, th1: Parts
    ) -> tuple[TrafficKeys, TrafficKeys]:
        """The keys of the handshake, for requests and for responses.

        Args:
            deriver: of this exchange.
            shared_secret: of the key exchange, or the PSK.
            th1: the transcript as far as the signature of KEY_EXCHANGE_RSP.
        """
        secret = deriver.extract("handshake secret", self._salt_0, shared_secret)
        self._handshake_secret = secret
        request, response = (
            deriver.expand(f"{side} handshake secret", secret, label, self._size, th1)
            for side, label in (("request", "req hs data"), ("response", "rsp hs data"))
        )
        self.request_finished_key = self._finished(deriver, "request", request)
        self.response_finished_key = self._finished(deriver, "response", response)
        return (
            self._traffic(deriver, "request", "handshake", request),
            self._traffic(deriver, "response", "handshake", response),
        )

    def data(self, deriver: Deriver, th2: Parts) -> tuple[TrafficKeys, TrafficKeys]:
        """The keys of application data, for requests and for responses."""
        salt_1 = deriver.expand("salt 1", self._handshake_secret, "derived", self._size)
        master = deriver.extract("master secret", salt_1, bytes(self._size))
        request, response, self.export_master_secret = (
            deriver.expand(purpose, master, label, self._size, th2)
            for purpose, label in (
                ("request data secret", "req app data"),
                ("response data secret", "rsp app data"),
                ("export master secret", "exp master"),
            )
        )
        return (
            self._traffic(deriver, "request", "data", request),
            self._traffic(deriver, "response", "data", response),
        )

    def updated(self, deriver: Deriver, side: str, keys: TrafficKeys) -> TrafficKeys:
        """The keys after a KEY_UPDATE of ``side`` (``request`` or ``response``)."""
        secret = deriver.expand(f"{side} update secret", keys.secret, "traffic upd", self._size)
        number = int(keys.epoch.removeprefix("update ")) if keys.epoch.startswith("update") else 0
        return self._traffic(deriver, side, f"update {number + 1}", secret)

    def _finished(self, deriver: Deriver, side: str, secret: bytes) -> bytes:
        return deriver.expand(f"{side} finished key", secret, "finished", self._size)

    def _traffic(self, deriver: Deriver, side: str, epoch: str, secret: bytes) -> TrafficKeys:
        kind = epoch.split(" ", maxsplit=1)[0]
        key = deriver.expand(f"{side} {kind} key", secret, "key", self._aead.key_size)
        iv = deriver.expand(f"{side} {kind} iv", secret, "iv", AEAD_IV_SIZE)
        return TrafficKeys(secret, key, iv, epoch)


def bin_concat(size: int, version: int, label: str, context: bytes = b"") -> bytes:
    """BinConcat(Length, Version, Label, Context)."""
    text = f"spdm{version >> 4}.{version & 0xF} {label}".encode()
    return size.to_bytes(2, "little") + text + context


def _digest(base_hash: Hash, parts: Sequence[tuple[str, bytes]]) -> bytes:
    return digest(base_hash, *(data for _, data in parts))
