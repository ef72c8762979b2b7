"""What the core asks of a device to be provisioned; ``responder.device`` implements it.

A change is made in two steps. Its work may take long and leaves the loop: checks of certificates,
new keys, writing to a disk. Then, on the loop, it is taken over or given up. Only one is under
way at a time.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from responder.core.ownership import Reset
from responder.crypto.random_tree import RandomTree
from responder.spec.algorithms import Hash, Signature
from responder.spec.key_pairs import KeyPairOperation


class Terms(msgspec.Struct, frozen=True):
    """The connection that asks for a change, and what it says of slots and keys.

    Attributes:
        asym, base_hash: the negotiated algorithms; the kind of key chooses what a slot holds.
        version: the connection's.
        model: ``CertificateModel``.
        key_pair_id: 0 outside multi-key connections.
        at_reset: the change waits for a reset of the device.
    """

    asym: Signature
    base_hash: Hash
    version: int
    model: int
    key_pair_id: int = 0
    at_reset: bool = False


class CsrTerms(msgspec.Struct, frozen=True):
    """What a CSR is to say.

    Attributes:
        terms: the connection.
        requester_info: CertificationRequestInfo in DER, or nothing.
        tracking_tag: CSRTrackingTag: 0 asks for a new one; ``None`` before 1.3.
        overwrite: all CSRs that wait are given up.
    """

    terms: Terms
    requester_info: bytes
    tracking_tag: int | None = None
    overwrite: bool = False


class Desired(msgspec.Struct, frozen=True):
    """What a key pair is to be; 0 leaves usage and algorithm as they are."""

    key_usage: int = 0
    asym: int = 0
    pqc_asym: int = 0
    slot_mask: int = 0


class KeyPair(Protocol):
    """A key pair as KEY_PAIR_INFO tells of it."""

    @property
    def capabilities(self) -> int:
        """``KeyPairCap`` bits."""

    @property
    def key_usage_capabilities(self) -> int:
        """``KeyUsage`` bits that may be chosen."""

    @property
    def key_usage(self) -> int:
        """``KeyUsage`` bits that are chosen."""

    @property
    def slot_mask(self) -> int:
        """The associated slots."""

    @property
    def asym_capabilities(self) -> int:
        """``KeyPairAlgorithm`` bits that may be chosen."""

    @property
    def asym(self) -> int:
        """The chosen ``KeyPairAlgorithm`` bit; 0 for none or a post-quantum one."""

    @property
    def pqc_capabilities(self) -> int:
        """PqcAsymAlgo bits that may be chosen."""

    @property
    def pqc_asym(self) -> int:
        """The chosen PqcAsymAlgo bit; 0 for none or a classical one."""

    @property
    def algorithm_identifier(self) -> bytes:
        """AlgorithmIdentifier in DER of the chosen algorithm; empty without one."""


class Change(Protocol):
    """A change of the device that has begun."""

    def work(self) -> None:
        """Do it, on any thread; nobody sees anything of it yet.

        Raises:
            ProtocolError: it cannot be done.
        """

    def commit(self) -> Any:
        """Take it over, on the loop. Returns what was asked for: the CSR, or nothing.

        Raises:
            ProtocolError: ResetRequired: it waits for a reset.
        """

    def give_up(self) -> None:
        """Let the next change come; nothing has happened."""


class Bank(msgspec.Struct, frozen=True):
    """A set of slots that share an algorithm (1.4).

    Attributes:
        asym_capabilities, pqc_capabilities: what may be chosen; 0 if nothing may.
        asym, pqc_asym: what is chosen.
        available_asym, available_pqc: of what may be chosen, what no other bank has.
        kind: the kind of key that is chosen, empty for none.
    """

    asym_capabilities: int = 0
    asym: int = 0
    available_asym: int = 0
    pqc_capabilities: int = 0
    pqc_asym: int = 0
    available_pqc: int = 0
    kind: str = ""


class Provisioning(Protocol):
    """The part of a device that is written from outside."""

    @property
    def trusted(self) -> bool:
        """Whether slots other than 0 may be written outside of sessions."""

    @property
    def waiting_slots(self) -> int:
        """The slots whose change waits for a reset, as a mask."""

    def key_pairs(self) -> Sequence[KeyPair]:
        """All key pairs; the first has KeyPairID 1."""

    def write(self, slot_id: int, chain: bytes, terms: Terms) -> Change:
        """Begin to write a certificate chain structure.

        Raises:
            ProtocolError: Busy: another change is under way.
        """

    def erase(self, slot_id: int, terms: Terms) -> Change:
        """Begin to erase a slot's chain; ``ProtocolError`` as ``write``."""

    def set_key_pair(
        self, key_pair_id: int, operation: KeyPairOperation, desired: Desired, *, at_reset: bool
    ) -> Change:
        """Begin to change a key pair; ``ProtocolError`` as ``write``."""

    def csr(self, wanted: CsrTerms) -> Change:
        """Begin to make a CSR; ``ProtocolError`` as ``write``."""

    def use(self, random: RandomTree) -> None:
        """Draw new keys from this branch from now on."""

    def reset(self, reset: Reset) -> None:
        """The device is reset; what waits for that takes effect.

        Raises:
            OSError: the new state cannot be kept; the old one stays.
        """

    def banks(self) -> Sequence[Bank]:
        """The banks (1.4), by BankID."""

    def configure_bank(self, bank_id: int, asym: int, pqc_asym: int, *, at_reset: bool) -> Change:
        """Begin to give a bank another algorithm; ``ProtocolError`` as ``write``."""
