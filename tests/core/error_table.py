"""What a row of the error table is, and the responders that rows are tried on.

The rows are written from "ERROR codes by situation" (EC), its corrections (CO), the message
(MSG) and capability (CAP) sheets; ``Row.source`` names the place. They never look at the code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.fakes import (
    CERT,
    CERT_INSTALL_RESET,
    CHAL,
    CHUNK,
    CSR,
    ENCAP,
    ENCRYPT,
    EP_INFO_NO_SIG,
    EP_INFO_SIG,
    GET_KEY_PAIR_INFO,
    KEY_EX,
    LARGE_RESP,
    MAC,
    MEAS_NO_SIG,
    MEAS_SIG,
    MEL,
    MULTI_KEY_NEG,
    MULTI_KEY_ONLY,
    MUT_AUTH,
    PUB_KEY_ID,
    SET_CERT,
    SET_KEY_PAIR_INFO,
    SET_KEY_PAIR_RESET,
    VERSIONS,
    FakeDevice,
    FakeProvisioning,
    FakeSlot,
    policy,
    responder,
)

from responder.core.interfaces import TimingPolicy

SINCE_11, SINCE_12, SINCE_13, SINCE_14 = VERSIONS[1:], VERSIONS[2:], VERSIONS[3:], VERSIONS[4:]
V10, V11, V12, V13, V14 = VERSIONS

INVALID, BUSY, UNEXPECTED, UNSPECIFIED, UNSUPPORTED = 0x01, 0x03, 0x04, 0x05, 0x07
SESSION_REQUIRED, RESET_REQUIRED, RESPONSE_TOO_LARGE, DATA_TOO_LARGE = 0x0B, 0x0C, 0x0D, 0x12
VERSION_MISMATCH, RESPONSE_NOT_READY = 0x41, 0x42


@dataclass(frozen=True)
class Refused:
    """An ERROR, every byte of it; the version is the agreed one unless it is given."""

    code: int
    data: int = 0
    extended: bytes = b""
    version: int | None = None

    def message(self, agreed):
        """The ERROR in a connection of that version."""
        version = agreed if self.version is None else self.version
        return bytes([version, 0x7F, self.code, self.data]) + self.extended


@dataclass(frozen=True)
class Answered:
    """The regular response; ``check(dialogue, request, answer)`` looks closer."""

    check: Callable


IR = Refused(INVALID)
UR = Refused(UNEXPECTED)
VM = Refused(VERSION_MISMATCH)
VM_BEFORE = Refused(VERSION_MISMATCH, version=0x10)


def uns(code):
    """UnsupportedRequest names the request in Param2."""
    return Refused(UNSUPPORTED, data=code)


@dataclass(frozen=True)
class Row:
    """One wrong (or surprisingly right) request.

    Attributes:
        name: what is wrong with it.
        source: where the expectation is written.
        request: version to bytes.
        expect: what it gets; several if the source leaves several answers, with a note.
        versions: the versions it applies to.
        state: how far the connection has come before it.
        profile: a key of ``PROFILES``.
        offer, algorithms: changes to the requester's own capabilities and algorithms.
        padding: how many bytes the transport may have padded.
        proof: how the rest of the connection shows that nothing was disturbed: ``challenge``,
            ``measurements`` or ``count``; empty where this responder can give no such proof.
        note: what the source leaves open.
    """

    name: str
    source: str
    request: Callable[[int], bytes]
    expect: "Refused | Answered | tuple[Refused | Answered, ...] | Callable"
    versions: tuple = VERSIONS
    state: str = "certificate"
    profile: str = "default"
    offer: Mapping = field(default_factory=dict)
    algorithms: Mapping = field(default_factory=dict)
    padding: int = 0
    proof: str = "challenge"
    note: str = ""

    def expected(self, version):
        """The acceptable outcomes in a version."""
        expect = self.expect(version) if callable(self.expect) else self.expect
        return expect if isinstance(expect, tuple) else (expect,)


_ALL = CERT | CHAL | MEAS_SIG
_MULTI = _ALL | GET_KEY_PAIR_INFO
_LARGE = FakeDevice({0: FakeSlot(0), 1: FakeSlot(1, certificates=bytes(70_000))})
_MULTI_DEVICE = FakeDevice(
    {
        0: FakeSlot(0),
        1: FakeSlot(1, key_usage=0x0005, model=2),
        2: FakeSlot(2, key_usage=0x000B, model=3),
    }
)
PROVISIONING = SET_CERT | CSR | GET_KEY_PAIR_INFO | SET_KEY_PAIR_INFO
SESSIONS = ENCRYPT | MAC | KEY_EX | MUT_AUTH | ENCAP


def provisioned(provisioning):
    """A device with that provisioning."""
    device = FakeDevice()
    device.provisioning = provisioning
    return device


PROFILES = {
    "default": responder,
    "1.1 to 1.3": lambda: responder(its_policy=policy(versions=VERSIONS[1:4])),
    "unsigned": lambda: responder(its_policy=policy(flags=CERT | CHAL | MEAS_NO_SIG)),
    "no CHAL_CAP": lambda: responder(its_policy=policy(flags=CERT | MEAS_SIG)),
    "no MEAS_CAP": lambda: responder(its_policy=policy(flags=CERT | CHAL)),
    "no CERT_CAP": lambda: responder(FakeDevice({}), policy(flags=MEAS_NO_SIG)),
    "empty slots": lambda: responder(FakeDevice({})),
    "public key": lambda: responder(
        FakeDevice({}, public_key=True), policy(flags=PUB_KEY_ID | CHAL | MEAS_SIG)
    ),
    "public key, filled slots": lambda: responder(
        FakeDevice(public_key=True), policy(flags=PUB_KEY_ID | CHAL | MEAS_SIG)
    ),
    "unclaimed public key": lambda: responder(FakeDevice(public_key=True)),
    "multi-key": lambda: responder(_MULTI_DEVICE, policy(flags=_MULTI | MULTI_KEY_NEG)),
    "multi-key only": lambda: responder(_MULTI_DEVICE, policy(flags=_MULTI | MULTI_KEY_ONLY)),
    "large chain": lambda: responder(_LARGE),
    "large chain, LARGE_RESP": lambda: responder(_LARGE, policy(flags=_ALL | LARGE_RESP)),
    "LARGE_RESP": lambda: responder(its_policy=policy(flags=_ALL | LARGE_RESP)),
    "CHUNK": lambda: responder(its_policy=policy(flags=_ALL | CHUNK)),
    "CHUNK, post-quantum": lambda: responder(
        its_policy=policy(
            flags=_ALL | CHUNK,
            algorithms={"tables": {kind: [1, 2] for kind in range(2, 8)}, "pqc_asym": [2]},
        )
    ),
    "sessions": lambda: responder(its_policy=policy(flags=_ALL | SESSIONS)),
    "endpoint info": lambda: responder(its_policy=policy(flags=_ALL | EP_INFO_SIG)),
    "endpoint info, unsigned": lambda: responder(its_policy=policy(flags=_ALL | EP_INFO_NO_SIG)),
    "endpoint info, multi-key": lambda: responder(
        _MULTI_DEVICE, policy(flags=_MULTI | MULTI_KEY_NEG | EP_INFO_SIG)
    ),
    "endpoint info, public key": lambda: responder(
        FakeDevice({}, public_key=True), policy(flags=PUB_KEY_ID | MEAS_SIG | EP_INFO_SIG)
    ),
    "log": lambda: responder(
        its_policy=policy(flags=_ALL | MEL, algorithms={"mel_specification": 1})
    ),
    "no measurement hash": lambda: responder(
        its_policy=policy(algorithms={"measurement_hash": []})
    ),
    "provisioning": lambda: responder(its_policy=policy(flags=_ALL | PROVISIONING)),
    "provisioning, multi-key": lambda: responder(
        _MULTI_DEVICE, policy(flags=_MULTI | MULTI_KEY_NEG | PROVISIONING)
    ),
    "provisioning at reset": lambda: responder(
        its_policy=policy(flags=_ALL | PROVISIONING | CERT_INSTALL_RESET | SET_KEY_PAIR_RESET)
    ),
    "provisioning, trusted": lambda: responder(
        provisioned(FakeProvisioning(trusted=True)), policy(flags=_ALL | PROVISIONING)
    ),
    "a slot waits for a reset": lambda: responder(
        provisioned(FakeProvisioning(waiting_slots=0b100)), policy(flags=_ALL | PROVISIONING)
    ),
    "a change is under way": lambda: responder(
        provisioned(FakeProvisioning(busy=True)), policy(flags=_ALL | PROVISIONING)
    ),
    "slow VCA": lambda: responder(
        its_policy=policy(timing=TimingPolicy(ready_after=dict.fromkeys((0x84, 0xE1, 0xE3), 5_000)))
    ),
}
