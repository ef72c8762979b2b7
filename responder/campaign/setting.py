"""A conversation in which faults are tried: the device, the requester, and the way between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from responder.requester.attestation import PARTS, Part
from responder.requester.options import AttestOptions, Patience, VendorRequest

NOW = datetime(2026, 7, 1, tzinfo=UTC)
"""What time it is for the requester: certificates are valid, or expired, for ever."""
VENDOR = VendorRequest(3, b"\x86\x80", b"an answer to this, please")
DEVICE: Mapping[str, Any] = MappingProxyType(
    {"vendor": ({"standard": "PCI-SIG", "vendor_id": "8680", "echo": True},)}
)
"""What every device gets besides: an answer to the vendor-defined request."""
OPTIONS = AttestOptions(time=NOW, vendor=VENDOR, patience=Patience(exchanges=5_000))
MAX_EXCHANGES = 12_000
"""More exchanges than this are no bounded conversation; a chain of single bytes takes thousands."""
TIMEOUT = 5.0
SOCKET_TIMEOUT = 1.0
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One conversation.

    Attributes:
        name: its name; faults name it.
        text: what it is, in one line.
        profile: the device.
        overrides: changes to the profile, beside ``DEVICE``.
        options: what the requester is asked to do; it trusts the shipped roots.
        parts: the parts of its attestation, in order.
        connections: how many transport connections, one after the other.
        runs: attestations on each.
        attach: what connections share, as a server knows it.
        resumed: the device is reset between two connections in one process, and the requester
            begins the later one with the negotiated state of the earlier one.
        public_key: the requester knows the device's key beforehand.
        identity: the requester has a certificate chain of its own; with PUB_KEY_ID only a key.
        limited_slots: slots beside slot 0 that hold this chain too, and what their keys may be
            used for, which a multi-key connection tells.
        new_chain: the requester writes the chain of the device's slot 1 into slot 0.
        padding: bytes that the transport may add to a message; 3 on DOE.
        records: whose records sessions in one process have.
        listen: where a server listens; nowhere: both sides are in one process, in virtual time.
        mailbox: both sides are in one process, in virtual time, with the registers of the DOE
            mailbox of function 0 between them; discovery comes first.
        hello: say TEST first, on a socket.
        discover: ask a socket for what the device can do first (DOE, storage).
        timeout: seconds that the requester waits for an answer.
        linger: seconds for which it stays when it is done.
        limit: exchanges of a conversation that ends as it should, at most.
        judged: the requester judges what faults here change; else it is only seen to end.
    """

    name: str
    text: str
    profile: str = "ecdsa-p256"
    overrides: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    options: AttestOptions = OPTIONS
    parts: tuple[Part, ...] = PARTS
    connections: int = 1
    runs: int = 1
    attach: Literal["fresh", "sticky", "shared"] = "fresh"
    resumed: bool = False
    public_key: bool = False
    identity: bool = False
    limited_slots: Mapping[int, int] = field(default_factory=dict)
    new_chain: bool = False
    padding: int = 0
    records: Literal["doe", "mctp", "storage"] = "doe"
    listen: str = ""
    mailbox: bool = False
    hello: bool = False
    discover: bool = False
    timeout: float = TIMEOUT
    linger: float = 10.0
    limit: int = MAX_EXCHANGES
    judged: bool = True
